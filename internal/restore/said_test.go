package restore_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// The plan of an undo says of each document what becomes of it: what goes into the trash can be had back.
func TestUndoSaysWhereThingsGo(t *testing.T) {
	t.Parallel()
	for _, hard := range []bool{false, true} {
		r, _ := newBackedUpRig(t)
		lost, trashed := record.Ref{Kind: "dashboards", ID: "2"}, record.Ref{Kind: "dashboards", ID: "1"}
		group := record.Ref{Kind: "groups", ID: r.make("groups", `{"name":"Of a test"}`)}
		r.backup()
		r.do("DELETE", "/"+lost.String(), "")
		r.do("DELETE", "/"+group.String(), "")
		r.do("PATCH", "/"+trashed.String(), `{"deleted":true}`)
		done := r.apply(r.plan(restore.Request{Items: []record.Ref{lost, trashed, group}, Only: true}))
		complete(t, done)
		want := map[record.Ref]string{
			{Kind: lost.Kind, ID: targetOf(done, lost)}: "into the trash", trashed: "into the trash", {Kind: group.Kind, ID: targetOf(done, group)}: "for good",
		}
		if hard {
			want[record.Ref{Kind: lost.Kind, ID: targetOf(done, lost)}] = "for good"
		}
		undo := r.plan(restore.Request{Undo: done.ID, Hard: hard})
		for ref, reason := range want {
			if a := actionOf(undo, ref); a == nil || a.Reason != reason {
				t.Errorf("hard %t: %s: %+v, want %s", hard, ref, a, reason)
			}
		}
	}
}

// A schedule of what lay in the trash, and lies there, cannot be made: Looker finds nothing to send.
func TestScheduleOfWhatIsInTheTrash(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3})
	sends := func(body []byte) string { return canon.Text(canon.Member(body, "dashboard_id")) }
	plan := r.refsOf("scheduled_plans", "present", func(body []byte) bool {
		return sends(body) != "" && !canon.InTrash(catalogue.Lookup("dashboards").Write, r.sim.Document("dashboards", sends(body))) && awake(body)
	})[0]
	sent := record.Ref{Kind: "dashboards", ID: sends(r.sim.Document("scheduled_plans", plan.ID))}
	r.do("PATCH", "/"+sent.String(), `{"deleted":true}`)
	r.backup()
	r.do("DELETE", "/"+plan.String(), "")
	a := onlyAction(t, r.plan(restore.Request{Items: []record.Ref{plan}}), plan)
	if a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, sent.String()+", which is in the trash, as it was: name it as well") {
		t.Errorf("%s: %s", a.Deed, a.Reason)
	}
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{plan, sent}})))
}

// The plan of an undo says where things lie, also in a folder that the restore has made.
func TestUndoSaysWhereThingsLie(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	outer := r.make("folders", `{"name":"Of a test","parent_id":"1"}`)
	folder := r.make("folders", `{"name":"Inside","parent_id":%q}`, outer)
	inside := record.Ref{Kind: "dashboards", ID: r.make("dashboards", `{"title":"Of a test","folder_id":%q}`, folder)}
	r.backup()
	r.do("DELETE", "/folders/"+outer, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{inside}}))
	complete(t, done)
	undo := r.plan(restore.Request{Undo: done.ID})
	if a := actionOf(undo, inside); a == nil || a.Reason != "into the trash" {
		t.Errorf("%+v goes elsewhere", a)
	}
	for _, a := range undo.Actions {
		want := map[string]string{"Inside": "Shared/Of a test", inside.ID: "Shared/Of a test/Inside"}
		for of, place := range want {
			if (a.Name == of || a.ID == of && a.Kind == inside.Kind) && a.Place != place {
				t.Errorf("%s %q lies in %q, want %q", a.Ref, a.Name, a.Place, place)
			}
		}
	}
}
