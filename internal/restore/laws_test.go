package restore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// normals are the normal forms of everything that can be written.
func (r *rig) normals() map[record.Ref]string {
	all := make(map[record.Ref]string)
	for _, k := range catalogue.All() {
		if k.Write == nil || k.Immutable || len(k.Variants) > 0 {
			continue
		}
		for item := range r.sim.Items(string(k.Name)) {
			ref := record.Ref{Kind: k.Name, ID: item.ID}
			all[ref] = r.normal(ref)
		}
	}
	return all
}

// same compares the instance with what it was.
func (r *rig) same(want map[record.Ref]string, but ...string) {
	r.t.Helper()
	is := r.normals()
	for ref, was := range want {
		if is[ref] != was {
			r.t.Errorf("%s (-want +got):\n%s", ref, cmp.Diff(was, is[ref]))
		}
	}
	for ref := range is {
		if _, ok := want[ref]; !ok && !strings.Contains(strings.Join(but, " "), string(ref.Kind)) {
			r.t.Errorf("%s was made", ref)
		}
	}
}

// awake reports whether a schedule is active, and needs nothing for that which no backup holds.
func awake(body []byte) bool {
	return canon.Text(canon.Member(body, "enabled")) == "true" && !strings.Contains(string(body), `"type":"s3"`)
}

// breakThings loses and changes some documents, and returns what is wanted back.
func (r *rig) breakThings() []record.Ref {
	r.do("PATCH", "/dashboards/1", `{"deleted":true}`)
	r.do("DELETE", "/dashboards/2", "")
	r.do("PATCH", "/looks/3", `{"title":"Broken"}`)
	r.do("DELETE", "/looks/4", "")
	r.do("DELETE", "/scheduled_plans/1", "")
	return []record.Ref{
		{Kind: "dashboards", ID: "1"}, {Kind: "dashboards", ID: "2"}, {Kind: "looks", ID: "3"}, {Kind: "looks", ID: "4"},
		{Kind: "scheduled_plans", ID: "1"},
	}
}

// Law 8: what is undone is as the look saw it.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	items := r.breakThings()
	broken := r.normals()
	done := r.apply(r.plan(restore.Request{Items: items, Run: run}))
	complete(t, done)
	undone := r.apply(r.plan(restore.Request{Undo: done.ID, Hard: true, ExactMembers: true}))
	complete(t, undone)
	for ref := range broken {
		if ref.Kind == "boards" { // they led nowhere, which Looker takes from nobody
			delete(broken, ref)
		}
	}
	r.same(broken, "boards")
	again, err := r.file.Reader().Restore(t.Context(), done.ID)
	if err != nil || again.State != record.RestoreUndone {
		t.Errorf("the restore is %s, %v", again.State, err)
	}
}

// Law 2: whatever is not in the plan keeps its normal form.
func TestOnlyThePlan(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	want := r.normals()
	items := r.breakThings()
	done := r.apply(r.plan(restore.Request{Items: items, Run: run}))
	complete(t, done)
	for _, a := range done.Actions { // what has another id now, or names what has
		if a.Target != a.ID || a.Kind == "boards" {
			delete(want, a.Ref)
			want[record.Ref{Kind: a.Kind, ID: a.Target}] = r.normal(record.Ref{Kind: a.Kind, ID: a.Target})
		}
	}
	for ref := range want {
		// Parts of what was made anew have new ids as well.
		if r.sim.Document(string(ref.Kind), ref.ID) == nil {
			delete(want, ref)
		}
	}
	r.same(want, "content_metadata content_access alerts scheduled_plans")
}

// Law 5: what is done is not done again, and a second plan has nothing to do.
func TestASecondTimeNothingIsWritten(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	items := r.breakThings()
	plan := r.plan(restore.Request{Items: items, Run: run})
	complete(t, r.apply(plan))
	r.sim.ForgetWrites()
	again := r.plan(restore.Request{Items: items, Run: run})
	for _, a := range again.Actions {
		if a.State == record.ActionPlanned {
			t.Errorf("%s %s: %v", a.Deed, a.Ref, a.Changes)
		}
	}
	if done, err := r.tryApply(t.Context(), again); err != nil || done.State != record.RestoreComplete {
		t.Errorf("%s, %v", done.State, err)
	}
	if writes := r.sim.Writes(); len(writes) > 0 {
		t.Errorf("writes: %v", writes)
	}
}

