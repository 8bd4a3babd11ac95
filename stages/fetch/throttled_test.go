package fetch_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestThrottledRoutesStayInUse: a call that was throttled says nothing about its route, one that
// was rejected does.
func TestThrottledRoutesStayInUse(t *testing.T) {
	for status, inUse := range map[int]bool{429: true, 400: false} {
		looker := &stagestest.Looker{Things: stagestest.Things(9)}
		looker.Before = func(n int, _ stages.Call) error {
			if n == 1 {
				return stagestest.Failed("throttled", status)
			}
			return nil
		}
		r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
		r.Fetch(t, record.Ask{Kind: "dashboards", How: record.IDs, State: record.Present, Want: stagestest.Want("4", "5")})
		if off := r.Ledger.Knows("dashboards", record.IDsOff); off == inUse {
			t.Errorf("status %d: the route is disabled: %t", status, off)
		}
	}
}
