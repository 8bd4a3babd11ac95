package lookersim

import (
	"bytes"
	"sync"
	"time"
)

// WriteSeen is one request that would change something, as it came.
type WriteSeen struct {
	Method, Path, Query string // Path is below /api/4.0, Query is raw and may be empty
	Body                []byte
	// Status is what the server decided: 2xx when it carried the request out. It
	// is 0 for a request that a fault, a limit or a missing login kept from being
	// looked at. A fault may have kept this status from the client.
	Status int
	At     time.Time // when it came
	// Late says that this is the second arrival of a request whose connection a
	// rule had reset.
	Late bool
}

// Done reports whether the write was carried out.
func (w WriteSeen) Done() bool { return w.Status >= 200 && w.Status < 300 }

// writeLog keeps the writes in the order in which they came.
type writeLog struct {
	mu    sync.Mutex
	seen  []*WriteSeen
	bytes int
}

// The log keeps this much; what came later is counted without its body.
const maxLogged = 64 << 20

func (l *writeLog) arrived(c *call) {
	if c.route == nil || c.route.write == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := &WriteSeen{Method: c.request.Method, Path: c.request.URL.Path[len(apiPrefix):], Query: c.request.URL.RawQuery, At: c.began, Late: c.twin}
	if l.bytes += len(c.body); l.bytes <= maxLogged {
		seen.Body = c.body
	}
	l.seen = append(l.seen, seen)
	c.logged = seen
}

// decided notes what became of a write.
func (c *call) decided(status int) {
	if c.logged == nil {
		return
	}
	c.writes.mu.Lock()
	defer c.writes.mu.Unlock()
	c.logged.Status = status
}

// Writes returns every write since New or ForgetWrites, in the order in which
// they came. What Do and Mutate do is not among them. Bodies are kept up to 64 MB
// in all, and nil beyond that.
func (s *Server) Writes() []WriteSeen {
	l := &s.writes
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]WriteSeen, len(l.seen))
	for i, seen := range l.seen {
		list[i] = *seen
		list[i].Body = bytes.Clone(seen.Body)
	}
	return list
}

// ForgetWrites empties the log of Writes.
func (s *Server) ForgetWrites() {
	l := &s.writes
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen, l.bytes = nil, 0
}

// Document is the whole document of an item, nil when there is none. It is what
// Items yields as its body.
func (s *Server) Document(kind, id string) []byte {
	w := s.world
	w.mu.RLock()
	t := w.tables[kind]
	if t == nil {
		w.mu.RUnlock()
		return s.derived(kind, id)
	}
	r, i, ok := t.find(id)
	w.mu.RUnlock()
	if !ok {
		return nil
	}
	body, _ := s.bodies(found{t: t, index: i, row: r})
	return body
}

// derived is the document of an item that has no table.
func (s *Server) derived(kind, id string) []byte {
	for _, it := range s.index(kind) {
		if it.item.ID == id {
			_, body := s.Peek(it.item.Path)
			return body
		}
	}
	return nil
}
