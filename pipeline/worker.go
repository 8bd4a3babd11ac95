package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/sourcegraph/conc/pool"
)

// operate runs a stage from its first worker's start to the close of its output.
func operate[In, Out any](r *Run, s Stage[In, Out], n *node, in <-chan In, out chan Out) {
	workers := pool.New()
	for i := range s.Workers {
		w := &worker[In, Out]{
			run: r, stage: &s, meter: &n.meters[i], in: in, out: out,
			ctx: r.kill, killed: r.kill.Done(), stopped: r.stop.Done(),
		}
		if s.Intake {
			w.ctx = r.stop
		}
		workers.Go(func() { r.guard(s.Name, s.Intake, w.work) })
	}
	workers.Wait()
	// Whatever ended the workers, a panic of the last one or a Kill: the stage before this one must not hang.
	for v := range in {
		n.meters[0].skipped.Add(1)
		drop(v)
	}
	n.ended.Store(true)
	if out != nil {
		close(out)
	}
}

type worker[In, Out any] struct {
	run             *Run
	stage           *Stage[In, Out]
	meter           *meter
	in              <-chan In
	out             chan<- Out      // nil in the last stage
	ctx             context.Context // for Do
	killed, stopped <-chan struct{}

	body    Worker[In, Out]
	doing   bool // Do is at current
	current In
	emit    Emit[Out]
	held    bool // there was a Do since the last Flush
	timer   *time.Timer
	due     <-chan time.Time
}

// work is a worker's life.
func (w *worker[In, Out]) work() {
	w.meter.enter(busy, w.run.now)
	defer w.meter.enter(off, w.run.now)
	w.emit = w.send
	if w.stage.Every > 0 {
		w.timer = time.NewTimer(w.stage.Every)
		w.timer.Stop()
		w.due = w.timer.C
		defer w.timer.Stop()
	}
	defer w.abandon()
	w.body = w.stage.New()
	for w.step() {
	}
}

// abandon drops what a worker that ends still has: after a panic in Do, or a Kill.
func (w *worker[In, Out]) abandon() {
	if w.doing {
		drop(w.current)
	}
	drop(w.body)
}

// event is what next has found for the worker to do.
type event int

const (
	value  event = iota
	flush        // Every is over, or a nudge came
	finish       // end of input
)

// step does the next thing there is to do, and reports whether to go on.
func (w *worker[In, Out]) step() bool {
	in, what := w.next()
	switch {
	case received(w.killed):
		// Looked at after waiting, because a Kill ends the input too.
		if what == value {
			w.meter.skipped.Add(1)
			drop(in)
		}
		return false
	case what == flush:
		return w.settle(w.run.kill, w.flush())
	case what == finish:
		w.settle(w.run.kill, w.flush())
		return false
	case w.stage.Intake && received(w.stopped):
		w.meter.skipped.Add(1)
		drop(in)
		return true
	}
	w.meter.in.Add(1)
	w.hold()
	w.current, w.doing = in, true
	err := w.body.Do(w.ctx, in, w.emit)
	var none In
	w.current, w.doing = none, false // which lets go of its memory
	return w.settle(w.ctx, err)
}

// next waits for something to do; a Kill ends that by the end of input. What is there already is taken without a
// look at the clock.
func (w *worker[In, Out]) next() (in In, what event) {
	var due <-chan time.Time
	var nudge <-chan struct{}
	if w.held {
		due, nudge = w.due, w.stage.Nudge
		// Asked first, because a worker that never runs out of input would never come to wait for them.
		select {
		case <-due:
			return in, flush
		default:
		}
		if received(nudge) {
			return in, flush
		}
	}
	ok := true
	select {
	case in, ok = <-w.in:
	default:
		w.meter.enter(starved, w.run.now)
		defer w.meter.enter(busy, w.run.now)
		select {
		case in, ok = <-w.in:
		case <-due:
			return in, flush
		case <-nudge:
			return in, flush
		}
	}
	if !ok {
		return in, finish
	}
	return in, value
}

// send is the Emit of this worker.
func (w *worker[In, Out]) send(v Out) error {
	if received(w.killed) {
		drop(v)
		return context.Cause(w.run.kill)
	}
	if w.out != nil {
		select {
		case w.out <- v:
		default:
			w.meter.enter(blocked, w.run.now)
			defer w.meter.enter(busy, w.run.now)
			select {
			case w.out <- v:
			case <-w.killed:
				drop(v)
				return context.Cause(w.run.kill)
			}
		}
	}
	w.meter.out.Add(1)
	return nil
}

// hold notes that the worker may hold something back from now on.
func (w *worker[In, Out]) hold() {
	if !w.held && w.timer != nil {
		w.timer.Reset(w.stage.Every)
	}
	w.held = true
}

func (w *worker[In, Out]) flush() error {
	w.held = false
	return w.body.Flush(w.run.kill, w.emit)
}

// settle deals with what Do or Flush returned under ctx, and reports whether the worker goes on. A worker of an
// Intake stage does, also after a failure: it keeps emptying the input, and flushes what it holds at the end.
func (w *worker[In, Out]) settle(ctx context.Context, err error) bool {
	if err == nil {
		return true
	}
	if !w.run.isCut(ctx, err) {
		w.run.fail(w.stage.Intake, fmt.Errorf("%s: %w", w.stage.Name, err))
	}
	return w.stage.Intake
}
