package lookersim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
)

func TestFieldsKeepBytes(t *testing.T) {
	_, c := start(t, lookersim.Options{Corpus: writeCorpus(t)})
	tests := []struct{ name, path, want string }{
		{"spelling and order stay", "/dashboards/17?fields=big,title,ratio", `{"title": "Caf\u00e9 \u0026 café","ratio": 1.0,"big": 12345678901234567890}`},
		{"repeated members stay", "/dashboards/17?fields=twice,id", `{"id": "17","twice": 1,"twice": 2}`},
		{"unknown ones are left out", "/dashboards/17?fields=id,nothing", `{"id": "17"}`},
		{"a space hides a field", "/dashboards/17?fields=id,%20title", `{"id": "17"}`},
		{"parentheses", "/looks/2?fields=query(id),id", `{"id":"2","query":{"id":"1"}}`},
		{"parentheses on an array of scalars", "/looks/2?fields=extra(x)", `{"extra":[1]}`},
		{"empty means all", "/looks/2?fields=", `{"id":"2","title":"l","query":{"id":"1"},"url":"/x","extra":[ 1 ]}`},
		{"rows", "/looks/search?id=2&fields=title,query", `[{"title":"l"}]`},
		{"no fields here", "/roles/1?fields=name", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := string(c.body(tt.path))
			if tt.want == "" {
				tt.want = string(c.body("/roles/1"))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
