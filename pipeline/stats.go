package pipeline

import (
	"sync"
	"sync/atomic"
	"time"
)

// StageStats is what one stage has done so far. In, Skipped and Out only grow, and when the run has ended, In and
// Skipped are together the Out of the stage before. The times are sums over the workers up to now, what is under way
// included, so together they grow by Workers seconds a second while the stage runs.
type StageStats struct {
	Name    string
	Workers int

	In      int64 // values given to Do
	Skipped int64 // values taken from the input after Stop or Kill and not worked on
	Out     int64 // values emitted

	Busy    time.Duration // working, in Do and Flush
	Blocked time.Duration // waiting in emit for room in the output
	Starved time.Duration // waiting for input

	Queued   int  // values that wait at the output now
	Capacity int  // values that may wait there
	Ended    bool // all workers have ended
}

// Stats returns the stages in the order in which they were added.
func (r *Run) Stats() []StageStats {
	r.mu.Lock()
	parts := r.parts
	r.mu.Unlock()
	var all []StageStats
	for _, p := range parts {
		if p.node != nil {
			all = append(all, p.node.stats())
		}
	}
	return all
}

// node is the part of a stage that does not depend on the types that flow through it.
type node struct {
	name   string
	now    func() time.Duration
	meters []meter // one a worker
	queue  func() (queued, capacity int)
	ended  atomic.Bool
}

func (n *node) stats() StageStats {
	s := StageStats{Name: n.name, Workers: len(n.meters), Ended: n.ended.Load()}
	for i := range n.meters {
		m := &n.meters[i]
		s.In += m.in.Load()
		s.Skipped += m.skipped.Load()
		s.Out += m.out.Load()
		spent := m.read(n.now)
		s.Busy += spent[busy]
		s.Blocked += spent[blocked]
		s.Starved += spent[starved]
	}
	s.Queued, s.Capacity = n.queue()
	return s
}

type phase int

const (
	off phase = iota // before the first and after the last value
	busy
	blocked
	starved
	phases
)

// meter counts for one worker. The clock is read only where waiting begins and ends: a worker that always finds a
// value, and room for its own, does not pay for it. It fills two cache lines, so that workers share none.
type meter struct {
	in, skipped, out atomic.Int64

	mu    sync.Mutex
	phase phase
	since time.Duration
	spent [phases]time.Duration
	_     [48]byte
}

// enter ends the present phase and begins p.
func (m *meter) enter(p phase, now func() time.Duration) {
	m.mu.Lock()
	t := now()
	m.spent[m.phase] += t - m.since
	m.phase, m.since = p, t
	m.mu.Unlock()
}

// read returns the time spent in each phase, the present one included.
func (m *meter) read(now func() time.Duration) [phases]time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	spent := m.spent
	spent[m.phase] += now() - m.since
	return spent
}
