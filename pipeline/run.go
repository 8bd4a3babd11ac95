package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sourcegraph/conc/pool"
)

var (
	// ErrGrace is the cause of the Kill at the end of Options.Grace. It comes together with the cause of the Stop.
	ErrGrace = errors.New("grace period is over")
	// ErrGoexit is the failure of a worker that called runtime.Goexit.
	ErrGoexit = errors.New("worker ended its own goroutine")

	errEnded = errors.New("run has ended")
)

// PanicError is the failure of a worker, or of the sequence of a source, that panicked.
type PanicError struct {
	Stage string // the name of the stage, or "source"
	Value any    // what was given to panic
	Stack []byte // of the goroutine, as debug.Stack formats it
}

// Error names the stage and the value, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("%s: panic: %v", e.Stage, e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Options are what a run needs to know besides its stages.
type Options struct {
	// Grace is how long after a Stop the run may work off what it has; then it is killed. 0: as long as it takes.
	Grace time.Duration
}

// Run is one run of the stages that are added to it. Stop, Kill, Stopped, Killed and Stats may be called from any
// goroutine, workers included, at any time and any number of times.
type Run struct {
	grace time.Duration
	now   func() time.Duration // since NewRun
	wait  func() error

	// kill is cancelled by Kill; stop is its child and cancelled by Stop too.
	kill, stop             context.Context
	cancelKill, cancelStop context.CancelCauseFunc

	mu      sync.Mutex
	parts   []part
	started bool
	failure error // first of a stage that is not an Intake
	intake  error // first of a source or an Intake stage
	timer   *time.Timer
}

// part is a source or a stage of the run.
type part struct {
	name    string
	node    *node // nil for a source
	in, out any   // its channels, as receivers; in is nil for a source, out for the last stage
	misuse  error
	operate func()
}

// NewRun makes a run without any stage. The end of ctx is a Kill with its cause. Wait must be called, if only to let
// go of ctx.
func NewRun(ctx context.Context, opts Options) *Run {
	born := time.Now()
	r := &Run{grace: opts.Grace, now: func() time.Duration { return time.Since(born) }}
	r.wait = sync.OnceValue(r.operate)
	r.kill, r.cancelKill = context.WithCancelCause(ctx)
	r.stop, r.cancelStop = context.WithCancelCause(r.kill)
	return r
}

// Stop ends the intake; what is already fetched is worked off, for no longer than Options.Grace. The first cause
// counts, and nil stands for context.Canceled. The package comment says what Stop and Kill do in full.
func (r *Run) Stop(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopLocked(cause)
}

func (r *Run) stopLocked(cause error) {
	if r.stop.Err() != nil {
		return
	}
	r.cancelStop(cause)
	if r.grace > 0 {
		r.timer = time.AfterFunc(r.grace, func() { r.Kill(fmt.Errorf("%w: %w", ErrGrace, context.Cause(r.stop))) })
	}
}

// Kill ends everything at once. The first cause counts, and nil stands for context.Canceled.
func (r *Run) Kill(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancelKill(cause)
}

// Stopped returns why the intake was ended early, by a Stop, a Kill or a failure; nil if it was not.
func (r *Run) Stopped() error { return cutBy(r.stop) }

// Killed returns why everything was ended early, so that values under way were dropped; nil if it was not.
func (r *Run) Killed() error { return cutBy(r.kill) }

func cutBy(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, errEnded) {
		return cause
	}
	return nil
}

// Wait starts all stages, returns when all have ended, and tells what the package comment lists; nil means that every
// value went all the way. By then the goroutines of the run are gone and its channels are closed and empty. Misuse is
// an error that names all of it, and nothing has run. All stages must be added before; a later one is a Kill.
// A second call returns what the first one does.
func (r *Run) Wait() error { return r.wait() }

func (r *Run) operate() error {
	r.mu.Lock()
	r.started = true
	parts, misuse := r.parts, wiring(r.parts)
	r.mu.Unlock()
	if misuse != nil {
		return r.end(misuse)
	}
	all := pool.New()
	for _, p := range parts {
		all.Go(p.operate)
	}
	all.Wait()
	return r.end(nil)
}

// end gives back what the run holds and tells how it went.
func (r *Run) end(misuse error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	killed, stopped := context.Cause(r.kill), context.Cause(r.stop)
	r.cancelKill(errEnded)
	if r.timer != nil {
		r.timer.Stop()
	}
	for _, err := range []error{misuse, r.failure, r.intake, killed, stopped} {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) add(p part) {
	r.mu.Lock()
	late := r.started
	if !late {
		r.parts = append(r.parts, p)
	}
	r.mu.Unlock()
	if late {
		r.fail(false, fmt.Errorf("%s: added to the run after Wait", p.name))
	}
}

// wiring tells all that is wrong with the parts and with how they are joined.
func wiring(parts []part) error {
	var errs []error
	names, open := map[string]bool{}, map[any]bool{}
	for _, p := range parts {
		errs = append(errs, p.misuse)
		if p.node != nil {
			if names[p.name] && p.name != "" {
				errs = append(errs, fmt.Errorf("stage %q: another stage has the same name", p.name))
			}
			names[p.name] = true
			if !open[p.in] {
				errs = append(errs, fmt.Errorf("stage %q: its input is no output of this run, or another stage takes it", p.name))
			}
			delete(open, p.in)
		}
		if p.out != nil {
			open[p.out] = true
		}
	}
	for _, p := range parts {
		if open[p.out] {
			errs = append(errs, fmt.Errorf("%s: no stage takes its output", p.name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("pipeline: %w", err)
	}
	return nil
}

// fail notes a failure, and ends the intake or everything for it.
func (r *Run) fail(intake bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if intake {
		if r.intake == nil {
			r.intake = err
		}
		r.stopLocked(err)
		return
	}
	if r.failure == nil {
		r.failure = err
	}
	r.cancelKill(err)
}

// guard calls f and makes a failure of a panic or a runtime.Goexit in it.
func (r *Run) guard(name string, intake bool, f func()) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			r.fail(intake, &PanicError{Stage: name, Value: v, Stack: debug.Stack()})
			return
		}
		r.fail(intake, fmt.Errorf("%s: %w", name, ErrGoexit))
	}()
	f()
	returned = true
}

// isCut reports whether err, which is not nil, only says that ctx or the whole run was cut off.
func (r *Run) isCut(ctx context.Context, err error) bool {
	for _, c := range []context.Context{ctx, r.kill} {
		if errors.Is(err, c.Err()) || errors.Is(err, context.Cause(c)) {
			return true
		}
	}
	return false
}

// received reports whether c is closed or, without waiting, gives a value, which is then taken.
func received(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
