package stages

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

// Limits bounds the documents, and the bytes of documents, that were asked for
// and are not committed yet. It is safe for use by many goroutines.
//
// Room is reserved before a request, by an estimate, and corrected once the size
// is known. Only Reserve waits; everything after fetch moves on without waiting,
// so room is always given back. Whoever asks for more than the limit is clamped
// to it, and so gets through when nothing else is in flight.
type Limits struct {
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

// NewLimits returns limits; both must be positive.
func NewLimits(limit Load) *Limits {
	return &Limits{limit: limit, wanted: make(chan struct{}, 1)}
}

// Reserve waits until there is room for want and takes it. It returns what was
// taken, which is less than want where want is beyond the limit, or the
// context's error.
func (l *Limits) Reserve(ctx context.Context, want Load) (Load, error) {
	want = Load{min(want.Bytes, l.limit.Bytes), min(want.Items, l.limit.Items)}
	l.mu.Lock()
	if len(l.waiters) == 0 && l.fits(want) {
		l.take(want)
		l.mu.Unlock()
		return want, nil
	}
	w := &waiter{want: want, items: l.used.Bytes+want.Bytes <= l.limit.Bytes, ready: make(chan struct{})}
	l.waiters = append(l.waiters, w)
	l.nudgeIfItHelps()
	l.mu.Unlock()

	start := time.Now()
	select {
	case <-w.ready:
	case <-ctx.Done():
		if !l.withdraw(w) {
			l.Release(want)
		}
		return Load{}, context.Cause(ctx)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.items {
		l.waited.items += time.Since(start)
	} else {
		l.waited.bytes += time.Since(start)
	}
	return want, nil
}

// Correct replaces a load that was reserved by what it turned out to be. It
// never waits; for a moment more may be in flight than the limit.
func (l *Limits) Correct(was, is Load) { l.Release(was.minus(is)) }

// Release gives a load back.
func (l *Limits) Release(load Load) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used = l.used.minus(load)
	l.peak = Load{max(l.peak.Bytes, l.used.Bytes), max(l.peak.Items, l.used.Items)}
	l.admit()
	l.nudgeIfItHelps()
}

// gathered adds to what an open batch holds, and committing takes that away when the
// batch is closed.
func (l *Limits) gathered(load Load) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = Load{l.open.Bytes + load.Bytes, l.open.Items + load.Items}
	l.nudgeIfItHelps()
}

// committing is explained at gathered.
func (l *Limits) committing() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = Load{}
}

// nudgeIfItHelps asks for the open batch when its commit lets the first in who
// waits. An ask for a thousand documents waits for long: were each record committed
// that comes meanwhile, the writer would commit them by twos. It needs l.mu.
func (l *Limits) nudgeIfItHelps() {
	if len(l.waiters) == 0 || l.open == (Load{}) {
		return
	}
	rest := l.used.minus(l.open)
	if l.fitsWith(rest, l.waiters[0].want) {
		l.nudge()
	}
}

// Wanted receives when somebody waits for room that the commit of the open batch
// would make: it should not be held back then.
func (l *Limits) Wanted() <-chan struct{} { return l.wanted }

// Used returns what is in flight now, and the most that ever was.
func (l *Limits) Used() (now, peak Load) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used, l.peak
}

// Waited returns how long callers of Reserve have waited, summed.
func (l *Limits) Waited() time.Duration {
	bytes, items := l.WaitedFor()
	return bytes + items
}

// WaitedFor parts what Waited returns by what there was no room for.
func (l *Limits) WaitedFor() (bytes, items time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waited.bytes, l.waited.items
}

func (l *Limits) fits(want Load) bool { return l.fitsWith(l.used, want) }

// fitsWith reports whether there is room for want beside used.
func (l *Limits) fitsWith(used, want Load) bool {
	return used.Bytes+want.Bytes <= l.limit.Bytes && used.Items+want.Items <= l.limit.Items ||
		used.Bytes <= 0 && used.Items <= 0
}

func (l *Limits) take(load Load) {
	l.used = Load{l.used.Bytes + load.Bytes, l.used.Items + load.Items}
	l.peak = Load{max(l.peak.Bytes, l.used.Bytes), max(l.peak.Items, l.used.Items)}
}

// withdraw takes a waiter out of the line and tells whether it still stood there.
func (l *Limits) withdraw(w *waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.waiters, w)
	if i < 0 {
		return false
	}
	l.waiters = slices.Delete(l.waiters, i, i+1)
	l.admit()
	return true
}

// admit lets those in who stand first and fit. It needs l.mu.
func (l *Limits) admit() {
	for len(l.waiters) > 0 && l.fits(l.waiters[0].want) {
		l.take(l.waiters[0].want)
		close(l.waiters[0].ready)
		l.waiters = slices.Delete(l.waiters, 0, 1)
	}
}

func (l *Limits) nudge() {
	select {
	case l.wanted <- struct{}{}:
	default:
	}
}