// A document that somebody changes after the plan is left alone; the rest is done.
func TestDriftIsLeftAlone(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	items := r.breakThings()
	plan := r.plan(restore.Request{Items: items, Run: run})
	r.do("PATCH", "/looks/3", `{"description":"somebody is at work here"}`)
	now := r.normal(items[2])
	done := r.apply(plan)
	if done.State != record.RestorePartial {
		t.Errorf("the restore is %s", done.State)
	}
	for _, a := range done.Actions {
		want := record.ActionDone
		if a.Ref == items[2] {
			want = record.ActionDrifted
		}
		if a.State != want {
			t.Errorf("%s is %s, want %s: %s", a.Ref, a.State, want, a.Message)
		}
	}
	if is := r.normal(items[2]); is != now {
		t.Errorf("(-before +after):\n%s", cmp.Diff(now, is))
	}
}

// Law 7: a schedule is made asleep, and woken when all is done.
func TestAsleepUntilAllIsWell(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	var plans []record.Ref
	for _, ref := range r.refsOf("scheduled_plans", "present", awake) {
		plans = append(plans, ref)
		r.do("DELETE", "/scheduled_plans/"+ref.ID, "")
	}
	if len(plans) == 0 {
		t.Fatal("no schedule is awake")
	}
	complete(t, r.apply(r.plan(restore.Request{Items: plans})))
	made, woken := 0, 0
	for _, w := range r.sim.Writes() {
		switch {
		case w.Method == "POST":
			made++
			if !strings.Contains(string(w.Body), `"enabled":false`) || woken > 0 {
				t.Errorf("%s %s: %.200s", w.Method, w.Path, w.Body)
			}
		case w.Method == "PATCH" && string(w.Body) == `{"enabled":true}`:
			woken++
		}
	}
	if made != len(plans) || woken != len(plans) {
		t.Errorf("%d made, %d woken, want %d", made, woken, len(plans))
	}
}

// Law 9: nobody locks the caller out.
func TestTheCallerIsLeftAlone(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	r.do("PATCH", "/users/1", `{"first_name":"Changed"}`)
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "users", ID: "1"}}, Run: run})
	if diff := cmp.Diff(map[record.Deed]int{record.DeedReuse: 1}, deeds(plan)); diff != "" {
		t.Errorf("deeds (-want +got):\n%s", diff)
	}
}

// Laws 4 and 5: wherever a restore is cut off, it goes on, and nothing is made twice.
func TestCutOffAnywhere(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	random := rand.New(rand.NewPCG(7, 0))
	items := r.breakThings()
	counts := r.counts()
	plan := r.plan(restore.Request{Items: items, Run: run})
	cuts := 0
	for range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		r.cutAfter, r.cut = 1+random.IntN(6), cancel
		done, err := r.tryApply(ctx, plan)
		cancel()
		r.cutAfter = 0
		if err == nil {
			complete(t, done)
			break
		}
		cuts++
		if err := r.file.Close(); err != nil {
			t.Fatal(err)
		}
		r.open()
	}
	if cuts < 3 {
		t.Errorf("it was cut off %d times, which shows nothing", cuts)
	}
	for _, a := range plan.Actions {
		if a.Deed == record.DeedCreate {
			counts[a.Kind]++
		}
	}
	if diff := cmp.Diff(counts, r.counts()); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	tiles := func(id string) int {
		return len(mustRows(t, canon.Member(r.sim.Document("dashboards", id), "dashboard_elements")))
	}
	sealed, err := r.file.Reader().Restore(t.Context(), plan.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range sealed.Actions {
		if a.Ref == items[1] {
			d, err := r.file.Reader().VersionBody(t.Context(), a.Version)
			if err != nil {
				t.Fatal(err)
			}
			if want := len(mustRows(t, canon.Member(d.Body, "dashboard_elements"))); tiles(a.Target) != want {
				t.Errorf("%d tiles, want %d", tiles(a.Target), want)
			}
		}
	}
}

// counts are how many documents of each kind there are.
func (r *rig) counts() map[record.Kind]int {
	counts := make(map[record.Kind]int)
	for _, k := range catalogue.All() {
		if k.Write == nil || k.Immutable {
			continue
		}
		for range r.sim.Items(string(k.Name)) {
			counts[k.Name]++
		}
	}
	return counts
}

// What is impossible says why, before anything is written.
func TestImpossible(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "lookml_dashboards", ID: first(t, r, "lookml_dashboards").ID}}})
	if len(plan.Actions) != 1 || plan.Actions[0].Deed != record.DeedImpossible || !strings.Contains(plan.Actions[0].Reason, "LookML") {
		t.Errorf("%v %q", deeds(plan), plan.Actions[0].Reason)
	}
	if _, err := r.tryPlan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "4711"}}}); err == nil || !strings.Contains(fmt.Sprint(err), "4711") {
		t.Errorf("a document that never was: %v", err)
	}
	if writes := r.sim.Writes(); len(writes) > 0 {
		t.Errorf("writes: %v", writes)
	}
}
