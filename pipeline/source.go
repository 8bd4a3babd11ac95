package pipeline

import (
	"errors"
	"fmt"
	"iter"
)

// source is the name under which the failure of a source is reported.
const source = "source"

// From is a source of the values, in their order. It ends at Stop. The slice must not change until Wait has returned.
func From[T any](r *Run, values []T) <-chan T {
	return FromSeq(r, func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	})
}

// FromSeq is a source of the values that seq yields, in their order. It ends at Stop, and at the first error, which is
// a failure of the intake: what came before it flows on, and Wait returns it. seq is run at most once, on a goroutine
// of its own, not before Wait; it is always one value ahead of the stage that takes them. A seq that waits
// for something must give that up by itself when the run is stopped.
func FromSeq[T any](r *Run, seq iter.Seq2[T, error]) <-chan T {
	out := make(chan T)
	p := part{name: source, out: (<-chan T)(out)}
	if seq == nil {
		p.misuse = errors.New("source: it has no sequence")
	}
	p.operate = func() {
		defer close(out)
		r.guard(source, true, func() { feed(r, seq, out) })
	}
	r.add(p)
	return out
}

func feed[T any](r *Run, seq iter.Seq2[T, error], out chan<- T) {
	stopped := r.stop.Done()
	if received(stopped) {
		return
	}
	for v, err := range seq {
		switch {
		case err != nil && r.isCut(r.stop, err):
			return
		case err != nil:
			r.fail(true, fmt.Errorf("%s: %w", source, err))
			return
		case received(stopped):
			drop(v)
			return
		}
		select {
		case out <- v:
		case <-stopped:
			drop(v)
			return
		}
	}
}
