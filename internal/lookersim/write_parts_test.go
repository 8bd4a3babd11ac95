package lookersim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const newQuery = `{"model":"thelook","view":"orders","fields":["orders.count"],"limit":"77","vis_config":{"type":"table","zoom":1.0,"big":12345678901234567890},"filters":{"orders.a":"<5"}}`

func TestQueriesAreMadeOnce(t *testing.T) {
	s, c := start(t, small())
	made := c.write("POST", "/queries", newQuery)
	id := made.text("id")
	if made.text("limit") != "77" || made.at("pivots") != nil || len(made.text("client_id")) != 22 || made.text("vis_config.zoom") != "1.0" {
		t.Errorf("made %v", made)
	}
	same := `{"view":"orders","model":"thelook","fields":["orders.count"], "filters":{"orders.a":"\u003c5"},"vis_config":{"zoom":1.0,"type":"table","big":12345678901234567890},"limit":"77","pivots":null}`
	if again := c.write("POST", "/queries", same).text("id"); again != id {
		t.Errorf("the same query gets %s after %s", again, id)
	}
	if other := c.write("POST", "/queries", strings.Replace(newQuery, "77", "78", 1)).text("id"); other == id {
		t.Error("another query gets the same id")
	}
	if got := string(c.body("/queries/" + id)); !strings.Contains(got, `"zoom":1.0,"big":12345678901234567890`) || !strings.Contains(got, `"\u003c5"`) {
		t.Errorf("the query reads %s", got)
	}
	if slug := c.read("/queries/slug/" + made.text("slug")).text("id"); slug != id {
		t.Errorf("the slug finds %s", slug)
	}
	c.refusedAs("POST", "/queries", `{"model":"gone","view":"orders"}`, 404, "", "")
	c.refusedAs("POST", "/queries", `{"view":"orders"}`, 422, "model", "missing_field")
	c.refusedAs("POST", "/queries", `{"model":"thelook","view":"orders","client_id":"`+c.read("/looks/1").text("query.client_id")+`"}`, 409, "client_id", "already_exists")

	for _, path := range []string{"/looks/1", "/looks/5"} {
		look := c.read(path)
		query, err := json.Marshal(look.at("query"))
		if err != nil {
			t.Fatal(err)
		}
		c.write("DELETE", path, "")
		d := decoded(t, query)
		delete(d, "client_id")
		sent, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.write("POST", "/queries", string(sent)).text("id"); got != look.text("query_id") {
			t.Errorf("the query of %s is made anew: %s", path, got)
		}
	}
	if n := len(s.Writes()); n != 10 {
		t.Errorf("%d writes", n)
	}
}

func TestMergeQueriesAreMadeOnce(t *testing.T) {
	s, c := start(t, small())
	id := s.IDs("merge_queries")[0]
	old := c.body("/merge_queries/" + id)
	if got := c.write("POST", "/merge_queries", string(old)).text("id"); got != id {
		t.Errorf("the same merge query gets %s after %s", got, id)
	}
	source := decoded(t, old).text("source_queries.0.query_id")
	body := `{"column_limit":"9","source_queries":[{"query_id":"` + source + `","name":"a","merge_fields":[],"query_slug":"nonsense"}],"vis_config":{"a":"b"}}`
	made := c.write("POST", "/merge_queries", body)
	if made.text("source_queries.0.query_slug") == "nonsense" || made.text("result_maker_id") == "" {
		t.Errorf("made %v", made)
	}
	if got := c.write("POST", "/merge_queries", body).text("id"); got != made.text("id") {
		t.Errorf("the same merge query gets %s after %s", got, made.text("id"))
	}
	if got := c.read("/merge_queries/" + made.text("id")).text("column_limit"); got != "9" {
		t.Errorf("read %q", got)
	}
	c.refusedAs("POST", "/merge_queries", `{"source_queries":[{"query_id":"2"}]}`, 422, "source_queries", "invalid")
}

