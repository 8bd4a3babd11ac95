package sqlite_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// TestLostInstance: where the row of an instance was lost, its runs and documents do not
// look as if they had never been, and what is asked of another instance is answered.
func TestLostInstance(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	other := begin(t, path, startOf("beta"))
	commit(t, other, doc("1", "Other"))
	finish(t, other, dashboards)
	execute(t, path, "DELETE FROM instances WHERE name = 'acme'")
	r := read(t, path)
	for name, ask := range map[string]func(ctx context.Context) error{
		"instances":         func(ctx context.Context) error { _, err := r.Instances(ctx); return err },
		"the only instance": func(ctx context.Context) error { _, err := r.Resolve(ctx, ""); return err },
		"it by its name":    func(ctx context.Context) error { _, err := r.Resolve(ctx, "acme"); return err },
		"runs":              func(ctx context.Context) error { _, err := r.Runs(ctx, ""); return err },
		"a run of it":       func(ctx context.Context) error { _, err := r.Run(ctx, 1); return err },
		"faults":            func(ctx context.Context) error { _, err := r.Faults(ctx, 0); return err },
		"the map of ids":    func(ctx context.Context) error { _, err := r.Mappings(ctx, "", ""); return err },
	} {
		err := ask(t.Context())
		checkError(t, name, err, path, vault.ErrCorrupt)
		if err != nil && !strings.Contains(err.Error(), "instances 1: is missing, but run 1 belongs to it") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if got := ids(t, r, vault.Query{Instance: "beta"}); got != "1:present" {
		t.Errorf("the other instance holds %q", got)
	}
	if runs, err := r.Runs(t.Context(), ""); len(runs) != 1 || runs[0].Instance != "beta" {
		t.Errorf("lists the runs %+v, %v, want that of the other instance", runs, err)
	}
}

// A damaged instance hides none that is sound.
func TestDamagedInstance(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	other := begin(t, path, startOf("beta"))
	commit(t, other, doc("2", "Two"))
	finish(t, other, dashboards)
	execute(t, path, "UPDATE instances SET name = 'acmf' WHERE name = 'acme'")
	r := read(t, path)
	if got := ids(t, r, vault.Query{Instance: "beta"}); got != "2:present" {
		t.Errorf("the sound instance holds %q", got)
	}
	for _, name := range []string{"", "acme", "acmf"} {
		_, err := r.Resolve(t.Context(), name)
		checkError(t, "instance "+name, err, path, vault.ErrCorrupt)
	}
}

// TestLostInstanceIsFound: the next run of an instance whose row was lost goes on with what
// the vault holds of it, and no other instance takes it over.
func TestLostInstanceIsFound(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	execute(t, path, "DELETE FROM instances")
	start := startOf("beta")
	start.BaseURL = "https://beta.looker.com"
	other := begin(t, path, start)
	commit(t, other, doc("1", "Other"))
	if run := finish(t, other, dashboards); run.Kinds[0].New != 1 {
		t.Errorf("a run of another instance counts %+v, want 1 new", run.Kinds[0])
	}
	if _, err := read(t, path).Resolve(t.Context(), "acme"); !errors.Is(err, vault.ErrCorrupt) {
		t.Errorf("a run of another instance made good for it: %v", err)
	}
	start = startOf("acme")
	start.Full = true
	w := begin(t, path, start)
	commit(t, w, doc("1", "One"))
	run := finish(t, w, dashboards)
	if got := run.Kinds[0]; got != (record.Counts{Kind: dashboards, Listing: got.Listing, Listed: got.Listed, Same: 1, Bytes: got.Bytes, Stored: got.Stored}) {
		t.Errorf("the run counts %+v, want 1 as before", got)
	}
	sound(t, path)
}
