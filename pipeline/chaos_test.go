package pipeline_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lookervault/lookervault/pipeline"
)

var (
	seeds = flag.Int("seeds", 400, "how many seeds TestChaos tries")
	seed  = flag.Uint64("seed", 1, "the first seed of TestChaos; to replay one: -run TestChaos -seed N -seeds 1")
)

// TestChaos takes a source and five stages (list and fetch are intake; fetch and batch hold back) with random sizes,
// speeds and fan-out through random failures and stops at random moments, and checks what the package promises
// whatever happens: the run ends and leaves no goroutine, all outputs are closed and empty, nothing arrives twice or
// from nowhere, everything that was fetched arrives unless the run was killed, and Wait tells the cause that
// comes first.
func TestChaos(t *testing.T) {
	ends := map[string]int{}
	for s := *seed; s < *seed+uint64(*seeds); s++ {
		ends[tryPlan(t, newPlan(s))]++
		if t.Failed() {
			return
		}
	}
	t.Logf("runs by how they ended: %v", ends)
	if *seeds < 200 {
		return
	}
	for _, end := range []string{"complete", "stopped", "intake failed", "killed", "failed"} {
		if ends[end] < *seeds/50 {
			t.Errorf("of %d runs only %d ended %s: %v", *seeds, ends[end], end, ends)
		}
	}
}

// The stages of a plan, and its source.
const (
	list = iota
	fetch
	serialize
	batch
	write
	source
)

var stageNames = [...]string{"list", "fetch", "serialize", "batch", "write", "source"}

// plan is all that is random about a run but the order in which goroutines get their turn.
type plan struct {
	Seed    uint64
	Values  int
	Workers [5]int
	Buffer  [5]int
	Every   [5]time.Duration
	Slow    [6]time.Duration // the longest that one value takes
	Batch   int
	Grace   time.Duration
	Faults  []fault
	Ends    []end
}

// fault happens once, at the Nth call of Method in Stage.
type fault struct {
	Stage  int
	Method string // New, Do, Flush
	Nth    int64
	How    string // error, panic, goexit
}

func (f fault) Error() string {
	return fmt.Sprintf("%s at call %d of %s.%s", f.How, f.Nth, stageNames[f.Stage], f.Method)
}

// end happens when so many values have been worked on anywhere (within whichever worker that is), or after a time.
type end struct {
	What  string // stop, kill, parent
	Event int64
	After time.Duration // counts if not 0
}

func newPlan(seed uint64) plan {
	r := rand.New(rand.NewPCG(seed, 0))
	p := plan{Seed: seed, Values: r.IntN(60), Batch: 1 + r.IntN(9)}
	for i := range p.Workers {
		p.Workers[i], p.Buffer[i] = 1+r.IntN(5), r.IntN(6)
		if r.IntN(3) == 0 {
			p.Every[i] = time.Duration(1+r.IntN(5)) * time.Millisecond
		}
	}
	for i := range p.Slow {
		if r.IntN(3) == 0 {
			p.Slow[i] = time.Duration(r.IntN(10)) * time.Millisecond
		}
	}
	if r.IntN(3) == 0 {
		p.Grace = time.Duration(1+r.IntN(20)) * time.Millisecond
	}
	for range max(0, r.IntN(4)-1) {
		p.Faults = append(p.Faults, fault{
			Stage:  r.IntN(6),
			Method: []string{"New", "Do", "Do", "Do", "Do", "Flush"}[r.IntN(6)],
			Nth:    1 + r.Int64N([]int64{1, 6, 60}[r.IntN(3)]),
			How:    []string{"error", "error", "panic", "goexit"}[r.IntN(4)],
		})
	}
	for range max(0, r.IntN(5)-2) {
		e := end{What: []string{"stop", "stop", "kill", "parent"}[r.IntN(4)], Event: r.Int64N(int64(4*p.Values + 1))}
		if r.IntN(2) == 0 {
			e.After = time.Duration(1+r.IntN(60)) * time.Millisecond
		}
		p.Ends = append(p.Ends, e)
	}
	return p
}

// pick returns a number below n that depends on the plan, the stage and the value only.
func (p plan) pick(stage, value, n int) int {
	return rand.New(rand.NewPCG(p.Seed, uint64(value)<<3|uint64(stage))).IntN(n)
}

// children are what a value becomes in the stage: so many as fit are named by one more digit.
func (p plan) children(stage, value, most int) []int {
	var ids []int
	for i := range p.pick(stage, value, most+1) {
		ids = append(ids, value*10+i)
	}
	return ids
}

// tryPlan carries out the plan, reports every broken promise, and tells how the run ended.
func tryPlan(t *testing.T, p plan) (ended string) {
	t.Helper()
	defer func() {
		if v := recover(); v != nil {
			stacks := make([]byte, 1<<20)
			t.Errorf("%v\n%s", v, stacks[:runtime.Stack(stacks, true)])
		}
		if t.Failed() {
			t.Logf("replay: go test -run TestChaos -seed %d -seeds 1\n%+v", p.Seed, p)
		}
	}()
	bubble(t, func(t *testing.T) {
		c := &chaos{plan: p, t: t, nudge: make(chan struct{}, 1), fetched: map[int]int{}, written: map[int]int{}}
		c.wire()
		err := wait(t, c.run)
		ended = c.check(err)
	})
	return ended
}

