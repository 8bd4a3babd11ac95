package restore_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/restore"
)

// The probe says what holds, and leaves nothing behind.
func TestProbe(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	before := r.counts()
	found, err := restore.Probe(t.Context(), r.client, "1", "lookervault check")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range found {
		if !a.Holds {
			t.Errorf("%s: %s", a.Says, a.Found)
		}
	}
	if len(found) < 6 {
		t.Errorf("%d assumptions: %v", len(found), found)
	}
	if diff := cmp.Diff(before, r.counts()); diff != "" {
		t.Errorf("documents (-before +after):\n%s", diff)
	}
}

// Where the probe cannot go on, what it made is deleted all the same.
func TestProbeThatCannotGoOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	before := r.counts()
	if err := r.sim.SetRules(lookersim.Rule{Route: "POST /dashboard_elements", Do: lookersim.FaultStatus, Status: 500}); err != nil {
		t.Fatal(err)
	}
	if _, err := restore.Probe(t.Context(), r.client, "1", "lookervault check"); err == nil {
		t.Error("a tile could not be made, and nobody says so")
	}
	if diff := cmp.Diff(before, r.counts()); diff != "" {
		t.Errorf("documents (-before +after):\n%s", diff)
	}
}
