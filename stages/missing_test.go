package stages_test

import (
	"path"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestMissingIsAskedForById: what the store holds and the listing did not is
// searched for, and what is found is asked for by id: it is no page of the list.
func TestMissingIsAskedForById(t *testing.T) {
	seen := func(r *stagestest.Rig) {
		r.Looker.Things = append(r.Looker.Things, stagestest.Thing{ID: "50", Trashed: true})
		r.Ledger.Saw("dashboards", []record.Listed{{ID: "1", State: record.Present}, {ID: "50", State: record.Trashed}})
	}
	tests := []struct {
		name  string
		set   func(*stagestest.Rig)
		calls []string
		want  []string // found
	}{
		{
			name: "by a list of ids", set: seen,
			calls: []string{
				"/dashboards/search?id=2,3,77,78,1&limit=5&offset=0",
				"/dashboards/search?deleted=true&id=77,78,50&limit=3&offset=0",
			},
			want: []string{"2", "3"},
		},
		{
			name: "nothing known lies in the trash", set: func(r *stagestest.Rig) {},
			calls: []string{
				"/dashboards/search?id=2,3,77,78&limit=4&offset=0",
				"/dashboards/search?deleted=true&id=77,78&limit=2&offset=0",
				"/dashboards/77", "/dashboards/78",
			},
			want: []string{"2", "3"},
		},
		{
			name: "alone", set: func(r *stagestest.Rig) { r.Looker.NoIDs = true },
			calls: []string{
				"/dashboards/search?id=2,3,77,78&limit=4&offset=0",
				"/dashboards/2", "/dashboards/3", "/dashboards/77", "/dashboards/78",
			},
			want: []string{"2", "3"},
		},
		{
			name: "not when it is left out", set: func(r *stagestest.Rig) {
				seen(r)
				r.Out = []record.Ref{{Kind: "dashboards", ID: "3"}, {Kind: "dashboards", ID: "77"}}
			},
			calls: []string{
				"/dashboards/search?id=2,78,1&limit=3&offset=0",
				"/dashboards/search?deleted=true&id=78,50&limit=2&offset=0",
			},
			want: []string{"2"},
		},
		{
			name: "nothing is missing", set: func(r *stagestest.Rig) { r.Store.UnsettledIDs = nil },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := stagestest.NewRig(&stagestest.Looker{Things: stagestest.Things(4)}, stagestest.KindOf(t, "dashboards"))
			r.Missing, r.Store.UnsettledIDs = true, []string{"2", "3", "77", "78"}
			tt.set(r)
			var found []string
			for _, ask := range r.List(t, stagestest.KindOf(t, "dashboards")) {
				if ask.How != record.IDs && ask.How != record.Single {
					t.Errorf("asked for by %v", ask.How)
				}
				for _, want := range ask.Want {
					found = append(found, want.ID)
				}
			}
			slices.Sort(found)
			if diff := cmp.Diff(tt.want, found); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.calls, stagestest.Short(r.Looker.Calls)); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMissingIsAskedForAlone: of a kind whose list takes no ids, what the list did not hold is asked
// for alone: all of a few, of many some first, and all others where one of these is there. What is
// there shows that the list is not whole.
func TestMissingIsAskedForAlone(t *testing.T) {
	for _, test := range []struct {
		name    string
		missing []string // as the store has them
		within  bool     // in a run of some folders
		asked   []string
		found   []string
	}{
		{name: "none is there", missing: []string{"70", "71"}, asked: []string{"70", "71"}},
		{name: "one is", missing: []string{"2", "70"}, asked: []string{"2", "70"}, found: []string{"2"}},
		{name: "many, none is there", missing: []string{"70", "71", "72", "73", "74", "75"}, asked: []string{"70", "72", "74"}},
		{name: "many, the first is", missing: []string{"2", "70", "71", "72"}, asked: []string{"2", "70", "71", "72"}, found: []string{"2"}},
		{name: "of some folders", within: true, missing: []string{"70", "71", "72", "73", "74", "75"}, asked: []string{"70", "71", "73"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			roles := stagestest.KindOf(t, "roles")
			r := stagestest.NewRig(&stagestest.Looker{Things: stagestest.Things(4)}, roles)
			r.Store.UnsettledIDs = test.missing
			options := r.ListOptions()
			options.Missing, options.Planner.Limits = true, plan.Limits{IDs: 3}
			if test.within {
				options.Planner.Limits.IDs = 5
				options.Planner.Within = func(record.Kind, string, string) bool { return true }
			}
			run := pipeline.NewRun(t.Context(), pipeline.Options{})
			asks := stagestest.Collect(run, pipeline.Then(run, stages.List(options), pipeline.From(run, []*catalogue.Spec{roles})))
			if err := run.Wait(); err != nil {
				t.Fatal(err)
			}
			var found, asked []string
			for _, ask := range *asks {
				for _, want := range ask.Want {
					found = append(found, want.ID)
				}
			}
			for _, call := range stagestest.Short(r.Looker.Calls) {
				asked = append(asked, path.Base(call))
			}
			slices.Sort(asked)
			if diff := cmp.Diff(test.asked, asked); diff != "" {
				t.Errorf("asked for (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.found, found); diff != "" {
				t.Errorf("found (-want +got)\n%s", diff)
			}
			if got := r.Ledger.Ends()[0].Listing == record.Incomplete; got != (test.found != nil) {
				t.Errorf("incomplete %t: %+v", got, r.Ledger.Ends()[0])
			}
		})
	}
}
