package restore_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Where links are kept, texts are written as the backup has them, by a first attempt and by those
// after it; plan and result count and name what leads to documents that get another id. The next
// plan counts what leads to what has another id by then, and writes no text either.
func TestTextsAreKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	const text = "See /dashboards/2, /looks/3 and /looks/4"
	r.do("PATCH", "/dashboards/1", `{"description":"`+text+`"}`)
	run := r.backup()
	for _, path := range []string{"/dashboards/1", "/dashboards/2", "/looks/3"} {
		r.do("DELETE", path, "")
	}
	items := []record.Ref{{Kind: "dashboards", ID: "1"}, {Kind: "dashboards", ID: "2"}, {Kind: "looks", ID: "3"}}
	request := restore.Request{Items: items, Run: run, Links: restore.LinksKeep}
	plan := r.plan(request)
	asked, err := restore.RequestOf(plan)
	if err != nil || asked.LinksLeft != 2 || asked.Links != restore.LinksKeep {
		t.Errorf("the plan keeps %q and leaves %d links, %v", asked.Links, asked.LinksLeft, err)
	}
	if notes := strings.Join(plan.Notes, "\n"); !strings.Contains(notes, "links to dashboards/2, which gets another id") {
		t.Errorf("the plan says %q", plan.Notes)
	}
	done := r.apply(plan)
	complete(t, done)
	first := targetOf(done, items[0])
	kept := func() {
		t.Helper()
		if body := string(r.sim.Document("dashboards", first)); !strings.Contains(body, `"`+text+`"`) {
			t.Errorf("the dashboard does not say %q: %.400s", text, body)
		}
	}
	kept()
	links, err := restore.LinksLeft(t.Context(), r.file.Reader(), done)
	if err != nil || len(links) != 2 || !strings.Contains(links[1], "looks/3, which is looks/"+targetOf(done, items[2])+" now") {
		t.Errorf("links that are left: %q, %v", links, err)
	}
	r.do("PATCH", "/dashboards/"+first, `{"title":"BROKEN"}`)
	complete(t, r.apply(r.plan(request)))
	kept()
	request.Links = restore.LinksRewrite
	again := r.plan(request)
	asked, err = restore.RequestOf(again)
	if err != nil || asked.LinksLeft != 0 {
		t.Errorf("a plan that rewrites leaves %d links, %v", asked.LinksLeft, err)
	}
	complete(t, r.apply(again))
	if body := string(r.sim.Document("dashboards", first)); !strings.Contains(body, "See /dashboards/"+targetOf(done, items[1])+", ") {
		t.Errorf("the dashboard does not lead to what was made: %.400s", body)
	}
}

// The texts of merged results and of their sources are kept, whatever becomes of those of others:
// what they lead to and has another id is counted.
func TestLinksOfMergedResultsAreCounted(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	source := r.add("/queries", `{"model":"thelook","view":"orders","fields":["orders.count"],"dynamic_fields":"[{\"label\":\"/looks/3\"}]"}`)
	merged := r.add("/merge_queries", `{"source_queries":[{"query_id":"`+source+`","name":"one"}],"vis_config":{"note":"see /dashboards/1"}}`)
	r.add("/dashboard_elements", `{"dashboard_id":"2","type":"vis","merge_result_id":"`+merged+`"}`)
	run := r.backup()
	for _, path := range []string{"/dashboards/1", "/dashboards/2", "/looks/3"} {
		r.do("DELETE", path, "")
	}
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "1"}, {Kind: "dashboards", ID: "2"}, {Kind: "looks", ID: "3"}}, Run: run})
	if asked, err := restore.RequestOf(plan); err != nil || asked.LinksLeft != 2 {
		t.Errorf("the plan leaves %d links, %v", asked.LinksLeft, err)
	}
	done := r.apply(plan)
	complete(t, done)
	links, err := restore.LinksLeft(t.Context(), r.file.Reader(), done)
	if told := strings.Join(links, "\n"); err != nil || len(links) != 2 || !strings.Contains(told, "links to dashboards/1, which is dashboards/") || !strings.Contains(told, "links to looks/3, which is") {
		t.Errorf("links that are left: %q, %v", links, err)
	}
}
