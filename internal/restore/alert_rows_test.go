package restore_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// elsewhere is an alert, the tile that it was on in the backup, its dashboard, and another tile of that,
// which it is on now.
func (r *rig) elsewhere() (alert record.Ref, tile string, dashboard record.Ref, other string) {
	r.t.Helper()
	alert, tile, dashboard = r.tileWithAlert()
	query := r.make("queries", `{"model":"thelook","view":"users","fields":["users.id"]}`)
	other = r.make("dashboard_elements", `{"dashboard_id":%q,"type":"vis","query_id":%q,"title":"Since"}`, dashboard.ID, query)
	r.set("alerts", alert.ID, "dashboard_element_id", `"`+other+`"`)
	return alert, tile, dashboard, other
}

// Looker moves no alert to another tile: one that has to is made anew there, and deleted where it is.
// The plan says both, and who follows it is told to be lost.
func TestAnAlertThatHasToMoveIsMadeAnew(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	before := r.allBodies()
	alert, tile, _, _ := r.elsewhere()
	moved := r.normal(alert)
	request := restore.Request{Items: []record.Ref{alert}}
	plan := r.plan(request)
	var said []string
	for _, a := range plan.Actions {
		said = append(said, string(a.Deed)+" "+a.Ref.String())
	}
	if diff := cmp.Diff([]string{"create " + alert.String(), "delete " + alert.String()}, said); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	if !strings.Contains(plan.Actions[0].Reason, "nobody follows it") {
		t.Errorf("the reason: %s", plan.Actions[0].Reason)
	}
	awake := 0
	r.sending = func(w looker.Write) {
		for item := range r.sim.Items("alerts") {
			if on := canon.Text(canon.Member(item.Body, "dashboard_element_id")); on == tile && canon.Text(canon.Member(item.Body, "is_disabled")) == "false" && r.sim.Document("alerts", alert.ID) != nil {
				awake++
			}
		}
	}
	done := r.apply(plan)
	complete(t, done)
	if awake > 0 {
		t.Error("two alerts of one were awake")
	}
	made := record.Ref{Kind: "alerts", ID: targetOf(done, alert)}
	if r.sim.Document("alerts", alert.ID) != nil || made == alert {
		t.Errorf("the alert is alerts/%s, and alerts/%s is there", made.ID, alert.ID)
	}
	want, err := canon.Normal(catalogue.Lookup("alerts"), before[alert], canon.Itself)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), r.normal(made)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if calls := done.Actions[0].Calls + done.Actions[1].Calls; calls > done.Actions[0].PlannedCalls+done.Actions[1].PlannedCalls {
		t.Errorf("%d calls, planned %d", calls, done.Actions[0].PlannedCalls+done.Actions[1].PlannedCalls)
	}
	for _, a := range r.plan(request).Actions {
		if a.State == record.ActionPlanned {
			t.Errorf("a second plan would %s %s: %v", a.Deed, a.Ref, a.Changes)
		}
	}
	undone := r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true, Wake: restore.WakeAsWas}))
	complete(t, undone)
	back := record.Ref{Kind: "alerts", ID: targetOf(undone, alert)}
	if r.sim.Document("alerts", made.ID) != nil || r.normal(back) != moved {
		t.Errorf("the undo (-want +got):\n%s", cmp.Diff(moved, r.normal(back)))
	}
}

// Whatever ends a restore that makes an alert anew in another place, and however often, there is one
// alert in the end.
func TestAnAlertMovesOnce(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	alerts := r.counts()["alerts"]
	alert, tile, _, _ := r.elsewhere()
	plan := r.plan(restore.Request{Items: []record.Ref{alert}})
	var done record.Restore
	for range 12 {
		for _, lost := range []int{1, 2} { // before it is sent, and while its answer is on its way
			var ctx context.Context
			ctx, r.cut = context.WithCancel(t.Context())
			r.cutAfter = lost
			var err error
			done, err = r.tryApply(ctx, plan)
			r.cut()
			r.cutAfter = 0
			if err == nil {
				break
			}
		}
	}
	complete(t, r.apply(plan))
	if n := r.counts()["alerts"]; n != alerts {
		t.Errorf("%d alerts, want %d", n, alerts)
	}
	if on := r.tileOf(targetOf(done, alert)); on != tile {
		t.Errorf("the alert is on tile %s, not on %s", on, tile)
	}
}

