package stages_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// TestLongIDs: an id has at most 1024 bytes.
func TestLongIDs(t *testing.T) {
	for n, want := range map[int]bool{1024: true, 1025: false} {
		id, wrong := stages.RowID(kindOf(t, "dashboards"), []byte(`{"id":"`+strings.Repeat("x", n)+`"}`))
		if got := len(id) == n && wrong == ""; got != want {
			t.Errorf("%d bytes: taken for an id %t, want %t: %s", n, got, want, wrong)
		}
	}
}

// TestThrottledRoutesStayInUse: a call that was throttled says nothing about its route, one that
// was rejected does.
func TestThrottledRoutesStayInUse(t *testing.T) {
	for status, inUse := range map[int]bool{429: true, 400: false} {
		looker := &fakeLooker{things: things(9)}
		looker.before = func(n int, _ stages.Call) error {
			if n == 1 {
				return failed("throttled", status)
			}
			return nil
		}
		r := newRig(looker, kindOf(t, "dashboards"))
		r.fetch(t, record.Ask{Kind: "dashboards", How: record.IDs, State: record.Present, Want: want("4", "5")})
		if off := r.ledger.Knows("dashboards", record.IDsOff); off == inUse {
			t.Errorf("status %d: the route is disabled: %t", status, off)
		}
	}
}
