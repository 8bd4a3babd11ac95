package looker

import (
	"context"
	"sync"
)

// flight lets many callers share one run of a function. Each may leave when its
// own context ends; the run is cancelled when the last has left.
type flight struct {
	mu  sync.Mutex
	now *flown
}

type flown struct {
	done    chan struct{}
	err     error // set before done is closed
	waiters int
	cancel  context.CancelFunc
}

// do joins the run that is under way or starts one, whose context descends from
// life. It returns the run's error, or ctx's when that ends first.
func (f *flight) do(ctx, life context.Context, fn func(context.Context) error) error {
	f.mu.Lock()
	run := f.now
	if run == nil {
		run = f.start(life, fn)
	}
	run.waiters++
	f.mu.Unlock()
	select {
	case <-run.done:
		return run.err
	case <-ctx.Done():
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	run.waiters--
	if run.waiters == 0 {
		run.cancel()
		f.forget(run)
	}
	return ctx.Err()
}

// start needs f.mu.
func (f *flight) start(life context.Context, fn func(context.Context) error) *flown {
	ctx, cancel := context.WithCancel(life)
	run := &flown{done: make(chan struct{}), cancel: cancel}
	f.now = run
	go func() {
		defer cancel()
		err := fn(ctx)
		f.mu.Lock()
		run.err = err
		f.forget(run)
		f.mu.Unlock()
		close(run.done)
	}()
	return run
}

// forget makes the next caller start a run of its own. It needs f.mu.
func (f *flight) forget(run *flown) {
	if f.now == run {
		f.now = nil
	}
}
