package extract_test

import (
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// restless is a rig whose server changes once, when the listing of documents that
// are present was answered.
func restless(t *testing.T, options lookersim.Options, route string, changes ...lookersim.Change) (r *rig, armed *atomic.Bool) {
	armed = new(atomic.Bool)
	options.Observe = func(c lookersim.Call) {
		listing := c.Route == route && strings.Contains(c.Query, "offset=0") && !strings.Contains(c.Query, "deleted=true")
		if listing && armed.CompareAndSwap(true, false) {
			mutate(t, r, changes...)
		}
	}
	r = newRig(t, options)
	return r, armed
}

// TestTakenOutOfTheTrashMeanwhile: a dashboard is in the trash while the present
// ones are listed, and is present while the trash is. It is in neither list, and is
// not gone.
func TestTakenOutOfTheTrashMeanwhile(t *testing.T) {
	for name, quirks := range map[string]lookersim.Quirks{"as it should be": {}, "id lists are ignored": {IgnoreIDs: true}} {
		t.Run(name, func(t *testing.T) {
			r, armed := restless(t, lookersim.Options{Seed: 3, Quirks: quirks}, "GET /dashboards/search",
				lookersim.Change{Op: lookersim.OpRestore, Kind: "dashboards", ID: "5"})
			mutate(t, r, lookersim.Change{Op: lookersim.OpTrash, Kind: "dashboards", ID: "5"})
			r.run(record.RunComplete, start("dashboards", "users"))
			if got := r.states("dashboards")["5"]; got != record.Trashed {
				t.Fatalf("it is %s before, want trashed", got)
			}
			mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: "7"})
			armed.Store(true)
			result := r.run(record.RunComplete, start("dashboards", "users"))
			if armed.Load() {
				t.Fatal("nothing was restored")
			}
			if got := countsOf(t, result, "dashboards"); got.Gone != 1 || r.states("dashboards")["5"] != record.Present {
				t.Errorf("it is %s and %+v, want it present, and 7 gone", r.states("dashboards")["5"], got)
			}
			if notes := strings.Join(result.Run.Notes, "\n"); !strings.Contains(notes, "dashboards: 1 came back, or moved, while the list was read: 5") {
				t.Errorf("notes: %s", notes)
			}
			compare(t, r, "dashboards")
		})
	}
}

// TestGoneIsLookedForFirst: what a listing does not hold any more costs a call by
// id and state, and is gone when that does not find it.
func TestGoneIsLookedForFirst(t *testing.T) {
	for _, usual := range []bool{false, true} { // with usual limits a page brings all of a list
		r := newRig(t, lookersim.Options{Seed: 3})
		if usual {
			r.config.Stages.List.PageSize, r.limits = 100, plan.Limits{}
		}
		r.run(record.RunComplete, start("dashboards", "users", "roles"))
		calls := r.run(record.RunComplete, start("dashboards", "users", "roles")).API.Calls
		mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: "5"},
			lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: "7"},
			lookersim.Change{Op: lookersim.OpDelete, Kind: "users", ID: "9"})
		result := r.run(record.RunComplete, start("dashboards", "users", "roles"))
		if got := countsOf(t, result, "dashboards"); got.Gone != 2 {
			t.Errorf("%+v, want two gone", got)
		}
		if got := countsOf(t, result, "users"); got.Gone != 1 {
			t.Errorf("%+v, want one gone", got)
		}
		if got := result.API.Calls - calls; got != 3 {
			t.Errorf("usual limits %v: %d calls more than without, want 3: two states of dashboards, one of users", usual, got)
		}
	}
}

// TestScopedRunsLookForTheirOwn: a run of some folders says nothing about what lies outside of
// them, and looks for what lay in them and is not listed: a list may be cut off. Nothing of it is
// gone.
func TestScopedRunsLookForTheirOwn(t *testing.T) {
	var lookedFor atomic.Int32
	r := newRig(t, lookersim.Options{Seed: 3, TrashShare: 0.1, Observe: func(c lookersim.Call) {
		if strings.Contains(c.Query, "fields=") && strings.Contains("&"+c.Query, "&id=") {
			lookedFor.Add(1)
		}
	}})
	r.run(record.RunComplete, start("dashboards"))
	folder := r.stored()[record.Ref{Kind: "dashboards", ID: "5"}].Folder
	mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: "5"})
	for _, scoped := range []struct {
		folder   string
		searches int32 // one a state
	}{{"2", 0}, {folder, 2}, {"1", 2}} {
		lookedFor.Store(0)
		got := countsOf(t, r.run(record.RunComplete, inFolder(scoped.folder, true, "dashboards")), "dashboards")
		if got.Gone != 0 || lookedFor.Load() != scoped.searches {
			t.Errorf("folder %s: %+v, %d searches by id, want %d", scoped.folder, got, lookedFor.Load(), scoped.searches)
		}
	}
	lookedFor.Store(0)
	if got := countsOf(t, r.run(record.RunComplete, start("dashboards")), "dashboards"); got.Gone != 1 || lookedFor.Load() != 2 {
		t.Errorf("%+v, %d searches by id; want one gone, looked for in two states", got, lookedFor.Load())
	}
}

