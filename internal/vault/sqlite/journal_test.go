package sqlite_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
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

// TestErrorsOfOthersWhileBodiesAreRead: what somebody does with bodies, as asking an
// instance, may fail; that says nothing of the vault, and does not carry its name.
func TestErrorsOfOthersWhileBodiesAreRead(t *testing.T) {
	path := aVaultToRestore(t)
	r := read(t, path)
	refused := errors.New("looker.example.com: the connection was refused")
	err := r.Bodies(t.Context(), func(func(vault.Entry) ([]byte, error)) error { return refused })
	if !errors.Is(err, refused) || err.Error() != refused.Error() {
		t.Errorf("reading bodies: got %v, want %v", err, refused)
	}
	err = r.VersionBodies(t.Context(), func(func(int64) (vault.Document, error)) error { return refused })
	if !errors.Is(err, refused) || err.Error() != refused.Error() {
		t.Errorf("reading versions: got %v, want %v", err, refused)
	}
	err = r.Bodies(t.Context(), func(body func(vault.Entry) ([]byte, error)) error {
		_, err := body(vault.Entry{})
		return err
	})
	if !errors.Is(err, vault.ErrCorrupt) || !strings.Contains(err.Error(), path) {
		t.Errorf("a body that is missing: got %v, want an error about %s", err, path)
	}
}

// TestPlansThatMakeNoSense are refused, and leave nothing.
func TestPlansThatMakeNoSense(t *testing.T) {
	tests := []struct {
		name   string
		change func(*record.Restore)
		want   string
	}{
		{"no such source", func(p *record.Restore) { p.Source = "other" }, "other"},
		{"no such target", func(p *record.Restore) { p.Target = "other" }, "other"},
		{"version is not held", func(p *record.Restore) { p.Actions[1].Version = 99 }, "version 99"},
		{"nothing was saved before", func(p *record.Restore) { p.Actions[0].Before = 99 }, "version 99"},
		{"numbers", func(p *record.Restore) { p.Actions[1].Seq = 7 }, "number 7"},
	}
	f := openFile(t, aVaultToRestore(t))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plan := aPlan()
			tt.change(&plan)
			if _, err := f.PutPlan(t.Context(), plan); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	if list, err := f.Reader().Restores(t.Context(), ""); err != nil || len(list) != 0 {
		t.Errorf("%d restores are stored, %v", len(list), err)
	}
}

