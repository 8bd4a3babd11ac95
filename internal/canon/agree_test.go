package canon_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
)

// TestDisagreeing is about documents whose parts name others: where these are not there, or are not
// named, the document says so.
func TestDisagreeing(t *testing.T) {
	kind := &catalogue.Spec{Name: "boards", Fields: catalogue.Fields{ID: "id"}, Agreements: []catalogue.Agreement{
		{One: "sections.id", Other: "section_order"}, {One: "tiles.id", Other: "layouts.components.tile_id"},
	}}
	tests := []struct {
		name, body string
		want       bool
	}{
		{"nothing of it", `{"id":"1"}`, false},
		{"both are empty", `{"sections":[],"section_order":[]}`, false},
		{"the same, in another order, one as a number", `{"sections":[{"id":"2"},{"id":1}],"section_order":["1","2"]}`, false},
		{"one is named twice", `{"tiles":[{"id":"1"}],"layouts":[{"components":[{"tile_id":"1"}]},{"components":[{"tile_id":"1"}]}]}`, false},
		{"one is not there", `{"sections":[{"id":"2"}],"section_order":["1","2"]}`, true},
		{"none is there", `{"sections":[],"section_order":["1","2"]}`, true},
		{"one is not named", `{"sections":[{"id":"1"},{"id":"2"}],"section_order":["1"]}`, true},
		{"none is named", `{"tiles":[{"id":"1"}],"layouts":[]}`, true},
		{"as many, and others", `{"sections":[{"id":"1"}],"section_order":["2"]}`, true},
		{"one agreement holds, the other does not", `{"sections":[{"id":"1"}],"section_order":["1"],"tiles":[{"id":"1"}],"layouts":[]}`, true},
		{"the same id in two agreements", `{"sections":[{"id":"1"}],"section_order":["1"],"tiles":[],"layouts":[]}`, false},
		{"a member is missing", `{"sections":[{"id":"1"}]}`, false},
		{"a member is null", `{"sections":null,"section_order":["1"]}`, false},
	}
	reader, rules := canon.NewReader(), canon.Compile(kind)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := reader.Read(rules, []byte(tt.body))
			if err != nil || doc.Disagrees != tt.want {
				t.Errorf("disagrees: %v, %v, want %v", doc.Disagrees, err, tt.want)
			}
		})
	}
}
