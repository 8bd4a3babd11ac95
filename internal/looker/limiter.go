package looker

import (
	"context"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/time/rate"
)

const (
	// firstPause is the pause after a refusal that names none; it doubles with
	// every crowd of refusals that follows without a good answer.
	firstPause = 250 * time.Millisecond
	// calm ends an episode of refusals: nothing was refused for that long.
	calm = time.Minute
)

// ticket is the right to send one request.
type ticket struct {
	cut    int  // cuts of the rate before it was given
	waited bool // for the rate, or would have
}

// limiter is the one limit of all callers: tokens by the second and by the
// minute, and a pause when the server refuses.
//
// Callers take turns, in the order they came, and only the one whose turn it is
// holds reservations: one that gives up returns its tokens exactly.
type limiter struct {
	turn  chan struct{}
	rand  func() float64
	log   hclog.Logger
	limit time.Duration // longest pause

	mu      sync.Mutex
	second  *rate.Limiter // nil: none
	minute  *rate.Limiter // nil: none
	pace    *pace         // nil: the rate is fixed
	until   time.Time     // nobody sends before
	paused  time.Duration // in sum
	cuts    int           // crowds of refusals so far
	inARow  int           // of them, without a good answer in between
	episode episode
}

// episode is a time of refusals that is logged as one.
type episode struct {
	on         bool
	since      time.Time
	last       time.Time
	refusals   int
	pausedThen time.Duration
}

func newLimiter(l Limits, longestPause time.Duration, rand func() float64, log hclog.Logger) *limiter {
	lim := &limiter{turn: make(chan struct{}, 1), rand: rand, log: log, limit: longestPause}
	ceiling := math.Inf(1)
	if l.PerSecond > 0 {
		ceiling = l.PerSecond * headroom
	}
	if l.PerMinute > 0 {
		// In any minute: the burst and a minute's refill, together below the limit.
		burst := max(1, math.Floor(l.PerMinute/20))
		refill := max(l.PerMinute*0.99-burst, l.PerMinute/2) / 60
		lim.minute = rate.NewLimiter(rate.Limit(refill), int(burst))
	}
	if l.Adaptive {
		lim.pace = newPace(ceiling, time.Now())
		ceiling = lim.pace.rate
	}
	if !math.IsInf(ceiling, 1) {
		lim.second = rate.NewLimiter(rate.Limit(ceiling), burstOf(ceiling))
	}
	return lim
}

// burstOf lets callers make up for timers that fire late: 20 ms of the rate.
func burstOf(perSecond float64) int { return int(max(1, math.Round(perSecond/50))) }

// wait returns when the caller may send, or with ctx's error. It keeps no token
// when it fails.
func (l *limiter) wait(ctx context.Context) (ticket, error) {
	if l.second == nil && l.minute == nil {
		return l.waitPause(ctx)
	}
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return ticket{}, ctx.Err()
	}
	defer func() { <-l.turn }()
	for {
		if _, err := l.waitPause(ctx); err != nil {
			return ticket{}, err
		}
		held, delay, first := l.reserve()
		if delay > 0 {
			if err := sleep(ctx, delay); err != nil {
				held.cancel()
				return ticket{}, err
			}
		}
		if t, free := l.free(); free {
			t.waited = delay > 0 || first
			return t, nil
		}
		held.cancel() // refused meanwhile: again after the pause, at the new rate
	}
}

// waitPause waits until no pause is on.
func (l *limiter) waitPause(ctx context.Context) (ticket, error) {
	for {
		if t, free := l.free(); free {
			return t, nil
		}
		l.mu.Lock()
		left := time.Until(l.until)
		l.mu.Unlock()
		if err := sleep(ctx, left); err != nil {
			return ticket{}, err
		}
	}
}

// free tells whether no pause is on.
func (l *limiter) free() (ticket, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return ticket{cut: l.cuts}, !time.Now().Before(l.until)
}

// held are reservations in the two buckets, with the times they are for.
type held [2]struct {
	*rate.Reservation
	act time.Time
}

// reserve takes a token from each bucket. The first calls of a run without a limit
// by the second take none from that one.
func (l *limiter) reserve() (h held, delay time.Duration, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if first = l.pace != nil && l.pace.free > 0; first {
		l.pace.free--
	}
	for i, bucket := range []*rate.Limiter{l.second, l.minute} {
		if bucket == nil || first && bucket == l.second {
			continue
		}
		h[i].Reservation = bucket.ReserveN(now, 1)
		d := h[i].DelayFrom(now)
		h[i].act = now.Add(d)
		delay = max(delay, d)
	}
	return h, delay, first
}