// A dashboard is built from nothing, as a restore builds one.
func TestADashboardIsBuilt(t *testing.T) {
	s, c := start(t, small())
	dash := c.write("POST", "/dashboards", `{"title":"Built","folder_id":"1"}`)
	id, layout := dash.text("id"), dash.text("dashboard_layouts.0.id")
	c.write("POST", "/dashboard_filters", `{"dashboard_id":"`+id+`","name":"Date","title":"Date","type":"date_filter","default_value":"7 days","listens_to_filters":[]}`)
	c.refusedAs("POST", "/dashboard_filters", `{"dashboard_id":"`+id+`","name":"Day","title":"Date","type":"date_filter"}`, 422, "title", "already_exists")
	c.refusedAs("POST", "/dashboard_filters", `{"dashboard_id":"`+id+`","name":"Day","title":"Day"}`, 422, "type", "missing_field")
	tab := c.write("POST", "/dashboard_layouts", `{"dashboard_id":"`+id+`","label":"Tab 2","type":"newspaper"}`)
	query := c.write("POST", "/queries", newQuery).text("id")
	merge := s.IDs("merge_queries")[0]

	vis := c.write("POST", "/dashboard_elements", `{"dashboard_id":"`+id+`","type":"vis","title":"A","query_id":"`+query+
		`","result_maker":{"filterables":[{"model":"thelook","view":"orders","name":"","listen":[{"dashboard_filter_name":"Date","field":"orders.created_date"}]}]}}`)
	if vis.text("query.id") != query || vis.text("result_maker.query.id") != query || vis.text("result_maker.filterables.0.listen.0.field") != "orders.created_date" {
		t.Errorf("made %v", vis)
	}
	look := c.write("POST", "/dashboard_elements", `{"dashboard_id":"`+id+`","type":"vis","look_id":"1","dashboard_layout_id":"`+tab.text("id")+`"}`)
	if look.text("look.id") != "1" || look.text("dashboard_layout_id") != tab.text("id") || look.at("query") != nil || look.text("result_maker.id") == "" {
		t.Errorf("made %v", look)
	}
	merged := c.write("POST", "/dashboard_elements", `{"dashboard_id":"`+id+`","type":"vis","merge_result_id":"`+merge+`"}`)
	if merged.text("merge_result_id") != merge || merged.text("result_maker.merge_result_id") != merge {
		t.Errorf("made %v", merged)
	}
	text := c.write("POST", "/dashboard_elements", `{"dashboard_id":"`+id+`","type":"text","body_text":"<b>\n</b>"}`)
	if text.text("body_text_as_html") != "<b><br>\n</b>" || text.at("result_maker") != nil {
		t.Errorf("made %v", text)
	}
	for body, want := range map[string]string{
		`"type":"vis"`: "query_id missing_field",
		`"type":"vis","query_id":"` + query + `","look_id":1`:  "query_id invalid",
		`"type":"text","query_id":"` + query + `"`:             "result_maker_id invalid",
		`"type":"button","result_maker_id":"5"`:                "result_maker_id invalid",
		`"type":"vis","query_id":"2"`:                          "query_id invalid",
		`"type":"vis","look_id":"88888"`:                       "look_id invalid",
		`"type":"vis","merge_result_id":"none"`:                "merge_result_id invalid",
		`"type":"vis","look_id":"1","dashboard_layout_id":"1"`: "dashboard_layout_id invalid",
	} {
		field, code, _ := strings.Cut(want, " ")
		c.refusedAs("POST", "/dashboard_elements", `{"dashboard_id":"`+id+`",`+body+`}`, 422, field, code)
	}
	built := c.read("/dashboards/" + id)
	tiles := []string{vis.text("id"), look.text("id"), merged.text("id"), text.text("id")}
	if diff := cmp.Diff(tiles, built.column("dashboard_elements", "id")); diff != "" {
		t.Errorf("tiles (-want +got):\n%s", diff)
	}
	for i := range 2 {
		at := fmt.Sprintf("dashboard_layouts.%d.dashboard_layout_components", i)
		if diff := cmp.Diff(tiles, built.column(at, "dashboard_element_id")); diff != "" {
			t.Errorf("layout %d (-want +got):\n%s", i, diff)
		}
		if got := built.column(at, "row"); !cmp.Equal(got, []string{"0", "6", "12", "18"}) {
			t.Errorf("tiles lie at %v", got)
		}
	}
	place := built.text("dashboard_layouts.0.dashboard_layout_components.1.id")
	c.write("PATCH", "/dashboard_layout_components/"+place, `{"row":3,"column":16,"width":4,"id":"1","dashboard_layout_id":"`+layout+`"}`)
	c.refusedAs("PATCH", "/dashboard_layout_components/"+place, `{"dashboard_layout_id":"1"}`, 422, "dashboard_layout_id", "invalid")
	if got := c.read("/dashboards/" + id).at("dashboard_layouts.0.dashboard_layout_components.1").(map[string]any); fmt.Sprintf("%v %v %v %v", got["row"], got["column"], got["width"], got["height"]) != "3 16 4 6" {
		t.Errorf("moved to %v", got)
	}
	c.write("PATCH", "/looks/1", `{"title":"Echoed"}`)
	if got := c.read("/dashboards/" + id).text("dashboard_elements.1.look.title"); got != "Echoed" {
		t.Errorf("the tile repeats %q", got)
	}
	whole(t, s, c, "dashboards", id)
}

