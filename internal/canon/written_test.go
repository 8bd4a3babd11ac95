package canon_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// TestPick: what is taken are exact bytes, in the order of the body.
func TestPick(t *testing.T) {
	paths := []string{"title", "settings.a", "list.x", "free"}
	tests := []struct{ name, body, want string }{
		{"order and bytes", `{ "free" : {"n":1.0,"m":null} , "title":"a\u0026b", "id":"1"}`, `{"free":{"n":1.0,"m":null},"title":"a\u0026b"}`},
		{"numbers", `{"free":[1e400,0.10,-0,9223372036854775808]}`, `{"free":[1e400,0.10,-0,9223372036854775808]}`},
		{"arrays are walked", `{"list":[{"x":1,"y":2},{"y":3},null,4]}`, `{"list":[{"x":1},{},null,4]}`},
		{"objects member by member", `{"settings":{"b":1,"a":"é"}}`, `{"settings":{"a":"é"}}`},
		{"null stays", `{"settings":null,"title":null}`, `{"settings":null,"title":null}`},
		{"nothing", `{"other":{"title":1}}`, `{}`},
		{"the last of two", `{"title":"a","free":1,"title":"b"}`, `{"free":1,"title":"b"}`},
		{"a name in another spelling", `{"\u0074itle":1}`, `{"\u0074itle":1}`},
		{"what was redacted", `{"title":"[redacted by lookervault]","free":1}`, `{"free":1}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := canon.Pick([]byte(test.body), paths)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// writeOf returns the write row of a kind.
func writeOf(t *testing.T, kind record.Kind) *catalogue.Write {
	t.Helper()
	row, ok := catalogue.Find(kind)
	if !ok || row.Write == nil {
		t.Fatalf("%s have no write row", kind)
	}
	return row.Write
}

// resolver resolves by a table of "kind/id" to ids.
func resolver(table map[string]string) canon.Resolver {
	return func(kind record.Kind, id string) (string, bool) {
		to, ok := table[record.Ref{Kind: kind, ID: id}.String()]
		return to, ok
	}
}

// tileOf returns the part of a dashboard's tiles.
func tileOf(t *testing.T) *catalogue.Part {
	t.Helper()
	for i, p := range writeOf(t, "dashboards").Parts {
		if p.Name == catalogue.Tiles {
			return &writeOf(t, "dashboards").Parts[i]
		}
	}
	t.Fatal("dashboards have no tiles")
	return nil
}

func TestCreation(t *testing.T) {
	table := resolver(map[string]string{
		"folders/1": "11", "users/2": "12", "queries/q": "Q", "looks/3": "13", "dashboard_layouts/4": "14", "dashboards/5": "15",
		"lookml_models/thelook": "shop", "explores/thelook::orders": "shop::purchases", "integrations/1::slack": "2::slack", "queries/7": "17",
		"lookml_models/m": "m", "lookml_dashboards/m::d": "m::d",
	})
	tests := []struct {
		name       string
		write      *catalogue.Write
		body, want string
		missing    []record.Ref
	}{
		{
			name: "a look", write: writeOf(t, "looks"),
			body: `{"id":"9","title":"T","folder_id":"1","user_id":"2","query_id":"q","folder":{"id":"1"},"query":{"id":"q"},"public":false,"certification_metadata":null,"view_count":3}`,
			want: `{"title":"T","folder_id":"11","user_id":"12","query_id":"Q","public":false}`,
		},
		{
			name: "numbers stay numbers", write: writeOf(t, "looks"),
			body: `{"folder_id":1,"query_id":7}`, want: `{"folder_id":11,"query_id":17}`,
		},
		{
			name: "what is missing", write: writeOf(t, "looks"),
			body: `{"folder_id":"99","query_id":"q"}`, want: `{"folder_id":null,"query_id":"Q"}`, missing: []record.Ref{{Kind: "folders", ID: "99"}},
		},
		{
			name: "a tile of text has nothing to show", write: tileOf(t).Write,
			body: `{"type":"text","body_text":"x","query_id":"q","result_maker":{"filterables":[]},"result_maker_id":"1","dashboard_layout_id":"4"}`,
			want: `{"type":"text","body_text":"x","dashboard_layout_id":"14"}`,
		},
		{
			name: "a query in the result maker only", write: tileOf(t).Write,
			body: `{"type":"vis","query_id":null,"query":null,"result_maker":{"id":"1","query_id":"q","query":{"id":"q"},"filterables":[{"model":"thelook","view":"orders","name":"","listen":[{"dashboard_filter_name":"D","field":"f"}],"can":{}}]}}`,
			want: `{"type":"vis","query_id":"Q","result_maker":{"filterables":[{"model":"shop","view":"purchases","name":"","listen":[{"dashboard_filter_name":"D","field":"f"}]}]}}`,
		},
		{
			name: "a look goes before its query", write: tileOf(t).Write,
			body: `{"type":"vis","look_id":"3","query_id":"q"}`, want: `{"type":"vis","look_id":"13"}`,
		},
		{
			name: "a schedule sleeps", write: writeOf(t, "scheduled_plans"),
			body: `{"name":"S","enabled":true,"dashboard_id":"5","look_id":null,"require_change":null,"user_id":"2","dashboard_filters":"x","scheduled_plan_destination":[{"id":"1","type":"1::slack","address":"a","apply_vis":null},{"type":"email"}]}`,
			want: `{"name":"S","enabled":false,"dashboard_id":"15","require_change":false,"user_id":"12","scheduled_plan_destination":[{"type":"2::slack","address":"a","apply_vis":false},{"type":"email"}]}`,
		},
		{
			name: "orders of a board come late", write: writeOf(t, "boards"),
			body: `{"title":"B","section_order":["1"],"board_sections":[]}`, want: `{"title":"B"}`,
		},
		{
			name: "a rename follows into a query", write: writeOf(t, "queries"),
			body: `{"id":"1","client_id":"x","model":"thelook","view":"orders","limit":"500","vis_config":{"n":1e400},"filter_config":{"orders.id":[{"x":1}]}}`,
			want: `{"model":"shop","view":"purchases","limit":"500","vis_config":{"n":1e400},"filter_config":null}`,
		},
		{
			name: "the state of filters stays with its names", write: writeOf(t, "queries"),
			body: `{"model":"m","view":"v","filter_config":{"v.id":[{"x":1.0}]}}`, want: `{"model":"m","view":"v","filter_config":{"v.id":[{"x":1.0}]}}`,
		},
		{
			name: "tabs that are gone are left out", write: writeOf(t, "scheduled_plans"),
			body: `{"dashboard_id":"5","tab_ids":["4","9"]}`, want: `{"dashboard_id":"15","tab_ids":["14"],"enabled":false}`,
		},
		{
			name: "tabs of LookML are labels", write: writeOf(t, "scheduled_plans"),
			body: `{"lookml_dashboard_id":"m::d","tab_ids":["4","9"]}`, want: `{"lookml_dashboard_id":"m::d","tab_ids":["4","9"],"enabled":false}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, missing, err := canon.Creation(test.write, []byte(test.body), table)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.missing, missing); diff != "" {
				t.Errorf("missing (-want +got)\n%s", diff)
			}
		})
	}
}
