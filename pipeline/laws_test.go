package pipeline_test

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/pipeline"
)

// item is a value that may be a bad one.
type item struct {
	ID    int
	Fault string
}

// A bad item is a value: it arrives like any other, and nothing happens to the run.
func TestLaw1ABadItemIsAValue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		fetch := func(_ context.Context, id int, emit pipeline.Emit[item]) error {
			if id == 2 {
				return emit(item{ID: id, Fault: "forbidden"})
			}
			return emit(item{ID: id})
		}
		var got shelf[item]
		fetched := pipeline.Then(run, intake("fetch", 1, 0, fetch), pipeline.From(run, upTo(3)))
		pipeline.Into(run, got.sink("write"), fetched)
		isError(t, "Wait", nil, wait(t, run))
		equal(t, "delivered", []item{{ID: 1}, {ID: 2, Fault: "forbidden"}, {ID: 3}}, got.all())
	})
}

// An error of the intake ends the intake only: what was fetched before it, also what another worker has in the air
// but already got, arrives.
func TestLaw1AnErrorOfTheIntakeIsAStop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		fetch := func(ctx context.Context, id int, emit pipeline.Emit[int]) error {
			switch id {
			case 3:
				synctest.Wait() // until the other worker has begun with 2
				return fmt.Errorf("fetch %d: %w", id, errIntake)
			case 2:
				<-ctx.Done()
				isError(t, "cause that the other worker sees", errIntake, context.Cause(ctx))
			}
			return emit(id)
		}
		var got shelf[int]
		fetched := pipeline.Then(run, intake("fetch", 2, 4, fetch), pipeline.From(run, upTo(100)))
		slow := func(ctx context.Context, id int, emit pipeline.Emit[int]) error {
			time.Sleep(time.Second)
			isError(t, "context of a later stage", nil, ctx.Err())
			return emit(id)
		}
		pipeline.Into(run, got.sink("write"), pipeline.Then(run, stage("serialize", 1, 0, slow), fetched))

		err := wait(t, run)
		isError(t, "Wait", errIntake, err)
		equal(t, "text", "fetch: fetch 3: login refused", err.Error())
		equal(t, "delivered", []int{1, 2}, got.all())
		isError(t, "Stopped", errIntake, run.Stopped())
		isError(t, "Killed", nil, run.Killed())
	})
}

// An error further down is a Kill: nothing that comes later could arrive.
func TestLaw1AnErrorFurtherDownIsAKill(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		var cut atomic.Int32
		fetch := func(ctx context.Context, id int, emit pipeline.Emit[int]) error {
			if err := emit(id); err != nil {
				cut.Add(1)
				isError(t, "error of emit", errWork, err)
				return err
			}
			return nil
		}
		commit := func(_ context.Context, id int, _ pipeline.Emit[struct{}]) error {
			if id == 3 {
				synctest.Wait()
				return fmt.Errorf("commit: %w", errWork)
			}
			return nil
		}
		fetched := pipeline.Then(run, intake("fetch", 1, 0, fetch), pipeline.From(run, upTo(100)))
		pipeline.Into(run, stage("write", 1, 0, commit), fetched)

		err := wait(t, run)
		isError(t, "Wait", errWork, err)
		equal(t, "text", "write: commit: disk full", err.Error())
		equal(t, "emits that gave up", 1, cut.Load())
		isError(t, "Killed", errWork, run.Killed())
		isError(t, "Stopped", errWork, run.Stopped())
	})
}

// After Stop an intake stage takes everything and works on nothing, so that the stage before it never waits for it.
func TestLaw3AnIntakeStageEmptiesItsInput(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		// One Do that does not look at its context at all: only an emptied input lets it end.
		list := func(_ context.Context, n int, emit pipeline.Emit[int]) error {
			for id := range n {
				if err := emit(id); err != nil {
					return err
				}
			}
			return nil
		}
		fetch := func(ctx context.Context, id int, emit pipeline.Emit[int]) error {
			if id >= 5 {
				return hang(ctx)
			}
			return emit(id)
		}
		var got shelf[int]
		asks := pipeline.Then(run, intake("list", 1, 2, list), pipeline.From(run, []int{1000, 1000}))
		pipeline.Into(run, got.sink("write"), pipeline.Then(run, intake("fetch", 2, 1, fetch), asks))
		go func() {
			synctest.Wait()
			run.Stop(errInterrupt)
		}()
		isError(t, "Wait", errInterrupt, wait(t, run))
		equal(t, "delivered", 5, len(got.all()))
		for _, s := range run.Stats() {
			switch s.Name {
			case "list":
				equal(t, "kinds that were listed", 1, s.In)
				equal(t, "asks", 1000, s.Out)
			case "fetch":
				equal(t, "asks that were begun", 7, s.In)
				equal(t, "asks that were left", 993, s.Skipped)
			}
		}
	})
}