// Parts of a dashboard that the seed made are changed one at a time.
func TestPartsOfADashboardAreEdited(t *testing.T) {
	s, c := start(t, small())
	var before doc
	for item := range s.Items("dashboards") {
		d := decoded(t, item.Body)
		if item.State == "present" && len(d.list("dashboard_filters")) > 1 && d.text("dashboard_elements.0.type") == "vis" && d.text("dashboard_elements.0.query_id") != "" {
			before = d
			break
		}
	}
	id, tile, filter := before.text("id"), before.text("dashboard_elements.0.id"), before.text("dashboard_filters.1.id")
	c.write("PATCH", "/dashboard_elements/"+tile, `{"title":"Edited","type":"vis"}`)
	after := c.read("/dashboards/" + id)
	if got := differing(before.at("dashboard_elements.0").(map[string]any), after.at("dashboard_elements.0").(map[string]any)); !cmp.Equal(got, []string{"title"}) {
		t.Errorf("the edit of a title changes %v", got)
	}
	if !cmp.Equal(before.list("dashboard_elements")[1:], after.list("dashboard_elements")[1:]) || !cmp.Equal(before.at("dashboard_layouts"), after.at("dashboard_layouts")) {
		t.Error("the edit of a tile changes others")
	}
	c.refusedAs("PATCH", "/dashboard_elements/"+tile, `{"type":"text"}`, 422, "type", "invalid")
	c.refusedAs("PATCH", "/dashboard_elements/"+tile, `{"query_id":null}`, 422, "query_id", "missing_field")
	c.refusedAs("PATCH", "/dashboard_elements/"+tile, `{"look_id":"1"}`, 422, "query_id", "invalid")
	if got := c.write("PATCH", "/dashboard_elements/"+tile, `{"look_id":"1","query_id":null}`); got.text("look.id") != "1" || got.at("query") != nil || got.at("query_id") != nil {
		t.Errorf("the tile shows %v", got)
	}
	c.refusedAs("PATCH", "/dashboard_filters/"+filter, `{"title":"`+before.text("dashboard_filters.0.title")+`"}`, 422, "title", "already_exists")
	c.write("PATCH", "/dashboard_filters/"+filter, `{"default_value":"x"}`)
	if got := c.read("/dashboards/" + id).text("dashboard_filters.1.default_value"); got != "x" {
		t.Errorf("the filter says %q", got)
	}
	c.write("DELETE", "/dashboard_filters/"+filter, "")
	c.refusedAs("DELETE", "/dashboard_filters/"+filter, "", 404, "", "")
	layout := before.text("dashboard_layouts.0.id")
	c.refusedAs("DELETE", "/dashboard_layouts/"+layout, "", 422, "id", "invalid")
	c.refusedAs("PATCH", "/dashboard_layouts/"+layout, `{"active":false}`, 422, "active", "invalid")
	other := c.write("POST", "/dashboard_layouts", `{"dashboard_id":"`+id+`","active":true}`)
	if got := c.read("/dashboards/"+id).column("dashboard_layouts", "active"); got[0] != "false" || got[len(got)-1] != "true" {
		t.Errorf("active layouts: %v", got)
	}
	if got := c.write("PATCH", "/dashboard_layouts/"+layout, `{"label":"L","order":5}`); got.text("label") != "L" || len(got.list("dashboard_layout_components")) == 0 {
		t.Errorf("patched %v", got)
	}
	c.write("DELETE", "/dashboard_layouts/"+layout, "")
	c.write("DELETE", "/dashboard_elements/"+tile, "")
	last := c.read("/dashboards/" + id)
	if got := last.column("dashboard_elements", "id"); len(got) != len(before.list("dashboard_elements"))-1 {
		t.Errorf("tiles: %v", got)
	}
	if got := last.column("dashboard_layouts.0.dashboard_layout_components", "dashboard_element_id"); last.text("dashboard_layouts.0.id") == other.text("id") && len(got) != len(before.list("dashboard_elements"))-1 {
		t.Errorf("places: %v", got)
	}
	c.write("PATCH", "/dashboards/"+id, `{"deleted":true}`)
	c.refusedAs("PATCH", "/dashboard_elements/"+before.text("dashboard_elements.1.id"), `{"title":"x"}`, 404, "", "")
}
