package pipeline_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/pipeline"
)

func TestEveryValueGoesThroughEveryStage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		double := func(_ context.Context, v int, emit pipeline.Emit[string]) error {
			text := strings.Repeat("x", v)
			if err := emit(text); err != nil {
				return err
			}
			return emit(text)
		}
		var got shelf[string]
		texts := pipeline.Then(run, stage("double", 1, 2, double), pipeline.From(run, upTo(3)))
		pipeline.Into(run, got.sink("write"), pipeline.Then(run, stage("pass", 1, 0, pass[string]), texts))
		isError(t, "Wait", nil, wait(t, run))
		equal(t, "delivered", []string{"x", "x", "xx", "xx", "xxx", "xxx"}, got.all())
		isError(t, "Wait again", nil, run.Wait())
	})
}

// Each worker is made by New, works on its own, and is flushed at the end.
func TestWorkers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		var made, flushed atomic.Int32
		s := pipeline.Stage[int, struct{}]{Name: "write", Workers: 3, New: func() pipeline.Worker[int, struct{}] {
			made.Add(1)
			return methods[int, struct{}]{
				do: func(context.Context, int, pipeline.Emit[struct{}]) error {
					time.Sleep(time.Second)
					return nil
				},
				flush: func(context.Context, pipeline.Emit[struct{}]) error { flushed.Add(1); return nil },
			}
		}}
		pipeline.Into(run, s, pipeline.From(run, upTo(12)))
		start := time.Now()
		isError(t, "Wait", nil, wait(t, run))
		equal(t, "workers that were made", 3, made.Load())
		equal(t, "workers that were flushed", 3, flushed.Load())
		equal(t, "took", 4*time.Second, time.Since(start))
	})
}

func TestMisuse(t *testing.T) {
	good := func(name string) pipeline.Stage[int, int] { return stage(name, 1, 0, pass[int]) }
	var end shelf[int]
	tests := []struct {
		name string
		wire func(run *pipeline.Run, in <-chan int)
		want string
	}{
		{"no name", func(run *pipeline.Run, in <-chan int) {
			pipeline.Into(run, end.sink("write"), pipeline.Then(run, good(""), in))
		}, `pipeline: stage "": it has no name`},
		{"no New", func(run *pipeline.Run, in <-chan int) {
			pipeline.Into(run, pipeline.Stage[int, struct{}]{Name: "write", Workers: 1}, in)
		}, `pipeline: stage "write": it has no New`},
		{"no workers", func(run *pipeline.Run, in <-chan int) {
			pipeline.Into(run, end.sink("write"), pipeline.Then(run, stage("fetch", 0, 0, pass[int]), in))
		}, `pipeline: stage "fetch": workers must be at least 1, not 0`},
		{"negative numbers", func(run *pipeline.Run, in <-chan int) {
			s := stage("fetch", -1, -2, pass[int])
			s.Every = -time.Second
			pipeline.Into(run, end.sink("write"), pipeline.Then(run, s, in))
		}, `pipeline: stage "fetch": workers must be at least 1, not -1
stage "fetch": buffer must be at least 0, not -2
stage "fetch": every must be at least 0, not -1s`},
		{"the same name twice", func(run *pipeline.Run, in <-chan int) {
			pipeline.Into(run, end.sink("fetch"), pipeline.Then(run, good("fetch"), in))
		}, `pipeline: stage "fetch": another stage has the same name`},
		{"an output that nobody takes", func(run *pipeline.Run, in <-chan int) {
			pipeline.Then(run, good("fetch"), in)
		}, `pipeline: fetch: no stage takes its output`},
		{"a source that nobody takes", func(run *pipeline.Run, in <-chan int) {
			pipeline.From(run, upTo(3))
			pipeline.Into(run, end.sink("write"), in)
		}, `pipeline: source: no stage takes its output`},
		{"an output that two take", func(run *pipeline.Run, in <-chan int) {
			pipeline.Into(run, end.sink("write"), in)
			pipeline.Into(run, end.sink("write again"), in)
		}, `pipeline: stage "write again": its input is no output of this run, or another stage takes it`},
		{"a channel from elsewhere", func(run *pipeline.Run, in <-chan int) {
			pipeline.Into(run, end.sink("write"), in)
			pipeline.Into(run, end.sink("write again"), make(chan int))
		}, `pipeline: stage "write again": its input is no output of this run, or another stage takes it`},
		{"no input", func(run *pipeline.Run, in <-chan int) {
			pipeline.Into(run, end.sink("write"), in)
			pipeline.Into(run, end.sink("write again"), nil)
		}, `pipeline: stage "write again": its input is no output of this run, or another stage takes it`},
		{"no sequence", func(run *pipeline.Run, in <-chan int) {
			pipeline.Into(run, end.sink("write"), in)
			pipeline.Into(run, end.sink("write again"), pipeline.FromSeq[int](run, nil))
		}, `pipeline: source: it has no sequence`},
		{"several at once", func(run *pipeline.Run, in <-chan int) {
			pipeline.Then(run, stage("fetch", 0, 0, pass[int]), in)
			pipeline.Into(run, end.sink("fetch"), nil)
		}, `pipeline: stage "fetch": workers must be at least 1, not 0
stage "fetch": another stage has the same name
stage "fetch": its input is no output of this run, or another stage takes it
fetch: no stage takes its output`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				run := pipeline.NewRun(t.Context(), pipeline.Options{})
				tt.wire(run, pipeline.FromSeq(run, func(func(int, error) bool) { t.Error("the source ran") }))
				run.Stop(errInterrupt)
				err := wait(t, run)
				if err == nil {
					t.Fatal("Wait returned nil")
				}
				equal(t, "Wait", tt.want, err.Error())
				isError(t, "Wait again", err, run.Wait())
				for _, s := range run.Stats() {
					equal(t, "stage that ran", false, s.Ended)
				}
			})
		})
	}
}