// What somebody has changed of an alert since the plan stays: nothing is made in its place.
func TestAnAlertThatWasChangedSinceThePlanStays(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	alerts := r.counts()["alerts"]
	alert, _, _, _ := r.elsewhere()
	plan := r.plan(restore.Request{Items: []record.Ref{alert}})
	r.do("PATCH", "/alerts/"+alert.ID, `{"threshold":4711}`)
	done := r.apply(plan)
	if a := onlyAction(t, done, alert); a.State != record.ActionDrifted || done.State != record.RestorePartial {
		t.Errorf("%s %s, the restore is %s", a.State, a.Message, done.State)
	}
	if n := r.counts()["alerts"]; n != alerts || r.sim.Document("alerts", alert.ID) == nil {
		t.Errorf("%d alerts, want %d", n, alerts)
	}
}

// An alert whose tile somebody has replaced by hand, and which Looker has kept, comes back on the tile
// that is there now: with its dashboard, and alone. One whose tile the restore makes anew comes on that.
func TestAnAlertComesBackOnThePairedTile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ replaced, alone, lost bool }{
		"replaced, lost":  {replaced: true, lost: true},
		"replaced":        {replaced: true},
		"replaced, alone": {replaced: true, alone: true},
		"made anew":       {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, run := newBackedUpRig(t)
			alert, tile, dashboard := r.tileWithAlert()
			alerts, was := r.counts()["alerts"], r.sim.Document("alerts", alert.ID)
			query, title := "", ""
			for _, row := range mustRows(t, canon.Member(r.sim.Document("dashboards", dashboard.ID), "dashboard_elements")) {
				if canon.Text(canon.Member(row, "id")) == tile {
					query, title = canon.Text(canon.Member(row, "query_id")), canon.Text(canon.Member(row, "title"))
				}
			}
			other := r.make("dashboard_elements", `{"dashboard_id":%q,"type":"vis","query_id":%q,"title":%q}`, dashboard.ID, query, title)
			// Looker keeps it, on the tile that it does not have any more.
			r.set("alerts", alert.ID, "dashboard_element_id", `"`+other+`"`)
			r.do("DELETE", "/dashboard_elements/"+tile, "")
			r.set("alerts", alert.ID, "dashboard_element_id", `"`+tile+`"`)
			if !test.replaced {
				r.do("DELETE", "/dashboard_elements/"+other, "")
			}
			request := restore.Request{Items: []record.Ref{dashboard}, Run: run}
			if test.alone {
				request.Items = []record.Ref{alert}
			}
			if test.lost { // nobody has named it, and it is not gone
				request = restore.Request{Lost: true}
			}
			done := r.apply(r.plan(request))
			complete(t, done)
			made := targetOf(done, alert)
			on := r.tileOf(made)
			if test.replaced && on != other || !slices.Contains(canon.Named(r.sim.Document("dashboards", dashboard.ID), &catalogue.Relation{Path: "dashboard_elements.id"}), on) {
				t.Errorf("the alert is on tile %s; the other one is %s", on, other)
			}
			if n := r.counts()["alerts"]; n != alerts || r.sim.Document("alerts", alert.ID) != nil {
				t.Errorf("%d alerts, want %d", n, alerts)
			}
			if canon.Text(canon.Member(r.sim.Document("alerts", made), "is_disabled")) != canon.Text(canon.Member(was, "is_disabled")) {
				t.Error("it is not awake as it was")
			}
			for _, a := range r.plan(request).Actions {
				if a.State == record.ActionPlanned {
					t.Errorf("a second plan would %s %s: %v", a.Deed, a.Ref, a.Changes)
				}
			}
		})
	}
}

