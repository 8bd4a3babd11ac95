package pipeline_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/lookervault/lookervault/pipeline"
)

// lent is a value that must be given back.
type lent struct{ out *atomic.Int64 }

func (l lent) Drop() { l.out.Add(-1) }

// keeper holds back what it is given, as batch does.
type keeper struct {
	kept []lent
	at   func() error // of the third value
}

func (k *keeper) Do(_ context.Context, l lent, emit pipeline.Emit[lent]) error {
	if len(k.kept) == 2 {
		if err := k.at(); err != nil {
			l.Drop() // its own, as it did not emit it
			return err
		}
	}
	k.kept = append(k.kept, l)
	return nil
}

func (k *keeper) Flush(_ context.Context, emit pipeline.Emit[lent]) error {
	for len(k.kept) > 0 {
		l := k.kept[0]
		k.kept = k.kept[1:]
		if err := emit(l); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) Drop() {
	for _, l := range k.kept {
		l.Drop()
	}
}

// TestWhatIsDiscardedIsDropped ends runs in the middle: each value is given back once,
// whether it waits in front of a stage, is in the hands of a worker, or was held back.
func TestWhatIsDiscardedIsDropped(t *testing.T) {
	for _, test := range []struct {
		name string
		at   func(*pipeline.Run) error
	}{
		{"to the end", func(*pipeline.Run) error { return nil }},
		{"stopped", func(r *pipeline.Run) error { r.Stop(nil); return nil }},
		{"killed", func(r *pipeline.Run) error { r.Kill(nil); return nil }},
		{"error", func(*pipeline.Run) error { return errors.New("full") }},
		{"panic", func(*pipeline.Run) error { panic("oh") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out atomic.Int64
			run := pipeline.NewRun(t.Context(), pipeline.Options{})
			source := pipeline.FromSeq(run, func(yield func(lent, error) bool) {
				for range 20 {
					out.Add(1)
					if !yield(lent{&out}, nil) {
						return
					}
				}
			})
			pass := pipeline.Stage[lent, lent]{Name: "pass", Workers: 2, Buffer: 4, New: pipeline.Shared(
				func(_ context.Context, l lent, emit pipeline.Emit[lent]) error { return emit(l) })}
			keep := pipeline.Stage[lent, lent]{Name: "keep", Workers: 1, Buffer: 4, New: func() pipeline.Worker[lent, lent] {
				return &keeper{at: func() error { return test.at(run) }}
			}}
			last := pipeline.Stage[lent, struct{}]{Name: "last", Workers: 1, New: pipeline.Shared(
				func(_ context.Context, l lent, _ pipeline.Emit[struct{}]) error { l.Drop(); return nil })}
			pipeline.Into(run, last, pipeline.Then(run, keep, pipeline.Then(run, pass, source)))
			err := run.Wait()
			if n := out.Load(); n != 0 {
				t.Errorf("%d values are not given back, or twice (%v)", n, err)
			}
		})
	}
}
