package extract_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestPoorRowsAmongRichOnes: of the rows of one list every third is poorer than its
// document, by turns because members are missing, are null or are shorter arrays. A
// run that says complete holds what the server holds, the first and later ones, after
// edits of documents whose rows are poor.
func TestPoorRowsAmongRichOnes(t *testing.T) {
	for _, kind := range []record.Kind{"dashboards", "users", "boards", "scheduled_plans", "roles"} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 8, Quirks: lookersim.Quirks{PoorRows: []string{string(kind)}, PoorEvery: 3}})
			complete := 0
			for night := range 4 {
				result, err := r.try(start(kind))
				if err != nil {
					t.Fatal(err)
				}
				if result.Run.Outcome == record.RunComplete {
					complete++
					compare(t, r, kind)
				}
				for i, id := range r.sim.IDs(string(kind)) {
					if i%2 == 0 && kind != "users" && kind != "scheduled_plans" { // whose titles are copies
						mutate(t, r, lookersim.Change{Op: lookersim.OpTitle, Kind: string(kind), ID: id, Value: fmt.Sprintf("Night %d", night)})
					}
				}
			}
			if complete == 0 {
				t.Error("no run was complete, although each document can be had alone")
			}
		})
	}
}

// TestRichVersionStays: rows are whole in the first run and poorer from then on. What
// is stored is never replaced by less.
func TestRichVersionStays(t *testing.T) {
	whole := newRig(t, lookersim.Options{Seed: 8})
	whole.run(record.RunComplete, start("dashboards"))
	later := newRig(t, lookersim.Options{Seed: 8, Quirks: lookersim.Quirks{PoorRows: []string{"dashboards"}, PoorEvery: 3}})
	later.path = whole.path
	for night := range 3 {
		for _, id := range later.sim.IDs("dashboards") {
			mutate(t, later, lookersim.Change{Op: lookersim.OpTitle, Kind: "dashboards", ID: id, Value: fmt.Sprintf("Night %d", night)})
		}
		if result, err := later.try(start("dashboards")); err != nil {
			t.Fatal(err)
		} else if result.Run.Outcome == record.RunComplete {
			compare(t, later, "dashboards")
		}
	}
	// A run that finds out late that rows are poor is partial, and the one after it fetches
	// each document alone.
	if result, err := later.try(start("dashboards")); err != nil {
		t.Fatal(err)
	} else if result.Run.Outcome != record.RunComplete {
		later.run(record.RunComplete, start("dashboards"))
	}
	compare(t, later, "dashboards")
}

// TestAnotherRowIsComparedInEachRun: over some nights the rows that are compared come
// from all parts of a list.
func TestAnotherRowIsComparedInEachRun(t *testing.T) {
	var mu sync.Mutex
	alone := make(map[string]bool)
	r := newRig(t, lookersim.Options{Seed: 8, Observe: func(c lookersim.Call) {
		mu.Lock()
		defer mu.Unlock()
		if c.Route == "GET /dashboards/{id}" {
			alone[c.ID] = true
		}
	}})
	const nights = 12
	for range nights {
		r.run(record.RunComplete, start("dashboards"))
	}
	if len(alone) < nights*3/4 {
		t.Errorf("in %d runs %d dashboards were compared: %q", nights, len(alone), slices.Sorted(maps.Keys(alone)))
	}
}
