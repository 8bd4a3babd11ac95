package forecast_test

import (
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// TestForecastSharesThePlanOfARun: whatever number of the planner is changed, a run makes
// another number of calls, and the forecast says which.
func TestForecastSharesThePlanOfARun(t *testing.T) {
	t.Parallel()
	usual := secondNight(t, plan.Limits{})
	for name, limits := range map[string]plan.Limits{
		"documents in one ask":          {PerAsk: 20},
		"ids in one call":               {IDs: 7},
		"what is planned together":      {Followed: 5},
		"the part of a folder":          {FolderShare: 1},
		"bytes in one answer":           {Document: 3000},
		"thrift":                        {Thrift: 1},
		"how long a comparison is good": {ProvenFor: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			if calls := secondNight(t, limits); calls == usual {
				t.Errorf("%d calls, as with the usual limits", calls)
			}
		})
	}
}

// secondNight makes two runs under some limits, between which looks change, and returns how
// many calls the second one made, which were those that were forecast.
func secondNight(t *testing.T, limits plan.Limits) int64 {
	t.Helper()
	sizes := simtest.Small()
	sizes.Dashboards, sizes.Folders = 160, 8
	r := newRig(t, lookersim.Options{Seed: 7, Sizes: sizes})
	r.limits, r.refresh = limits, map[record.Kind]time.Duration{}
	r.config.Looker.Quota = config.Quota{Administrative: 1000, Query: 1000}
	// Of this kind not everything on a page is wanted.
	r.exclude = []record.Ref{{Kind: "dashboards", ID: r.sim.IDs("dashboards")[3]}}
	r.month(1)
	for _, id := range r.sim.IDs("looks")[:14] {
		mutate(t, r, lookersim.Change{Op: lookersim.OpTouch, Kind: "looks", ID: id, Value: "2026-01-02T03:04:05.000+00:00"})
	}
	r.now = func() time.Time { return r.night() }
	f, err := r.foresee(start(defaults()...))
	if err != nil {
		t.Fatal(err)
	}
	r.month(1)
	made := int64(r.sim.Counts().Calls)
	if total := f.Total(); total.Likely != made {
		t.Errorf("forecast %+v calls, the run made %d", total, made)
		for _, k := range f.Kinds {
			t.Logf("%s: %+v", k.Kind, k.Calls())
		}
		for route, n := range r.sim.Counts().Routes {
			t.Logf("made %d %s", n, route)
		}
	}
	return made
}
