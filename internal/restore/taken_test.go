package restore_test

import (
	"slices"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// tileWithAlert is an alert, the tile that it is on, and the dashboard of that.
func (r *rig) tileWithAlert() (alert record.Ref, tile string, dashboard record.Ref) {
	r.t.Helper()
	alert = r.refsOf("alerts", "present", func(body []byte) bool { return canon.Text(canon.Member(body, "dashboard_element_id")) != "" })[0]
	tile = canon.Text(canon.Member(r.sim.Document("alerts", alert.ID), "dashboard_element_id"))
	dashboard = r.refsOf("dashboards", "present", func(body []byte) bool {
		return slices.Contains(canon.Named(body, &catalogue.Relation{Path: "dashboard_elements.id"}), tile)
	})[0]
	return alert, tile, dashboard
}

// A tile that comes back in a dashboard which is there brings its alert, which went with it.
func TestAnAlertComesBackWithItsTile(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	alert, tile, dashboard := r.tileWithAlert()
	alerts := r.counts()["alerts"]
	r.do("DELETE", "/dashboard_elements/"+tile, "")
	if r.sim.Document("alerts", alert.ID) != nil {
		t.Fatal("the alert did not go with its tile")
	}
	request := restore.Request{Items: []record.Ref{dashboard}}
	done := r.apply(r.plan(request))
	complete(t, done)
	if a := onlyAction(t, done, alert); a.State != record.ActionDone || r.counts()["alerts"] != alerts {
		t.Errorf("%s %s %s, and there are %d alerts of %d", a.Deed, a.Ref, a.State, r.counts()["alerts"], alerts)
	}
	for _, a := range r.plan(request).Actions {
		if a.State == record.ActionPlanned {
			t.Errorf("a second plan would %s %s: %v", a.Deed, a.Ref, a.Changes)
		}
	}
	request.Only = true
	r.do("DELETE", "/dashboard_elements/"+r.tileOf(targetOf(done, alert)), "")
	if plan := r.plan(request); len(plan.Actions) != 1 {
		t.Errorf("with --only there are %d actions", len(plan.Actions))
	}
}

// A tile that somebody has added since goes, and takes the alert along that was set on it: the
// plan names it, since no undo brings it back with its id.
func TestAnAlertThatGoesWithATile(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	alert, tile, dashboard := r.tileWithAlert()
	r.do("DELETE", "/dashboard_elements/"+tile, "")
	run := r.backup()
	query := r.make("queries", `{"model":"thelook","view":"users","fields":["users.id"]}`)
	added := r.make("dashboard_elements", `{"dashboard_id":%q,"type":"vis","query_id":%q,"title":"Since"}`, dashboard.ID, query)
	fresh := newRig(t, lookersim.Options{Seed: 1})
	sent, _, err := canon.Creation(catalogue.Lookup("alerts").Write, fresh.sim.Document("alerts", alert.ID), func(kind record.Kind, id string) (string, bool) {
		if id == tile {
			id = added
		}
		return id, true
	})
	if err != nil {
		t.Fatal(err)
	}
	set := r.add("/alerts", string(sent))
	request := restore.Request{Items: []record.Ref{dashboard}, Run: run}
	plan := r.plan(request)
	asked, err := restore.RequestOf(plan)
	if err != nil {
		t.Fatal(err)
	}
	if len(asked.Taken) != 1 || asked.Taken[0].ID != set || asked.Taken[0].Of != dashboard || asked.Taken[0].Part.ID != added {
		t.Errorf("what goes along: %+v, want alerts/%s", asked.Taken, set)
	}
	complete(t, r.apply(plan))
	if r.sim.Document("alerts", set) != nil {
		t.Error("the alert did not go")
	}
}

// tileOf is the tile that an alert is on.
func (r *rig) tileOf(alert string) string {
	return canon.Text(canon.Member(r.sim.Document("alerts", alert), "dashboard_element_id"))
}
