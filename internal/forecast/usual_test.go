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
	t.Parallel()
	groups, users, dashboards := []record.Kind{"groups"}, []record.Kind{"users"}, []record.Kind{"dashboards"}
	tests := []struct {
		name     string
		sizes    lookersim.Sizes
		kinds    []record.Kind
		exclude  bool        // the first document, so that not everything on a page is wanted
		full     bool        // everything is asked for again after a first backup, when sizes are known
		page     int         // 0: 100
		quota    bool        // calls are counted
		inFlight config.Size // 0: the default
		touched  int         // looks that change between the nights
		shortest int64       // rows that a first run compares for their short arrays, which no list of ids tells
		calls    []int64     // that the run makes in each night, as its forecast says
	}{
		{name: "1000 documents in one ask", sizes: lookersim.Sizes{Groups: 1000}, kinds: groups, calls: []int64{5, 3}},
		{name: "one more", sizes: lookersim.Sizes{Groups: 1001}, kinds: groups, calls: []int64{5, 4}},
		{name: "four lists of 250 ids", sizes: lookersim.Sizes{Groups: 1001}, kinds: groups, exclude: true, calls: []int64{8, 6}},
		{name: "one id more", sizes: lookersim.Sizes{Groups: 1002}, kinds: groups, exclude: true, calls: []int64{9, 7}},
		{name: "few: an eighth more fits into one ask", sizes: lookersim.Sizes{Groups: 888}, kinds: groups, calls: []int64{3, 2}},
		{name: "too many", sizes: lookersim.Sizes{Groups: 889}, kinds: groups, calls: []int64{3, 3}},
		{name: "few of 40 KB", sizes: lookersim.Sizes{LookmlDashboards: 20}, kinds: []record.Kind{"lookml_dashboards"}, calls: []int64{4, 2}, shortest: 1},
		{name: "a page of 100 times 20 KB holds 981 of 2 KB", sizes: lookersim.Sizes{Users: 981}, kinds: users, full: true, calls: []int64{3}},
		{name: "one user more", sizes: lookersim.Sizes{Users: 982}, kinds: users, full: true, calls: []int64{4}},
		// Some of these dashboards lie in the trash.
		{name: "eight times 20 documents of 20 KB", sizes: lookersim.Sizes{Dashboards: 543}, kinds: dashboards, full: true, page: 20, quota: true, calls: []int64{5}},
		{name: "one dashboard more", sizes: lookersim.Sizes{Dashboards: 544}, kinds: dashboards, full: true, page: 20, quota: true, calls: []int64{6}},
		{name: "a quarter of 10 MB", sizes: lookersim.Sizes{Dashboards: 433}, kinds: dashboards, full: true, quota: true, inFlight: 10 << 20, calls: []int64{5}},
		{name: "one more than that", sizes: lookersim.Sizes{Dashboards: 434}, kinds: dashboards, full: true, quota: true, inFlight: 10 << 20, calls: []int64{6}},
		{name: "a quarter of a folder", sizes: lookersim.Sizes{Looks: 80, Folders: 8}, kinds: []record.Kind{"looks"}, touched: 14, calls: []int64{11, 14}},
		// The longest list of a first run is not believed to end there without another call.
		{name: "a list of 2", sizes: lookersim.Sizes{Groups: 2}, kinds: groups, calls: []int64{3, 2}},
		{name: "1000 documents planned together", sizes: lookersim.Sizes{Folders: 1010}, kinds: []record.Kind{"folders", "content_metadata"}, calls: []int64{259}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 7, Sizes: tt.sizes})
			r.config.Stages.List.PageSize = 100
			if tt.page > 0 {
				r.config.Stages.List.PageSize = tt.page
			}
			if tt.quota {
				r.config.Looker.Quota = config.Quota{Administrative: 1000, Query: 1000}
			}
			if tt.inFlight > 0 {
				r.config.Limits.InFlightBytes = tt.inFlight
			}
			if tt.exclude {
				r.exclude = []record.Ref{{Kind: "groups", ID: r.sim.IDs("groups")[0]}}
			}
			if tt.full {
				r.made(record.RunComplete, start(tt.kinds...))
			}
			for night, want := range tt.calls {
				for _, id := range r.sim.IDs("looks")[:tt.touched*night] {
					mutate(t, r, lookersim.Change{Op: lookersim.OpTouch, Kind: "looks", ID: id, Value: "2026-01-02T03:04:05.000+00:00"})
				}
				begin := start(tt.kinds...)
				begin.Full = tt.full
				foreseen, made := r.foreseenAndMade(begin)
				if made != want {
					t.Errorf("night %d: the run made %d calls, want %d: %v", night+1, made, want, r.sim.Counts().Routes)
				}
				if night == 0 {
					want -= tt.shortest
				}
				if foreseen != want {
					t.Errorf("night %d: the forecast is of %d calls, want %d", night+1, foreseen, want)
				}
			}
		})
	}
}

// TestProvenForAMonth: where calls are counted, the rows of a list are compared with a
// document once in thirty days, and the forecast knows in which nights.
func TestProvenForAMonth(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 7, Sizes: lookersim.Sizes{Groups: 12}})
	r.config.Looker.Quota, r.refresh = config.Quota{Administrative: 1000, Query: 1000}, map[record.Kind]time.Duration{}
	var foreseen, made []int // nights
	for night := range 48 {
		at := r.night().AddDate(0, 0, night)
		r.now = func() time.Time { return at }
		expected, calls := r.foreseenAndMade(start("groups"))
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

// foreseenAndMade returns how many calls a run is forecast to make, and how many it makes.
func (r *rig) foreseenAndMade(s record.Start) (foreseen, made int64) {
	r.t.Helper()
	f, err := r.foresee(s)
	if err != nil {
		r.t.Fatal(err)
	}
	r.sim.ResetCounts()
	r.made(record.RunComplete, s)
	return f.Total().Likely, int64(r.sim.Counts().Calls)
}

// TestDocumentsThatMayBeSmall: dashboards of which nobody knows how large they are may come in
// larger pages where a page of 100 that are 32 times as small as usual, 469 KiB, is less than
// an answer may bring: a quarter of what may be in flight.
func TestDocumentsThatMayBeSmall(t *testing.T) {
	t.Parallel()
	for inFlight, want := range map[config.Size]int64{1900 << 10: 5, 1800 << 10: 9} {
		r := newRig(t, lookersim.Options{Seed: 7, Sizes: lookersim.Sizes{Dashboards: 500}})
		r.config.Stages.List.PageSize, r.config.Limits.InFlightBytes = 100, inFlight
		f, err := r.foresee(start("dashboards"))
		if err != nil {
			t.Fatal(err)
		}
		if least := f.Total().Low; least != want {
			t.Errorf("%v in flight: the forecast is of %d calls at least, want %d", inFlight, least, want)
		}
	}
}
