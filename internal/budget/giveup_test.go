package budget_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/lookervault/lookervault/internal/budget"
)

// TestRoomForOneWhoGivesUp: room that a caller of Reserve gets in the very moment in which its
// context ends is not lost, whichever of the two comes first.
func TestRoomForOneWhoGivesUp(t *testing.T) {
	for i := range 64 {
		synctest.Test(t, func(t *testing.T) {
			b := budget.New(budget.Load{Bytes: 10, Items: 10})
			all := b.Hold(budget.Load{Bytes: 10, Items: 1})
			ctx, cancel := context.WithCancel(t.Context())
			reserved := make(chan *budget.Lease)
			go func() {
				lease, err := b.Reserve(ctx, budget.Load{Bytes: 5, Items: 1})
				if (lease == nil) != (err != nil) {
					t.Errorf("a lease of %+v, and %v", lease.Load(), err)
				}
				reserved <- lease
			}()
			synctest.Wait()
			if i%2 == 0 {
				cancel()
			}
			all.Release() // most often before the caller takes itself out of the line
			cancel()
			lease := <-reserved
			lease.Release()
			if now, _ := b.Used(); now != (budget.Load{}) {
				t.Fatalf("%+v are in flight when nobody holds anything", now)
			}
		})
	}
}

// TestABatchThatIsClosedIsNotWanted: what was gathered in a batch that is being committed
// counts no more; nobody is asked to close another one for it.
func TestABatchThatIsClosedIsNotWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(budget.Load{Bytes: 10, Items: 10})
		gathered := b.Hold(budget.Load{Bytes: 8, Items: 1})
		b.Gathered(gathered.Load())
		b.Committing()
		go func() {
			lease, err := b.Reserve(t.Context(), budget.Load{Bytes: 5, Items: 1})
			if err != nil {
				t.Error(err)
			}
			lease.Release()
		}()
		synctest.Wait()
		select {
		case <-b.Wanted():
			t.Error("a batch is wanted that is closed already")
		default:
		}
		gathered.Release()
		synctest.Wait()
	})
}
