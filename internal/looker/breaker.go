package looker

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

const (
	// suspectAfter failures in a row the server is asked whether it lives; so it
	// is after two that span suspectAge.
	suspectAfter = 20
	suspectAge   = time.Minute
	// hopelessAfter failures in a row end the run though the server lives.
	hopelessAfter = 400
	// A server that refused everything for throttledPatience, and at least
	// throttledLeast times, will not do otherwise in this run.
	throttledPatience = 10 * time.Minute
	throttledLeast    = 10
	// probeTimeout bounds one look whether the server lives, probePause the wait
	// between two.
	probeTimeout = 10 * time.Second
	probePause   = 10 * time.Second
)

// breaker notices that a server is gone. While it suspects so, callers wait.
type breaker struct {
	host     string
	patience time.Duration                                // how long a suspected server may stay silent
	probe    func(ctx context.Context, strict bool) error // nil: the server lives
	wait     func(n int) time.Duration                    // before probe n
	trip     func(*DownError)                             // ends the client
	life     context.Context                              // the client's
	log      hclog.Logger
	flight   flight

	mu       sync.Mutex
	failures int       // in a row
	since    time.Time // when the first of them was sent
	last     error
	suspect  int           // failures at which to ask
	age      time.Duration // of the row, at which to ask
	cleared  chan struct{} // not nil: suspected; closed by a good answer
	strict   bool          // a call failed that is known to work: nothing less proves that the server lives

	refusals     int // 429s in a row
	refusedSince time.Time
}

// good notes an answer that proves that the server lives and works.
func (b *breaker) good() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures, b.refusals = 0, 0
	b.clear()
}

// clear ends a suspicion. It needs b.mu.
func (b *breaker) clear() {
	if b.cleared != nil {
		close(b.cleared)
		b.cleared, b.strict = nil, false
	}
}

// failed notes a request, sent at sent, that got no usable answer.
func (b *breaker) failed(err error, sent time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures == 0 {
		b.since, b.suspect, b.age = sent, suspectAfter, suspectAge
	}
	b.failures++
	b.refusals = 0
	b.last = err
	switch {
	case b.failures >= hopelessAfter:
		_ = b.down(time.Since(b.since), false)
	case b.cleared != nil:
	case b.failures >= b.suspect, b.failures > 1 && time.Since(b.since) >= b.age:
		b.cleared = make(chan struct{})
	}
}

// doubt notes that a call failed that should have worked: the server is suspected
// at once. Where the call is known to work, nothing less proves that the server lives.
func (b *breaker) doubt(err error, sent time.Time, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures == 0 {
		b.since, b.suspect, b.age = sent, suspectAfter, suspectAge
	}
	b.last, b.strict = err, b.strict || known
	if b.cleared == nil {
		b.cleared = make(chan struct{})
	}
}

// refused notes a 429: no failure, but no good answer either.
func (b *breaker) refused(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refusals == 0 {
		b.refusedSince = time.Now()
	}
	b.refusals++
	b.last = err
	if took := time.Since(b.refusedSince); b.refusals >= throttledLeast && took >= throttledPatience {
		_ = b.down(took, true)
	}
}

// down ends the client. It needs b.mu.
func (b *breaker) down(took time.Duration, throttled bool) error {
	e := &DownError{Host: b.host, Failures: b.failures, For: took, Throttled: throttled, Last: b.last}
	if throttled {
		e.Failures = b.refusals
	}
	b.trip(e)
	return e
}

// pass returns at once while nothing is suspected, else when it is known
// whether the server lives: with a *DownError when it does not, with ctx's error
// where ctx ended first.
func (b *breaker) pass(ctx context.Context) error {
	b.mu.Lock()
	cleared := b.cleared
	b.mu.Unlock()
	if cleared == nil {
		return nil
	}
	return b.flight.do(ctx, b.life, func(ctx context.Context) error { return b.watch(ctx, cleared) })
}

// watch asks the server whether it lives until it does, a caller gets a good
// answer, or patience ends.
func (b *breaker) watch(ctx context.Context, cleared <-chan struct{}) error {
	deadline := time.Now().Add(b.patience)
	for n := 1; ; n++ {
		b.mu.Lock()
		strict := b.strict
		b.mu.Unlock()
		err := b.probe(ctx, strict)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			if n > 1 {
				b.log.Info("looker answers again")
			}
			b.lives()
			return nil
		}
		if n == 1 {
			b.log.Warn("looker does not answer, waiting for it", "patience", b.patience.String(), "error", err)
		}
		left := time.Until(deadline)
		if left <= 0 {
			return b.giveUp()
		}
		timer := time.NewTimer(min(b.wait(n), left))
		select {
		case <-timer.C:
		case <-cleared:
		case <-ctx.Done():
		}
		timer.Stop()
		select {
		case <-cleared:
			return nil
		default:
		}
	}
}

// lives ends the suspicion, not the row: the next one comes later.
func (b *breaker) lives() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.suspect = b.failures + suspectAfter
	b.age = time.Since(b.since) + suspectAge
	b.clear()
}

func (b *breaker) giveUp() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cleared == nil {
		return nil // a good answer came at the last moment
	}
	return b.down(time.Since(b.since), false)
}
