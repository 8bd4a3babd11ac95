package extract_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// TestFewCalls counts, on the server, what backing up an instance of a mid-sized
// company costs. Calls are a licensed monthly quantity.
func TestFewCalls(t *testing.T) {
	t.Parallel()
	if testing.Short() || raced {
		t.Skip("a large instance")
	}
	r := newRig(t, lookersim.Options{Seed: 1, Sizes: lookersim.StandardSizes()})
	r.limits, r.config.Stages.List.PageSize = plan.Limits{}, 100
	first := r.run(record.RunComplete, start(defaults()...))
	documents := float64(r.stats().Bodies) // each with its own bytes
	stored := float64(len(r.stored()))
	calls := float64(r.sim.Counts().Calls)
	t.Logf("first run: %.0f documents, %.0f calls, %.3f a document", stored, calls, calls/stored)
	if calls > 1546 {
		t.Errorf("the first run took %.0f calls for %.0f documents, want at most 1546", calls, stored)
	}
	r.sim.ResetCounts()
	second := r.run(record.RunComplete, start(defaults()...))
	calls = float64(r.sim.Counts().Calls)
	t.Logf("second run: %.0f calls, %.3f a document", calls, calls/stored)
	if calls > 293 {
		t.Errorf("the second run took %.0f calls for %.0f documents, want at most 293", calls, stored)
	}
	if bodies := float64(r.stats().Bodies); bodies != documents {
		t.Errorf("the second run added %.0f bodies although nothing changed", bodies-documents)
	}
	once, again := callsByKind(first.Run.Calls), callsByKind(second.Run.Calls)
	for _, k := range first.Run.Kinds {
		t.Logf("| `%s` | %d | %d | %d |", k.Kind, k.New, once[k.Kind], again[k.Kind])
	}
	for _, k := range second.Run.Kinds {
		if k.New+k.Changed+k.Gone+k.Failed > 0 {
			t.Errorf("%s: %+v, want all the same", k.Kind, k)
		}
	}
}

// callsByKind says for which kind calls were made. A route of several kinds counts
// for the first of them.
func callsByKind(calls []record.Calls) map[record.Kind]int64 {
	kinds := make(map[string]record.Kind)
	for _, k := range catalogue.All() {
		routes := append([]catalogue.Route{k.Listing.Route, k.Detail}, k.Listing.Fixed...)
		for _, m := range k.Many {
			routes = append(routes, m.Route)
		}
		for _, route := range routes {
			if _, ok := kinds[route.String()]; !ok {
				kinds[route.String()] = k.Name
			}
		}
	}
	n := make(map[record.Kind]int64)
	for _, c := range calls {
		n[kinds[c.Route]] += c.N
	}
	return n
}
