package sqlite_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// TestDamagedRunIsNoOtherRun: where the newest run is damaged or lost, nobody takes the one
// before it for the newest, and its number by itself is answered as before.
func TestDamagedRunIsNoOtherRun(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]string{
		"end":      "UPDATE runs SET finished_at = NULL WHERE id = 3",
		"pruned":   "UPDATE runs SET pruned = 1 WHERE id = 3",
		"instance": "UPDATE runs SET instance = 2 WHERE id = 3",
		"lost":     "DELETE FROM runs WHERE id = 3",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			for _, title := range []string{"One", "Two", "Three"} {
				aRun(t, path, doc("1", title))
			}
			if err := sqlite.Execute(path, "PRAGMA foreign_keys = 0", damage); err != nil {
				t.Fatal(err)
			}
			r := read(t, path)
			later := time.Now().Add(time.Hour)
			for what, ask := range map[string]func(ctx context.Context) error{
				"latest":    func(ctx context.Context) error { _, err := r.RunAt(ctx, "acme", vault.Point{Newest: true}); return err },
				"by a time": func(ctx context.Context) error { _, err := r.RunAt(ctx, "acme", vault.Point{Until: later}); return err },
				"times":     func(ctx context.Context) error { _, err := r.RunTimes(ctx, "acme"); return err },
				"the check": func(ctx context.Context) error { return r.CheckRows(ctx, vault.RunTables) },
			} {
				checkError(t, what, ask(t.Context()), path, vault.ErrCorrupt)
			}
			if run, err := r.RunAt(t.Context(), "acme", vault.Point{Run: 2}); err != nil || run.ID != 2 {
				t.Errorf("run 2 by its number: %d, %v", run.ID, err)
			}
		})
	}
}

// An old run that is damaged keeps nobody from the newest one.
func TestDamagedOldRun(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	for _, title := range []string{"One", "Two", "Three"} {
		aRun(t, path, doc("1", title))
	}
	if err := sqlite.Execute(path, "UPDATE runs SET outcome = 'partial' WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	r := read(t, path)
	if run, err := r.RunAt(t.Context(), "acme", vault.Point{Newest: true, Back: 1}); err != nil || run.ID != 2 {
		t.Errorf("the run before the newest: %d, %v", run.ID, err)
	}
	if _, err := r.RunAt(t.Context(), "acme", vault.Point{Newest: true, Back: 2}); !errors.Is(err, vault.ErrCorrupt) {
		t.Errorf("the damaged run: %v", err)
	}
}
