package pipeline_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/pipeline"
)

func TestShare(t *testing.T) {
	tests := []struct {
		name         string
		most, values int
		wantMost     int32
	}{
		{name: "nothing to do", most: 8, values: 0, wantMost: 0},
		{name: "less than there are hands", most: 8, values: 3, wantMost: 3},
		{name: "more than there are hands", most: 8, values: 40, wantMost: 8},
		{name: "one hand", most: 1, values: 4, wantMost: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				values := make([]int, tt.values)
				for i := range values {
					values[i] = i
				}
				var (
					inside atomic.Int32
					mu     sync.Mutex
					most   int32
					got    = []int{}
				)
				err := pipeline.Share(tt.most, values, func() func(int) error {
					return func(v int) error {
						n := inside.Add(1)
						defer inside.Add(-1)
						time.Sleep(time.Second) // all who may begin have begun
						mu.Lock()
						defer mu.Unlock()
						most = max(most, n)
						got = append(got, v)
						return nil
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				slices.Sort(got)
				if diff := cmp.Diff(values, got); diff != "" {
					t.Errorf("values (-want +got):\n%s", diff)
				}
				if most != tt.wantMost {
					t.Errorf("%d calls at once, want %d", most, tt.wantMost)
				}
			})
		})
	}
}

func TestShareBeginsNothingAfterAnError(t *testing.T) {
	wrong := errors.New("wrong")
	calls := 0
	err := pipeline.Share(1, []int{1, 2, 3, 4}, func() func(int) error {
		return func(v int) error {
			calls++
			if v == 2 {
				return wrong
			}
			return nil
		}
	})
	if !errors.Is(err, wrong) || calls != 2 {
		t.Errorf("%d calls, error %v, want 2 and %v", calls, err, wrong)
	}
}

func TestShareHandsAPanicOn(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic, want that of the call")
		}
	}()
	_ = pipeline.Share(2, []int{1, 2}, func() func(int) error {
		return func(int) error { panic("broken") }
	})
}
