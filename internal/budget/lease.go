package budget

// Lease is room in a budget. It is carried by what takes the room, an item or a
// record, and whoever has that is the one to give the room back. A nil lease is valid
// and holds nothing, so that what comes from elsewhere needs none. No method waits.
type Lease struct {
	budget *Budget
	own    Load
	free   func() // of the memory that the room is for; nil for none
	common *common
}

// common is the memory that the leases of one Split have in common.
type common struct {
	bytes   int64
	free    func()
	holders int
}

// Load returns what the lease holds, without what it has in common with others.
func (l *Lease) Load() Load {
	if l == nil {
		return Load{}
	}
	l.budget.mu.Lock()
	defer l.budget.mu.Unlock()
	return l.own
}

// Attach makes the lease that of memory which free, nil for nothing, gives back. It is
// called once, when nobody holds the room of that memory any more: by Release, by a
// Resize, or by the last of those that share it after a Split.
func (l *Lease) Attach(free func()) {
	if l == nil {
		return
	}
	l.budget.mu.Lock()
	defer l.budget.mu.Unlock()
	l.free = free
}

// Resize makes it the lease of other memory, of which load is in flight: it gives
// back the memory that it had, or its share in that. Bytes that were cut out of that
// memory must not be touched any more.
func (l *Lease) Resize(load Load) {
	if l == nil {
		return
	}
	l.budget.mu.Lock()
	free := l.replace(load)
	l.budget.mu.Unlock()
	if free != nil {
		free()
	}
}

// Release gives everything back. It may be called again, which does nothing.
func (l *Lease) Release() { l.Resize(Load{}) }

// Split makes n leases of one, n above 0: each holds one item, and the bytes and the
// memory are given back when the last of them is resized or released. The lease itself
// holds nothing any more. A page of 100 dashboards of 1 MB in all, split: when 99 are
// serialized, 1 MB and one item are still in flight.
func (l *Lease) Split(n int) []*Lease {
	parts := make([]*Lease, n)
	if l == nil {
		return parts
	}
	l.budget.mu.Lock()
	defer l.budget.mu.Unlock()
	shared := &common{bytes: l.own.Bytes, free: l.free, holders: n}
	leases := make([]Lease, n) // one allocation
	for i := range parts {
		leases[i] = Lease{budget: l.budget, own: Load{Items: 1}, common: shared}
		parts[i] = &leases[i]
	}
	l.budget.change(Load{Items: l.own.Items}, Load{Items: int64(n)})
	l.own, l.free = Load{}, nil
	return parts
}

// replace makes the lease hold load and nothing else, and returns what gives back the
// memory that nobody holds any more. It needs the budget's mutex.
func (l *Lease) replace(load Load) (free func()) {
	was := l.own
	free, l.free = l.free, nil
	if c := l.common; c != nil {
		l.common = nil
		if c.holders--; c.holders == 0 {
			was.Bytes += c.bytes
			free = c.free
		}
	}
	l.own = load
	if was != load {
		l.budget.change(was, load)
	}
	return free
}
