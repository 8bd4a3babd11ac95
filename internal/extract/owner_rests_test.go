package extract_test

import (
	"slices"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestWhatIsOwnedByWhatRests: an owner is deleted while its kind rests, and a part of it is
// asked for: that is not there, which is no failure, and says nothing of the owner. The part is
// kept, and is gone with its owner when that is listed again.
func TestWhatIsOwnedByWhatRests(t *testing.T) {
	for owner, part := range map[record.Kind]record.Kind{
		"roles": "role_users", "user_attributes": "user_attribute_group_values",
	} {
		t.Run(string(owner), func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 3})
			r.refresh = map[record.Kind]time.Duration{owner: 211 * aDay}
			r.month(2, nil)
			id := r.sim.IDs(string(owner))[2]
			ref := record.Ref{Kind: part, ID: id}
			mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: string(owner), ID: id})
			r.month(2, nil)
			_, notes := r.newestCounts(part)
			if got := r.stateOf(ref.Kind, ref.ID); got != record.Present {
				t.Errorf("%s is %s while nobody knows of its owner", ref, got)
			}
			want := string(part) + ": 1 are not there (404), and what they belong to was not asked for again in this run: " + ref.ID
			if !slices.Contains(notes, want) {
				t.Errorf("nothing says %q: %q", want, notes)
			}
			r.refresh = nil
			r.month(2, nil)
			if got := r.stateOf(ref.Kind, ref.ID); got != record.Gone {
				t.Errorf("%s is %s at last", ref, got)
			}
			compareWith(t, r)
		})
	}
}
