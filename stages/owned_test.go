package stages_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestPartsOfWhatIsGone: a part is not asked for once the run has proven that
// everything which holds it is gone. Where it has not, the part is asked for.
func TestPartsOfWhatIsGone(t *testing.T) {
	owner := record.Ref{Kind: "users", ID: "7"}
	tests := []struct {
		name      string
		listing   record.Listing // of users
		unasked   bool           // not all listed users were answered
		kind      record.Kind    // "": user_attribute_values
		named     bool
		unproven  bool
		excluded  bool
		parents   []record.Ref
		unsettled []string
		asks      int
	}{
		{name: "its owner is gone", listing: record.Complete, parents: []record.Ref{owner}, unsettled: []string{"7"}},
		{name: "its owner was settled", listing: record.Complete, named: true, parents: []record.Ref{owner}, unsettled: []string{"7"}, asks: 1},
		{name: "its owner could not be fetched", listing: record.Complete, parents: []record.Ref{owner}, unsettled: []string{"8"}, asks: 1},
		{name: "its owner is left out of the run", listing: record.Complete, excluded: true, parents: []record.Ref{owner}, unsettled: []string{"7"}, asks: 1},
		{name: "the list of owners is incomplete", listing: record.Incomplete, parents: []record.Ref{owner}, unsettled: []string{"7"}, asks: 1},
		{name: "not every owner was answered", listing: record.Complete, unasked: true, parents: []record.Ref{owner}, unsettled: []string{"7"}, asks: 1},
		{name: "the run proves no absence", listing: record.Complete, unproven: true, parents: []record.Ref{owner}, unsettled: []string{"7"}, asks: 1},
		{
			name: "another owner is of a kind that this run does not read", listing: record.Complete,
			parents: []record.Ref{owner, {Kind: "groups", ID: "7"}}, unsettled: []string{"7"}, asks: 1,
		},
		{name: "nothing is known to hold it", listing: record.Complete, unsettled: []string{"7"}, asks: 1},
		{name: "it is no part", listing: record.Complete, kind: "queries", parents: []record.Ref{owner}, unsettled: []string{"7"}, asks: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kind := stagestest.KindOf(t, "user_attribute_values")
			if tt.kind != "" {
				kind = stagestest.KindOf(t, tt.kind)
			}
			r := stagestest.NewRig(&stagestest.Looker{}, kind, stagestest.KindOf(t, "users"))
			r.Proves = !tt.unproven
			r.Store.FollowedRows = []record.Listed{{ID: "7", State: record.Present, Named: tt.named}}
			r.Store.ParentRefs, r.Store.UnsettledIDs = tt.parents, tt.unsettled
			if tt.excluded {
				r.Out = []record.Ref{owner}
			}
			if tt.unasked {
				r.Ledger.Asked("users", 1)
			}
			r.Ledger.Ended("users", tt.listing, "")
			if diff := cmp.Diff(tt.asks, len(r.List(t, kind))); diff != "" {
				t.Errorf("asks (-want +got):\n%s", diff)
			}
		})
	}
}
