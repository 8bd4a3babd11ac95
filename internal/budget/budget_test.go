package budget_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/budget"
)

func TestBudgetLetsNobodyIn(t *testing.T) {
	tests := []struct {
		name        string
		first, next budget.Load
		waits       bool
	}{
		{"room for both", budget.Load{Bytes: 40, Items: 1}, budget.Load{Bytes: 60, Items: 9}, false},
		{"no room for bytes", budget.Load{Bytes: 41, Items: 1}, budget.Load{Bytes: 60, Items: 1}, true},
		{"no room for items", budget.Load{Bytes: 1, Items: 2}, budget.Load{Bytes: 1, Items: 9}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := budget.New(budget.Load{Bytes: 100, Items: 10})
				first, err := b.Reserve(t.Context(), tt.first)
				if err != nil {
					t.Fatal(err)
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					next, err := b.Reserve(t.Context(), tt.next)
					if err != nil {
						t.Error(err)
					}
					defer next.Release()
				}()
				synctest.Wait()
				select {
				case <-done:
					if tt.waits {
						t.Error("got in, want it to wait")
					}
				default:
					if !tt.waits {
						t.Error("waits, want it to get in")
					}
				}
				first.Release()
				<-done
				if now, _ := b.Used(); now != (budget.Load{}) {
					t.Errorf("in flight at the end: %+v", now)
				}
			})
		})
	}
}

func TestBudgetClampsWhatIsTooMuch(t *testing.T) {
	b := budget.New(budget.Load{Bytes: 100, Items: 10})
	got, err := b.Reserve(t.Context(), budget.Load{Bytes: 5000, Items: 50})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(budget.Load{Bytes: 100, Items: 10}, got.Load()); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
}

func TestBudgetIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(budget.Load{Bytes: 100, Items: 100})
		first, _ := b.Reserve(t.Context(), budget.Load{Bytes: 90, Items: 1})
		var order []string
		for _, w := range []struct {
			name  string
			bytes int64
		}{{"large", 100}, {"small", 1}} {
			go func() {
				load, err := b.Reserve(t.Context(), budget.Load{Bytes: w.bytes, Items: 1})
				if err != nil {
					t.Error(err)
				}
				order = append(order, w.name)
				load.Release()
			}()
			synctest.Wait() // it stands in line before the next comes
		}
		first.Release()
		synctest.Wait()
		if diff := cmp.Diff([]string{"large", "small"}, order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	})
}

func TestBudgetGivesUpWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(budget.Load{Bytes: 100, Items: 10})
		all, _ := b.Reserve(t.Context(), budget.Load{Bytes: 100, Items: 1})
		cause := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		failed := make(chan error)
		go func() {
			_, err := b.Reserve(ctx, budget.Load{Bytes: 1, Items: 1})
			failed <- err
		}()
		synctest.Wait()
		cancel(cause)
		if err := <-failed; !errors.Is(err, cause) {
			t.Errorf("Reserve = %v, want the cause", err)
		}
		all.Release()
		if now, _ := b.Used(); now != (budget.Load{}) {
			t.Errorf("in flight at the end: %+v", now)
		}
	})
}

func TestBudgetLetsTheNextInWhenTheFirstGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(budget.Load{Bytes: 100, Items: 10})
		if _, err := b.Reserve(t.Context(), budget.Load{Bytes: 60, Items: 1}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			if _, err := b.Reserve(ctx, budget.Load{Bytes: 90, Items: 1}); !errors.Is(err, context.Canceled) {
				t.Errorf("Reserve = %v, want the context's error", err)
			}
		}()
		synctest.Wait()
		in := make(chan struct{})
		go func() {
			defer close(in)
			if _, err := b.Reserve(t.Context(), budget.Load{Bytes: 10, Items: 1}); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		cancel()
		<-in // there was room for it all the time
	})
}

func TestBudgetTellsWhatThereWasNoRoomFor(t *testing.T) {
	for name, want := range map[string]budget.Load{"bytes": {Bytes: 90, Items: 1}, "items": {Bytes: 1, Items: 10}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := budget.New(budget.Load{Bytes: 100, Items: 10})
				first, err := b.Reserve(t.Context(), budget.Load{Bytes: 50, Items: 1})
				if err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(time.Minute, func() { first.Release() })
				if _, err := b.Reserve(t.Context(), want); err != nil {
					t.Fatal(err)
				}
				bytes, items := b.WaitedFor()
				if (bytes == time.Minute) != (name == "bytes") || (items == time.Minute) != (name == "items") || b.Waited() != time.Minute {
					t.Errorf("waited %s for bytes and %s for documents", bytes, items)
				}
			})
		})
	}
}
