package restore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// A POST that arrives when it was given up, and sent once more, leaves no second one behind:
// of what has no key that the server gives only once, and of parts.
func TestLateTwinsAreDeleted(t *testing.T) {
	t.Parallel()
	for route, kind := range creations() {
		for _, later := range []int{2, 4} { // calls until the first one arrives: the look, the second one, ...
			t.Run(fmt.Sprintf("%s.%d", strings.ReplaceAll(route, "/", "."), later), func(t *testing.T) {
				t.Parallel()
				r, _ := newBackedUpRig(t)
				for _, ref := range r.deletions(kind, 1) {
					r.loseOneAnswer(t, route, lookersim.Rule{Do: lookersim.FaultLate, Later: later}, ref, ref.ID, kind)
				}
			})
		}
	}
}

// Where a second one arrives while a restore reads back what it has written, that is read twice: the calls of
// the restore are those of both times, also where it was cut off between them.
func TestTheCallsOfEveryCheckCount(t *testing.T) {
	t.Parallel()
	for _, cut := range []bool{false, true} {
		r, _ := newBackedUpRig(t)
		ref := first(t, r, "dashboards")
		r.do("DELETE", "/dashboards/"+ref.ID, "")
		plan := r.plan(restore.Request{Items: []record.Ref{ref}})
		if err := r.sim.SetRules(lookersim.Rule{Route: "POST /dashboard_elements", Do: lookersim.FaultLate, Later: 10_000, Times: 1}); err != nil {
			t.Fatal(err)
		}
		looks := 0
		r.looking = func() {
			if looks++; looks == 1 {
				r.sim.Arrive()
			}
		}
		r.meter.Drain() // what planning asked behind its last look
		before := r.client.Stats().Calls
		if cut {
			r.blind = 2
			if _, err := r.tryApply(t.Context(), plan); err == nil {
				t.Fatal("it was not cut off")
			}
			other := r.client.Stats().Calls
			r.plan(restore.Request{Items: []record.Ref{ref}}) // its look is none of the restore's
			r.meter.Drain()
			before += r.client.Stats().Calls - other
		}
		done := r.apply(plan)
		complete(t, done)
		if looks < 2 {
			t.Fatalf("it was read back %d times", looks)
		}
		calls, err := restore.Calls(t.Context(), r.file.Reader(), done)
		if err != nil {
			t.Fatal(err)
		}
		var counted int64
		for _, c := range calls {
			if c.Route != "GET /versions" { // which the client counts apart
				counted += c.N
			}
		}
		if made := r.client.Stats().Calls - before; counted != made {
			t.Errorf("cut off %t: %d calls were made, %d are counted", cut, made, counted)
		}
	}
}

// What somebody else has made meanwhile, and that is not what was in doubt, stays.
func TestOnlyTwinsAreDeleted(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	ref := first(t, r, "dashboards")
	had := make(map[string]bool)
	for item := range r.sim.Items("dashboards") {
		had[item.ID] = true
	}
	r.do("DELETE", "/dashboards/"+ref.ID, "")
	plan := r.plan(restore.Request{Items: []record.Ref{ref}})
	if err := r.sim.SetRules(lookersim.Rule{Route: "POST /dashboard_elements", Do: lookersim.FaultLate, Later: 3, Times: 1}); err != nil {
		t.Fatal(err)
	}
	added := 0
	r.doubted = func() {
		for item := range r.sim.Items("dashboards") {
			if !had[item.ID] {
				added++
				r.add("/dashboard_elements", `{"dashboard_id":"`+item.ID+`","type":"text","title_text":"Of somebody else","body_text":"x"}`)
			}
		}
	}
	done := r.apply(plan)
	if added != 1 {
		t.Fatalf("somebody added %d tiles", added)
	}
	body := string(r.sim.Document("dashboards", targetOf(done, ref)))
	if !strings.Contains(body, `"Of somebody else"`) {
		t.Errorf("the tile of somebody else is gone: %s", body)
	}
	if !strings.Contains(strings.Join(done.Notes, "\n"), "a second time") {
		t.Errorf("no note tells of the second one: %q", done.Notes)
	}
}

