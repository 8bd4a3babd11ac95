package extract

import (
	"sync"

	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
)

// Meter counts calls by route between two transactions. Its zero value is
// ready; it is safe for use by many goroutines.
type Meter struct {
	mu    sync.Mutex
	calls map[record.Calls]int64 // key with N = 0
}

// Count is the client's Observe.
func (m *Meter) Count(call looker.Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.calls == nil {
		m.calls = make(map[record.Calls]int64)
	}
	m.calls[record.Calls{Route: call.Route, Class: call.Class}]++
}

// Drain returns the calls since it was called last.
func (m *Meter) Drain() []record.Calls {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.calls) == 0 {
		return nil
	}
	calls := make([]record.Calls, 0, len(m.calls))
	for key, n := range m.calls {
		key.N = n
		calls = append(calls, key)
	}
	m.calls = nil
	return calls
}
