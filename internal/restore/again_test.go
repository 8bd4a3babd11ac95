package restore_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// What was restored, and taken back, comes back once more: out of the trash, where the
// undo has put it.
func TestRestoredUndoneAndRestored(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 1})
	r.backup()
	counts := r.counts()
	ref := first(t, r, "dashboards")
	r.do("DELETE", "/dashboards/"+ref.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}}))
	complete(t, done)
	made := r.normal(record.Ref{Kind: ref.Kind, ID: targetOf(done, ref)})
	complete(t, r.apply(r.plan(restore.Request{Undo: done.ID})))
	plan := r.plan(restore.Request{Items: []record.Ref{ref}})
	again := r.apply(plan)
	complete(t, again)
	if targetOf(again, ref) != targetOf(done, ref) {
		t.Errorf("the dashboard is %s, and was %s: %v", targetOf(again, ref), targetOf(done, ref), deeds(plan))
	}
	if is := r.normal(record.Ref{Kind: ref.Kind, ID: targetOf(again, ref)}); is != made {
		t.Errorf("(-first +second):\n%s", cmp.Diff(made, is))
	}
	if diff := cmp.Diff(counts, r.counts()); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}

// A document that was made anew, and is lost and made anew under the id that it had by
// then, is still the one of the backup: nothing is made a third time.
func TestCopiesOfCopies(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 1})
	r.backup()
	counts := r.counts()
	ref := first(t, r, "dashboards")
	for range 3 {
		r.do("DELETE", "/dashboards/"+ref.ID, "")
		done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}}))
		complete(t, done)
		ref = record.Ref{Kind: ref.Kind, ID: targetOf(done, ref)}
		r.backup()
	}
	plan := r.plan(restore.Request{Lost: true})
	for _, a := range plan.Actions {
		if a.State == record.ActionPlanned {
			t.Errorf("%s %s", a.Deed, a.Ref)
		}
	}
	if diff := cmp.Diff(counts, r.counts()); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}

// Boards, and dashboards with tiles of looks, show again what comes back under a new id,
// also where everything that was lost is asked for at once.
func TestEverythingLostIsShownAgain(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 1})
	r.backup()
	shown := r.refsOf("boards", "present", func(body []byte) bool { return len(r.dashboardsOn(body)) > 0 })
	if len(shown) == 0 {
		t.Fatal("no board shows a dashboard")
	}
	var lost []string
	for _, board := range shown {
		for _, id := range r.dashboardsOn(r.sim.Document("boards", board.ID)) {
			if r.sim.Document("dashboards", id) != nil {
				r.do("DELETE", "/dashboards/"+id, "")
				lost = append(lost, id)
			}
		}
	}
	done := r.apply(r.plan(restore.Request{Lost: true}))
	complete(t, done)
	for _, board := range shown {
		for _, id := range r.dashboardsOn(r.sim.Document("boards", board.ID)) {
			if r.sim.Document("dashboards", id) == nil {
				t.Errorf("%s shows dashboards/%s, which is gone; %v were lost", board, id, lost)
			}
		}
	}
}

// dashboardsOn are the dashboards that a board shows.
func (r *rig) dashboardsOn(board []byte) (ids []string) {
	r.t.Helper()
	for _, section := range mustRows(r.t, canon.Member(board, "board_sections")) {
		for _, item := range mustRows(r.t, canon.Member(section, "board_items")) {
			if id := canon.Text(canon.Member(item, "dashboard_id")); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// What an undo took back stands for nothing any more, until the undo is undone.
func TestUndoneMappings(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 1})
	r.backup()
	ref := first(t, r, "looks")
	r.do("DELETE", "/looks/"+ref.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Only: true}))
	complete(t, done)
	state := func() (mapping, restored string) {
		mappings, err := r.file.Reader().Mappings(t.Context(), "test", "test")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mappings {
			if m.Ref == ref {
				mapping = m.State
			}
		}
		of, err := r.file.Reader().Restore(t.Context(), done.ID)
		if err != nil {
			t.Fatal(err)
		}
		return mapping, string(of.State)
	}
	undone := r.apply(r.plan(restore.Request{Undo: done.ID}))
	complete(t, undone)
	if mapping, restored := state(); mapping != record.MapUndone || restored != string(record.RestoreUndone) {
		t.Errorf("after the undo: %s, %s", mapping, restored)
	}
	complete(t, r.apply(r.plan(restore.Request{Undo: undone.ID})))
	if mapping, restored := state(); mapping != record.MapLive || restored != string(record.RestoreComplete) {
		t.Errorf("after the undo of the undo: %s, %s", mapping, restored)
	}
}
