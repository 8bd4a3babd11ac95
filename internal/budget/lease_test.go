package budget_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/budget"
)

// TestLease follows one lease: what is in flight after each step, and when its memory
// is given back.
func TestLease(t *testing.T) {
	type step struct {
		name string
		do   func()
		want budget.Load
		free int // how often the memory was given back until then
	}
	b := budget.New(budget.Load{Bytes: 100, Items: 10})
	var lease, nothing *budget.Lease
	var parts []*budget.Lease
	free := 0
	for _, s := range []step{
		{"reserve", func() { lease, _ = b.Reserve(t.Context(), budget.Load{Bytes: 40, Items: 3}) }, budget.Load{Bytes: 40, Items: 3}, 0},
		{"resize", func() { lease.Resize(budget.Load{Bytes: 60, Items: 3}) }, budget.Load{Bytes: 60, Items: 3}, 0},
		{"attach", func() { lease.Attach(func() { free++ }) }, budget.Load{Bytes: 60, Items: 3}, 0},
		{"split", func() { parts = lease.Split(2) }, budget.Load{Bytes: 60, Items: 2}, 0},
		{"release what is split", func() { lease.Release() }, budget.Load{Bytes: 60, Items: 2}, 0},
		{"resize a part", func() { parts[0].Resize(budget.Load{Bytes: 5, Items: 1}) }, budget.Load{Bytes: 65, Items: 2}, 0},
		{"resize it again", func() { parts[0].Resize(budget.Load{Bytes: 7, Items: 1}) }, budget.Load{Bytes: 67, Items: 2}, 0},
		{"release the last part", func() { parts[1].Release() }, budget.Load{Bytes: 7, Items: 1}, 1},
		{"release it again", func() { parts[1].Release() }, budget.Load{Bytes: 7, Items: 1}, 1},
		{"release the first", func() { parts[0].Release() }, budget.Load{}, 1},
		{"hold more than there is", func() { lease = b.Hold(budget.Load{Bytes: 500, Items: 1}) }, budget.Load{Bytes: 500, Items: 1}, 1},
		{"attach again", func() { lease.Attach(func() { free++ }) }, budget.Load{Bytes: 500, Items: 1}, 1},
		{"release", func() { lease.Release() }, budget.Load{}, 2},
		{"nil", func() {
			nothing.Attach(nil)
			nothing.Resize(budget.Load{Bytes: 1})
			for _, part := range nothing.Split(3) {
				part.Release()
			}
			nothing.Release()
		}, budget.Load{}, 2},
	} {
		s.do()
		now, _ := b.Used()
		if diff := cmp.Diff(s.want, now); diff != "" || free != s.free {
			t.Errorf("%s: memory given back %d times, want %d; in flight (-want +got):\n%s", s.name, free, s.free, diff)
		}
	}
}
