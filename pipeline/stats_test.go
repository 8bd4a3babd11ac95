package pipeline_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/pipeline"
)

// The numbers of a small run by the second: a source of three, a stage that takes 1s a value and has room for one,
// and a sink that takes 4s.
//
//	 s   fetch              output  write
//	 0   Do 1                       starved
//	 1   Do 2               -       Do 1
//	 2   Do 3               2       Do 1
//	 3   blocked            2       Do 1
//	 5   starved, ended     3       Do 2
//	 9                      -       Do 3
//	13                              ended
func TestStats(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		fetch := func(_ context.Context, v int, emit pipeline.Emit[int]) error {
			time.Sleep(time.Second)
			return emit(v)
		}
		write := func(_ context.Context, _ int, emit pipeline.Emit[struct{}]) error {
			time.Sleep(4 * time.Second)
			return emit(struct{}{})
		}
		fetched := pipeline.Then(run, intake("fetch", 1, 1, fetch), pipeline.From(run, upTo(3)))
		pipeline.Into(run, stage("write", 1, 7, write), fetched)

		const second = time.Second
		want := map[string][]pipeline.StageStats{
			"before Wait": {
				{Name: "fetch", Workers: 1, Capacity: 1},
				{Name: "write", Workers: 1},
			},
			"after 2.5s, in the middle of Do": {
				{Name: "fetch", Workers: 1, Capacity: 1, In: 3, Out: 2, Queued: 1, Busy: 2500 * time.Millisecond},
				{Name: "write", Workers: 1, In: 1, Starved: second, Busy: 1500 * time.Millisecond},
			},
			"after 4s, while fetch is blocked": {
				{Name: "fetch", Workers: 1, Capacity: 1, In: 3, Out: 2, Queued: 1, Busy: 3 * second, Blocked: second},
				{Name: "write", Workers: 1, In: 1, Starved: second, Busy: 3 * second},
			},
			"after 6s, when fetch has ended": {
				{
					Name: "fetch", Workers: 1, Capacity: 1, In: 3, Out: 3, Queued: 1,
					Busy: 3 * second, Blocked: 2 * second, Ended: true,
				},
				{Name: "write", Workers: 1, In: 2, Out: 1, Starved: second, Busy: 5 * second},
			},
			"at the end": {
				{Name: "fetch", Workers: 1, Capacity: 1, In: 3, Out: 3, Busy: 3 * second, Blocked: 2 * second, Ended: true},
				{Name: "write", Workers: 1, In: 3, Out: 3, Starved: second, Busy: 12 * second, Ended: true},
			},
		}
		check := func(when string) { equal(t, when, want[when], run.Stats()) }
		check("before Wait")
		go func() {
			time.Sleep(2500 * time.Millisecond)
			check("after 2.5s, in the middle of Do")
			time.Sleep(1500 * time.Millisecond)
			check("after 4s, while fetch is blocked")
			time.Sleep(2 * time.Second)
			check("after 6s, when fetch has ended")
		}()
		isError(t, "Wait", nil, wait(t, run))
		check("at the end")
		time.Sleep(time.Hour)
		check("at the end")
	})
}

// Times are summed over the workers, and waiting for input counts while it lasts.
func TestStatsOfManyWorkers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		write := func(context.Context, int, pipeline.Emit[struct{}]) error {
			time.Sleep(10 * time.Second)
			return nil
		}
		pipeline.Into(run, stage("write", 3, 0, write), pipeline.FromSeq(run, arrive(0, 0, time.Minute)))
		go func() {
			time.Sleep(time.Second)
			synctest.Wait()
			equal(t, "after a second", []pipeline.StageStats{
				{Name: "write", Workers: 3, In: 2, Busy: 2 * time.Second, Starved: time.Second},
			}, run.Stats())
		}()
		isError(t, "Wait", nil, wait(t, run))
		equal(t, "at the end", []pipeline.StageStats{
			{Name: "write", Workers: 3, In: 3, Busy: 30 * time.Second, Starved: (60 + 50 + 50) * time.Second, Ended: true},
		}, run.Stats())
	})
}

// Stats may be called at any time, also while the run is being wired and from its workers; totals never shrink.
func TestStatsAtAnyTime(t *testing.T) {
	run := pipeline.NewRun(t.Context(), pipeline.Options{})
	done, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		var last pipeline.StageStats
		for {
			for _, s := range run.Stats() {
				if s.Name != "pass" {
					continue
				}
				if s.In < last.In || s.Out < last.Out ||
					s.Busy < last.Busy || s.Blocked < last.Blocked || s.Starved < last.Starved {
					t.Errorf("totals went down from %+v to %+v", last, s)
					return
				}
				last = s
			}
			select {
			case <-done:
				return
			default:
			}
		}
	}()
	values := pipeline.Then(run, stage("pass", 2, 2, pass[int]), pipeline.From(run, upTo(5000)))
	write := func(context.Context, int, pipeline.Emit[struct{}]) error { run.Stats(); return nil }
	pipeline.Into(run, stage("write", 2, 0, write), values)
	isError(t, "Wait", nil, run.Wait())
	close(done)
	<-watched
}
