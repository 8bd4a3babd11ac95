package delta_test

import (
	"encoding/json"
	"testing"

	"github.com/lookervault/lookervault/internal/delta"
)

func TestElement(t *testing.T) {
	const tile = `{"id":"7","title":"Orders","type":"vis","query":{"model":"shop","view":"orders","vis_config":{"type":"looker_column"},` +
		`"fields":["a.1","a.2","a.3","a.4","a.5","a.6"],"filters":{"b.2":"x","b.1":"y"}}}`
	tests := []struct {
		name, path, before, after, want string
	}{
		{"a tile went", "/dashboard_elements/7", tile, `null`,
			`tile "Orders", vis, looker_column, asks shop::orders for a.1, a.2, a.3, a.4 and 2 more filtered by b.1, b.2`},
		{"a tile of a look came", "/dashboard_elements/8", `null`, `{"id":"8","title":"","type":"look","look_id":"12","query":null}`, `tile, look, shows look 12`},
		{"a text tile", "/dashboard_elements/9", `{"type":"text","title_text":"Notes","body_text":"First line\nof a text that goes on and on, longer than anybody would read in a list"}`, ``,
			`tile "Notes", text, "First line of a text that goes on and on, longer than anybod..."`},
		{"a filter", "/dashboard_filters/Region", `null`, `{"title":"Region","type":"field_filter","dimension":"users.region","default_value":"EMEA"}`,
			`filter "Region", field_filter, filters users.region, default EMEA`},
		{"a destination", "/scheduled_plan_destination/1", `null`, `{"type":"email","address":"a@example.com","format":"csv_zip"}`, `destination, email, to a@example.com, as csv_zip`},
		{"an item in a section", "/board_sections/3/board_items/4", `{"id":"4","dashboard_id":"9"}`, `null`, `item, shows dashboard 9`},
		{"a member that is an object", "/query", `null`, tile, ""},
		{"a member of a tile", "/dashboard_elements/7/query", `null`, tile, ""},
		{"a tile that changed", "/dashboard_elements/7", tile, tile, ""},
		{"an element that is no object", "/dashboard_elements/7", `null`, `[1]`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := delta.Edit{Path: tt.path, Before: json.RawMessage(tt.before), After: json.RawMessage(tt.after)}.Element()
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("%q, %v, want %q", got, ok, tt.want)
			}
		})
	}
}
