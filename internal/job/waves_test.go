package job_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/pipeline"
)

// stages are a wave of one stage that works on numbers.
func stages(name string, numbers []int, do func(ctx context.Context, n int) error) func(*pipeline.Run) {
	return func(run *pipeline.Run) {
		pipeline.Into(run, pipeline.Stage[int, struct{}]{
			Name: name, Workers: 1,
			New: pipeline.Shared(func(ctx context.Context, n int, _ pipeline.Emit[struct{}]) error { return do(ctx, n) }),
		}, pipeline.From(run, numbers))
	}
}

func TestWavesAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, ended := 0, 0
		waves := job.NewWaves(job.WavesOptions{
			Begins: func(*pipeline.Run) { begun++ }, Ended: func(*pipeline.Run) { ended++ },
		})
		second := func(context.Context, int) error { time.Sleep(time.Second); return nil }
		for _, build := range []func(*pipeline.Run){
			stages("read", []int{1, 2}, second), stages("check", []int{1}, second), stages("read", []int{1, 2, 3}, second),
		} {
			if err := waves.Run(t.Context(), build); err != nil {
				t.Fatal(err)
			}
		}
		want := []pipeline.StageStats{
			{Name: "read", Workers: 1, In: 5, Busy: 5 * time.Second, Ended: true},
			{Name: "check", Workers: 1, In: 1, Busy: time.Second, Ended: true},
		}
		if diff := cmp.Diff(want, waves.Stats(), cmpopts.IgnoreFields(pipeline.StageStats{}, "Starved")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if begun != 3 || ended != 3 || waves.Killed() || waves.Stopped() {
			t.Errorf("%d begun, %d ended, killed %v, stopped %v", begun, ended, waves.Killed(), waves.Stopped())
		}
	})
}

// TestWavesEnd ends a wave whose second value takes ten seconds unless it is killed.
func TestWavesEnd(t *testing.T) {
	for _, test := range []struct {
		name    string
		grace   time.Duration
		kill    bool // after two seconds
		took    time.Duration
		killed  bool
		besides error
	}{
		{"a stop works off what there is", time.Minute, false, 11 * time.Second, false, nil},
		{"a stop is a kill when the grace is over", 3 * time.Second, false, 4 * time.Second, true, pipeline.ErrGrace},
		{"a stop is a kill without grace", 0, false, time.Second, true, nil},
		{"a kill ends it at once", time.Minute, true, 2 * time.Second, true, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stop, stopNow := context.WithCancel(t.Context())
				kill, killNow := context.WithCancelCause(t.Context())
				defer killNow(nil)
				time.AfterFunc(time.Second, stopNow)
				if test.kill {
					time.AfterFunc(2*time.Second, func() { killNow(job.ErrInterrupted) })
				}
				waves := job.NewWaves(job.WavesOptions{Stop: stop, Grace: test.grace})
				began := time.Now()
				err := waves.Run(kill, stages("work", []int{1, 2}, func(ctx context.Context, n int) error {
					if n == 1 {
						return nil
					}
					select {
					case <-time.After(11 * time.Second):
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				}))
				if !errors.Is(err, job.ErrInterrupted) || test.besides != nil && !errors.Is(err, test.besides) {
					t.Errorf("got %v, want ErrInterrupted and %v", err, test.besides)
				}
				if took := time.Since(began); took != test.took || waves.Killed() != test.killed || !waves.Stopped() {
					t.Errorf("took %v, killed %v, stopped %v; want %v, %v, true", took, waves.Killed(), waves.Stopped(), test.took, test.killed)
				}
			})
		})
	}
}
