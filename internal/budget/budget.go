package budget

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Load is an amount of work in flight.
type Load struct {
	Bytes int64
	Items int64
}

func (l Load) minus(o Load) Load { return Load{l.Bytes - o.Bytes, l.Items - o.Items} }

func (l Load) plus(o Load) Load { return Load{l.Bytes + o.Bytes, l.Items + o.Items} }

// Budget bounds the documents, and the bytes of documents, that were asked for
// and are not committed yet. It is safe for use by many goroutines.
//
// Room is reserved before a request, by an estimate, and resized once the size is
// known. Only Reserve waits; everything after fetch moves on without waiting, so
// room is always given back. A request for more than the limit is clamped to it,
// and so gets through when nothing else is in flight.
type Budget struct {
	limit Load

	mu      sync.Mutex
	used    Load
	peak    Load
	open    Load      // of used, what an open batch would give back once it is committed
	waiters []*waiter // first come, first served
	waited  struct{ bytes, items time.Duration }
	wanted  chan struct{}
}

type waiter struct {
	want  Load
	items bool // it is documents that there is no room for, not bytes
	ready chan struct{}
}

// New returns a budget; both limits must be positive.
func New(limit Load) *Budget {
	return &Budget{limit: limit, wanted: make(chan struct{}, 1)}
}

// Limit returns what may be in flight.
func (b *Budget) Limit() Load { return b.limit }

// Hold takes room without waiting; for a moment more may be in flight than the limit.
func (b *Budget) Hold(load Load) *Lease {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.take(load)
	return &Lease{budget: b, own: load}
}

// Reserve waits until there is room for want and takes it. It returns a lease of what
// was taken, which is less than want where want is beyond the limit, or the context's
// error.
func (b *Budget) Reserve(ctx context.Context, want Load) (*Lease, error) {
	want = Load{min(want.Bytes, b.limit.Bytes), min(want.Items, b.limit.Items)}
	b.mu.Lock()
	if len(b.waiters) == 0 && b.fits(want) {
		b.take(want)
		b.mu.Unlock()
		return &Lease{budget: b, own: want}, nil
	}
	w := &waiter{want: want, items: b.used.Bytes+want.Bytes <= b.limit.Bytes, ready: make(chan struct{})}
	b.waiters = append(b.waiters, w)
	b.nudgeIfItHelps()
	b.mu.Unlock()

	start := time.Now()
	select {
	case <-w.ready:
	case <-ctx.Done():
		if !b.withdraw(w) {
			(&Lease{budget: b, own: want}).Release()
		}
		return nil, context.Cause(ctx)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if w.items {
		b.waited.items += time.Since(start)
	} else {
		b.waited.bytes += time.Since(start)
	}
	return &Lease{budget: b, own: want}, nil
}

// change replaces a load by another and lets those in who fit now. It needs b.mu.
func (b *Budget) change(was, is Load) {
	b.used = b.used.minus(was).plus(is)
	b.peak = Load{max(b.peak.Bytes, b.used.Bytes), max(b.peak.Items, b.used.Items)}
	b.admit()
	b.nudgeIfItHelps()
}

// Gathered adds to what an open batch holds, and Committing takes that away when the
// batch is closed.
func (b *Budget) Gathered(load Load) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = b.open.plus(load)
	b.nudgeIfItHelps()
}

// Committing is explained at Gathered.
func (b *Budget) Committing() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = Load{}
}

// nudgeIfItHelps asks for the open batch when its commit lets the first in who
// waits. An ask for a thousand documents waits for long: were each record committed
// that comes meanwhile, the writer would commit them by twos. It needs b.mu.
func (b *Budget) nudgeIfItHelps() {
	if len(b.waiters) == 0 || b.open == (Load{}) {
		return
	}
	rest := b.used.minus(b.open)
	if b.fitsWith(rest, b.waiters[0].want) {
		b.nudge()
	}
}

// Wanted receives when somebody waits for room that the commit of the open batch
// would make: it should not be held back then.
func (b *Budget) Wanted() <-chan struct{} { return b.wanted }

// Used returns what is in flight now, and the most that ever was.
func (b *Budget) Used() (now, peak Load) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used, b.peak
}

// Waited returns how long callers of Reserve have waited, summed.
func (b *Budget) Waited() time.Duration {
	bytes, items := b.WaitedFor()
	return bytes + items
}

// WaitedFor parts what Waited returns by what there was no room for.
func (b *Budget) WaitedFor() (bytes, items time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waited.bytes, b.waited.items
}

func (b *Budget) fits(want Load) bool { return b.fitsWith(b.used, want) }

// fitsWith reports whether there is room for want, which is within the limit, beside used.
func (b *Budget) fitsWith(used, want Load) bool {
	return used.Bytes+want.Bytes <= b.limit.Bytes && used.Items+want.Items <= b.limit.Items
}

func (b *Budget) take(load Load) {
	b.used = b.used.plus(load)
	b.peak = Load{max(b.peak.Bytes, b.used.Bytes), max(b.peak.Items, b.used.Items)}
}

// withdraw takes a waiter out of the line and reports whether it still stood there.
func (b *Budget) withdraw(w *waiter) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.waiters, w)
	if i < 0 {
		return false
	}
	b.waiters = slices.Delete(b.waiters, i, i+1)
	b.admit()
	return true
}

// admit lets those in who stand first and fit. It needs b.mu.
func (b *Budget) admit() {
	for len(b.waiters) > 0 && b.fits(b.waiters[0].want) {
		b.take(b.waiters[0].want)
		close(b.waiters[0].ready)
		b.waiters = slices.Delete(b.waiters, 0, 1)
	}
}

func (b *Budget) nudge() {
	select {
	case b.wanted <- struct{}{}:
	default:
	}
}
