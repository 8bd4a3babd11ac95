package canon_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
)

func TestNamed(t *testing.T) {
	tests := []struct {
		name     string
		relation catalogue.Relation
		body     string
		want     []string
	}{
		{"a member", catalogue.Relation{Path: "folder_id"}, `{"id":"1","folder_id":"7"}`, []string{"7"}},
		{"a number", catalogue.Relation{Path: "folder_id"}, `{"folder_id":12345678901234567890}`, []string{"12345678901234567890"}},
		{"null", catalogue.Relation{Path: "folder_id"}, `{"folder_id":null}`, nil},
		{"nothing", catalogue.Relation{Path: "folder_id"}, `{"id":"1"}`, nil},
		{"a text with escapes", catalogue.Relation{Path: "model"}, `{"model":"a\u0026b"}`, []string{"a&b"}},
		{"a list of ids", catalogue.Relation{Path: "group_ids"}, `{"group_ids":["3", "1" , 2,"1"]}`, []string{"3", "1", "2"}},
		{"an empty list", catalogue.Relation{Path: "group_ids"}, `{"group_ids":[]}`, nil},
		{"below lists", catalogue.Relation{Path: "sections.items.look_id"},
			`{"sections":[{"items":[{"look_id":"2"},{"look_id":null}]},{"items":[{"look_id":"1"}]},{}]}`, []string{"2", "1"}},
		{"an object where an id should be", catalogue.Relation{Path: "folder"}, `{"folder":{"id":"7"}}`, nil},
		{"a document that is an array", catalogue.Relation{Path: "id"}, ` [{"id":"5"} ,{"id":"6"}]`, []string{"5", "6"}},
		{"unless", catalogue.Relation{Path: "id", Unless: "inherits"}, `{"id":"1","inherits":true}`, nil},
		{"unless false", catalogue.Relation{Path: "id", Unless: "inherits"}, `{"id":"1","inherits":false}`, []string{"1"}},
		{"unless null", catalogue.Relation{Path: "id", Unless: "inherits"}, `{"id":"1","inherits":null}`, []string{"1"}},
		{"joined", catalogue.Relation{Path: "explores.name", Join: "name"}, `{"name":"m","explores":[{"name":"a"},{"name":"b"}]}`, []string{"m::a", "m::b"}},
		{"no JSON", catalogue.Relation{Path: "id"}, `<html>`, nil},
		{"cut off", catalogue.Relation{Path: "ids"}, `{"ids":["1","2`, nil},
		{"empty", catalogue.Relation{Path: "id"}, ``, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, canon.Named([]byte(tt.body), &tt.relation)); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
		})
	}
}
