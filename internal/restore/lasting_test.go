package restore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// A certification can be given and not be taken away: the plan says that it stays, all else comes back, and
// a second plan has nothing to do. An undo of a restore that gave one leaves it, and says so.
func TestACertificationStays(t *testing.T) {
	t.Parallel()
	const certified, kept = `{"certification_metadata":{"certification_status":"certified"}}`, "keeps certification_metadata"
	certification := func(body []byte) string { return string(canon.Member(body, "certification_metadata")) }
	for _, other := range []bool{false, true} {
		r, run := newBackedUpRig(t)
		ref := r.refsOf("dashboards", "present", func(body []byte) bool { return certification(body) == "null" })[0]
		request := restore.Request{Items: []record.Ref{ref}, Run: run}
		r.do("PATCH", "/"+ref.String(), certified)
		if other {
			r.do("PATCH", "/"+ref.String(), `{"title":"Oops"}`)
		}
		plan := r.plan(request)
		a := onlyAction(t, plan, ref)
		says := slices.ContainsFunc(append(plan.Notes, a.Reason), func(text string) bool { return strings.Contains(text, kept) })
		if want := map[bool]record.Deed{false: record.DeedImpossible, true: record.DeedUpdate}[other]; a.Deed != want || !says {
			t.Errorf("%s: %s %q", a.Deed, a.Reason, plan.Notes)
		}
		if !other {
			continue
		}
		complete(t, r.apply(plan))
		if again := onlyAction(t, r.plan(request), ref); again.State == record.ActionPlanned {
			t.Errorf("a second plan would %s it: %v", again.Deed, again.Changes)
		}
	}

	r := newRig(t, lookersim.Options{Seed: 1})
	ref := record.Ref{Kind: "dashboards", ID: r.make("dashboards", `{"title":"D","folder_id":"3"}`)}
	r.do("PATCH", "/"+ref.String(), certified)
	run := r.backup()
	if _, err := r.sim.Mutate(lookersim.Change{Op: lookersim.OpSet, Kind: "dashboards", ID: ref.ID, Path: "certification_metadata", Value: "null"}); err != nil {
		t.Fatal(err)
	}
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Run: run}))
	complete(t, done)
	undone := r.apply(r.plan(restore.Request{Undo: done.ID}))
	if a := onlyAction(t, undone, ref); undone.State != record.RestorePartial || a.Deed != record.DeedSkip || !strings.Contains(a.Reason, kept) {
		t.Errorf("the undo is %s: %s: %s", undone.State, a.Deed, a.Reason)
	}
}
