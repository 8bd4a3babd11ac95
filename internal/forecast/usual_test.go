package forecast_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestUsualNumbersOfThePlanner: each case stands just below or just above a point at which
// one of the planner's usual numbers decides. Whoever changes that number changes how many
// calls the run makes here, and how many its forecast says.
func TestUsualNumbersOfThePlanner(t *testing.T) {
	groups, users, dashboards := []record.Kind{"groups"}, []record.Kind{"users"}, []record.Kind{"dashboards"}
	tests := []struct {
		name     string
		sizes    lookersim.Sizes
		kinds    []record.Kind
		exclude  bool        // the first document, so that not everything on a page is wanted
		quota    bool        // calls are counted
		inFlight config.Size // 0: the default
		touched  int         // looks that change between the nights
		calls    []int64     // that the run makes in the first night, and in the second one
		compares int64       // of those in the first night: what looks cut off is compared, which no forecast foresees
	}{
		{name: "1000 documents in one ask", sizes: lookersim.Sizes{Groups: 1000}, kinds: groups, calls: []int64{5, 3}},
		{name: "one more", sizes: lookersim.Sizes{Groups: 1001}, kinds: groups, calls: []int64{5, 4}},
		{name: "four lists of 250 ids", sizes: lookersim.Sizes{Groups: 1001}, kinds: groups, exclude: true, calls: []int64{7, 6}},
		{name: "one id more", sizes: lookersim.Sizes{Groups: 1002}, kinds: groups, exclude: true, calls: []int64{8, 7}},
		{name: "few: an eighth more fits into one ask", sizes: lookersim.Sizes{Groups: 888}, kinds: groups, calls: []int64{2, 2}},
		{name: "too many", sizes: lookersim.Sizes{Groups: 889}, kinds: groups, calls: []int64{2, 3}},
		{name: "few of 40 KB", sizes: lookersim.Sizes{LookmlDashboards: 20}, kinds: []record.Kind{"lookml_dashboards"}, calls: []int64{2, 2}},
		{name: "a page of 100 times 20 KB holds 666 of 3 KB", sizes: lookersim.Sizes{Users: 666}, kinds: users, calls: []int64{10}, compares: 5},
		{name: "one user more", sizes: lookersim.Sizes{Users: 667}, kinds: users, calls: []int64{10}, compares: 5},
		// Four of these dashboards lie in the trash. Pages of a first run are cut by what the first one
		// weighs, so that one call fewer is made than the forecast says, which knows no sizes.
		{name: "eight times that holds 106 of 150 KB", sizes: lookersim.Sizes{Dashboards: 110}, kinds: dashboards, quota: true, calls: []int64{9}, compares: 3},
		{name: "one dashboard more", sizes: lookersim.Sizes{Dashboards: 111}, kinds: dashboards, quota: true, calls: []int64{9}, compares: 3},
		{name: "a quarter of 60 MB holds 102", sizes: lookersim.Sizes{Dashboards: 106}, kinds: dashboards, quota: true, inFlight: 60 << 20, calls: []int64{9}, compares: 3},
		{name: "one more than that", sizes: lookersim.Sizes{Dashboards: 107}, kinds: dashboards, quota: true, inFlight: 60 << 20, calls: []int64{9}, compares: 3},
		{name: "a quarter of a folder", sizes: lookersim.Sizes{Looks: 80, Folders: 8}, kinds: []record.Kind{"looks"}, touched: 14, calls: []int64{10, 14}},
		{name: "1000 documents planned together", sizes: lookersim.Sizes{Folders: 1010}, kinds: []record.Kind{"folders", "content_metadata"}, calls: []int64{259}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 7, Sizes: tt.sizes})
			r.config.Stages.List.PageSize = 100
			if tt.quota {
				r.config.Looker.Quota = config.Quota{Administrative: 1000, Query: 1000}
			}
			if tt.inFlight > 0 {
				r.config.Limits.InFlightBytes = tt.inFlight
			}
			if tt.exclude {
				r.exclude = []record.Ref{{Kind: "groups", ID: r.sim.IDs("groups")[0]}}
			}
			for night, want := range tt.calls {
				for _, id := range r.sim.IDs("looks")[:tt.touched*night] {
					mutate(t, r, lookersim.Change{Op: lookersim.OpTouch, Kind: "looks", ID: id, Value: "2026-01-02T03:04:05.000+00:00"})
				}
				foreseen, made := r.foreseenAndMade(tt.kinds...)
				if made != want {
					t.Errorf("night %d: the run made %d calls, want %d: %v", night+1, made, want, r.sim.Counts().Routes)
				}
				if foreseen+tt.compares != want {
					t.Errorf("night %d: the forecast is of %d calls, want %d", night+1, foreseen, want-tt.compares)
				}
			}
		})
	}
}

// TestProvenForAMonth: where calls are counted, the rows of a list are compared with a
// document once in thirty days, and the forecast knows in which nights.
func TestProvenForAMonth(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 7, Sizes: lookersim.Sizes{Groups: 12}})
	r.config.Looker.Quota, r.refresh = config.Quota{Administrative: 1000, Query: 1000}, map[record.Kind]time.Duration{}
	var foreseen, made []int // nights
	for night := range 48 {
		at := r.night().AddDate(0, 0, night)
		r.now = func() time.Time { return at }
		expected, calls := r.foreseenAndMade("groups")
		if expected > 1 {
			foreseen = append(foreseen, night)
		}
		if calls > 1 {
			made = append(made, night)
		}
	}
	want := []int{0, 17, 47} // the turn of this list comes in night 17, and thirty nights later
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("nights in which the run compares (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, foreseen); diff != "" {
		t.Errorf("nights for which the forecast says so (-want +got):\n%s", diff)
	}
}

// foreseenAndMade returns how many calls a run of some kinds is forecast to make, and how many it makes.
func (r *rig) foreseenAndMade(kinds ...record.Kind) (foreseen, made int64) {
	r.t.Helper()
	f, err := r.foresee(start(kinds...))
	if err != nil {
		r.t.Fatal(err)
	}
	r.sim.ResetCounts()
	r.made(record.RunComplete, start(kinds...))
	return f.Total().Likely, int64(r.sim.Counts().Calls)
}
