package lookersim

import (
	"sync"
	"sync/atomic"
)

// lateCalls are requests whose connection was reset before they arrived. They
// arrive after all: after so many further calls, or when they are told to.
type lateCalls struct {
	any     atomic.Bool // whether a rule ever kept one
	mu      sync.Mutex
	waiting []*lateCall
}

type lateCall struct {
	method, path string // below the API's prefix, with the query
	body         []byte
	left         int // further calls until it arrives; 0 waits for Arrive
}

func (l *lateCalls) keep(c *call, later int) {
	l.any.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, &lateCall{c.request.Method, c.path(), c.body, later})
}

// answered counts a call, once its answer is decided, and lets those arrive
// whose time has come.
func (l *lateCalls) answered(s *Server, c *call) {
	if !l.any.Load() || c.route != nil && c.route.free {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.waiting[:0]
	for _, call := range l.waiting {
		if call.left--; call.left == 0 {
			s.arrive(call)
			continue
		}
		call.left = max(call.left, 0)
		kept = append(kept, call)
	}
	l.waiting = kept
}

// Arrive lets all requests arrive that a rule of FaultLate keeps, in the order in
// which they were sent, and returns how many those were.
func (s *Server) Arrive() int {
	l := &s.late
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, call := range l.waiting {
		s.arrive(call)
	}
	n := len(l.waiting)
	l.waiting = nil
	return n
}

func (s *Server) arrive(late *lateCall) {
	c, err := s.inner(late.method, late.path, late.body)
	if err != nil || c.route == nil || c.route.write == nil {
		return // a read that arrives late does nothing
	}
	c.twin = true
	s.writes.arrived(c)
	c.carryOut()
}
