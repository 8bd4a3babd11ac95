package pipeline_test

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/lookervault/lookervault/pipeline"
)

func TestEachHasNoMoreUnderWay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		free := make(chan struct{})
		var inside atomic.Int64
		done := pipeline.Async(func() []error {
			return pipeline.Each(3, []int{1, 2, 3, 4, 5, 6, 7}, func(int) error {
				inside.Add(1)
				<-free
				return nil
			})
		})
		for want := int64(3); want < 7; want++ {
			synctest.Wait()
			if got := inside.Load(); got != want {
				t.Fatalf("%d calls have begun, want %d", got, want)
			}
			free <- struct{}{}
		}
		close(free)
		if errs := done(); len(errs) != 7 || errors.Join(errs...) != nil {
			t.Errorf("errors %v, want seven times nil", errs)
		}
	})
}

// What has begun is waited for, and what has not begun stays undone.
func TestEachBeginsNothingAfterAnError(t *testing.T) {
	broken := errors.New("broken")
	var calls []int
	errs := pipeline.Each(1, []int{1, 2, 3}, func(n int) error {
		calls = append(calls, n)
		if n == 2 {
			return broken
		}
		return nil
	})
	if want := []error{nil, broken, nil}; !slices.Equal(errs, want) {
		t.Errorf("errors %v, want %v", errs, want)
	}
	equal(t, "calls", []int{1, 2}, calls)
}

func TestEachPanicsWhereItIsCalled(t *testing.T) {
	defer func() {
		if p := recover(); p == nil || !strings.Contains(p.(interface{ String() string }).String(), "oh no") {
			t.Errorf("recovered %v, want the panic", p)
		}
	}()
	pipeline.Each(2, []int{1, 2}, func(int) error { panic("oh no") })
}
