package fetch_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestUnprovenRowsHaveNoStamp: where the budget ends before a row was compared with its
// document, the rows that came are stored, and the next run fetches them again.
func TestUnprovenRowsHaveNoStamp(t *testing.T) {
	r := stagestest.NewRig(&stagestest.Looker{Things: stagestest.Things(3)}, stagestest.KindOf(t, "dashboards"))
	r.Looker.Before = func(n int, _ stages.Call) error {
		if n > 1 {
			return stages.ErrBudget
		}
		return nil
	}
	ask := stagestest.PageAsk(0, "1", "2", "3")
	for i := range ask.Want {
		ask.Want[i].Stamp = record.Digest{9}
	}
	items := r.Fetch(t, ask)
	if len(items) != 3 {
		t.Fatalf("%d documents, want the three that came", len(items))
	}
	for _, item := range items {
		if !item.Stamp.IsZero() || !item.Unproven || item.Body == nil {
			t.Errorf("%s: stamp %x, unproven %t, %d bytes", item.Ref, item.Stamp, item.Unproven, len(item.Body))
		}
	}
}
