package looker

import (
	"context"
	"math"
	"slices"
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
	cut    int // crowds of refusals before it was given
	sent   time.Time
	waited bool // for the rate, or would have
	air    int  // the most calls that were in the air while it was, itself included
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
	room  chan struct{} // holds a value when a call has landed

	mu      sync.Mutex
	second  *rate.Limiter // nil: none
	minute  *rate.Limiter // nil: none
	pace    *pace         // nil: the rate is fixed
	width   *width        // nil: so is the number of calls in the air
	air     []*ticket     // of the calls in the air
	until   time.Time     // nobody sends before
	paused  time.Duration // in sum
	cuts    int           // crowds of refusals so far
	inARow  int           // of them, without a good answer in between
	crowd   crowd         // the newest
	slowest time.Duration // refusal, from when its call was sent
	timed   int           // refusals of which slowest is the slowest
	episode episode
}

func newLimiter(l Limits, connections int, longestPause time.Duration, rand func() float64, log hclog.Logger) *limiter {
	lim := &limiter{turn: make(chan struct{}, 1), room: make(chan struct{}, 1), rand: rand, log: log, limit: longestPause}
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
		lim.pace, lim.width = newPace(ceiling, time.Now()), newWidth(connections)
		ceiling = lim.pace.rate
	}
	if !math.IsInf(ceiling, 1) {
		lim.second = rate.NewLimiter(rate.Limit(ceiling), burstOf(ceiling))
	}
	return lim
}

// burstOf lets callers make up for timers that fire late: 20 ms of the rate.
func burstOf(perSecond float64) int { return int(max(1, math.Round(perSecond/50))) }

// wait returns when the caller may send, with a ticket that must land, or with ctx's
// error. It keeps no token when it fails.
func (l *limiter) wait(ctx context.Context) (*ticket, error) {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-l.turn }()
	for {
		if err := l.waitPause(ctx); err != nil {
			return nil, err
		}
		if err := l.waitRoom(ctx); err != nil {
			return nil, err
		}
		held, delay, first := l.reserve()
		if delay > 0 {
			if err := sleep(ctx, delay); err != nil {
				held.cancel()
				return nil, err
			}
		}
		if t := l.launch(); t != nil {
			t.waited = delay > 0 || first
			return t, nil
		}
		held.cancel() // refused meanwhile: again after the pause, at the new rate
	}
}

// waitPause waits until no pause is on.
func (l *limiter) waitPause(ctx context.Context) error {
	for {
		l.mu.Lock()
		left := time.Until(l.until)
		l.mu.Unlock()
		if left <= 0 {
			return nil
		}
		if err := sleep(ctx, left); err != nil {
			return err
		}
	}
}

// waitRoom waits until fewer calls are in the air than may be. Only the caller whose
// turn it is launches one, so what it finds stays true until then.
func (l *limiter) waitRoom(ctx context.Context) error {
	for {
		l.mu.Lock()
		full := l.width != nil && len(l.air) >= l.width.allowed
		l.mu.Unlock()
		if !full {
			return nil
		}
		select {
		case <-l.room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// launch puts a call into the air, or returns nil while a pause is on.
func (l *limiter) launch() *ticket {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Now().Before(l.until) {
		return nil
	}
	t := &ticket{cut: l.cuts, sent: time.Now()}
	if l.pace != nil {
		l.pace.sent(time.Now())
	}
	l.air = append(l.air, t)
	for _, other := range l.air {
		other.air = max(other.air, len(l.air))
	}
	return t
}

// land notes that the request of t is over, whatever came of it.
func (l *limiter) land(t *ticket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.air, t); i >= 0 {
		l.air = slices.Delete(l.air, i, i+1)
	}
	l.tellRoom()
}

// tellRoom wakes the caller that waits for room, who looks for itself.
func (l *limiter) tellRoom() {
	select {
	case l.room <- struct{}{}:
	default:
	}
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
func (l *limiter) answered(t *ticket) {
	l.mu.Lock()
	if t.cut >= l.cuts-1 { // the pause before it was long enough
		l.inARow = 0
	}
	now := time.Now()
	if l.pace != nil {
		late := t.cut != l.cuts
		if tries := l.pace.answered(now, t, late); tries && l.crowd.doubtful(l.width, l.pace) {
			l.width.experiment(l.crowd.air, now)
		}
		l.width.inHand(l.inHand(t, now))
		l.width.answered(now, t.air, late)
		l.apply()
		l.tellRoom()
	}
	over, ended := l.episode.end(now)
	rate, paused := l.rate(), l.paused
	l.mu.Unlock()
	if ended {
		l.logEnd(over, now, rate, paused)
	}
}

// turnedAway notes that a login was refused for its rate: everybody pauses. It says
// nothing about the rate of calls.
func (l *limiter) turnedAway(after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pause(time.Now(), l.pauseFor(after))
	l.inARow++
}

// refused notes that the request of t was refused because there were too many.
// Everybody pauses for as long as the server asks, after = 0 for a server that does
// not say. All requests that were sent before count as one crowd, which lowers once
// either the number of calls in the air or the rate.
func (l *limiter) refused(t *ticket, after time.Duration) {
	l.mu.Lock()
	now := time.Now()
	known := t.cut != l.cuts
	if l.pace != nil {
		l.pace.refusals.refused(t.sent)
		l.slowest = max(l.slowest, now.Sub(t.sent))
		l.timed++
	}
	switch {
	case !known:
		l.pause(now, l.pauseFor(after))
		l.cuts++
		l.inARow++
		if l.pace != nil {
			l.crowd = crowd{air: t.air, good: l.width.answeredAt(t.air)}
			l.pace.crowd(t.sent, now, l.until)
			trying := l.pace.trying(now)
			if trying && l.width.unproven() {
				l.width.misjudge() // fewer calls in the air were refused as well: it is the rate
			}
			if (!trying || l.width.unsure) && l.width.refuse(t.air, now, l.until) {
				l.pace.hold(l.until)
			} else {
				l.pace.cut(now, l.until, l.width.cleared)
			}
			l.apply()
		}
	default:
		if after > 0 {
			l.pause(now, after)
		}
		if l.width != nil && l.width.more() {
			l.pace.cut(now, l.until, false)
			l.apply()
		}
	}
	began := l.episode.refusal(now, l.paused)
	rate, pause := l.rate(), l.until.Sub(now)
	l.mu.Unlock()
	if began {
		l.log.Warn("throttled by looker", "rate", perSecond(rate), "pause", pause.Round(time.Millisecond).String())
	}
}

// pauseFor is how long to pause after a refusal that asks for after. It needs l.mu.
func (l *limiter) pauseFor(after time.Duration) time.Duration {
	if after > 0 {
		return after
	}
	return time.Duration((0.75 + 0.5*l.rand()) * float64(doubled(firstPause, l.inARow, l.limit)))
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

// fill says where the limiter stands.
func (l *limiter) fill(s *Stats) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.Paused, s.Rate = l.paused, l.rate()
	if l.pace != nil {
		s.AtOnce = l.width.found()
		if s.AtOnce == 0 { // else the refusals tell nothing of the rate
			s.Bears = l.pace.refusals.bears(time.Now())
		}
	}
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
