package sqlite_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

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
