package pipeline_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lookervault/lookervault/pipeline"
)

// ways to end badly, each with what Wait must say of it.
var failures = []struct {
	name string
	fail func() error
	want error
	text string // of the error, after the name of the stage
}{
	{"error", func() error { return errWork }, errWork, "disk full"},
	{"panic", func() error { panic("boom") }, nil, "panic: boom"},
	{"panic with an error", func() error { panic(errWork) }, errWork, "panic: disk full"},
	{"runtime error", func() error { var m map[int]int; m[1]++; return nil }, nil, "panic: assignment to entry in nil map"}, //nolint:staticcheck // it is meant to panic
	{"panic with nil", func() error { panic(nil) }, nil, "panic: panic called with nil argument"},
	{"goexit", func() error { runtime.Goexit(); return nil }, pipeline.ErrGoexit, "worker ended its own goroutine"},
}

// places where it can happen: fail is called at the third value, or at the end in Flush, or at the start in New.
var places = []struct {
	name   string
	stage  string // whose name the error begins with
	intake bool   // Stop rather than Kill
}{
	{name: "source", stage: "source", intake: true},
	{name: "New of the intake", stage: "fetch", intake: true},
	{name: "Do of the intake", stage: "fetch", intake: true},
	{name: "Flush of the intake", stage: "fetch", intake: true},
	{name: "New in the middle", stage: "serialize"},
	{name: "Do in the middle", stage: "serialize"},
	{name: "Flush in the middle", stage: "serialize"},
	{name: "New at the end", stage: "write"},
	{name: "Do at the end", stage: "write"},
	{name: "Flush at the end", stage: "write"},
}

// Whatever happens wherever becomes the error of the run, which ends; what the intake emitted before it failed arrives.
func TestFailuresInEachPlace(t *testing.T) {
	for _, place := range places {
		for _, failure := range failures {
			if failure.name == "error" && strings.HasPrefix(place.name, "New") {
				continue // New returns no error
			}
			t.Run(place.name+"/"+failure.name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					failsAt := func(name string) func() error {
						if name == place.name {
							return failure.fail
						}
						return func() error { return nil }
					}
					run, got, emitted := fragile(t, failsAt)
					err := wait(t, run)
					if err == nil {
						t.Fatal("Wait returned nil")
					}
					if failure.want != nil {
						isError(t, "Wait", failure.want, err)
					}
					equal(t, "text", place.stage+": "+failure.text, err.Error())
					if p, ok := errors.AsType[*pipeline.PanicError](err); ok {
						equal(t, "stage of the panic", place.stage, p.Stage)
						if !strings.Contains(string(p.Stack), "failure_test.go") {
							t.Errorf("the stack does not show where the panic came from:\n%s", p.Stack)
						}
					}
					equal(t, "stopped", true, run.Stopped() != nil)
					equal(t, "killed", !place.intake, run.Killed() != nil)
					if place.intake {
						equal(t, "delivered", emitted.all(), got.all())
					}
				})
			})
		}
	}
}

// fragile is a run of a source and three stages with one worker each that calls what failsAt gives for the
// name of a place. It also returns what was delivered and what the intake emitted.
func fragile(t *testing.T, failsAt func(place string) func() error) (run *pipeline.Run, got, emitted *shelf[int]) {
	t.Helper()
	run = pipeline.NewRun(t.Context(), pipeline.Options{})
	got, emitted = new(shelf[int]), new(shelf[int])
	source := iter.Seq2[int, error](func(yield func(int, error) bool) {
		for id := range 100 {
			var err error
			if id == 3 {
				err = failsAt("source")()
			}
			if !yield(id, err) {
				return
			}
		}
	})
	fetch := breakable("fetch", "of the intake", failsAt, emitted.put)
	fetch.Intake = true
	serialize := breakable("serialize", "in the middle", failsAt, func(int) {})
	write := breakable("write", "at the end", failsAt, got.put)
	records := pipeline.Then(run, serialize, pipeline.Then(run, fetch, pipeline.FromSeq(run, source)))
	// The last stage emits what it has written; that is counted and goes nowhere.
	last := pipeline.Stage[int, struct{}]{Name: "write", Workers: 1}
	last.New = func() pipeline.Worker[int, struct{}] {
		w := write.New()
		return methods[int, struct{}]{
			do: func(ctx context.Context, id int, emit pipeline.Emit[struct{}]) error {
				return w.Do(ctx, id, func(int) error { return emit(struct{}{}) })
			},
			flush: func(ctx context.Context, _ pipeline.Emit[struct{}]) error { return w.Flush(ctx, nil) },
		}
	}
	pipeline.Into(run, last, records)
	return run, got, emitted
}

// breakable is a stage that hands on what it is given, after passed has seen it.
func breakable(
	name, where string, failsAt func(place string) func() error, passed func(int),
) pipeline.Stage[int, int] {
	return pipeline.Stage[int, int]{Name: name, Workers: 1, Buffer: 2, New: func() pipeline.Worker[int, int] {
		if err := failsAt("New " + where)(); err != nil {
			panic(err)
		}
		return methods[int, int]{
			do: func(_ context.Context, id int, emit pipeline.Emit[int]) error {
				if id == 3 {
					if err := failsAt("Do " + where)(); err != nil {
						return err
					}
				}
				passed(id)
				return emit(id)
			},
			flush: func(context.Context, pipeline.Emit[int]) error { return failsAt("Flush " + where)() },
		}
	}}
}

// A panic of one worker of the intake is a Stop: what the others have got in their hands arrives.
func TestPanicOfOneIntakeWorker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		fetch := func(ctx context.Context, id int, emit pipeline.Emit[int]) error {
			if id == 1 {
				synctest.Wait()
				panic("boom")
			}
			<-ctx.Done()
			return emit(id)
		}
		var got shelf[int]
		fetched := pipeline.Then(run, intake("fetch", 3, 0, fetch), pipeline.From(run, upTo(9)))
		pipeline.Into(run, got.sink("write"), fetched)
		err := wait(t, run)
		if _, ok := errors.AsType[*pipeline.PanicError](err); !ok {
			t.Errorf("Wait: got %v, want a *PanicError", err)
		}
		equal(t, "delivered", 2, len(got.all()))
	})
}
