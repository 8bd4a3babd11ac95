package stages_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestDocumentThatAListHoldsTwiceHasNoStamp: of two rows that differ nobody knows which is the
// document's, so neither tells that it did not change.
func TestDocumentThatAListHoldsTwiceHasNoStamp(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(4)}
	again := looker.Things[1]
	again.Version++
	looker.Things = slices.Insert(looker.Things, 2, again)
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "looks"))
	stamped := make(map[string]bool)
	for _, ask := range r.List(t, stagestest.KindOf(t, "looks")) {
		for _, row := range ask.Want {
			stamped[row.ID] = stamped[row.ID] || !row.Stamp.IsZero()
		}
	}
	if diff := cmp.Diff(map[string]bool{"1": true, "2": false, "3": true, "4": true}, stamped); diff != "" {
		t.Errorf("documents with a stamp (-want +got):\n%s", diff)
	}
}

// TestDeletedDocumentsThatAreStillServed: a kind without a trash is served for a while after it
// was deleted, which is no reason to doubt its list.
func TestDeletedDocumentsThatAreStillServed(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(4)}
	looker.Things[3].Trashed = true
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "roles"))
	r.Missing, r.Store.UnsettledIDs = true, []string{"3", "4"}
	r.Ledger.Listed("roles", 2)
	var found []string
	for _, ask := range r.List(t, stagestest.KindOf(t, "roles")) {
		for _, row := range ask.Want {
			found = append(found, row.ID)
		}
	}
	if diff := cmp.Diff([]string{"3"}, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}