// An undo of what has moved an alert brings it back where it was: also where it went with the tile that
// it was on. One that hung on a tile which was not there before either is named.
func TestAnUndoMovesAnAlertBack(t *testing.T) {
	t.Parallel()
	t.Run("with its tile", func(t *testing.T) {
		t.Parallel()
		r, run := newBackedUpRig(t)
		alert, _, dashboard, other := r.elsewhere()
		alerts, titles := r.counts()["alerts"], r.normal(dashboard)
		done := r.apply(r.plan(restore.Request{Items: []record.Ref{dashboard, alert}, Run: run}))
		complete(t, done)
		undone := r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true, Wake: restore.WakeAsWas}))
		complete(t, undone)
		on := r.tileOf(targetOf(undone, alert))
		if n := r.counts()["alerts"]; n != alerts || on == "" {
			t.Fatalf("%d alerts, want %d: %v", n, alerts, undone.Notes)
		}
		if diff := cmp.Diff(canonical(t, strings.ReplaceAll(titles, `"`+other+`"`, `"`+on+`"`)), canonical(t, r.normal(dashboard))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("on nothing", func(t *testing.T) {
		t.Parallel()
		r, run := newBackedUpRig(t)
		alert, tile, dashboard, _ := r.elsewhere()
		r.do("DELETE", "/dashboard_elements/"+tile, "")
		r.set("alerts", alert.ID, "dashboard_element_id", `"`+tile+`"`)
		done := r.apply(r.plan(restore.Request{Items: []record.Ref{dashboard}, Run: run}))
		complete(t, done)
		plan := r.plan(restore.Request{Undo: done.ID, ExactMembers: true, Wake: restore.WakeAsWas})
		if a := onlyAction(t, plan, alert); a.Deed != record.DeedSkip || !strings.Contains(a.Reason, tile) {
			t.Errorf("%s %s", a.Deed, a.Reason)
		}
		if undone := r.apply(plan); undone.State != record.RestorePartial {
			t.Errorf("the undo is %s", undone.State)
		}
	})
}

// An alert whose tile was gone before the newest backup of its dashboard cannot come back alone: the plan
// says so, and Looker is not asked.
func TestAnAlertOfATileThatIsInNoNewestBackup(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	alert, tile, dashboard := r.tileWithAlert()
	r.do("DELETE", "/dashboard_elements/"+tile, "")
	r.backup()
	a := onlyAction(t, r.plan(restore.Request{Items: []record.Ref{alert}}), alert)
	if a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, tile) || !strings.Contains(a.Reason, dashboard.String()) {
		t.Errorf("%s: %s", a.Deed, a.Reason)
	}
	r.do("DELETE", "/dashboards/"+dashboard.ID, "") // which comes back without the tile as well
	a = onlyAction(t, r.plan(restore.Request{Items: []record.Ref{dashboard, alert}}), alert)
	if a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, tile) {
		t.Errorf("%s: %s", a.Deed, a.Reason)
	}
}

// An alert that was made anew in another place, taken back and made anew once more is one document: a
// plan finds it, whatever somebody has changed of it since.
func TestAnAlertThatMovedAgainIsFound(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	alerts := r.counts()["alerts"]
	alert, _, _, _ := r.elsewhere()
	request := restore.Request{Items: []record.Ref{alert}, Run: run}
	done := r.apply(r.plan(request))
	undone := r.apply(r.plan(restore.Request{Undo: done.ID, Wake: restore.WakeAsWas}))
	again := r.apply(r.plan(restore.Request{Undo: undone.ID, Wake: restore.WakeAsWas}))
	complete(t, again)
	now := targetOf(again, record.Ref{Kind: "alerts", ID: targetOf(done, alert)})
	for _, a := range r.plan(request).Actions {
		if a.State == record.ActionPlanned || a.Target != now {
			t.Errorf("%s %s, %s on the instance; the alert is alerts/%s", a.Deed, a.Ref, a.Target, now)
		}
	}
	r.do("PATCH", "/alerts/"+now, `{"threshold":4711}`)
	last := r.apply(r.plan(request))
	complete(t, last)
	if got := targetOf(last, alert); got != now || r.counts()["alerts"] != alerts {
		t.Errorf("the alert is alerts/%s, not alerts/%s, and there are %d of %d", got, now, r.counts()["alerts"], alerts)
	}
	r.do("DELETE", "/alerts/"+now, "")
	complete(t, r.apply(r.plan(restore.Request{Lost: true})))
	if got := r.counts()["alerts"]; got != alerts {
		t.Errorf("there are %d alerts of %d", got, alerts)
	}
}
