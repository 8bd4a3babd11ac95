package restore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Texts of what is made anew lead to what is made anew with it, in circles too, and back to
// what was there all the time; what they lead to and is nowhere is counted and named. A second
// plan has nothing to do.
func TestTextsLeadToWhatIsMadeAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	r.do("PATCH", "/dashboards/1", `{"description":"See /dashboards/2 and `+r.client.BaseURL()+`/looks/3, not https://other.example/dashboards/2"}`)
	tile := r.add("/dashboard_elements", `{"dashboard_id":"2","type":"text","title_text":"Links","body_text":"[back](/dashboards/1?x=1) [a look](/looks/4) [gone](/looks/5)"}`)
	run := r.backup()
	for _, path := range []string{"/dashboards/1", "/dashboards/2", "/looks/3", "/looks/5"} {
		r.do("DELETE", path, "")
	}
	r.backup() // which has seen that looks/5 is gone
	items := []record.Ref{{Kind: "dashboards", ID: "1"}, {Kind: "dashboards", ID: "2"}, {Kind: "looks", ID: "3"}}
	request := restore.Request{Items: items, Run: run}
	done := r.apply(r.plan(request))
	complete(t, done)
	first, second, look := targetOf(done, items[0]), targetOf(done, items[1]), targetOf(done, items[2])
	body := string(r.sim.Document("dashboards", first))
	if want := `See /dashboards/` + second + ` and ` + r.client.BaseURL() + `/looks/` + look + `, not https://other.example/dashboards/2"`; !strings.Contains(body, want) {
		t.Errorf("the first dashboard does not say %s: %s", want, body)
	}
	body = string(r.sim.Document("dashboards", second))
	if want := `[back](/dashboards/` + first + `?x=1) [a look](/looks/4) [gone](/looks/5)`; !strings.Contains(body, want) {
		t.Errorf("the tile %s does not say %s: %s", tile, want, body)
	}
	links, err := restore.LinksLeft(t.Context(), r.file.Reader(), done)
	if err != nil || len(links) != 1 || !strings.Contains(links[0], "looks/5") {
		t.Errorf("links that lead nowhere: %q, %v", links, err)
	}
	if !strings.Contains(strings.Join(done.Notes, "\n"), "links to looks/5") {
		t.Errorf("no note tells of it: %q", done.Notes)
	}
	for _, a := range r.plan(request).Actions {
		if a.State == record.ActionPlanned {
			t.Errorf("a second plan wants to %s %s: %s", a.Deed, a.Ref, a.Changes)
		}
	}
}

// A document that is as it is wanted, but for a text that leads to what is made anew, is
// changed where it was named.
func TestTextsOfWhatIsThereLeadToWhatIsMadeAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	r.do("PATCH", "/looks/3", `{"description":"See /dashboards/2"}`)
	run := r.backup()
	r.do("DELETE", "/dashboards/2", "")
	items := []record.Ref{{Kind: "looks", ID: "3"}, {Kind: "dashboards", ID: "2"}}
	request := restore.Request{Items: items, Run: run}
	done := r.apply(r.plan(request))
	complete(t, done)
	if want := `"See /dashboards/` + targetOf(done, items[1]) + `"`; !strings.Contains(string(r.sim.Document("looks", "3")), want) {
		t.Errorf("the look does not say %s: %s", want, r.sim.Document("looks", "3"))
	}
	for _, a := range r.plan(request).Actions {
		if a.State == record.ActionPlanned {
			t.Errorf("a second plan wants to %s %s: %s", a.Deed, a.Ref, a.Changes)
		}
	}
	complete(t, r.apply(r.plan(restore.Request{Undo: done.ID, Hard: true, ExactMembers: true})))
	if !strings.Contains(string(r.sim.Document("looks", "3")), `"See /dashboards/2"`) {
		t.Errorf("the undo left %s", r.sim.Document("looks", "3"))
	}
}

