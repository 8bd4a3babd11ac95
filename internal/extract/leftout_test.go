package extract_test

import (
	"fmt"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestWhatAListLeavesOutIsNotGone: a list that comes in one answer without documents
// that are there, or as that of another kind, makes nothing gone, and its kind is not
// complete. Each document is asked for alone before that.
func TestWhatAListLeavesOutIsNotGone(t *testing.T) {
	for _, tt := range []struct{ kind, route, do string }{
		{"folders", "GET /folders", "none"},
		{"boards", "GET /boards", "none"},
		{"roles", "GET /roles", "short"},
		{"connections", "GET /connections", "none"},
		{"lookml_models", "GET /lookml_models", "short"},
		{"dashboards", "GET /dashboards/search", "none"},
	} {
		t.Run(tt.kind+" "+tt.do, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 5, Quirks: lookersim.Quirks{NoTotals: true}})
			kind := record.Kind(tt.kind)
			r.run(record.RunComplete, start(kind))
			r.rules(fmt.Sprintf("route=%s do=%s", tt.route, tt.do))
			result := r.run(record.RunPartial, start(kind))
			got := countsOf(t, result, kind)
			if got.Gone != 0 || got.Listing != record.Incomplete {
				t.Errorf("%+v, want nothing gone and an incomplete listing", got)
			}
			r.rules()
			compare(t, r, kind)
			r.run(record.RunComplete, start(kind))
		})
	}
}

// TestGoneFromAListCostsACall: what is not in a list in one answer any more and is
// not there alone either is gone, at one call each.
func TestGoneFromAListCostsACall(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 5})
	r.run(record.RunComplete, start("groups"))
	calls := r.run(record.RunComplete, start("groups")).API.Calls
	mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "groups", ID: "9"})
	result := r.run(record.RunComplete, start("groups"))
	if got := countsOf(t, result, "groups"); got.Gone != 1 || result.API.Calls != calls+1 {
		t.Errorf("%+v in %d calls more, want one gone at one call", got, result.API.Calls-calls)
	}
}