func TestAStageThatIsAddedTooLateIsAKill(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		add := func(ctx context.Context, _ int, _ pipeline.Emit[struct{}]) error {
			pipeline.Then(run, stage("late", 1, 0, pass[int]), nil)
			return hang(ctx)
		}
		pipeline.Into(run, stage("write", 1, 0, add), pipeline.From(run, upTo(3)))
		err := wait(t, run)
		if err == nil || err.Error() != "late: added to the run after Wait" {
			t.Errorf("Wait: got %v", err)
		}
	})
}

func TestARunWithoutStages(t *testing.T) {
	bubble(t, func(t *testing.T) {
		isError(t, "Wait", nil, wait(t, pipeline.NewRun(t.Context(), pipeline.Options{})))
	})
}

// The run may be ended before it starts and after it has ended, and by its own workers.
func TestStopAndKillAtAnyTime(t *testing.T) {
	type end = func(*pipeline.Run)
	stop := func(run *pipeline.Run) { run.Stop(errInterrupt) }
	kill := func(run *pipeline.Run) { run.Kill(errSecond) }
	none := func(*pipeline.Run) {}
	tests := []struct {
		name                  string
		before, within, after end
		want, stopped, killed error
		delivered             int
	}{
		{"stop before", stop, none, none, errInterrupt, errInterrupt, nil, 0},
		{"kill before", kill, none, none, errSecond, errSecond, errSecond, 0},
		{"stop within", none, stop, none, errInterrupt, errInterrupt, nil, 2},
		{"kill within", none, kill, none, errSecond, errSecond, errSecond, 1},
		{"stop after", none, none, stop, nil, nil, nil, 9},
		{"kill after", none, none, kill, nil, nil, nil, 9},
		{"stop within, kill after", none, stop, kill, errInterrupt, errInterrupt, nil, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				run := pipeline.NewRun(t.Context(), pipeline.Options{Grace: time.Hour})
				fetch := func(_ context.Context, id int, emit pipeline.Emit[int]) error {
					if id == 2 {
						synctest.Wait()
						tt.within(run)
					}
					return emit(id)
				}
				var got shelf[int]
				fetched := pipeline.Then(run, intake("fetch", 1, 0, fetch), pipeline.From(run, upTo(9)))
				pipeline.Into(run, got.sink("write"), fetched)
				tt.before(run)
				isError(t, "Wait", tt.want, wait(t, run))
				tt.after(run)
				isError(t, "Wait again", tt.want, run.Wait())
				isError(t, "Stopped", tt.stopped, run.Stopped())
				isError(t, "Killed", tt.killed, run.Killed())
				equal(t, "delivered", tt.delivered, len(got.all()))
			})
		})
	}
}

func TestTheParentsDeadlineIsAKill(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		run := pipeline.NewRun(ctx, pipeline.Options{})
		write := func(ctx context.Context, _ int, _ pipeline.Emit[struct{}]) error { return hang(ctx) }
		pipeline.Into(run, stage("write", 1, 0, write), pipeline.From(run, upTo(3)))
		isError(t, "Wait", context.DeadlineExceeded, wait(t, run))
		isError(t, "Killed", context.DeadlineExceeded, run.Killed())
	})
}

// After Kill there is nothing to be handed on, whether there is room for it or not.
func TestEmitAfterKill(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		emits := func(name string) pipeline.Func[int, struct{}] {
			return func(_ context.Context, _ int, emit pipeline.Emit[struct{}]) error {
				run.Kill(errSecond)
				isError(t, "emit of "+name, errSecond, emit(struct{}{}))
				return nil
			}
		}
		room := pipeline.Then(run, stage("with room", 1, 9, emits("a stage with room")), pipeline.From(run, upTo(1)))
		pipeline.Into(run, stage("idle", 1, 0, func(context.Context, struct{}, pipeline.Emit[struct{}]) error {
			t.Error("a value came through")
			return nil
		}), room)
		pipeline.Into(run, stage("last", 1, 0, emits("the last stage")), pipeline.From(run, upTo(1)))
		isError(t, "Wait", errSecond, wait(t, run))
	})
}
