package canon_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
)

func TestShape(t *testing.T) {
	one := read(t, `{"id":"1","title":"a","tiles":[1],"folder":{"id":"2"},"views":3}`).Shape
	tests := []struct {
		name, body string
		same       bool
	}{
		{"other values", `{"id":"2","title":null,"tiles":[2,3],"folder":{},"views":9}`, true},
		{"another order", `{"tiles":[1],"views":1,"folder":{},"title":"b","id":"2"}`, true},
		{"without what is volatile", `{"id":"1","title":"a","tiles":[1],"folder":{}}`, false},
		{"an object for what is volatile", `{"id":"1","title":"a","tiles":[1],"folder":{},"views":{}}`, false},
		{"a member less", `{"id":"1","title":"a","tiles":[1]}`, false},
		{"a member more", `{"id":"1","title":"a","tiles":[1],"folder":{},"x":1}`, false},
		{"an empty array", `{"id":"1","title":"a","tiles":[ ],"folder":{}}`, false},
		{"null for an array", `{"id":"1","title":"a","tiles":null,"folder":{}}`, false},
		{"null for an object", `{"id":"1","title":"a","tiles":[1],"folder":null}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if same := read(t, tt.body).Shape == one; same != tt.same {
				t.Errorf("same shape: %v, want %v", same, tt.same)
			}
		})
	}
}

func TestLost(t *testing.T) {
	document := `{"id":"1","title":"a","views":3,"tiles":[{"id":"1","note":"n"},{"id":"2"}],"folder":{"id":"5"}}`
	tests := []struct {
		name, row string
		want      []string
	}{
		{"nothing", document, nil},
		{"what is volatile", `{"id":"1","title":"a","tiles":[{"id":"1","note":"n"},{"id":"2"}],"folder":{"id":"5"}}`, []string{"views"}},
		{"another value", `{"id":"1","title":"b","views":3,"tiles":[{"id":"1","note":null},{"id":"2"}],"folder":{"id":"6"}}`, nil},
		{"a member", `{"id":"1","views":3,"tiles":[{"id":"1","note":"n"},{"id":"2"}],"folder":{"id":"5"}}`, []string{"title"}},
		{"a member of an element", `{"id":"1","title":"a","views":3,"tiles":[{"id":"1"},{"id":"2"}],"folder":{"id":"5"}}`, []string{"tiles.note"}},
		{"an object", `{"id":"1","title":"a","views":3,"tiles":[{"id":"1","note":"n"},{"id":"2"}],"folder":null}`, []string{"folder", "folder.id"}},
		{"an element", `{"id":"1","title":"a","views":3,"tiles":[{"id":"1","note":"n"}],"folder":{"id":"5"}}`, []string{"tiles (1 of 2)"}},
	}
	rules := canon.Compile(kind)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, canon.Lost(rules, []byte(tt.row), []byte(document))); diff != "" {
				t.Errorf("lost (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLacks(t *testing.T) {
	document := []byte(`{"id":"1","title":"a","views":{"today":3},"tiles":[1,2],"folder":null}`)
	members := []string{"title", "views", "tiles", "folder", "unheard_of"}
	tests := []struct {
		name, row string
		want      []string
	}{
		{"nothing", string(document), nil},
		{"one that matters", `{"id":"1","views":{},"tiles":[],"folder":{}}`, []string{"title"}},
		{"one that is volatile", `{"id":"1","title":"a","tiles":[],"folder":{}}`, []string{"views"}},
		{"null for it", `{"id":"1","title":null,"views":null,"tiles":[],"folder":{}}`, []string{"views"}},
		{"what the document has as null", `{"id":"1","title":"a","views":{},"tiles":[]}`, []string{"folder"}},
	}
	rules := canon.Compile(kind)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, canon.Lacks(rules, []byte(tt.row), document, members)); diff != "" {
				t.Errorf("lacks (-want +got):\n%s", diff)
			}
		})
	}
}