// cancel returns the tokens. A reservation whose time has come is past
// cancelling, so it is cancelled as of its time.
func (h held) cancel() {
	now := time.Now()
	for _, r := range h {
		if r.Reservation == nil {
			continue
		}
		if r.act.Before(now) {
			r.CancelAt(r.act)
		} else {
			r.CancelAt(now)
		}
	}
}

// answered notes that the request of t was answered well.
func (l *limiter) answered(t ticket) {
	l.mu.Lock()
	if t.cut == l.cuts {
		l.inARow = 0
	}
	now := time.Now()
	if l.pace != nil {
		l.pace.answered(now, t.waited, t.cut != l.cuts)
		l.apply()
	}
	over, ended := l.episode.end(now)
	rate, paused := l.rate(), l.paused
	l.mu.Unlock()
	if ended {
		l.logEnd(over, now, rate, paused)
	}
}

// refused notes that the request of t was refused for its rate. Everybody
// pauses for as long as the server asks, after = 0 for a server that does not
// say; the rate is cut once for all requests that were sent before the cut.
func (l *limiter) refused(t ticket, after time.Duration) {
	l.mu.Lock()
	now := time.Now()
	crowd := t.cut != l.cuts
	switch {
	case !crowd:
		if after <= 0 {
			after = time.Duration((0.75 + 0.5*l.rand()) * float64(doubled(firstPause, l.inARow, l.limit)))
		}
		l.pause(now, after)
		l.cuts++
		l.inARow++
		if l.pace != nil {
			l.pace.cut(now, l.until)
			l.apply()
		}
	case after > 0:
		l.pause(now, after)
	}
	began := l.episode.refusal(now, l.paused)
	rate, pause := l.rate(), l.until.Sub(now)
	l.mu.Unlock()
	if began {
		l.log.Warn("throttled by looker", "rate", perSecond(rate), "pause", pause.Round(time.Millisecond).String())
	}
}

// pause holds everybody back. It needs l.mu.
func (l *limiter) pause(now time.Time, d time.Duration) {
	from, to := now, now.Add(min(d, l.limit))
	if l.until.After(from) {
		from = l.until
	}
	if to.After(from) {
		l.paused += to.Sub(from)
		l.until = to
	}
}

// apply gives the pace's rate to the bucket. It needs l.mu.
func (l *limiter) apply() {
	if to := rate.Limit(l.pace.rate); to != l.second.Limit() {
		l.second.SetLimit(to)
		l.second.SetBurst(burstOf(l.pace.rate))
	}
}

// rate is what is allowed now, 0 for no limit by the second. It needs l.mu.
func (l *limiter) rate() float64 {
	if l.second == nil {
		return 0
	}
	return float64(l.second.Limit())
}

func (l *limiter) state() (paused time.Duration, rate, lowest float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pace != nil {
		lowest = l.pace.lowest
	}
	return l.paused, l.rate(), lowest
}

// close logs the end of an episode that is still on.
func (l *limiter) close() {
	l.mu.Lock()
	over := l.episode
	l.episode.on = false
	rate, paused := l.rate(), l.paused
	l.mu.Unlock()
	if over.on {
		l.logEnd(over, time.Now(), rate, paused)
	}
}

func (l *limiter) logEnd(e episode, now time.Time, rate float64, paused time.Duration) {
	l.log.Info("no longer throttled", "refusals", e.refusals, "rate", perSecond(rate),
		"paused", (paused - e.pausedThen).Round(time.Millisecond).String(), "took", now.Sub(e.since).Round(time.Second).String())
}

func perSecond(rate float64) string {
	if rate == 0 {
		return "none"
	}
	return strconv.FormatFloat(rate, 'g', 3, 64) + "/s"
}

func (e *episode) refusal(now time.Time, paused time.Duration) (began bool) {
	if began = !e.on; began {
		*e = episode{on: true, since: now, pausedThen: paused}
	}
	e.last = now
	e.refusals++
	return began
}

func (e *episode) end(now time.Time) (over episode, ended bool) {
	if !e.on || now.Sub(e.last) < calm {
		return episode{}, false
	}
	over = *e
	e.on = false
	return over, true
}
