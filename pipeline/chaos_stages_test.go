package pipeline_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lookervault/lookervault/pipeline"
)

// chaosStage is stage n of the plan, whose workers do what do makes of their state.
func chaosStage[In, Out any](
	c *chaos, n int, isIntake bool, do func(*held) func(context.Context, In, pipeline.Emit[Out]) error,
) pipeline.Stage[In, Out] {
	s := pipeline.Stage[In, Out]{
		Name: stageNames[n], Workers: c.Workers[n], Buffer: c.Buffer[n], Every: c.Every[n], Intake: isIntake,
		New: func() pipeline.Worker[In, Out] {
			if err := c.misbehave(n, "New", nil); err != nil {
				panic(err)
			}
			h := new(held)
			w := methods[In, Out]{do: do(h)}
			w.flush = func(_ context.Context, emit pipeline.Emit[Out]) error {
				defer h.alone(c.t)()
				if err := c.misbehave(n, "Flush", h); err != nil {
					return err
				}
				return flushHeld(h, emit)
			}
			return w
		},
	}
	if n == batch {
		s.Nudge = c.nudge
	}
	return s
}

// held is the state of one worker.
type held struct {
	inUse atomic.Bool
	ids   []int
}

// alone checks that nobody else uses the worker until the returned function is called.
func (h *held) alone(t *testing.T) func() {
	if !h.inUse.CompareAndSwap(false, true) {
		t.Error("two methods of one worker were called at the same time")
	}
	return func() { h.inUse.Store(false) }
}

// forfeit gives up what the worker holds, because it is about to break.
func (h *held) forfeit(c *chaos) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range h.ids {
		c.fetched[id]--
	}
	h.ids = nil
}

// flushHeld emits what the worker holds: one by one, or in the batch stage as one batch.
func flushHeld[Out any](h *held, emit pipeline.Emit[Out]) error {
	ids := h.ids
	h.ids = nil
	switch emit := any(emit).(type) {
	case pipeline.Emit[int]:
		return emitAll(ids, emit)
	case pipeline.Emit[[]int]:
		if len(ids) > 0 {
			return emit(ids)
		}
	}
	return nil
}

func emitAll(ids []int, emit pipeline.Emit[int]) error {
	for _, id := range ids {
		if err := emit(id); err != nil {
			return err
		}
	}
	return nil
}

// begin is what all stages do with a value first: count it, perhaps end the run, take their time, perhaps fail.
func (c *chaos) begin(ctx context.Context, n, value int, h *held) error {
	if now := c.working[n].Add(1); n != source && now > int64(c.Workers[n]) {
		c.t.Errorf("%s works on %d values at once", stageNames[n], now)
	}
	defer c.working[n].Add(-1)
	event := c.events.Add(1)
	for _, e := range c.Ends {
		if e.After == 0 && e.Event == event {
			c.end(e)
		}
	}
	if c.pick(n, value, 10) == 0 {
		select {
		case c.nudge <- struct{}{}:
		default:
		}
	}
	if err := c.misbehave(n, "Do", h); err != nil {
		return err
	}
	if c.Slow[n] == 0 {
		return nil
	}
	select {
	case <-time.After(time.Duration(c.pick(n, value+1, int(c.Slow[n])))):
	case <-ctx.Done():
		// A worker may tell of the cut in several ways, or be done all the same.
		return []error{ctx.Err(), context.Cause(ctx), fmt.Errorf("get %d: %w", value, ctx.Err()), nil}[c.pick(n, value, 4)]
	}
	return nil
}

// misbehave counts the call, and if a fault is planned for it commits that.
func (c *chaos) misbehave(n int, method string, h *held) error {
	call := c.calls[n][method].Add(1)
	i := slices.IndexFunc(c.Faults, func(f fault) bool { return f.Stage == n && f.Method == method && f.Nth == call })
	if i < 0 {
		return nil
	}
	f := c.Faults[i]
	c.mu.Lock()
	c.fired = append(c.fired, f)
	c.mu.Unlock()
	if n == fetch && h != nil && (f.How != "error" || method == "Flush") {
		h.forfeit(c)
	}
	switch f.How {
	case "panic":
		panic(f)
	case "goexit":
		runtime.Goexit()
	}
	return f
}

func (c *chaos) list(h *held) func(context.Context, int, pipeline.Emit[int]) error {
	return func(ctx context.Context, value int, emit pipeline.Emit[int]) error {
		defer h.alone(c.t)()
		if err := c.begin(ctx, list, value, h); err != nil {
			return err
		}
		return emitAll(c.children(list, value, 6), emit)
	}
}

func (c *chaos) fetch(h *held) func(context.Context, int, pipeline.Emit[int]) error {
	return func(ctx context.Context, ask int, emit pipeline.Emit[int]) error {
		defer h.alone(c.t)()
		if err := c.begin(ctx, fetch, ask, h); err != nil {
			return err
		}
		ids := c.children(fetch, ask, 3)
		c.mu.Lock()
		for _, id := range ids {
			c.fetched[id]++
		}
		c.mu.Unlock()
		if c.pick(fetch, ask, 3) == 0 {
			h.ids = append(h.ids, ids...)
			return nil
		}
		return emitAll(ids, emit)
	}
}

func (c *chaos) serialize(h *held) func(context.Context, int, pipeline.Emit[int]) error {
	return func(ctx context.Context, item int, emit pipeline.Emit[int]) error {
		defer h.alone(c.t)()
		if err := c.begin(ctx, serialize, item, h); err != nil {
			return err
		}
		return emitAll(c.children(serialize, item, 2), emit)
	}
}

func (c *chaos) batch(h *held) func(context.Context, int, pipeline.Emit[[]int]) error {
	return func(ctx context.Context, record int, emit pipeline.Emit[[]int]) error {
		defer h.alone(c.t)()
		if err := c.begin(ctx, batch, record, h); err != nil {
			return err
		}
		h.ids = append(h.ids, record)
		if len(h.ids) < c.Batch {
			return nil
		}
		return flushHeld(h, emit)
	}
}

func (c *chaos) write(h *held) func(context.Context, []int, pipeline.Emit[struct{}]) error {
	return func(ctx context.Context, records []int, _ pipeline.Emit[struct{}]) error {
		defer h.alone(c.t)()
		if err := c.begin(ctx, write, records[0], h); err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, id := range records {
			c.written[id]++
		}
		return nil
	}
}