// chaos is one run of a plan.
type chaos struct {
	plan
	t      *testing.T
	run    *pipeline.Run
	cancel context.CancelCauseFunc // of the parent context
	nudge  chan struct{}
	asks   <-chan int
	items  <-chan int
	recs   <-chan int
	packs  <-chan []int

	events  atomic.Int64
	calls   [6]map[string]*atomic.Int64
	working [6]atomic.Int64

	mu      sync.Mutex
	fetched map[int]int // items that the run must not lose, and how often
	written map[int]int
	fired   []fault
}

func (c *chaos) wire() {
	parent, cancel := context.WithCancelCause(c.t.Context())
	c.cancel = cancel
	c.t.Cleanup(func() { cancel(nil) })
	c.run = pipeline.NewRun(parent, pipeline.Options{Grace: c.Grace})
	for i := range c.calls {
		c.calls[i] = map[string]*atomic.Int64{"New": {}, "Do": {}, "Flush": {}}
	}
	values := pipeline.FromSeq(c.run, func(yield func(int, error) bool) {
		for v := range c.Values {
			err := c.begin(context.Background(), source, v+1, nil)
			if !yield(v+1, err) || err != nil {
				return
			}
		}
	})
	c.asks = pipeline.Then(c.run, chaosStage[int, int](c, list, true, c.list), values)
	c.items = pipeline.Then(c.run, chaosStage[int, int](c, fetch, true, c.fetch), c.asks)
	c.recs = pipeline.Then(c.run, chaosStage[int, int](c, serialize, false, c.serialize), c.items)
	c.packs = pipeline.Then(c.run, chaosStage[int, []int](c, batch, false, c.batch), c.recs)
	pipeline.Into(c.run, chaosStage[[]int, struct{}](c, write, false, c.write), c.packs)
	for _, e := range c.Ends {
		if e.After > 0 {
			time.AfterFunc(e.After, func() { c.end(e) })
		} else if e.Event == 0 {
			c.end(e)
		}
	}
}

func (c *chaos) end(e end) {
	switch cause := fmt.Errorf("%s of %+v", e.What, e); e.What {
	case "stop":
		c.run.Stop(cause)
	case "kill":
		c.run.Kill(cause)
	case "parent":
		c.cancel(cause)
	}
}

// check reports every promise that the run has broken, and tells how it ended.
func (c *chaos) check(err error) (ended string) {
	stopped, killed := c.run.Stopped(), c.run.Killed()
	causes, ended := c.causes()
	is := errors.Is
	if ended == "stopped" || ended == "killed" {
		is = func(err, cause error) bool { return err == cause } // no worker's return may be taken for a failure
	}
	if !slices.ContainsFunc(causes, func(cause error) bool { return is(err, cause) }) {
		c.t.Errorf("Wait: got %v, want one of %v", err, causes)
	}
	if killed != nil && stopped == nil {
		c.t.Errorf("killed (%v) but not stopped", killed)
	}
	if left := drain(c.asks) + drain(c.items) + drain(c.recs) + drain(c.packs); left > 0 {
		c.t.Errorf("%d values are left in the outputs", left)
	}
	stats := c.run.Stats()
	for i, s := range stats {
		if !s.Ended {
			c.t.Errorf("%s has not ended", s.Name)
		}
		if i == 0 {
			continue
		}
		if taken, given := s.In+s.Skipped, stats[i-1].Out; taken != given {
			c.t.Errorf("%s took %d values, but was given %d", s.Name, taken, given)
		}
	}
	c.checkValues(stopped, killed)
	return ended
}

// drain returns how many values are left in the channel. It hangs if nobody has closed it.
func drain[T any](c <-chan T) (n int) {
	for range c {
		n++
	}
	return n
}

// checkValues compares what was fetched with what should be, and what was written with what was fetched.
func (c *chaos) checkValues(stopped, killed error) {
	everything, records := map[int]int{}, map[int]int{}
	for value := range c.Values {
		for _, ask := range c.children(list, value+1, 6) {
			for _, item := range c.children(fetch, ask, 3) {
				everything[item] = 1
			}
		}
	}
	maps.DeleteFunc(c.fetched, func(_, times int) bool { return times == 0 })
	for item, times := range c.fetched {
		if times != 1 || everything[item] != 1 {
			c.t.Errorf("item %d was fetched %d times, want %d", item, times, everything[item])
		}
		for _, record := range c.children(serialize, item, 2) {
			records[record] = 1
		}
	}
	for record, times := range c.written {
		if times != 1 || records[record] != 1 {
			c.t.Errorf("record %d was written %d times, want %d", record, times, records[record])
		}
	}
	if stopped == nil {
		equal(c.t, "fetched", everything, c.fetched)
	}
	if killed == nil {
		equal(c.t, "written", records, c.written)
	}
}

// causes are what Wait may tell: all that come first in its order and at no certain time.
func (c *chaos) causes() (causes []error, ended string) {
	var failures, intake []error
	for _, f := range c.fired {
		err := error(f)
		if f.How == "goexit" {
			err = pipeline.ErrGoexit
		}
		switch f.Stage {
		case source, list, fetch:
			intake = append(intake, err)
		default:
			failures = append(failures, err)
		}
	}
	switch {
	case failures != nil:
		return failures, "failed"
	case intake != nil:
		return intake, "intake failed"
	case c.run.Killed() != nil:
		return []error{c.run.Killed()}, "killed"
	case c.run.Stopped() != nil:
		return []error{c.run.Stopped()}, "stopped"
	}
	return []error{nil}, "complete"
}
