package forecast_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestListsThatComeEmpty: a first run asks again for lists without rows, and for one that has some
// besides where nothing else shows any. The forecast's bounds hold, however few workers there are.
func TestListsThatComeEmpty(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 4} {
		r := newRig(t, lookersim.Options{Seed: 7, Quirks: lookersim.Quirks{NoTotals: true}, Sizes: lookersim.Sizes{Roles: 14, Users: 5}, TrashShare: -1})
		r.config.Stages.List.Workers, r.config.Stages.Fetch.Workers = workers, workers
		if err := r.sim.AddRules(lookersim.Rule{Route: "GET /boards", Do: lookersim.FaultNone}); err != nil {
			t.Fatal(err)
		}
		s := start("boards", "roles", "role_users")
		f, err := r.foresee(s)
		if err != nil {
			t.Fatal(err)
		}
		r.sim.ResetCounts()
		r.made(record.RunComplete, s)
		if made, total := int64(r.sim.Counts().Calls), f.Total(); made < total.Low || made > total.High {
			t.Errorf("%d workers: the run made %d calls, the forecast's bounds are %+v", workers, made, total)
		}
	}
}