// TestTamperedPlans: a plan of which anything was changed is not applied, whether or not
// somebody has made the checksums right again. What became of it is no part of the plan.
func TestTamperedPlans(t *testing.T) {
	t.Parallel()
	source := aVaultToRestore(t)
	f, err := sqlite.OpenFile(t.Context(), source, sqlite.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	putPlan(t, f, aPlan())
	mustClose(t, f)
	whole := readFile(t, source)
	plan := []string{
		"UPDATE restores SET request = '{}'", "UPDATE restores SET write_policy = 8", "UPDATE restores SET caller_id = '18'",
		"UPDATE restores SET look = 1", "UPDATE restores SET as_of = 2", "UPDATE restores SET digest = zeroblob(32)",
		"UPDATE restores SET purpose = 'undo'", "UPDATE restores SET actions = 6", "UPDATE restores SET planned_at = 1",
		"UPDATE restore_actions SET level = 2 WHERE seq = 1", "UPDATE restore_actions SET kind = 'looks' WHERE seq = 1",
		"UPDATE restore_actions SET item = '2' WHERE seq = 1", "UPDATE restore_actions SET action = 'delete' WHERE seq = 1",
		"UPDATE restore_actions SET version = 2 WHERE seq = 1", "UPDATE restore_actions SET target_item = '2' WHERE seq = 1",
		"UPDATE restore_actions SET before = NULL WHERE seq = 1", "UPDATE restore_actions SET expect = zeroblob(32) WHERE seq = 1",
		"UPDATE restore_actions SET name = 'x' WHERE seq = 1", "UPDATE restore_actions SET place = 'x' WHERE seq = 1",
		"UPDATE restore_actions SET changes = '[]' WHERE seq = 1", "UPDATE restore_actions SET needs = '[1]' WHERE seq = 3",
		"UPDATE restore_actions SET reason = '' WHERE seq = 4", "UPDATE restore_actions SET planned_calls = 9 WHERE seq = 1",
		"DELETE FROM restore_actions WHERE seq = 5", "INSERT INTO restore_actions SELECT restore, 6, level, kind, item, action, version, target_item, before, expect, name, place, changes, needs, reason, planned_calls, state, class, status, attempts, message, errors, calls, checked, at, checksum FROM restore_actions WHERE seq = 5",
	}
	outcome := []string{
		"UPDATE restore_actions SET target_item = '90' WHERE seq = 2", "UPDATE restore_actions SET state = 'failed' WHERE seq = 1",
		"UPDATE restore_actions SET message = 'x', class = 'y', status = 1, attempts = 2, errors = '[]', calls = 7, checked = 'equal', at = 5 WHERE seq = 1",
		"UPDATE restores SET state = 'interrupted', started_at = 5, resumed = 3, notes = '[]'",
	}
	try := func(t *testing.T, sql string, reseal bool) (applied, verified error) {
		path := newPath(t)
		writeFile(t, path, whole)
		execute(t, path, sql)
		if reseal {
			if err := sqlite.Reseal(path, "restores", "restore_actions"); err != nil {
				t.Fatal(err)
			}
		}
		findings, err := read(t, path).Verify(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(findings) > 0 {
			verified = errors.New(findings[0].String())
		}
		f := openFile(t, path)
		_, applied = f.Apply(t.Context(), 1, nil)
		if _, err := f.Reader().Restore(t.Context(), 1); errors.Is(err, vault.ErrCorrupt) != errors.Is(applied, vault.ErrTampered) {
			t.Errorf("%s (resealed %v): applied with %v, read with %v", sql, reseal, applied, err)
		}
		return applied, verified
	}
	for _, sql := range plan {
		for _, reseal := range []bool{false, true} {
			applied, verified := try(t, sql, reseal)
			if refused := new(vault.PlanError); !errors.As(applied, &refused) || !errors.Is(applied, vault.ErrTampered) {
				t.Errorf("%s (resealed %v): applied with %v", sql, reseal, applied)
			}
			if verified == nil {
				t.Errorf("%s (resealed %v): verify finds nothing", sql, reseal)
			}
		}
	}
	for _, sql := range outcome {
		if applied, verified := try(t, sql, false); !errors.Is(applied, vault.ErrTampered) || verified == nil {
			t.Errorf("%s: applied with %v, verified with %v", sql, applied, verified)
		}
		if applied, verified := try(t, sql, true); applied != nil || verified != nil {
			t.Errorf("%s, resealed: applied with %v, verified with %v", sql, applied, verified)
		}
	}
}

// TestWhatMayBeApplied: what is over stays so, and what was cut short goes on.
func TestWhatMayBeApplied(t *testing.T) {
	tests := []struct {
		state record.RestoreState
		want  error
	}{
		{record.RestoreComplete, vault.ErrOver}, {record.RestoreUndone, vault.ErrOver}, {record.RestoreDiscarded, vault.ErrOver},
		{record.RestorePartial, nil}, {record.RestoreInterrupted, nil}, {record.RestoreFailed, nil},
	}
	f := openFile(t, aVaultToRestore(t))
	for _, tt := range tests {
		plan := putPlan(t, f, aPlan())
		if tt.state == record.RestoreDiscarded {
			if err := f.Discard(t.Context(), plan.ID); err != nil {
				t.Fatal(err)
			}
		} else if _, err := apply(t, f, plan.ID, nil).Finish(t.Context(), tt.state, 0, nil); err != nil {
			t.Fatal(err)
		}
		r, err := f.Apply(t.Context(), plan.ID, nil)
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v, want %v", tt.state, err, tt.want)
		}
		if err != nil {
			continue
		}
		if got := r.Plan(); got.Resumed != 1 || !got.FinishedAt.IsZero() || got.State != record.RestoreRunning {
			t.Errorf("%s goes on as %+v", tt.state, got)
		}
		if _, err := f.Apply(t.Context(), plan.ID, nil); err == nil {
			t.Error("two restores are under way")
		}
		if _, err := r.Finish(t.Context(), record.RestoreComplete, 0, nil); err != nil {
			t.Fatal(err)
		}
		if err := f.Discard(t.Context(), plan.ID); !errors.Is(err, vault.ErrOver) {
			t.Errorf("a restore that is over was discarded: %v", err)
		}
	}
	if _, err := f.Apply(t.Context(), 99, nil); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("a plan that is not there: %v", err)
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
	if _, err := r.Finish(t.Context(), record.RestoreComplete, 4, nil); err != nil {
		t.Fatal(err)
	}
	if !sqlite.Locked(path) {
		t.Error("the lock was given back with a run")
	}
	run()
}

// TestStepsThatMakeNoSense are errors of their caller, and of nobody who shares the
// transaction.
func TestStepsThatMakeNoSense(t *testing.T) {
	f := openFile(t, aVaultToRestore(t))
	r := apply(t, f, putPlan(t, f, aPlan()).ID, nil)
	if err := r.Advance(t.Context(), nil, intent(2, 1)); err != nil {
		t.Fatal(err)
	}
	done := []record.Step{{Seq: 2, Step: 1, State: record.StepDone, Target: "90"}}
	tests := []struct {
		name string
		done []record.Step
		next *record.Step
	}{
		{"the same intent again", nil, intent(2, 1)},
		{"no number", nil, intent(2, 0)},
		{"no such action", nil, intent(6, 1)},
		{"action 0", nil, intent(0, 1)},
		{"never intended", []record.Step{{Seq: 2, Step: 2, State: record.StepDone}}, nil},
		{"no outcome", []record.Step{{Seq: 2, Step: 1, State: record.StepIntent}}, nil},
		{"half of it is wrong", done, intent(6, 1)},
	}
	for _, tt := range tests {
		if err := r.Advance(t.Context(), tt.done, tt.next); err == nil {
			t.Errorf("%s: no error", tt.name)
		}
	}
	if err := r.Advance(t.Context(), done, nil); err != nil {
		t.Errorf("after all these: %v", err)
	}
	if err := r.Advance(t.Context(), done, nil); err == nil {
		t.Error("an outcome was given twice")
	}
	if err := r.Settle(t.Context(), nil, []record.Action{{Seq: 6, State: record.ActionDone}}, nil); err == nil {
		t.Error("an action that the plan does not have is settled")
	}
}

// TestGroupCommit: callers that come while a transaction is being written share the next
// one, and each learns what became of its own step.
func TestGroupCommit(t *testing.T) {
	const callers = 16
	plan := aPlan()
	plan.Actions = nil
	for i := range callers {
		plan.Actions = append(plan.Actions, record.Action{Seq: i + 1, Level: 1, Ref: record.Ref{Kind: looks, ID: "1"}, Deed: record.DeedCreate})
	}
	path := aVaultToRestore(t)
	f := openFile(t, path)
	var commits atomic.Int32 // one for each transaction
	r := apply(t, f, putPlan(t, f, plan).ID, func() []record.Calls {
		commits.Add(1)
		return nil
	})
	release := f.Hold()
	errs := make([]error, callers+1)
	var all sync.WaitGroup
	for i := range callers + 1 {
		all.Go(func() { errs[i] = r.Advance(t.Context(), nil, intent(i+1, 1)) })
	}
	for r.Joining() < callers+1 {
		runtime.Gosched()
	}
	release()
	all.Wait()
	if n := commits.Load(); n != 1 {
		t.Errorf("%d transactions, want one for all", n)
	}
	for i, err := range errs[:callers] {
		if err != nil {
			t.Errorf("caller %d: %v", i, err)
		}
	}
	if errs[callers] == nil {
		t.Error("the step of an action that is not there has no error")
	}
	if n, err := sqlite.Value(path, "SELECT count(*) FROM restore_steps WHERE state = 'intent'"); err != nil || n != int64(callers) {
		t.Errorf("%v intents are stored, want %d (%v)", n, callers, err)
	}
	// A failure of the transaction is one of everybody in it.
	if err := f.Exec("CREATE TEMP TRIGGER full BEFORE INSERT ON restore_steps BEGIN SELECT RAISE(ABORT, 'full'); END"); err != nil {
		t.Fatal(err)
	}
	release = f.Hold()
	for i := range callers {
		all.Go(func() { errs[i] = r.Advance(t.Context(), nil, intent(i+1, 2)) })
	}
	for r.Joining() < callers {
		runtime.Gosched()
	}
	release()
	all.Wait()
	for i, err := range errs[:callers] {
		if err == nil {
			t.Errorf("caller %d believes that its intent is durable", i)
		}
	}
}

// TestCancelledAdvance: who was cancelled before writes nothing.
func TestCancelledAdvance(t *testing.T) {
	path := aVaultToRestore(t)
	f := openFile(t, path)
	r := apply(t, f, putPlan(t, f, aPlan()).ID, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Advance(ctx, nil, intent(2, 1)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if n, err := sqlite.Value(path, "SELECT count(*) FROM restore_steps"); err != nil || n != int64(0) {
		t.Errorf("%v steps, %v", n, err)
	}
}

// TestReleasedRestores: what a prune may remove is what no restore holds.
func TestReleasedRestores(t *testing.T) {
	path := aVaultToRestore(t)
	f := openFile(t, path)
	plan := putPlan(t, f, aPlan())
	holds := func() []string {
		t.Helper()
		return names(t, path, `SELECT what || ' ' || id FROM restore_holds ORDER BY 1`)
	}
	want := []string{"run 1", "run 2", "version 1", "version 2", "version 3", "version 4"}
	if diff := cmp.Diff(want, holds()); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		before time.Time
		want   int
	}{{plan.PlannedAt, 0}, {plan.PlannedAt.Add(time.Second), 1}, {plan.PlannedAt.Add(time.Second), 0}} {
		if n, err := f.ReleaseRestores(tt.before); err != nil || n != tt.want {
			t.Errorf("%d released before %s, want %d (%v)", n, tt.before, tt.want, err)
		}
	}
	if left := holds(); len(left) > 0 {
		t.Errorf("still held: %v", left)
	}
	if err := f.Exec("DELETE FROM versions WHERE id = 3"); err != nil { // as a prune does
		t.Fatal(err)
	}
	if _, err := f.Apply(t.Context(), plan.ID, nil); !errors.Is(err, vault.ErrReleased) {
		t.Errorf("applied with %v", err)
	}
	if !restoreOf(t, f.Reader(), plan.ID).Released {
		t.Error("it is not said to be released")
	}
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
