package pipeline_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/pipeline"
)

func TestFromSeq(t *testing.T) {
	errRead := errors.New("read refs")
	tests := []struct {
		name      string
		failAt    int // yield errRead after so many values; 0: never
		stopAt    int // Stop at this value; 0: never
		want      error
		delivered []int
	}{
		{"all", 0, 0, nil, []int{1, 2, 3, 4, 5}},
		{"an error is a failure of the intake", 2, 0, errRead, []int{1, 2}},
		{"an error at once", -1, 0, errRead, nil},
		{"ends at Stop", 0, 3, errInterrupt, []int{1, 2, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				run := pipeline.NewRun(t.Context(), pipeline.Options{})
				closed := false
				seq := iter.Seq2[int, error](func(yield func(int, error) bool) {
					defer func() { closed = true }()
					if tt.failAt < 0 {
						yield(99, errRead)
						return
					}
					for v := 1; v <= 5; v++ {
						if !yield(v, nil) {
							return
						}
						if v == tt.failAt && !yield(99, errRead) {
							return
						}
					}
				})
				var got shelf[int]
				write := func(_ context.Context, v int, _ pipeline.Emit[struct{}]) error {
					// The source stands with the next value in its hand when this one is worked on.
					synctest.Wait()
					got.put(v)
					if v == tt.stopAt {
						run.Stop(errInterrupt)
					}
					return nil
				}
				pipeline.Into(run, stage("write", 1, 0, write), pipeline.FromSeq(run, seq))
				isError(t, "Wait", tt.want, wait(t, run))
				equal(t, "delivered", tt.delivered, got.all())
				equal(t, "the sequence was closed", true, closed)
			})
		})
	}
}

// A sequence that gives up because the run was stopped has not failed.
func TestFromSeqThatIsCut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		seq := iter.Seq2[int, error](func(yield func(int, error) bool) {
			if yield(1, nil) {
				yield(0, hang(ctx))
			}
		})
		var got shelf[int]
		pipeline.Into(run, got.sink("write"), pipeline.FromSeq(run, seq))
		go func() {
			synctest.Wait()
			run.Stop(errInterrupt)
			cancel()
		}()
		isError(t, "Wait", errInterrupt, wait(t, run))
		equal(t, "delivered", []int{1}, got.all())
	})
}

func TestFromEndsAtStop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		var got shelf[int]
		write := func(_ context.Context, v int, _ pipeline.Emit[struct{}]) error {
			synctest.Wait()
			got.put(v)
			if v == 3 {
				run.Stop(errInterrupt)
			}
			return nil
		}
		pipeline.Into(run, stage("write", 1, 0, write), pipeline.From(run, upTo(9)))
		isError(t, "Wait", errInterrupt, wait(t, run))
		equal(t, "delivered", []int{1, 2, 3}, got.all())
	})
}

func TestFromNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		var got shelf[int]
		pipeline.Into(run, got.sink("write"), pipeline.From[int](run, nil))
		isError(t, "Wait", nil, wait(t, run))
		equal(t, "delivered", nil, got.all())
	})
}

// A source sends nothing after Stop, though many wait for its next value.
func TestFromSeqSendsNothingAfterStop(t *testing.T) {
	for range 20 {
		bubble(t, func(t *testing.T) {
			run := pipeline.NewRun(t.Context(), pipeline.Options{})
			var got shelf[int]
			s := got.sink("write")
			s.Workers = 3
			pipeline.Into(run, s, pipeline.FromSeq(run, arrive(0, 2*time.Second, 0)))
			time.AfterFunc(time.Second, func() { run.Stop(errInterrupt) })
			isError(t, "Wait", errInterrupt, wait(t, run))
			equal(t, "delivered", []int{1}, got.all())
		})
	}
}

// A sequence is not even begun when the run is stopped before.
func TestFromSeqAfterStop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		var got shelf[int]
		seq := iter.Seq2[int, error](func(func(int, error) bool) { t.Error("the sequence was begun") })
		pipeline.Into(run, got.sink("write"), pipeline.FromSeq(run, seq))
		run.Stop(errInterrupt)
		isError(t, "Wait", errInterrupt, wait(t, run))
	})
}
