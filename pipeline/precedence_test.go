package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/pipeline"
)

// step is what a worker of TestLaw2Precedence does when its moment has come.
type step func(run *pipeline.Run, ctx context.Context) error

// The hard cause is told before the interrupt, and what only follows from a cut is not told at all.
func TestLaw2Precedence(t *testing.T) {
	fails := func(err error) step { return func(*pipeline.Run, context.Context) error { return err } }
	// cutThen waits until its context ends and then returns what err makes of it.
	cutThen := func(err func(context.Context) error) step {
		return func(_ *pipeline.Run, ctx context.Context) error {
			<-ctx.Done()
			return err(ctx)
		}
	}
	its := func(err error) func(context.Context) error { return func(context.Context) error { return err } }
	wrapped := func(ctx context.Context) error { return fmt.Errorf("request: %w", ctx.Err()) }
	stop := func(run *pipeline.Run) { run.Stop(errInterrupt) }
	kill := func(run *pipeline.Run) { run.Kill(errSecond) }
	both := func(run *pipeline.Run) { run.Stop(errInterrupt); run.Kill(errSecond) }
	stopThenKill := func(run *pipeline.Run) { run.Stop(errInterrupt); synctest.Wait(); run.Kill(errSecond) }
	none := func(*pipeline.Run) {}
	ok := fails(nil)
	errCanceled, errDeadline := context.Canceled, context.DeadlineExceeded
	says, tells := cutThen(context.Context.Err), cutThen(context.Cause)
	late := func(run *pipeline.Run) { synctest.Wait(); stop(run) }
	stopAndFail := func(run *pipeline.Run, _ context.Context) error { stop(run); return errWork }
	tests := []struct {
		name            string
		fetch, write    step // at the second value; the first goes through
		caller          func(*pipeline.Run)
		want            error
		stopped, killed error
	}{
		{"nothing", ok, ok, none, nil, nil, nil},
		{"stop, request says that it was cut", says, ok, stop, errInterrupt, errInterrupt, nil},
		{"stop, request wraps that it was cut", cutThen(wrapped), ok, stop, errInterrupt, errInterrupt, nil},
		{"stop, request says why it was cut", tells, ok, stop, errInterrupt, errInterrupt, nil},
		{"stop, intake fails", cutThen(its(errIntake)), ok, stop, errIntake, errInterrupt, nil},
		{"stop, request's own deadline", cutThen(its(errDeadline)), ok, stop, errDeadline, errInterrupt, nil},
		{"kill, all say that they were cut", says, cutThen(wrapped), kill, errSecond, errSecond, errSecond},
		{"stop and kill, request knows of the stop", tells, ok, both, errSecond, errInterrupt, errSecond},
		{"kill, sink fails", ok, cutThen(its(errWork)), kill, errWork, errSecond, errSecond},
		{"kill, intake fails", cutThen(its(errIntake)), ok, kill, errIntake, errSecond, errSecond},
		{"stop, kill, sink fails", says, cutThen(its(errWork)), stopThenKill, errWork, errInterrupt, errSecond},
		{"intake fails", fails(errIntake), ok, none, errIntake, errIntake, nil},
		{"intake fails, stop", fails(errIntake), ok, late, errIntake, errIntake, nil},
		{"intake is cancelled by itself", fails(errCanceled), ok, none, errCanceled, errCanceled, nil},
		{"sink fails", ok, fails(errWork), none, errWork, errWork, errWork},
		{"sink is cancelled by itself", ok, fails(errCanceled), none, errCanceled, errCanceled, errCanceled},
		{"sink fails, intake is cut", says, fails(errWork), none, errWork, errWork, errWork},
		{"sink fails, intake fails for it", cutThen(its(errIntake)), fails(errWork), none, errWork, errWork, errWork},
		{"stop, sink fails", says, stopAndFail, none, errWork, errInterrupt, errWork},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				run := pipeline.NewRun(t.Context(), pipeline.Options{})
				fetch := func(ctx context.Context, id int, emit pipeline.Emit[int]) error {
					if id == 3 {
						return tt.fetch(run, ctx)
					}
					return emit(id)
				}
				write := func(ctx context.Context, id int, _ pipeline.Emit[struct{}]) error {
					if id == 2 {
						return tt.write(run, ctx)
					}
					return nil
				}
				fetched := pipeline.Then(run, intake("fetch", 1, 4, fetch), pipeline.From(run, upTo(3)))
				pipeline.Into(run, stage("write", 1, 0, write), fetched)
				done := make(chan error)
				go func() { done <- run.Wait() }()
				synctest.Wait()
				tt.caller(run)
				err := <-done
				synctest.Wait()
				noGoroutines(t)
				isError(t, "Wait", tt.want, err)
				isError(t, "Stopped", tt.stopped, run.Stopped())
				isError(t, "Killed", tt.killed, run.Killed())
			})
		})
	}
}

// A failure of the intake and a later one further down: the one that cost data is told by Wait, the other by Stopped.
func TestLaw2TheFailureThatCostsDataComesFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		fetch := func(_ context.Context, id int, emit pipeline.Emit[int]) error {
			if id == 2 {
				return errIntake
			}
			return emit(id)
		}
		write := func(context.Context, int, pipeline.Emit[struct{}]) error {
			synctest.Wait()
			return errWork
		}
		fetched := pipeline.Then(run, intake("fetch", 1, 0, fetch), pipeline.From(run, upTo(3)))
		pipeline.Into(run, stage("write", 1, 0, write), fetched)
		err := wait(t, run)
		isError(t, "Wait", errWork, err)
		isError(t, "Stopped", errIntake, run.Stopped())
		if errors.Is(err, errIntake) {
			t.Errorf("Wait told both failures: %v", err)
		}
	})
}

// Of two failures of the same kind the first is told, in the text of which nothing of the second appears.
func TestTheFirstFailureIsTold(t *testing.T) {
	for _, isIntake := range []bool{true, false} {
		t.Run(fmt.Sprintf("intake=%t", isIntake), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				run := pipeline.NewRun(t.Context(), pipeline.Options{})
				s := stage("work", 2, 0, func(_ context.Context, v int, _ pipeline.Emit[struct{}]) error {
					time.Sleep(time.Duration(v) * time.Second)
					return fmt.Errorf("value %d: %w", v, errWork)
				})
				s.Intake = isIntake
				pipeline.Into(run, s, pipeline.From(run, upTo(2)))
				err := wait(t, run)
				if err == nil || err.Error() != "work: value 1: disk full" {
					t.Errorf("Wait: got %v", err)
				}
			})
		})
	}
}

// The caller's own cause comes back as it is, also through a worker that returns what emit gave it.
func TestTheCauseComesBackUnchanged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		write := func(ctx context.Context, _ int, _ pipeline.Emit[struct{}]) error { return hang(ctx) }
		passed := pipeline.Then(run, intake("pass", 1, 0, pass[int]), pipeline.From(run, upTo(9)))
		pipeline.Into(run, stage("write", 1, 0, write), passed)
		go func() {
			synctest.Wait()
			run.Stop(errInterrupt)
			run.Kill(errSecond)
		}()
		if err := wait(t, run); err != errSecond {
			t.Errorf("Wait: got %v, want exactly %v", err, errSecond)
		}
	})
}
