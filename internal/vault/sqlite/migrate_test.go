package sqlite_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// bodiesIn are the documents of a vault and their bodies.
func bodiesIn(t *testing.T, path string) map[record.Ref]string {
	t.Helper()
	all := make(map[record.Ref]string)
	for d, err := range read(t, path).Documents(t.Context(), vault.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		all[d.Ref] = string(d.Body)
	}
	return all
}

// TestVaultOfSchema1: it is read as it is, which changes nothing, and the next run
// brings it up to date with all that it holds.
func TestVaultOfSchema1(t *testing.T) {
	newer, path := newPath(t), newPath(t)
	long := doc("3", "")
	compress(t, &long, nil, "a text that was stored without a dictionary, again and again and again and again and again")
	aRun(t, newer, doc("1", "One"), doc("2", "Two"), long)
	if err := sqlite.Older(t.Context(), newer, path); err != nil {
		t.Fatal(err)
	}
	want := bodiesIn(t, newer)
	if diff := cmp.Diff(want, bodiesIn(t, path)); diff != "" || len(want) != 3 {
		t.Errorf("read as it is (-want +got):\n%s", diff)
	}
	sound(t, path)
	if version, err := sqlite.Value(path, "PRAGMA user_version"); err != nil || version != int64(1) {
		t.Errorf("reading left schema %v, %v", version, err)
	}

	four := doc("4", "")
	compressWith(t, &four, aDictionary(t), "dashboards have four")
	w := begin(t, path, startOf("acme", dashboards))
	commit(t, w, same("1"), same("2"), same("3"), four)
	finish(t, w, dashboards)
	sound(t, path)
	if version, err := sqlite.Value(path, "PRAGMA user_version"); err != nil || version != int64(sqlite.Schema) {
		t.Errorf("the run left schema %v, %v", version, err)
	}
	want[four.Ref] = string(doc("4", "dashboards have four").Body)
	if diff := cmp.Diff(want, bodiesIn(t, path)); diff != "" {
		t.Errorf("after a run (-want +got):\n%s", diff)
	}
}

// TestReleasedStepsStay: vaults of these versions are there, so the steps that made them
// never change. A new column or table is a new step.
func TestReleasedStepsStay(t *testing.T) {
	for i, want := range []string{"4ed5274b8c1efc48", "3614c3eb70d39384", "7c65b0112f2bc6f4", "f75d9660cb0271f2"} {
		if got := sqlite.StepSum(i); got != want {
			t.Errorf("step %d is %s, was %s when it was released", i+1, got, want)
		}
	}
}

// TestOlderVaultsHaveNoRestores: they are read as having none, nothing of them is held, and
// once they were opened for writing a plan can be stored.
func TestOlderVaultsHaveNoRestores(t *testing.T) {
	for version := 1; version < sqlite.Schema; version++ {
		newer, path := newPath(t), newPath(t)
		aRun(t, newer, doc("1", "One"), doc("2", "Two"), doc("3", "Three"))
		aRun(t, newer, doc("1", "Broken"), same("2"))
		if err := sqlite.OlderAs(t.Context(), version, newer, path); err != nil {
			t.Fatal(err)
		}
		r := read(t, path)
		list, err := r.Restores(t.Context(), "")
		maps, mapErr := r.Mappings(t.Context(), "", "")
		held, heldErr := r.HeldRuns(t.Context(), time.Time{})
		if err := errors.Join(err, mapErr, heldErr); err != nil || len(list)+len(maps)+len(held) > 0 {
			t.Errorf("schema %d: %d restores, %d mappings, %d held, %v", version, len(list), len(maps), len(held), err)
		}
		if _, err := r.Restore(t.Context(), 1); !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("schema %d: %v", version, err)
		}
		f := openFile(t, path)
		plan := putPlan(t, f, aPlan())
		if _, err := apply(t, f, plan.ID, nil).Finish(t.Context(), record.RestoreComplete, 0, nil); err != nil {
			t.Fatal(err)
		}
		sound(t, path)
	}
}
