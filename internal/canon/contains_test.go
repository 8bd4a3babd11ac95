package canon_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
)

func TestContains(t *testing.T) {
	const document = `{"id":"1","name":"Ann","mail":"a@b.c","admin":false,"n":10,"groups":["1","2","3"],"keys":[{"id":"7","at":"now"}],"login":{"type":"saml","url":"x"},"views":3}`
	for _, tt := range []struct {
		name, body string
		want       bool
	}{
		{"the same", document, true},
		{"other views", `{"id":"1","name":"Ann","views":4}`, true},
		{"members are missing", `{"id":"1","name":"Ann"}`, true},
		{"members are null", `{"id":"1","name":"Ann","mail":null,"groups":null,"login":null}`, true},
		{"members are empty", `{"id":"1","name":"Ann","mail":"","groups":[],"login":{}}`, true},
		{"an element is missing", `{"id":"1","groups":["1","3"]}`, true},
		{"elements in another order", `{"id":"1","groups":["3","1"]}`, false},
		{"parts of an element are missing", `{"id":"1","keys":[{"id":"7","at":null}]}`, true},
		{"another element", `{"id":"1","keys":[{"id":"8"}]}`, false},
		{"another value", `{"id":"1","name":"Anne"}`, false},
		{"another number", `{"id":"1","n":0}`, false},
		{"another truth", `{"id":"1","admin":true}`, false},
		{"a new member", `{"id":"1","phone":"5"}`, false},
		{"a new member that is null", `{"id":"1","phone":null}`, true},
		{"a new part of a member", `{"id":"1","login":{"type":"saml","host":"h"}}`, false},
		{"an object for a text", `{"id":"1","mail":{"at":"x"}}`, false},
		{"no JSON", `{"id":"1"`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules := canon.Compile(&catalogue.Spec{Name: "users", Fields: catalogue.Fields{ID: "id"}, Volatile: []string{"views"}})
			if got := canon.NewReader().Contains(rules, []byte(document), []byte(tt.body)); got != tt.want {
				t.Errorf("contains %s: %v, want %v", tt.body, got, tt.want)
			}
		})
	}
}
