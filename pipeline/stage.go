package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Stage says what one step of a run does and how. A run only reads it.
type Stage[In, Out any] struct {
	// Name is the same word in the configuration, logs, stats and progress. No two stages of a run share one.
	Name string
	// Workers is how many values are worked on at the same time, at least 1. One worker keeps the order of its input.
	Workers int
	// Buffer is how many values may wait at the output; 0 hands each over directly. The stage of Into has no use for it.
	Buffer int
	// Intake says what a Stop does: true ends the work, and the input is only emptied; false works off what it has.
	Intake bool
	// New makes one worker. It is called once a worker, on that worker's goroutine, possibly by several at once.
	New func() Worker[In, Out]
	// Every is how long Flush may be put off, from the first Do since the last Flush; a Do under way is not
	// interrupted for it. 0: to the end of input.
	Every time.Duration
	// Nudge makes a worker flush at once, for instance because somebody waits for what it holds; nil: never. A worker
	// receives from it only when there was a Do since its last Flush, so in a buffered channel a nudge that finds
	// nothing to flush waits for the next value. One receive is one Flush of one worker, whichever comes first.
	Nudge <-chan struct{}
}

// Emit hands a value, and with it all that it points to, to the next stage. It waits while there is no room. It gives
// up only on Kill, with an error that the worker returns unchanged. It may be called only within Do and Flush, by one
// goroutine at a time: [OneAtATime] sees to that where a Do has several.
type Emit[Out any] func(Out) error

// Worker is one of the workers of a stage. Its methods are never called at the same time, so it may have state without
// a lock.
//
// An error is about the run, never about one value: it is a Stop when it comes from an Intake stage, else a Kill. What
// is wrong with one value travels on as a value. A panic or a runtime.Goexit counts as an error, and that worker is
// not called again.
type Worker[In, Out any] interface {
	// Do works on one value. ctx is cancelled at Kill, in an Intake stage also at Stop; context.Cause tells why. Do
	// must return soon after that; what an Intake stage has already got it still emits.
	Do(ctx context.Context, in In, emit Emit[Out]) error
	// Flush hands on what the worker holds back. It is called once at the end of input, also if there was no Do, after
	// Stop, and after an error of an Intake stage; and before that when Every or Nudge ask for it. ctx is
	// cancelled at Kill only.
	Flush(ctx context.Context, emit Emit[Out]) error
}

// Func is a Worker that holds nothing back.
type Func[In, Out any] func(ctx context.Context, in In, emit Emit[Out]) error

// Do calls f.
func (f Func[In, Out]) Do(ctx context.Context, in In, emit Emit[Out]) error { return f(ctx, in, emit) }

// Flush does nothing.
func (f Func[In, Out]) Flush(context.Context, Emit[Out]) error { return nil }

// Shared makes a Stage's New of a function that all its workers call, at the same time.
func Shared[In, Out any](f Func[In, Out]) func() Worker[In, Out] {
	return func() Worker[In, Out] { return f }
}

// Then adds a stage that works on the values of in, and returns its output. It starts nothing and reports misuse
// through Wait. in must come from From, FromSeq or Then of the same run and go nowhere else, and what Then returns
// must go into one other stage of the run.
func Then[In, Out any](r *Run, s Stage[In, Out], in <-chan In) <-chan Out {
	out := make(chan Out, max(s.Buffer, 0))
	add(r, s, in, out)
	return out
}

// Into adds a last stage; otherwise it is like Then. What the stage emits is counted (StageStats.Out) and goes nowhere.
func Into[In any](r *Run, s Stage[In, struct{}], in <-chan In) {
	add(r, s, in, nil)
}

func add[In, Out any](r *Run, s Stage[In, Out], in <-chan In, out chan Out) {
	n := &node{
		name:   s.Name,
		now:    r.now,
		meters: make([]meter, max(s.Workers, 0)),
		queue:  func() (queued, capacity int) { return len(out), cap(out) },
	}
	p := part{name: s.Name, node: n, in: in, misuse: s.misuse(), operate: func() { operate(r, s, n, in, out) }}
	if out != nil {
		p.out = (<-chan Out)(out)
	}
	r.add(p)
}

// misuse tells all that is wrong with the stage by itself.
func (s Stage[In, Out]) misuse() error {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf("stage %q: %s", s.Name, fmt.Sprintf(format, args...)))
		}
	}
	wrong(s.Name == "", "it has no name")
	wrong(s.Workers < 1, "workers must be at least 1, not %d", s.Workers)
	wrong(s.Buffer < 0, "buffer must be at least 0, not %d", s.Buffer)
	wrong(s.Every < 0, "every must be at least 0, not %v", s.Every)
	wrong(s.New == nil, "it has no New")
	return errors.Join(errs...)
}
