package pipeline_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/pipeline"
)

// twoStops has a request in the air and a commit under way, lets the test end the run, and returns the causes that
// each of them saw and what Wait returned.
func twoStops(
	t *testing.T, opts pipeline.Options, end func(run *pipeline.Run, cancelParent context.CancelCauseFunc),
) (run *pipeline.Run, request, commit, err error) {
	t.Helper()
	parent, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	run = pipeline.NewRun(parent, opts)
	fetch := func(ctx context.Context, id int, emit pipeline.Emit[int]) error {
		if id == 1 {
			return emit(id)
		}
		<-ctx.Done()
		request = context.Cause(ctx)
		return ctx.Err()
	}
	write := func(ctx context.Context, _ int, _ pipeline.Emit[struct{}]) error {
		select {
		case <-ctx.Done():
			commit = context.Cause(ctx)
			return ctx.Err()
		case <-time.After(time.Minute):
			return nil
		}
	}
	fetched := pipeline.Then(run, intake("fetch", 1, 0, fetch), pipeline.From(run, upTo(9)))
	pipeline.Into(run, stage("write", 1, 0, write), fetched)
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = wait(t, run)
	}()
	synctest.Wait()
	end(run, cancel)
	<-done
	return run, request, commit, err
}

// The first stop cuts the requests in the air and nothing else; the second cuts everything, each with its cause.
func TestLaw2TwoStops(t *testing.T) {
	tests := []struct {
		name            string
		opts            pipeline.Options
		end             func(run *pipeline.Run, cancelParent context.CancelCauseFunc)
		request, commit error         // what their contexts were cancelled with
		took            time.Duration // until Wait returned
		want            error
		stopped, killed error
	}{
		{
			name:    "stop",
			end:     func(run *pipeline.Run, _ context.CancelCauseFunc) { run.Stop(errInterrupt) },
			request: errInterrupt, took: time.Minute, want: errInterrupt, stopped: errInterrupt,
		},
		{
			name: "stop, then kill",
			end: func(run *pipeline.Run, _ context.CancelCauseFunc) {
				run.Stop(errInterrupt)
				time.Sleep(time.Second)
				run.Kill(errSecond)
			},
			request: errInterrupt, commit: errSecond, took: time.Second,
			want: errSecond, stopped: errInterrupt, killed: errSecond,
		},
		{
			name:    "kill",
			end:     func(run *pipeline.Run, _ context.CancelCauseFunc) { run.Kill(errSecond) },
			request: errSecond, commit: errSecond, want: errSecond, stopped: errSecond, killed: errSecond,
		},
		{
			name:    "the parent context ends",
			end:     func(_ *pipeline.Run, cancelParent context.CancelCauseFunc) { cancelParent(errSecond) },
			request: errSecond, commit: errSecond, want: errSecond, stopped: errSecond, killed: errSecond,
		},
		{
			name: "many times, the first of each counts",
			end: func(run *pipeline.Run, _ context.CancelCauseFunc) {
				run.Stop(errInterrupt)
				run.Stop(errIntake)
				run.Kill(errSecond)
				run.Kill(errIntake)
				run.Stop(errIntake)
			},
			request: errInterrupt, commit: errSecond, want: errSecond, stopped: errInterrupt, killed: errSecond,
		},
		{
			name:    "without a cause",
			end:     func(run *pipeline.Run, _ context.CancelCauseFunc) { run.Stop(nil) },
			request: context.Canceled, took: time.Minute, want: context.Canceled, stopped: context.Canceled,
		},
		{
			name:    "the grace period is long enough",
			opts:    pipeline.Options{Grace: 2 * time.Minute},
			end:     func(run *pipeline.Run, _ context.CancelCauseFunc) { run.Stop(errInterrupt) },
			request: errInterrupt, took: time.Minute, want: errInterrupt, stopped: errInterrupt,
		},
		{
			name:    "the grace period ends",
			opts:    pipeline.Options{Grace: 15 * time.Second},
			end:     func(run *pipeline.Run, _ context.CancelCauseFunc) { run.Stop(errInterrupt) },
			request: errInterrupt, commit: pipeline.ErrGrace, took: 15 * time.Second,
			want: pipeline.ErrGrace, stopped: errInterrupt, killed: pipeline.ErrGrace,
		},
		{
			name: "a second stop does not prolong the grace period",
			opts: pipeline.Options{Grace: 15 * time.Second},
			end: func(run *pipeline.Run, _ context.CancelCauseFunc) {
				run.Stop(errInterrupt)
				time.Sleep(10 * time.Second)
				run.Stop(errSecond)
			},
			request: errInterrupt, commit: errInterrupt, took: 15 * time.Second,
			want: errInterrupt, stopped: errInterrupt, killed: errInterrupt,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				start := time.Now()
				run, request, commit, err := twoStops(t, tt.opts, tt.end)
				equal(t, "took", tt.took, time.Since(start))
				isError(t, "cause of the request's context", tt.request, request)
				isError(t, "cause of the commit's context", tt.commit, commit)
				isError(t, "Wait", tt.want, err)
				isError(t, "Stopped", tt.stopped, run.Stopped())
				isError(t, "Killed", tt.killed, run.Killed())
			})
		})
	}
}

// After Kill no Do and no Flush begins, whatever waits for it.
func TestLaw2AfterKillNothingBegins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		s := pipeline.Stage[int, struct{}]{Name: "write", Workers: 1}
		s.New = func() pipeline.Worker[int, struct{}] {
			return methods[int, struct{}]{
				do: func(context.Context, int, pipeline.Emit[struct{}]) error {
					synctest.Wait()
					run.Kill(errSecond)
					return nil
				},
				flush: func(context.Context, pipeline.Emit[struct{}]) error {
					t.Error("Flush was called")
					return nil
				},
			}
		}
		pipeline.Into(run, s, pipeline.Then(run, stage("pass", 1, 9, pass[int]), pipeline.From(run, upTo(6))))
		isError(t, "Wait", errSecond, wait(t, run))
		stats := run.Stats()[1]
		equal(t, "values that were begun", 1, stats.In)
		equal(t, "values that were dropped", 5, stats.Skipped)
	})
}

// The end of the grace period tells also why the run was stopped.
func TestLaw2GraceKeepsTheCauseOfTheStop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		stop := func(run *pipeline.Run, _ context.CancelCauseFunc) { run.Stop(errInterrupt) }
		run, _, _, err := twoStops(t, pipeline.Options{Grace: time.Second}, stop)
		isError(t, "Wait", errInterrupt, err)
		isError(t, "Killed", pipeline.ErrGrace, run.Killed())
	})
}