// TestLaterRunsUseTheDictionary: a changed dashboard takes little, as the vault
// holds what dashboards have in common.
func TestLaterRunsUseTheDictionary(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3})
	r.run(record.RunComplete, start("dashboards"))
	mutate(t, r, lookersim.Change{Op: lookersim.OpTitle, Kind: "dashboards", ID: "5", Value: "Another"})
	got := countsOf(t, r.run(record.RunComplete, start("dashboards")), "dashboards")
	size := int64(len(r.stored()[record.Ref{Kind: "dashboards", ID: "5"}].Body))
	if got.Changed != 1 || got.Stored == 0 || got.Stored*6 > size {
		t.Errorf("%+v, want one changed, and a sixth of its %d bytes stored at most", got, size)
	}
}

// TestNothingIsGoneThatCouldNotBeLookedFor: when the search fails, or the budget
// ends before it, the kind is not complete and nothing of it is gone.
func TestNothingIsGoneThatCouldNotBeLookedFor(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(r *rig, calls int64)
		listing record.Listing
	}{
		{"it fails", func(r *rig, _ int64) {
			r.rules(fmt.Sprintf("route=GET /dashboards/search after=%d status=500", r.sim.Counts().Routes["GET /dashboards/search"]/2))
		}, record.Incomplete},
		{"no budget", func(r *rig, calls int64) { r.config.RateLimit.MaxCalls = int(calls) }, record.Budget},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 3})
			r.run(record.RunComplete, start("dashboards"))
			calls := r.run(record.RunComplete, start("dashboards")).API.Calls
			mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: "5"})
			tt.prepare(r, calls)
			result := r.run(record.RunPartial, start("dashboards"))
			if got := countsOf(t, result, "dashboards"); got.Gone != 0 || got.Listing != tt.listing {
				t.Errorf("%+v, want nothing gone and the listing %s", got, tt.listing)
			}
			r.rules()
			r.config.RateLimit.MaxCalls = 0
			if got := countsOf(t, r.run(record.RunComplete, start("dashboards")), "dashboards"); got.Gone != 1 {
				t.Errorf("%+v, want it gone the next time", got)
			}
		})
	}
}

// TestEmptyFromAMomentOn: a server that answers every list and search of a kind with none from
// some call on, as one does whose database is restored, makes nothing gone: what an empty search
// does not find counts only where that search finds what is known to be there.
func TestEmptyFromAMomentOn(t *testing.T) {
	for _, kind := range []record.Kind{"dashboards", "looks", "groups", "users"} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			for i := range 16 {
				after := i / 2
				r := newRig(t, lookersim.Options{Seed: 3, TrashShare: 0.2})
				if i%2 == 1 { // a page brings all of the list
					r.config.Stages.List.PageSize, r.limits = 100, plan.Limits{}
				}
				r.run(record.RunComplete, start(kind, "boards"))
				before := r.states(kind)
				rule := lookersim.Rule{Kind: string(kind), Do: lookersim.FaultNone, After: after}
				if err := r.sim.SetRules(rule); err != nil {
					t.Fatal(err)
				}
				if _, err := r.try(start(kind, "boards")); err != nil {
					t.Logf("after %d: %v", after, err)
				}
				for id, state := range r.states(kind) {
					if state == record.Gone && before[id] != record.Gone {
						t.Errorf("after %d calls: %s/%s was %s and is gone", after, kind, id, before[id])
					}
				}
			}
		})
	}
}

// TestTheTrashAloneIsEmpty: a server that answers lists of the trash with none from some call on,
// and every other one as it should be, makes nothing gone: an empty search in the trash counts only
// where it finds what is known to lie there.
func TestTheTrashAloneIsEmpty(t *testing.T) {
	for _, kind := range []record.Kind{"dashboards", "looks"} {
		for _, usual := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, usual limits %v", kind, usual), func(t *testing.T) {
				t.Parallel()
				for after := range 3 {
					r := newRig(t, lookersim.Options{Seed: 3, TrashShare: 0.2})
					if usual {
						r.config.Stages.List.PageSize, r.limits = 100, plan.Limits{}
					}
					r.run(record.RunComplete, start(kind, "users"))
					before := r.states(kind)
					rule := lookersim.Rule{Route: "GET /" + string(kind) + "/search", Query: "deleted=true", Do: lookersim.FaultNone, After: after}
					if err := r.sim.SetRules(rule); err != nil {
						t.Fatal(err)
					}
					result, err := r.try(start(kind, "users"))
					if err != nil {
						t.Fatal(err)
					}
					if states := r.states(kind); !maps.Equal(states, before) {
						t.Errorf("after %d calls: %v, was %v: %+v", after, states, before, countsOf(t, result, kind))
					}
					if got := countsOf(t, result, kind); after == 0 && got.Listing != record.Incomplete {
						t.Errorf("%+v, want an incomplete listing", got)
					}
				}
			})
		}
	}
}