// Texts of queries lead to what is made anew, too: a query never changes, so that another one
// is made, and tiles and looks show that. A second plan has nothing to do.
func TestTextsOfQueriesLeadToWhatIsMadeAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	query := r.add("/queries", `{"model":"thelook","view":"orders","fields":["orders.count"],"vis_config":{"note":"see /dashboards/1","n":1.50},"dynamic_fields":"[{\"label\":\"[x](\\/dashboards\\/1)\"},{\"label\":\"/looks/5\"}]"}`)
	tile := r.add("/dashboard_elements", `{"dashboard_id":"2","type":"vis","query_id":"`+query+`"}`)
	r.do("PATCH", "/looks/3", `{"query_id":"`+query+`"}`)
	run := r.backup()
	for _, path := range []string{"/dashboards/1", "/looks/5"} {
		r.do("DELETE", path, "")
	}
	r.backup()
	items := []record.Ref{{Kind: "dashboards", ID: "1"}, {Kind: "dashboards", ID: "2"}, {Kind: "looks", ID: "3"}}
	request := restore.Request{Items: items, Run: run}
	done := r.apply(r.plan(request))
	complete(t, done)
	first := targetOf(done, items[0])
	for _, ref := range items[1:] {
		body := string(r.sim.Document(string(ref.Kind), ref.ID))
		if !strings.Contains(body, `"see /dashboards/`+first+`"`) || !strings.Contains(body, `\/dashboards\\/`+first+`)`) {
			t.Errorf("%s (tile %s) does not lead to dashboards/%s: %s", ref, tile, first, body)
		}
	}
	links, err := restore.LinksLeft(t.Context(), r.file.Reader(), done)
	if err != nil || len(links) != 2 {
		t.Errorf("links that lead nowhere: %q, %v", links, err)
	}
	for _, a := range r.plan(request).Actions {
		if a.State == record.ActionPlanned {
			t.Errorf("a second plan wants to %s %s: %s", a.Deed, a.Ref, a.Changes)
		}
	}
	r.do("DELETE", "/dashboards/"+first, "") // what stood for it is known; the next stands for it from the beginning
	r.do("DELETE", "/dashboards/2", "")
	complete(t, r.apply(r.plan(request)))
	for _, a := range r.plan(request).Actions {
		if a.State == record.ActionPlanned {
			t.Errorf("a third plan wants to %s %s: %s", a.Deed, a.Ref, a.Changes)
		}
	}
}

// The undo of a restore that led texts of queries elsewhere shows the old query again.
func TestUndoOfTextsOfQueries(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	query := r.add("/queries", `{"model":"thelook","view":"orders","fields":["orders.count"],"vis_config":{"note":"see /dashboards/1"}}`)
	r.do("PATCH", "/looks/3", `{"query_id":"`+query+`"}`)
	run := r.backup()
	r.do("DELETE", "/dashboards/1", "")
	r.backup()
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "1"}, {Kind: "looks", ID: "3"}}, Run: run}))
	complete(t, done)
	shown := func() string { return canon.Text(canon.Member(r.sim.Document("looks", "3"), "query_id")) }
	if shown() == query {
		t.Fatal("the look shows the query that leads to what is gone")
	}
	complete(t, r.apply(r.plan(restore.Request{Undo: done.ID})))
	if got := shown(); got != query {
		t.Errorf("the look shows query %s after the undo, want %s", got, query)
	}
}

// Where an earlier restore has made anew what a query leads to, the query is made before what
// names it is written.
func TestQueriesLeadToWhatEarlierRestoresMade(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	query := r.add("/queries", `{"model":"thelook","view":"orders","fields":["orders.count"],"vis_config":{"note":"see /dashboards/1"}}`)
	r.add("/dashboard_elements", `{"dashboard_id":"2","type":"vis","query_id":"`+query+`"}`)
	r.do("PATCH", "/looks/3", `{"query_id":"`+query+`"}`)
	run := r.backup()
	r.do("DELETE", "/dashboards/1", "")
	made := r.apply(r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "1"}}, Run: run}))
	complete(t, made)
	r.do("DELETE", "/dashboards/2", "")
	other := r.add("/queries", `{"model":"thelook","view":"orders","fields":["orders.count"]}`)
	r.do("PATCH", "/looks/3", `{"query_id":"`+other+`"}`)
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "2"}, {Kind: "looks", ID: "3"}}, Run: run})
	// The answer takes so long that the other one wants the query meanwhile.
	if err := r.sim.AddRules(lookersim.Rule{Route: "POST /queries", Do: lookersim.FaultDelay, Delay: 300 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	r.sim.ResetCounts()
	done := r.apply(plan)
	complete(t, done)
	if counts := r.sim.Counts(); counts.Statuses[404]+counts.Statuses[422] > 0 || counts.Routes["POST /queries"] != 1 {
		t.Errorf("%d writes were refused, %d queries made", counts.Statuses[404]+counts.Statuses[422], counts.Routes["POST /queries"])
	}
	leads := `"see /dashboards/` + targetOf(made, record.Ref{Kind: "dashboards", ID: "1"}) + `"`
	for _, ref := range []record.Ref{{Kind: "dashboards", ID: targetOf(done, record.Ref{Kind: "dashboards", ID: "2"})}, {Kind: "looks", ID: "3"}} {
		if body := string(r.sim.Document(string(ref.Kind), ref.ID)); !strings.Contains(body, leads) {
			t.Errorf("%s does not lead to what stands for dashboards/1: %s", ref, body)
		}
	}
}