// A stage that is no intake works off what it has after Stop.
func TestLaw3OtherStagesWorkOffTheirInput(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		fetch := func(_ context.Context, _ int, emit pipeline.Emit[int]) error {
			for id := range 100 {
				if err := emit(id); err != nil {
					return err
				}
			}
			return nil
		}
		var got shelf[int]
		write := func(_ context.Context, id int, _ pipeline.Emit[struct{}]) error {
			time.Sleep(time.Second)
			got.put(id)
			return nil
		}
		fetched := pipeline.Then(run, intake("fetch", 1, 2, fetch), pipeline.From(run, upTo(9)))
		records := pipeline.Then(run, stage("serialize", 2, 2, pass[int]), fetched)
		pipeline.Into(run, stage("write", 1, 0, write), records)
		go func() {
			synctest.Wait()
			run.Stop(errInterrupt)
		}()
		isError(t, "Wait", errInterrupt, wait(t, run))
		equal(t, "delivered", 100, len(got.all()))
	})
}

// emit waits through a Stop and gives up at Kill, with its cause.
func TestLaw3EmitGivesUpOnKillOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		gaveUp := make(chan error, 1)
		fetch := func(_ context.Context, id int, emit pipeline.Emit[int]) error {
			err := emit(id)
			if err != nil {
				gaveUp <- err
				isError(t, "a second emit", errSecond, emit(id))
			}
			return err
		}
		write := func(ctx context.Context, _ int, _ pipeline.Emit[struct{}]) error { return hang(ctx) }
		fetched := pipeline.Then(run, intake("fetch", 1, 0, fetch), pipeline.From(run, upTo(9)))
		pipeline.Into(run, stage("write", 1, 0, write), fetched)
		go func() {
			synctest.Wait()
			run.Stop(errInterrupt)
			synctest.Wait()
			if len(gaveUp) > 0 {
				t.Errorf("emit gave up on Stop: %v", <-gaveUp)
			}
			run.Kill(errSecond)
		}()
		isError(t, "Wait", errSecond, wait(t, run))
		isError(t, "error of emit", errSecond, <-gaveUp)
	})
}

// What a worker of an intake stage holds back when Stop comes is handed on.
func TestLaw3AnIntakeStageFlushesWhatItHolds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		fetch := pipeline.Stage[int, int]{Name: "fetch", Workers: 1, Intake: true}
		fetch.New = func() pipeline.Worker[int, int] {
			var held []int
			return methods[int, int]{
				do: func(ctx context.Context, id int, _ pipeline.Emit[int]) error {
					if id == 4 {
						return hang(ctx)
					}
					held = append(held, id)
					return nil
				},
				flush: func(ctx context.Context, emit pipeline.Emit[int]) error {
					isError(t, "context of Flush after Stop", nil, ctx.Err())
					for _, id := range held {
						if err := emit(id); err != nil {
							return err
						}
					}
					return nil
				},
			}
		}
		var got shelf[int]
		pipeline.Into(run, got.sink("write"), pipeline.Then(run, fetch, pipeline.From(run, upTo(9))))
		go func() {
			synctest.Wait()
			run.Stop(errInterrupt)
		}()
		isError(t, "Wait", errInterrupt, wait(t, run))
		equal(t, "delivered", []int{1, 2, 3}, got.all())
	})
}

// When the sink does not take, exactly what the stages have room for is in flight, and no more is read.
func TestLaw5BackPressureBoundsWhatIsInFlight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		var read atomic.Int32
		source := iter.Seq2[int, error](func(yield func(int, error) bool) {
			for {
				read.Add(1)
				if !yield(0, nil) {
					return
				}
			}
		})
		release := make(chan struct{})
		write := func(ctx context.Context, _ int, _ pipeline.Emit[struct{}]) error {
			select {
			case <-release:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		fetched := pipeline.Then(run, intake("fetch", 3, 5, pass[int]), pipeline.FromSeq(run, source))
		records := pipeline.Then(run, stage("serialize", 2, 0, pass[int]), fetched)
		pipeline.Into(run, stage("write", 1, 99, write), records)

		done := make(chan error)
		go func() { done <- wait(t, run) }()
		synctest.Wait()
		const room = 1 /* source */ + 3 + 5 /* fetch and its output */ + 2 /* serialize */ + 1 /* write */
		equal(t, "read while the sink does not take", room, read.Load())
		for range 10 {
			release <- struct{}{}
		}
		synctest.Wait()
		equal(t, "read when the sink has taken ten more", room+10, read.Load())
		run.Kill(errSecond)
		isError(t, "Wait", errSecond, <-done)
	})
}
