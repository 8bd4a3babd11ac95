package stages_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
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
		{name: "nothing else", bodies: numbers(1, 6), listing: record.Complete, calls: 5, listed: 6},
		{name: "gone", held: []string{"7", "8"}, gone: []string{"7", "8"}, bodies: numbers(1, 6), listing: record.Complete, calls: 7, listed: 6},
		{
			name: "there", held: []string{"7", "8"}, hidden: []string{"8"}, gone: []string{"7"}, bodies: append(numbers(1, 6), "8"), listing: record.Incomplete,
			reason: "GET /roles/search leaves out 1 that are there, and may leave out others: 8", calls: 7, listed: 7,
		},
		{name: "a key that proves no absence", held: []string{"7"}, unproven: true, bodies: numbers(1, 6), listing: record.Complete, calls: 5, listed: 6},
		{name: "excluded", held: []string{"7"}, exclude: "7", bodies: numbers(1, 6), listing: record.Complete, calls: 5, listed: 6},
		{
			name: "too many to ask for in one run", held: numbers(1001, 1251), gone: numbers(1001, 1250), bodies: numbers(1, 6), listing: record.Incomplete,
			reason: "GET /roles/search does not name more than 250 that the vault holds; the next run asks for others of them", calls: 255, listed: 6,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			looker := &fakeLooker{things: things(6)}
			for _, id := range tt.hidden {
				looker.things = append(looker.things, thing{id: id, trashed: true}) // searches show no trash
			}
			looker.before = func(_ int, call stages.Call) error {
				if call.Path == "/roles" {
					return failed("server", 504)
				}
				return nil
			}
			r := newRig(looker, kindOf(t, "roles"))
			r.proves, r.size = !tt.unproven, 3
			r.store.unsettled = append(numbers(1, 6), tt.held...)
			if tt.exclude != "" {
				r.out = []record.Ref{{Kind: "roles", ID: tt.exclude}}
			}
			items := r.both(t, kindOf(t, "roles"))
			isGone := func(i record.Item) bool { return i.State == record.Gone }
			if diff := cmp.Diff(tt.gone, ids(items, isGone)); diff != "" {
				t.Errorf("gone (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.bodies, ids(items, hasBody)); diff != "" {
				t.Errorf("documents (-want +got):\n%s", diff)
			}
			if n := len(looker.calls); n != tt.calls {
				t.Errorf("%d calls, want %d: %q", n, tt.calls, looker.calls[:min(n, 10)])
			}
			want := []record.End{{Kind: "roles", Listing: tt.listing, Listed: int64(tt.listed), Reason: tt.reason}}
			if diff := cmp.Diff(want, r.ledger.Ends()); diff != "" {
				t.Errorf("ends (-want +got):\n%s", diff)
			}
		})
	}
}
