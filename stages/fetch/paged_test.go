package fetch_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestWhatPagesDoNotName: a list in one answer cannot be had. What the vault holds and
// its pages do not name is gone only where it cannot be had alone either.
func TestWhatPagesDoNotName(t *testing.T) {
	tests := []struct {
		name          string
		held          []string // by the vault, beside 1 to 6, which the pages name
		hidden        []string // documents that the search leaves out
		unproven      bool     // the run proves no absence
		exclude       string
		gone          []string
		bodies        []string
		listing       record.Listing
		reason        string
		calls, listed int
	}{
		{name: "nothing else", bodies: stagestest.Numbers(1, 6), listing: record.Complete, calls: 5, listed: 6},
		{name: "gone", held: []string{"7", "8"}, gone: []string{"7", "8"}, bodies: stagestest.Numbers(1, 6), listing: record.Complete, calls: 7, listed: 6},
		{
			name: "there", held: []string{"7", "8"}, hidden: []string{"8"}, gone: []string{"7"}, bodies: append(stagestest.Numbers(1, 6), "8"), listing: record.Incomplete,
			reason: "GET /roles/search leaves out 1 that are there, and may leave out others: 8", calls: 7, listed: 7,
		},
		{name: "a key that proves no absence", held: []string{"7"}, unproven: true, bodies: stagestest.Numbers(1, 6), listing: record.Complete, calls: 5, listed: 6},
		{name: "excluded", held: []string{"7"}, exclude: "7", bodies: stagestest.Numbers(1, 6), listing: record.Complete, calls: 5, listed: 6},
		{
			name: "too many to ask for in one run", held: stagestest.Numbers(1001, 1251), gone: stagestest.Numbers(1001, 1250), bodies: stagestest.Numbers(1, 6), listing: record.Incomplete,
			reason: "GET /roles/search does not name more than 250 that the vault holds; the next run asks for others of them", calls: 255, listed: 6,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			looker := &stagestest.Looker{Things: stagestest.Things(6)}
			for _, id := range tt.hidden {
				looker.Things = append(looker.Things, stagestest.Thing{ID: id, Trashed: true}) // searches show no trash
			}
			looker.Before = func(_ int, call stages.Call) error {
				if call.Path == "/roles" {
					return stagestest.Failed("server", 504)
				}
				return nil
			}
			r := stagestest.NewRig(looker, stagestest.KindOf(t, "roles"))
			r.Proves, r.Size = !tt.unproven, 3
			r.Store.UnsettledIDs = append(stagestest.Numbers(1, 6), tt.held...)
			if tt.exclude != "" {
				r.Out = []record.Ref{{Kind: "roles", ID: tt.exclude}}
			}
			items := r.Both(t, stagestest.KindOf(t, "roles"))
			isGone := func(i record.Item) bool { return i.State == record.Gone }
			if diff := cmp.Diff(tt.gone, stagestest.IDs(items, isGone)); diff != "" {
				t.Errorf("gone (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.bodies, stagestest.IDs(items, stagestest.HasBody)); diff != "" {
				t.Errorf("documents (-want +got):\n%s", diff)
			}
			if n := len(looker.Calls); n != tt.calls {
				t.Errorf("%d calls, want %d: %q", n, tt.calls, looker.Calls[:min(n, 10)])
			}
			want := []record.End{{Kind: "roles", Listing: tt.listing, Listed: int64(tt.listed), Reason: tt.reason}}
			if diff := cmp.Diff(want, r.Ledger.Ends()); diff != "" {
				t.Errorf("ends (-want +got):\n%s", diff)
			}
		})
	}
}
