package plan_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// TestWhatTheServerCountsNeedsNoLook: a part of the longest list that came with the number of the
// whole shows that the server counts documents and not rows of an answer. Then nothing stands
// behind that list, nor behind another one of its sort; whole lists are another sort.
func TestWhatTheServerCountsNeedsNoLook(t *testing.T) {
	for _, test := range []struct {
		name    string
		counted int // documents of dashboards as a part of their list says, 0: it said nothing
		want    int // sorts of lists to look behind
	}{
		{"no part came", 0, 2},
		{"a part says the same", 300, 1},
		{"a part says more", 900, 2},
		{"a part says less", 200, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			var l plan.Lengths
			l.OneAnswer(plan.ListTail{Kind: "dashboards", State: record.Present, Rows: 300})
			l.OneAnswer(plan.ListTail{Kind: "users", State: record.Present, Rows: 300})
			l.OneAnswer(plan.ListTail{Kind: "scheduled_plans", State: record.Present, Rows: 120})
			if test.counted > 0 {
				l.Counted("dashboards", record.Present, test.counted)
			}
			if got := l.Witnesses(func(record.Kind) bool { return false }); len(got) != test.want {
				t.Errorf("%d sorts of lists to look behind, want %d: %v", len(got), test.want, got)
			}
		})
	}
}
