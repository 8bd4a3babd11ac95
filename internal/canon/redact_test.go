package canon_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
)

func TestRedact(t *testing.T) {
	secrets := canon.CompileSecrets([]string{"token", "creds_*.reset", "list.link", "**.session"})
	tests := []struct {
		name, body, want string
		paths            []string
	}{
		{"nothing to do", `{"a": 1.0,"reset":"x"}`, `{"a": 1.0,"reset":"x"}`, nil},
		{"null stays", `{"token": null}`, `{"token": null}`, nil},
		{"an empty string stays", `{"token": "","creds_x":{"reset":""}}`, `{"token": "","creds_x":{"reset":""}}`, nil},
		{"white space is a value", `{"token": " "}`, `{"token": ` + canon.Marker + `}`, []string{"token"}},
		{
			"bytes around it stay", "{ \"token\" : \"s\\u0026\" ,\n\"n\":1e21}",
			"{ \"token\" : " + canon.Marker + " ,\n\"n\":1e21}",
			[]string{"token"},
		},
		{
			"below stars, lists and at any depth", `{"creds_x":{"reset":"r","at":1},"list":[{"link":{"u":1}},{"link":2}],"o":{"session":[1]}}`,
			`{"creds_x":{"reset":` + canon.Marker + `,"at":1},"list":[{"link":` + canon.Marker + `},{"link":` + canon.Marker + `}],"o":{"session":` + canon.Marker + `}}`,
			[]string{"creds_x.reset", "list.link", "o.session"},
		},
		{"only where it is named", `{"o":{"token":"content"}}`, `{"o":{"token":"content"}}`, nil},
		{"not JSON", `{"token":"s"`, `{"token":"s"`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body, paths := secrets.Redact([]byte(tt.body))
			if diff := cmp.Diff(tt.want, string(body)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.paths, paths); diff != "" {
				t.Errorf("paths (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRedactWithoutSecrets(t *testing.T) {
	body := []byte(`{"token":"s"}`)
	if got, paths := canon.CompileSecrets(nil).Redact(body); string(got) != string(body) || paths != nil {
		t.Errorf("Redact = %s, %v", got, paths)
	}
}