// Looker refuses a POST since the first one, which was given up, has arrived after all. Where the look
// for that one fails, nobody knows whose document it is: the action is in doubt until a retry has looked.
func TestALookAfterARefusalThatFails(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	ref := record.Ref{Kind: "groups", ID: r.make("groups", `{"name":"Of a test"}`)}
	run := r.backup()
	r.do("DELETE", "/groups/"+ref.ID, "")
	plan := r.plan(restore.Request{Items: []record.Ref{ref}, Run: run, Only: true})
	if err := r.sim.SetRules(lookersim.Rule{Route: "POST /groups", Do: lookersim.FaultLate, Times: 1}); err != nil {
		t.Fatal(err)
	}
	posts := 0
	r.sending = func(w looker.Write) {
		if w.Path != "/groups" {
			return
		}
		if posts++; posts == 2 { // however often it was looked for until then
			r.sim.Arrive()
			if err := r.sim.SetRules(lookersim.Rule{Route: "GET *", Do: lookersim.FaultStatus, Status: 500}); err != nil {
				t.Error(err)
			}
		}
	}
	done := r.apply(plan)
	if a := onlyAction(t, done, ref); posts != 2 || a.State != record.ActionFailed || a.Status != 500 {
		t.Fatalf("after %d POSTs it is %s, %d: %s", posts, a.State, a.Status, a.Message)
	}
	if err := r.sim.SetRules(); err != nil {
		t.Fatal(err)
	}
	again := r.retry(done)
	complete(t, again)
	if posts != 2 {
		t.Errorf("%d POSTs", posts)
	}
	groups := 0
	for item := range r.sim.Items("groups") {
		if canon.Text(canon.Member(r.sim.Document("groups", item.ID), "name")) == "Of a test" {
			groups++
		}
	}
	if groups != 1 {
		t.Errorf("there are %d", groups)
	}
	complete(t, r.apply(r.plan(restore.Request{Undo: plan.ID})))
	if r.sim.Document("groups", targetOf(again, ref)) != nil {
		t.Error("the undo leaves what the restore has made")
	}
}

// What was in doubt and is gone at the end, by somebody else's hand, is missing, and ends
// nothing.
func TestWhatWasInDoubtMayBeGone(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	r.workers = 1
	r.backup()
	items := []record.Ref{{Kind: "dashboards", ID: "1"}, {Kind: "dashboards", ID: "2"}}
	for _, ref := range items {
		r.do("DELETE", "/dashboards/"+ref.ID, "")
	}
	plan := r.plan(restore.Request{Items: items, Only: true})
	if err := r.sim.SetRules(lookersim.Rule{Route: "POST /dashboards", Do: lookersim.FaultReset, Applied: true, Times: 1}); err != nil {
		t.Fatal(err)
	}
	had := make(map[string]bool)
	for item := range r.sim.Items("dashboards") {
		had[item.ID] = true
	}
	shells := 0
	r.sending = func(w looker.Write) {
		if w.Path != "/dashboards" {
			return
		}
		if shells++; shells == 2 {
			for item := range r.sim.Items("dashboards") {
				if !had[item.ID] {
					r.do("DELETE", "/dashboards/"+item.ID, "")
				}
			}
		}
	}
	done := r.apply(plan)
	if a := onlyAction(t, done, items[0]); done.State != record.RestorePartial || a.Checked != record.CheckedMissing {
		t.Errorf("the restore is %s, the dashboard %s", done.State, a.Checked)
	}
	if a := onlyAction(t, done, items[1]); a.Checked != record.CheckedEqual {
		t.Errorf("the other one is %s: %s", a.Checked, a.Message)
	}
}
