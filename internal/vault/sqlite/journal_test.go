package sqlite_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// clock is a vault's time in tests of restores.
func clock() time.Time { return vaulttest.Dawn.Add(48 * time.Hour) }

// openFile opens a vault for a restore.
func openFile(t testing.TB, path string) *sqlite.File {
	t.Helper()
	f, err := sqlite.OpenFile(t.Context(), path, sqlite.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// aVaultToRestore has two runs of three dashboards: versions 1, 2 and 3 are the first
// ones of dashboards 1, 2 and 3, version 4 is another of 1.
func aVaultToRestore(t testing.TB) (path string) {
	t.Helper()
	path = newPath(t)
	theVaultToRestore.put(t, path, func(t testing.TB, path string) {
		t.Helper()
		aRun(t, path, doc("1", "One"), doc("2", "Two"), doc("3", "Three"))
		aRun(t, path, doc("1", "Broken"), same("2"))
	})
	return path
}

var theVaultToRestore fixture

// aPlan updates dashboard 1, creates dashboard 3 and something in it, and cannot do one
// thing.
func aPlan() record.Restore {
	expect := record.Digest{1, 2, 3}
	return record.Restore{
		Purpose: record.RestorePurpose, Source: "acme", Target: "acme", Look: 2, AsOf: 1,
		Request: json.RawMessage(`{"kinds":["dashboards"]}`), WritePolicy: 7, CallerID: "17", ToolVersion: "1.0.0",
		PlannedAt: clock().Add(-time.Hour), Notes: []string{"one note"},
		Actions: []record.Action{
			{
				Seq: 1, Level: 1, Ref: record.Ref{Kind: dashboards, ID: "1"}, Deed: record.DeedUpdate, Version: 1, Target: "1", Before: 4,
				Expect: expect, Name: "One", Place: "Shared/Sales", PlannedCalls: 2,
				Changes: []record.Change{{Path: "title", Before: json.RawMessage(`"Broken"`), After: json.RawMessage(`"One"`)}, {Path: "x"}},
			},
			{Seq: 2, Level: 1, Ref: record.Ref{Kind: dashboards, ID: "3"}, Deed: record.DeedCreate, Version: 3, Name: "Three", PlannedCalls: 3},
			{Seq: 3, Level: 2, Ref: record.Ref{Kind: "scheduled_plans", ID: "9"}, Deed: record.DeedCreate, Needs: []int{1, 2}},
			{Seq: 4, Level: 1, Ref: record.Ref{Kind: looks, ID: "8"}, Deed: record.DeedImpossible, Reason: "no model"},
			{Seq: 5, Level: 1, Ref: record.Ref{Kind: dashboards, ID: "2"}, Deed: record.DeedSkip, Version: 2, Target: "2", Before: 2},
		},
	}
}

func putPlan(t testing.TB, f *sqlite.File, plan record.Restore) record.Restore {
	t.Helper()
	stored, err := f.PutPlan(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func apply(t testing.TB, f *sqlite.File, id int64, drain func() []record.Calls) *sqlite.Restore {
	t.Helper()
	r, err := f.Apply(t.Context(), id, drain)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func restoreOf(t testing.TB, r *sqlite.Reader, id int64) record.Restore {
	t.Helper()
	whole, err := r.Restore(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

func intent(seq, step int) *record.Step {
	return &record.Step{
		Seq: seq, Step: step, Route: "POST /dashboard_elements", Part: "dashboard_elements", Item: "40", Intended: record.Digest{9},
	}
}

// TestARestoreIsRemembered goes from a plan to its end, and reads back every word of it.
func TestARestoreIsRemembered(t *testing.T) {
	path := aVaultToRestore(t)
	f := openFile(t, path)
	want := aPlan()
	stored := putPlan(t, f, want)
	want.ID, want.Digest, want.State = 1, stored.Digest, record.RestorePlanned
	for i, state := range []record.ActionState{"planned", "planned", "planned", "impossible", "skipped"} {
		want.Actions[i].State = state
	}
	check := func(what string) {
		t.Helper()
		if diff := cmp.Diff(want, restoreOf(t, f.Reader(), 1)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("as planned")
	if stored.Digest.IsZero() {
		t.Error("the plan has no digest")
	}

	calls := int64(0)
	r := apply(t, f, 1, func() []record.Calls {
		calls++
		return []record.Calls{{Route: "POST /dashboards", Class: "administrative", N: calls}}
	})
	want.State, want.StartedAt = record.RestoreRunning, clock()
	check("applied")
	if err := r.Begin(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	want.Actions[0].State, want.Actions[0].At = record.ActionRunning, clock()
	if err := r.Advance(t.Context(), nil, intent(2, 1)); err != nil {
		t.Fatal(err)
	}
	done := record.Step{Seq: 2, Step: 1, State: record.StepDone, Target: "90"}
	if err := r.Advance(t.Context(), []record.Step{done}, intent(2, 2)); err != nil {
		t.Fatal(err)
	}
	want.Actions[1].State, want.Actions[1].At = record.ActionRunning, clock()
	first, second := *intent(2, 1), *intent(2, 2)
	first.Restore, first.State, first.Target, first.At = 1, record.StepDone, "90", clock()
	second.Restore, second.State, second.At = 1, record.StepIntent, clock()
	steps, err := r.Steps(t.Context(), 2)
	if diff := cmp.Diff([]record.Step{first, second}, steps); diff != "" || err != nil {
		t.Errorf("steps (-want +got):\n%s%v", diff, err)
	}

	made, failed := want.Actions[1], want.Actions[2]
	made.State, made.Target, made.Calls, made.Checked, made.Name = record.ActionDone, "90", 3, record.CheckedEqual, "not the plan's"
	failed.State, failed.Class, failed.Status, failed.Attempts, failed.Message = record.ActionFailed, "invalid", 422, 1, "Validation Failed"
	failed.Errors, failed.Target = []record.FieldError{{Field: "name", Code: "taken", Message: "is taken"}}, ""
	mapping := record.Mapping{Ref: record.Ref{Kind: dashboards, ID: "3"}, TargetID: "90", How: record.MapCreated}
	if err := r.Settle(t.Context(), nil, []record.Action{made, failed}, []record.Mapping{mapping}); err != nil {
		t.Fatal(err)
	}
	made.Name, made.At, failed.At = "Three", clock(), clock()
	want.Actions[1], want.Actions[2] = made, failed
	if diff := cmp.Diff(want.Actions, r.Plan().Actions); diff != "" {
		t.Errorf("plan as it stands (-want +got):\n%s", diff)
	}
	mapping.Source, mapping.Target, mapping.Restore, mapping.At, mapping.State = "acme", "acme", 1, clock(), record.MapLive
	maps, err := f.Reader().Mappings(t.Context(), "acme", "")
	if diff := cmp.Diff([]record.Mapping{mapping}, maps); diff != "" || err != nil {
		t.Errorf("map (-want +got):\n%s%v", diff, err)
	}

	got, err := r.Finish(t.Context(), record.RestorePartial, 2, []string{"one note", "another"})
	if err != nil {
		t.Fatal(err)
	}
	want.State, want.FinishedAt, want.Verdict, want.Notes = record.RestorePartial, clock(), 2, []string{"one note", "another"}
	want.Calls = []record.Calls{{Route: "POST /dashboards", Class: "administrative", N: calls * (calls + 1) / 2}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("finished (-want +got):\n%s", diff)
	}
	check("finished")
	list, err := f.Reader().Restores(t.Context(), "acme")
	want.Actions = nil
	if diff := cmp.Diff([]record.Restore{want}, list); diff != "" || err != nil {
		t.Errorf("list (-want +got):\n%s%v", diff, err)
	}
	if err := r.Advance(t.Context(), nil, intent(1, 1)); err == nil {
		t.Error("the journal of a finished restore takes a step")
	}
	sound(t, path)
}

// TestReadersOfOneVersion: by its row id a version comes whole, whichever it is.
func TestReadersOfOneVersion(t *testing.T) {
	r := read(t, aVaultToRestore(t))
	for version, want := range map[int64]string{1: string(doc("1", "One").Body), 4: string(doc("1", "Broken").Body)} {
		d, err := r.VersionBody(t.Context(), version)
		if err != nil || string(d.Body) != want || d.Version != version || d.ID != "1" || d.State != record.Present {
			t.Errorf("version %d is %s %q %s, %v", version, d.Ref, d.Body, d.State, err)
		}
	}
	if _, err := r.VersionBody(t.Context(), 99); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("a version that is not there: %v", err)
	}
}

// TestUndoTakesBack: a complete undo marks the restore that it took back, one that is not
// complete does not.
func TestUndoTakesBack(t *testing.T) {
	for _, state := range []record.RestoreState{record.RestorePartial, record.RestoreComplete} {
		f := openFile(t, aVaultToRestore(t))
		first := putPlan(t, f, aPlan())
		if _, err := apply(t, f, first.ID, nil).Finish(t.Context(), record.RestoreComplete, 0, nil); err != nil {
			t.Fatal(err)
		}
		undo := aPlan()
		undo.Purpose, undo.Of = record.UndoPurpose, first.ID
		if _, err := apply(t, f, putPlan(t, f, undo).ID, nil).Finish(t.Context(), state, 0, nil); err != nil {
			t.Fatal(err)
		}
		want := record.RestoreComplete
		if state == record.RestoreComplete {
			want = record.RestoreUndone
		}
		if got := restoreOf(t, f.Reader(), first.ID).State; got != want {
			t.Errorf("after an undo that is %s it is %s, want %s", state, got, want)
		}
	}
}

// TestADeadRestore reads as interrupted once nobody holds the lock, and is marked so by
// whoever writes next.
func TestADeadRestore(t *testing.T) {
	path := aVaultToRestore(t)
	f, err := sqlite.OpenFile(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan := putPlan(t, f, aPlan())
	apply(t, f, plan.ID, nil)
	if got := restoreOf(t, read(t, path), plan.ID).State; got != record.RestoreRunning {
		t.Errorf("while it runs it is %s", got)
	}
	mustClose(t, f)
	if got := restoreOf(t, read(t, path), plan.ID).State; got != record.RestoreInterrupted {
		t.Errorf("once its process is gone it is %s", got)
	}
	aRun(t, path)
	if got, err := sqlite.Value(path, "SELECT state FROM restores"); err != nil || got != "interrupted" {
		t.Errorf("after the next run it is %v, %v", got, err)
	}
	sound(t, path)
}

// TestLookAndCheckAreRuns of the same file, before, between and after; while one is under
// way nobody else writes.
func TestLookAndCheckAreRuns(t *testing.T) {
	path := aVaultToRestore(t)
	f := openFile(t, path)
	run := func() {
		t.Helper()
		w, err := f.Writer()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Writer(); err == nil {
			t.Error("two writers of one file")
		}
		if _, err := f.PutPlan(t.Context(), aPlan()); err == nil {
			t.Error("a plan is stored while a run is under way")
		}
		if _, err := w.Begin(t.Context(), startOf("acme")); err != nil {
			t.Fatal(err)
		}
		commit(t, w, same("1"))
		finish(t, w)
	}
	run()
	plan := putPlan(t, f, aPlan())
	r := apply(t, f, plan.ID, nil)
	run()
	if got := restoreOf(t, f.Reader(), plan.ID).State; got != record.RestoreRunning {
		t.Errorf("after the check it is %s", got)
	}
	if err := r.Begin(t.Context(), 1); err != nil {
		t.Error(err)
	}
	failed := r.Plan().Actions[0]
	failed.Class = "refused" // and is to be tried again
	if err := errors.Join(r.Settle(t.Context(), nil, []record.Action{failed}, nil), r.Begin(t.Context(), 1)); err != nil {
		t.Error(err)
	}
	if a := r.Plan().Actions[0]; a.State != record.ActionRunning || a.Class != "" {
		t.Errorf("an action that begins again is %s, %q", a.State, a.Class)
	}
	if _, err := r.Finish(t.Context(), record.RestoreComplete, 4, nil); err != nil {
		t.Fatal(err)
	}
	if !sqlite.Locked(path) {
		t.Error("the lock was given back with a run")
	}
	run()
}

// TestMonthCountsRestores: calls of restores count for the quota of the target.
func TestMonthCountsRestores(t *testing.T) {
	path := aVaultToRestore(t)
	f, err := sqlite.OpenFile(t.Context(), path, sqlite.Options{Now: func() time.Time { return vaulttest.Dawn }})
	if err != nil {
		t.Fatal(err)
	}
	r := apply(t, f, putPlan(t, f, aPlan()).ID, func() []record.Calls {
		return []record.Calls{{Route: "POST /looks", Class: "query", N: 5}}
	})
	if _, err := r.Finish(t.Context(), record.RestoreComplete, 0, nil); err != nil {
		t.Fatal(err)
	}
	mustClose(t, f)
	run, err := read(t, path).Run(t.Context(), 2)
	if diff := cmp.Diff([]record.Calls{{Class: "query", N: 5}}, run.Month); diff != "" || err != nil {
		t.Errorf("month (-want +got):\n%s%v", diff, err)
	}
}
