package sqlite_test

import (
	"errors"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// TestNoOlderRunIsTheNewest: damage of a run that a point may mean is told, and makes no older
// run the one that it means.
func TestNoOlderRunIsTheNewest(t *testing.T) {
	future := vault.Point{Until: time.Now().Add(24 * time.Hour)}
	questions := map[string]func(*sqlite.Reader) error{
		"the newest run": func(r *sqlite.Reader) error {
			_, err := r.RunAt(t.Context(), "", vault.Point{Newest: true})
			return err
		},
		"the newest by a time": func(r *sqlite.Reader) error {
			_, err := r.RunAt(t.Context(), "", future)
			return err
		},
		"the run before": func(r *sqlite.Reader) error {
			_, err := r.RunAt(t.Context(), "", vault.Point{Newest: true, Back: 1})
			return err
		},
		"the last complete ones": func(r *sqlite.Reader) error {
			_, err := r.LastComplete(t.Context(), "", 2)
			return err
		},
		"a document": func(r *sqlite.Reader) error {
			_, err := r.Document(t.Context(), "", record.Ref{Kind: dashboards, ID: "2"}, vault.Point{Newest: true})
			return err
		},
		"the newest ones":  func(r *sqlite.Reader) error { _, err := r.NewestRuns(t.Context(), "acme", 2); return err },
		"all":              func(r *sqlite.Reader) error { _, err := r.Runs(t.Context(), "acme"); return err },
		"their times":      func(r *sqlite.Reader) error { _, err := r.RunStarts(t.Context(), ""); return err },
		"the rows of runs": func(r *sqlite.Reader) error { return r.CheckRows(t.Context(), vault.RunTables) },
	}
	for _, tt := range []struct{ name, sql string }{
		{"of another instance", "UPDATE runs SET instance = 2 WHERE id = 5"},
		{"pruned", "UPDATE runs SET pruned = 1 WHERE id = 5"},
		{"not finished", "UPDATE runs SET finished_at = NULL WHERE id = 5"},
		{"finished later", "UPDATE runs SET finished_at = finished_at + (1 << 45) WHERE id = 5"},
		{"partial", "UPDATE runs SET outcome = 'partial' WHERE id = 5"},
		{"missing", "DELETE FROM runs WHERE id = 5"},
		{"missing in front of the newest", "DELETE FROM runs WHERE id = 4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			aHistory(t, path)
			execute(t, path, tt.sql)
			r := read(t, path)
			for what, ask := range questions {
				err := ask(r)
				whole := tt.name == "missing in front of the newest" && (what == "the newest run" || what == "the newest by a time" || what == "a document" || what == "their times")
				if whole && err != nil || !whole && !errors.Is(err, vault.ErrCorrupt) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

// TestNumbersOfNoRun: a number that no run ever had is none that is missing.
func TestNumbersOfNoRun(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	execute(t, path, "UPDATE sqlite_sequence SET seq = 4 WHERE name = 'runs'")
	aRun(t, path, doc("1", "One, better"))
	r := read(t, path)
	if run, err := r.RunAt(t.Context(), "", vault.Point{Newest: true, Back: 1}); err != nil || run.ID != 1 {
		t.Errorf("run %d, %v, want 1", run.ID, err)
	}
	if err := r.CheckRows(t.Context(), vault.RunTables); err != nil {
		t.Error(err)
	}
}

// An old run that is damaged keeps nobody from the newest one.
func TestDamagedOldRun(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	for _, title := range []string{"One", "Two", "Three"} {
		aRun(t, path, doc("1", title))
	}
	execute(t, path, "UPDATE runs SET outcome = 'partial' WHERE id = 1")
	r := read(t, path)
	if run, err := r.RunAt(t.Context(), "acme", vault.Point{Newest: true, Back: 1}); err != nil || run.ID != 2 {
		t.Errorf("the run before the newest: %d, %v", run.ID, err)
	}
	if _, err := r.RunAt(t.Context(), "acme", vault.Point{Newest: true, Back: 2}); !errors.Is(err, vault.ErrCorrupt) {
		t.Errorf("the damaged run: %v", err)
	}
}
