package stages_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
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
