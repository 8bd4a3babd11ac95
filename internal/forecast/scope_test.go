package forecast_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestWhatAScopeMisses: a run of some folders looks for what the vault holds of them and the lists
// do not, and its forecast says so.
func TestWhatAScopeMisses(t *testing.T) {
	t.Parallel()
	for _, kinds := range [][]record.Kind{{"dashboards"}, {"looks", "groups"}, {"boards", "roles"}} {
		r := newRig(t, lookersim.Options{Seed: 3, TrashShare: 0.1})
		begin := start(kinds...)
		begin.Scope.Folders, begin.Scope.Recursive = []string{"1"}, true
		r.made(record.RunComplete, begin)
		foreseen, made := r.foreseenAndMade(begin)
		for _, kind := range kinds {
			ids := r.sim.IDs(string(kind))
			mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: string(kind), ID: ids[len(ids)-1]})
		}
		alsoForeseen, alsoMade := r.foreseenAndMade(begin)
		if made == alsoMade {
			t.Errorf("%v: %d calls, and nothing is looked for", kinds, made)
		}
		if more, want := alsoForeseen-foreseen, alsoMade-made; more != want {
			t.Errorf("%v: %d calls more are foreseen, want %d", kinds, more, want)
		}
	}
}
