package lookersim

import (
	"iter"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Counts is what was asked of a server since New or ResetCounts.
type Counts struct {
	Requests int            `json:"requests"` // everything but the controls below /sim/
	Calls    int            `json:"calls"`    // requests to the API but logins, logouts and version probes: what a licence counts
	Query    int            `json:"query"`    // the part of Calls that is marked as a query call
	Admin    int            `json:"admin"`    // the other part, administrative calls
	Logins   int            `json:"logins"`   // sessions that were opened
	Routes   map[string]int `json:"routes"`   // by route, "GET /dashboards/{id}"
	Statuses map[int]int    `json:"statuses"` // by status; 0 counts connections that were cut
	Kinds    map[string]int `json:"kinds"`    // by the kind that the route gives
	Refused  int            `json:"refused"`  // answers with status 429
	Faults   int            `json:"faults"`   // answers that a rule changed
	Bytes    int64          `json:"bytes"`    // of bodies, before compression
	Busiest  int            `json:"busiest"`  // the most requests in the air at once
}

// Call is one finished request, for Options.Observe.
type Call struct {
	Method, Path, Query string // Query is raw and may be empty
	Route               string // the template, "unknown" for none
	ID                  string // the last path parameter
	Status              int    // 0 when the connection was cut
	Bytes               int64
	Took                time.Duration
}

type counter struct {
	mu      sync.Mutex
	all     Counts
	flying  atomic.Int64
	busiest atomic.Int64
	// listings is never reset: an order must not come back.
	listings atomic.Int64
}

func (k *counter) init() {
	k.all = Counts{Routes: map[string]int{}, Statuses: map[int]int{}, Kinds: map[string]int{}}
}

func (k *counter) begin() {
	now := k.flying.Add(1)
	for {
		most := k.busiest.Load()
		if now <= most || k.busiest.CompareAndSwap(most, now) {
			return
		}
	}
}

// InFlight returns how many requests have come whose answers have not begun, whether or not anybody waits
// for these any more.
func (s *Server) InFlight() int { return int(s.counts.flying.Load()) }

// land ends a call's time in the air: before the first byte of its answer, since
// whoever has read the last one may send the next call at once.
func (k *counter) land(c *call) {
	if c.flying {
		c.flying = false
		c.limiter.release(c)
		k.flying.Add(-1)
	}
}

func (k *counter) end(c *call) {
	k.land(c)
	k.mu.Lock()
	k.all.Requests++
	k.all.Routes[c.template()]++
	k.all.Statuses[c.status]++
	k.all.Bytes += c.sent
	if c.status == http.StatusTooManyRequests {
		k.all.Refused++
	}
	if c.route == nil || !c.route.free {
		k.all.Calls++
		if c.route != nil && c.route.query {
			k.all.Query++
		} else {
			k.all.Admin++
		}
	}
	if c.route != nil && c.route.kind != "" {
		k.all.Kinds[c.route.kind]++
	}
	k.mu.Unlock()
	if c.opts.Observe != nil {
		r := c.request
		c.opts.Observe(Call{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Route: c.template(), ID: c.id(),
			Status: c.status, Bytes: c.sent, Took: c.opts.Now().Sub(c.began)})
	}
}

func (k *counter) login() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all.Logins++
}

// next numbers the listings whose order is new every time.
func (k *counter) next() int64 { return k.listings.Add(1) }

func (k *counter) fault() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all.Faults++
}

// Counts returns a copy of the counts so far.
func (s *Server) Counts() Counts {
	k := &s.counts
	k.mu.Lock()
	defer k.mu.Unlock()
	all := k.all
	all.Routes, all.Statuses, all.Kinds = maps.Clone(all.Routes), maps.Clone(all.Statuses), maps.Clone(all.Kinds)
	all.Busiest = int(k.busiest.Load())
	return all
}

// ResetCounts starts all counts anew, those of Served included.
func (s *Server) ResetCounts() {
	s.counts.mu.Lock()
	s.counts.init()
	s.counts.busiest.Store(0)
	s.counts.mu.Unlock()
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	for _, t := range s.world.tables {
		clear(t.single)
		clear(t.listing)
	}
}

// Served is how many times the whole document of an item was given: by a single
// route, and as a row of a list that fields did not narrow. Answers that a
// fault spoiled count as well; requests refused before their handler do not.
type Served struct{ Single, Listed int }

// Served yields every item of a kind that is not gone, in the order of ids,
// with how often it was given. It yields nothing for kinds without a listing of
// their own.
func (s *Server) Served(kind string) iter.Seq2[string, Served] {
	return func(yield func(string, Served) bool) {
		w := s.world
		t := w.tables[kind]
		if t == nil {
			return
		}
		w.mu.RLock()
		rows := append([]row(nil), t.rows...)
		served := make([]Served, len(rows))
		for i := range rows {
			served[i] = Served{int(atomic.LoadUint32(&t.single[i])), int(atomic.LoadUint32(&t.listing[i]))}
		}
		w.mu.RUnlock()
		for i, r := range rows {
			if r.state != gone && !yield(t.idOf(w, r), served[i]) {
				return
			}
		}
	}
}
