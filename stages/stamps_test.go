package stages_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// TestUnprovenRowsHaveNoStamp: where the budget ends before a row was compared with its
// document, the rows that came are stored, and the next run fetches them again.
func TestUnprovenRowsHaveNoStamp(t *testing.T) {
	r := newRig(&fakeLooker{things: things(3)}, kindOf(t, "dashboards"))
	r.looker.before = func(n int, _ stages.Call) error {
		if n > 1 {
			return stages.ErrBudget
		}
		return nil
	}
	ask := pageAsk(0, "1", "2", "3")
	for i := range ask.Want {
		ask.Want[i].Stamp = record.Digest{9}
	}
	items := r.fetch(t, ask)
	if len(items) != 3 {
		t.Fatalf("%d documents, want the three that came", len(items))
	}
	for _, item := range items {
		if !item.Stamp.IsZero() || !item.Unproven || item.Body == nil {
			t.Errorf("%s: stamp %x, unproven %t, %d bytes", item.Ref, item.Stamp, item.Unproven, len(item.Body))
		}
	}
}

// TestDocumentThatAListHoldsTwiceHasNoStamp: of two rows that differ nobody knows which is the
// document's, so neither tells that it did not change.
func TestDocumentThatAListHoldsTwiceHasNoStamp(t *testing.T) {
	looker := &fakeLooker{things: things(4)}
	again := looker.things[1]
	again.version++
	looker.things = slices.Insert(looker.things, 2, again)
	r := newRig(looker, kindOf(t, "looks"))
	stamped := make(map[string]bool)
	for _, ask := range r.list(t, kindOf(t, "looks")) {
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
	looker := &fakeLooker{things: things(4)}
	looker.things[3].trashed = true
	r := newRig(looker, kindOf(t, "roles"))
	r.missing, r.store.unsettled = true, []string{"3", "4"}
	r.ledger.Listed("roles", 2)
	var found []string
	for _, ask := range r.list(t, kindOf(t, "roles")) {
		for _, row := range ask.Want {
			found = append(found, row.ID)
		}
	}
	if diff := cmp.Diff([]string{"3"}, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}
