package stages_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/stages"
)

func TestLimitsLetNobodyIn(t *testing.T) {
	tests := []struct {
		name        string
		first, next stages.Load
		waits       bool
	}{
		{"room for both", stages.Load{Bytes: 40, Items: 1}, stages.Load{Bytes: 60, Items: 9}, false},
		{"no room for bytes", stages.Load{Bytes: 41, Items: 1}, stages.Load{Bytes: 60, Items: 1}, true},
		{"no room for items", stages.Load{Bytes: 1, Items: 2}, stages.Load{Bytes: 1, Items: 9}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := stages.NewLimits(stages.Load{Bytes: 100, Items: 10})
				if _, err := l.Reserve(t.Context(), tt.first); err != nil {
					t.Fatal(err)
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					if _, err := l.Reserve(t.Context(), tt.next); err != nil {
						t.Error(err)
					}
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
				l.Release(tt.first)
				<-done
				l.Release(tt.next)
				if now, _ := l.Used(); now != (stages.Load{}) {
					t.Errorf("in flight at the end: %+v", now)
				}
			})
		})
	}
}

func TestLimitsClampWhatIsTooMuch(t *testing.T) {
	l := stages.NewLimits(stages.Load{Bytes: 100, Items: 10})
	got, err := l.Reserve(t.Context(), stages.Load{Bytes: 5000, Items: 50})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(stages.Load{Bytes: 100, Items: 10}, got); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
}

func TestLimitsAreFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := stages.NewLimits(stages.Load{Bytes: 100, Items: 100})
		first, _ := l.Reserve(t.Context(), stages.Load{Bytes: 90, Items: 1})
		var order []string
		for _, w := range []struct {
			name  string
			bytes int64
		}{{"large", 100}, {"small", 1}} {
			go func() {
				load, err := l.Reserve(t.Context(), stages.Load{Bytes: w.bytes, Items: 1})
				if err != nil {
					t.Error(err)
				}
				order = append(order, w.name)
				l.Release(load)
			}()
			synctest.Wait() // it stands in line before the next comes
		}
		l.Release(first)
		synctest.Wait()
		if diff := cmp.Diff([]string{"large", "small"}, order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	})
}

func TestLimitsGiveUpWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := stages.NewLimits(stages.Load{Bytes: 100, Items: 10})
		all, _ := l.Reserve(t.Context(), stages.Load{Bytes: 100, Items: 1})
		cause := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		failed := make(chan error)
		go func() {
			_, err := l.Reserve(ctx, stages.Load{Bytes: 1, Items: 1})
			failed <- err
		}()
		synctest.Wait()
		cancel(cause)
		if err := <-failed; !errors.Is(err, cause) {
			t.Errorf("Reserve = %v, want the cause", err)
		}
		l.Release(all)
		if now, _ := l.Used(); now != (stages.Load{}) {
			t.Errorf("in flight at the end: %+v", now)
		}
	})
}

func TestLimitsLetTheNextInWhenTheFirstGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := stages.NewLimits(stages.Load{Bytes: 100, Items: 10})
		if _, err := l.Reserve(t.Context(), stages.Load{Bytes: 60, Items: 1}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			if _, err := l.Reserve(ctx, stages.Load{Bytes: 90, Items: 1}); !errors.Is(err, context.Canceled) {
				t.Errorf("Reserve = %v, want the context's error", err)
			}
		}()
		synctest.Wait()
		in := make(chan struct{})
		go func() {
			defer close(in)
			if _, err := l.Reserve(t.Context(), stages.Load{Bytes: 10, Items: 1}); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		cancel()
		<-in // there was room for it all the time
	})
}

func TestLimitsTellWhatThereWasNoRoomFor(t *testing.T) {
	for name, want := range map[string]stages.Load{"bytes": {Bytes: 90, Items: 1}, "items": {Bytes: 1, Items: 10}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := stages.NewLimits(stages.Load{Bytes: 100, Items: 10})
				first, err := l.Reserve(t.Context(), stages.Load{Bytes: 50, Items: 1})
				if err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(time.Minute, func() { l.Release(first) })
				if _, err := l.Reserve(t.Context(), want); err != nil {
					t.Fatal(err)
				}
				bytes, items := l.WaitedFor()
				if (bytes == time.Minute) != (name == "bytes") || (items == time.Minute) != (name == "items") || l.Waited() != time.Minute {
					t.Errorf("waited %s for bytes and %s for documents", bytes, items)
				}
			})
		})
	}
}
