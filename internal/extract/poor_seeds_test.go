package extract_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestPoorRowsInAnyOrder: of the rows of one list every third is poorer than its document, in a
// first run and in later ones, which are stopped and resumed anywhere. Where a run finds that out,
// it fetches also those alone whose rows it has stored: the vault holds what the server holds, the
// run is complete, and the runs after it find only what was changed.
func TestPoorRowsInAnyOrder(t *testing.T) {
	kinds := []record.Kind{"dashboards", "users", "boards", "scheduled_plans", "roles", "groups", "alerts", "themes"}
	for seed := range many(t, 6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(uint64(seed), 31))
			kind := kinds[seed%len(kinds)]
			r := newRig(t, lookersim.Options{Seed: int64(seed), Sizes: lookersim.Sizes{
				Dashboards: 20 + rng.IntN(30), Users: 20 + rng.IntN(30), Groups: 20 + rng.IntN(20), Boards: 12, Roles: 12, ScheduledPlans: 20, Alerts: 20, Themes: 12,
			}, Quirks: lookersim.Quirks{PoorRows: []string{string(kind)}, PoorEvery: 3, IgnoreIDs: rng.IntN(5) == 0, NoTotals: rng.IntN(5) == 0}})
			page := 3 + rng.IntN(20)
			r.row = paging(kind, page)
			r.config.Stages.List.PageSize, r.config.Stages.Batch.Records = 1+rng.IntN(12), 1+rng.IntN(12)
			r.config.Stages.Fetch.Workers, r.config.Limits.InFlightItems = 1+rng.IntN(6), 6
			changed := int64(0)
			for night := range 4 {
				s, done := start(kind), false
				for range rng.IntN(3) { // stops
					r.stopAt(1+rng.IntN(6), rng.IntN(2) == 0)
					result, err := r.try(s)
					r.undisturbed()
					if err != nil && !errors.Is(err, job.ErrInterrupted) {
						t.Fatal(err)
					}
					if done = err == nil; done {
						if result.Run.Outcome != record.RunComplete {
							t.Fatalf("night %d: %s: %+v", night, result.Run.Outcome, result.Run.Kinds)
						}
						break
					}
					s = resume()
				}
				if !done {
					r.run(record.RunComplete, s)
				}
				compare(t, r, kind)
				if t.Failed() {
					t.Fatalf("night %d of %s", night, kind)
				}
				if c := r.newestRun().Kinds[0]; night > 0 && c.Changed != changed || c.New > 0 != (night == 0) {
					t.Errorf("night %d: %+v, want %d changed", night, c, changed)
				}
				changed = 0
				for i, id := range r.sim.IDs(string(kind)) {
					if i%2 == 0 && kind != "users" && kind != "scheduled_plans" && kind != "alerts" { // whose titles are copies
						mutate(t, r, lookersim.Change{Op: lookersim.OpTitle, Kind: string(kind), ID: id, Value: fmt.Sprintf("Night %d", night)})
						changed++
					}
				}
			}
		})
	}
}
