package pipeline_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/pipeline"
)

var (
	errInterrupt = errors.New("interrupt")
	errSecond    = errors.New("second interrupt")
	errIntake    = errors.New("login refused")
	errWork      = errors.New("disk full")
)

// bubble runs f where time is fake, and where a run that hangs or leaves a goroutine behind fails the test.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// wait waits for the run and checks that all its goroutines are gone.
func wait(t *testing.T, run *pipeline.Run) error {
	t.Helper()
	err := run.Wait()
	synctest.Wait()
	noGoroutines(t)
	return err
}

// noGoroutines checks that no goroutine of a run is left. One that is about to end, of this
// run or of one outside the bubble, has its turn first.
func noGoroutines(t *testing.T) {
	t.Helper()
	left := ""
	for range 1000 {
		if left = goroutineOfRun(); left == "" {
			return
		}
		runtime.Gosched()
	}
	t.Fatalf("a goroutine of the run is left:\n%s", left)
}

// goroutineOfRun is the stack of a goroutine that a run started, "" where there is none.
func goroutineOfRun() string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for g := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(g, "lookervault/pipeline.") || strings.Contains(g, "sourcegraph/conc") {
			return g
		}
	}
	return ""
}

func equal[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// isError checks that got is want, in the sense of errors.Is; want may be nil.
func isError(t *testing.T, what string, want, got error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

// upTo returns 1..n.
func upTo(n int) []int {
	values := make([]int, n)
	for i := range values {
		values[i] = i + 1
	}
	return values
}

// stage is a stage whose workers share f.
func stage[In, Out any](name string, workers, buffer int, f pipeline.Func[In, Out]) pipeline.Stage[In, Out] {
	return pipeline.Stage[In, Out]{Name: name, Workers: workers, Buffer: buffer, New: pipeline.Shared(f)}
}

// intake is a stage that ends at Stop.
func intake[In, Out any](name string, workers, buffer int, f pipeline.Func[In, Out]) pipeline.Stage[In, Out] {
	s := stage(name, workers, buffer, f)
	s.Intake = true
	return s
}

// pass hands on what it is given.
func pass[T any](_ context.Context, v T, emit pipeline.Emit[T]) error { return emit(v) }

// hang waits for the end of its context.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// shelf is what a run has delivered.
type shelf[T any] struct {
	mu     sync.Mutex
	values []T
}

func (s *shelf[T]) put(v T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = append(s.values, v)
}

// all returns the values so far, in the order of their arrival.
func (s *shelf[T]) all() []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.values)
}

// sink is a last stage with one worker that puts all values on the shelf.
func (s *shelf[T]) sink(name string) pipeline.Stage[T, struct{}] {
	return stage(name, 1, 0, func(_ context.Context, v T, _ pipeline.Emit[struct{}]) error {
		s.put(v)
		return nil
	})
}

// methods makes a worker of two functions; flush may be nil.
type methods[In, Out any] struct {
	do    func(context.Context, In, pipeline.Emit[Out]) error
	flush func(context.Context, pipeline.Emit[Out]) error
}

func (m methods[In, Out]) Do(ctx context.Context, in In, emit pipeline.Emit[Out]) error {
	return m.do(ctx, in, emit)
}

func (m methods[In, Out]) Flush(ctx context.Context, emit pipeline.Emit[Out]) error {
	if m.flush == nil {
		return nil
	}
	return m.flush(ctx, emit)
}
