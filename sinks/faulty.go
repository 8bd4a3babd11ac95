package sinks

import (
	"context"
	"sync/atomic"

	"github.com/lookervault/lookervault/internal/record"
)

// A Faulty is a sink that breaks on purpose, for tests of what happens then. Its
// hooks may return an error, wait, panic or end the process; nil hooks do
// nothing. Set them before Begin.
type Faulty struct {
	Sink

	// BeforeCommit is called before commit n, counted from 1, reaches the sink.
	// An error is returned in its place: nothing of the batch is stored.
	BeforeCommit func(ctx context.Context, n int, batch record.Batch) error
	// AfterCommit is called when commit n is durable. An error is returned
	// although everything is stored, as when the answer is lost.
	AfterCommit func(ctx context.Context, n int) error
	// BeforeFinish is called before Finish reaches the sink. An error is
	// returned in its place.
	BeforeFinish func(ctx context.Context) error

	begun   atomic.Int64
	durable atomic.Int64
}

// NewFaulty wraps a sink. Without hooks it is that sink.
func NewFaulty(sink Sink) *Faulty { return &Faulty{Sink: sink} }

// Commit counts, calls the hooks and commits.
func (f *Faulty) Commit(ctx context.Context, batch record.Batch) error {
	n := int(f.begun.Add(1))
	if f.BeforeCommit != nil {
		if err := f.BeforeCommit(ctx, n, batch); err != nil {
			return err
		}
	}
	if err := f.Sink.Commit(ctx, batch); err != nil {
		return err
	}
	f.durable.Add(1)
	if f.AfterCommit != nil {
		return f.AfterCommit(ctx, n)
	}
	return nil
}

// Finish calls the hook and finishes.
func (f *Faulty) Finish(ctx context.Context, finish record.Finish) (record.Run, error) {
	if f.BeforeFinish != nil {
		if err := f.BeforeFinish(ctx); err != nil {
			return record.Run{}, err
		}
	}
	return f.Sink.Finish(ctx, finish)
}

// Commits is how many commits were asked for, and how many of them are durable.
// It may be called from any goroutine.
func (f *Faulty) Commits() (asked, durable int) {
	return int(f.begun.Load()), int(f.durable.Load())
}

// FailAt is a BeforeCommit that returns err at commit n and at every later one.
func FailAt(n int, err error) func(context.Context, int, record.Batch) error {
	return func(_ context.Context, at int, _ record.Batch) error {
		if at >= n {
			return err
		}
		return nil
	}
}

// DieAt is a BeforeCommit that calls die at commit n: die panics or exits.
func DieAt(n int, die func()) func(context.Context, int, record.Batch) error {
	return func(_ context.Context, at int, _ record.Batch) error {
		if at == n {
			die()
		}
		return nil
	}
}

// Gated is a BeforeCommit that makes every commit wait for a value from gate, or
// for the end of its context: the sink is as slow as the test wants it.
func Gated(gate <-chan struct{}) func(context.Context, int, record.Batch) error {
	return func(ctx context.Context, _ int, _ record.Batch) error {
		select {
		case <-gate:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
