package pipeline_test

import (
	"context"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/pipeline"
)

func TestAsyncDoesNotWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		free := make(chan struct{})
		result := pipeline.Async(func() int { <-free; return 7 })
		close(free)
		equal(t, "results", []int{7, 7}, []int{result(), result()})
	})
}

func TestAsyncPanicsWhereItIsWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		pipeline.Into(run, pipeline.Stage[int, struct{}]{
			Name: "waits", Workers: 1,
			New: pipeline.Shared(func(context.Context, int, pipeline.Emit[struct{}]) error {
				return pipeline.Async(func() error { panic("oh no") })()
			}),
		}, pipeline.From(run, []int{1}))
		if err := wait(t, run); err == nil || !strings.Contains(err.Error(), "oh no") {
			t.Errorf("Wait = %v, want the panic", err)
		}
	})
}
