package vaulttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// errBroken is what a failing writer fails with.
var errBroken = errors.New("the writer breaks on purpose")

// A failing is a writer whose n-th operation fails, counted from 1 over all of its runs.
// It fails before anything is done, or when all is done and the answer is lost.
type failing struct {
	vault.Writer
	left *int // operations until the one that fails
	lost bool // the answer is lost
}

// step does an operation, or fails.
func (f *failing) step(do func() error) error {
	*f.left--
	if *f.left != 0 {
		return do()
	}
	if f.lost {
		if err := do(); err != nil {
			return err
		}
	}
	return errBroken
}

func (f *failing) Begin(ctx context.Context, start record.Start) (begun record.Begun, err error) {
	err = f.step(func() (err error) {
		begun, err = f.Writer.Begin(ctx, start)
		return err
	})
	return begun, err
}

func (f *failing) Commit(ctx context.Context, batch record.Batch) error {
	return f.step(func() error { return f.Writer.Commit(ctx, batch) })
}

func (f *failing) Finish(ctx context.Context, finish record.Finish) (run record.Run, err error) {
	err = f.step(func() (err error) {
		run, err = f.Writer.Finish(ctx, finish)
		return err
	})
	return run, err
}

// eventful are the runs of the history over which operations fail: a document goes, comes
// back, changes and goes to the trash.
var eventful = []int64{2, 3, 4}

// failures makes the eventful runs over a writer that fails at its n-th operation, for each
// n, before the operation and behind it. A run that fails is begun again, as people do; what
// is read back is in the end what an undisturbed engine holds.
func failures(t *testing.T, fresh func(t *testing.T) Engine) {
	undisturbed, none := fresh(t), 0
	for i := range eventful {
		undisturbed.persist(t, int64(i+1), &none, false)
	}
	want := undisturbed.told(t)
	for _, lost := range []bool{false, true} {
		for n := 1; ; n++ {
			e := fresh(t)
			left := n
			for i := range eventful {
				e.persist(t, int64(i+1), &left, lost)
			}
			if left > 0 {
				break // there are no more operations
			}
			equal(t, fmt.Sprintf("operation %d failed, answer lost: %t", n, lost), want, e.told(t))
			e.sound(t)
		}
	}
}

// persist makes a run, and goes on with it as often as it fails.
func (e Engine) persist(t *testing.T, id int64, left *int, lost bool) {
	t.Helper()
	for attempt := range 3 {
		err := e.attempt(t, id, left, lost, attempt > 0)
		if err == nil {
			return
		}
		if !errors.Is(err, errBroken) {
			t.Fatalf("run %d: %v", id, err)
		}
		if !lost {
			continue
		}
		if ended, err := e.Read(t).Run(t.Context(), id); err == nil && ended.Outcome == record.RunComplete {
			return // only the answer was lost
		}
	}
	t.Fatalf("run %d does not come to an end", id)
}

// attempt makes a run, or resumes it where there is something to resume.
func (e Engine) attempt(t *testing.T, id int64, left *int, lost, again bool) (err error) {
	t.Helper()
	w := &failing{Writer: e.Open(t), left: left, lost: lost}
	defer func() { err = errors.Join(err, w.Close()) }()
	begin := start(kinds(dashboards), func(s *record.Start) { s.At, s.Resume = hour(id), again })
	if _, err = w.Begin(t.Context(), begin); again && errors.Is(err, vault.ErrNothingOpen) {
		begin.Resume = false
		_, err = w.Begin(t.Context(), begin)
	}
	if err != nil {
		return err
	}
	all := snapshotOf(eventful[id-1])
	for batch := range slices.Chunk(all, 2) {
		if err := w.Commit(t.Context(), batch); err != nil {
			return err
		}
	}
	_, err = w.Finish(t.Context(), record.Finish{At: hour(id).Add(time.Minute), Kinds: []record.End{Ended(dashboards, int64(len(all)))}})
	return err
}

// told is everything that the engine tells of the history, as lines.
func (e Engine) told(t *testing.T) (lines []string) {
	t.Helper()
	r := e.Read(t)
	runs, err := r.Runs(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range runs {
		lines = append(lines, fmt.Sprint("run ", run.ID, " ", run.Outcome, " ", run.Digest))
		lines = append(lines, documentsAt(t, r, vault.AtRun(run.ID))...)
	}
	for _, id := range []string{"1", "2", "3", "4"} {
		lines = append(lines, versionsOf(t, r, id)...)
	}
	return append(lines, passages(t, r.Events(t.Context(), vault.Span{Instance: "acme"}))...)
}
