package sqlite_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

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
