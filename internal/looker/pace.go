package looker

import (
	"math"
	"time"
)

const (
	// headroom keeps a rate that the user knows just below itself: requests that
	// the network pushes together must not be one too many for a server that
	// counts by the second. 3 % are 30 ms of a second.
	headroom = 0.97
	// startRate is where an unknown limit is approached from, in calls a second,
	// and quicken by how much each answer raises the rate until the first refusal.
	// So many calls go out at once before.
	startRate  = 20.0
	quicken    = 1.25
	startCalls = 10
	// easing is the cut, of the rate that was really answered. Cuts less than soon
	// after the last one each take harder more of the rate that was allowed, down
	// to leastCut: the limit itself has fallen.
	easing   = 0.95
	harder   = 0.15
	leastCut = 0.5
	soon     = 3 * time.Second
	// A server that counts by the second refuses up to a second late: what it
	// refuses is the rate of a while ago.
	hindsight = 1500 * time.Millisecond
	// A rate grows by regrow in the first span after a cut and quadratically on.
	// The span is stretch times as long as the last cut lasted: a cut that was
	// right is tested seldom, one that was a guess soon.
	// A rate that was unopposed to so much above the cut doubles its pace: the
	// limit has risen.
	regrow    = 0.1
	stretch   = 6
	unopposed = 1.3
	minSpan   = 6 * time.Second
	maxSpan   = 60 * time.Second
	toldSpan  = 15 * time.Second // after a cut of the rate that the user knows: an accident of the network
	minRate   = 0.2
	loadStep  = 5 * time.Second // more than this between two answers was no load
)

// pace is the adaptive rate: it begins low, rises while all is answered and
// callers want more, and is cut once for a crowd of refusals. It is not safe for
// concurrent use and reads no clock.
type pace struct {
	ceiling  float64 // calls a second, +Inf for none
	rate     float64 // allowed now
	lowest   float64 // since the first cut, 0 before
	base     float64 // rate after the last cut
	missed   int     // cuts in a row that came soon after the one before
	span     time.Duration
	grown    time.Duration // time under load since the last cut
	resumed  time.Time     // end of the last cut's pause
	last     time.Time     // last answer
	loaded   time.Time     // last answer to a request that had to wait for the rate
	answers  tally
	starting bool // nothing was refused yet
	free     int  // calls that may still go out at once
	guessed  bool // the last cut was the first: it knew only the answers that were back by then
}

func newPace(ceiling float64, now time.Time) *pace {
	p := &pace{
		ceiling: ceiling, rate: min(startRate, ceiling), starting: true,
		resumed: now, last: now, loaded: now, answers: tally{start: now},
	}
	if math.IsInf(ceiling, 1) {
		p.free = startCalls
	}
	return p
}

// answered notes a good answer. waited tells that its request had to wait for
// the rate, which does not grow when nobody waits for it, and late that the
// request was sent before the last cut.
func (p *pace) answered(now time.Time, waited, late bool) {
	p.answers.add(now)
	if waited {
		p.loaded = now
	}
	switch {
	case p.starting && waited:
		p.rate = min(p.rate*quicken, p.ceiling)
	case late && p.guessed:
		p.base = min(max(p.base, easing*p.answers.rate(now)), p.ceiling)
		p.rate = p.at(p.grown)
	case waited && !p.starting:
		since := p.last
		if since.Before(p.resumed) {
			since = p.resumed
		}
		p.grown += min(max(0, now.Sub(since)), loadStep)
		p.rate = p.at(p.grown)
		if p.rate >= unopposed*p.base {
			p.base, p.grown, p.span = p.rate, 0, max(p.span/2, minSpan)
		}
	}
	p.last = now
}

// at is the rate after so much time under load since the last cut.
func (p *pace) at(grown time.Duration) float64 {
	if p.starting {
		return p.rate
	}
	x := max(0, grown.Seconds()) / p.span.Seconds()
	return min(p.base*(1+regrow*x*x), p.ceiling)
}

// cut lowers the rate for one crowd of refusals, after which everybody pauses
// until resume.
func (p *pace) cut(now, resume time.Time) {
	run := max(0, now.Sub(p.resumed))
	idle := now.Sub(p.loaded) >= soon && run >= soon
	longest, early, first := maxSpan, false, p.starting
	next := easing * min(p.at(p.grown-hindsight), p.answers.rate(now))
	switch {
	case idle: // nobody needed the rate, so this tells nothing about it
		next = min(easing*p.rate, startRate)
	case !first && run < soon:
		early = true
		share := max(leastCut, 1-harder*float64(p.missed+1))
		next = min(easing*p.rate, max(share*p.rate, easing*p.answers.rate(now)))
	case run >= soon && p.rate >= p.ceiling:
		next, longest = easing*p.rate, toldSpan
	}
	p.missed++
	if !early {
		p.missed = 0
	}
	p.starting, p.guessed, p.free = idle, first && run < soon, 0
	p.base = max(next, min(minRate, p.ceiling))
	p.span = min(max(stretch*run, minSpan), longest)
	p.rate, p.grown, p.resumed = p.base, 0, resume
	if p.lowest == 0 || p.base < p.lowest {
		p.lowest = p.base
	}
}

const (
	bin  = 250 * time.Millisecond
	bins = 40
	// A rate is judged over one second at least, because servers count by the
	// second, and over this many answers where ten seconds hold them.
	enough = 16
)

// tally counts answers in bins of the last ten seconds.
type tally struct {
	start  time.Time
	newest int64
	counts [bins]int32
}

func (t *tally) advance(now time.Time) {
	to := int64(now.Sub(t.start) / bin)
	for i := max(t.newest+1, to-bins+1); i <= to; i++ {
		t.counts[i%bins] = 0
	}
	t.newest = max(t.newest, to)
}

func (t *tally) add(now time.Time) {
	t.advance(now)
	t.counts[t.newest%bins]++
}

// rate is how many answers a second came lately.
func (t *tally) rate(now time.Time) float64 {
	t.advance(now)
	n, span := 0, time.Duration(0)
	for i := t.newest; i >= 0 && i > t.newest-bins; i-- {
		n += int(t.counts[i%bins])
		span = now.Sub(t.start) - time.Duration(i)*bin
		if n >= enough && span >= time.Second {
			break
		}
	}
	return float64(n) / math.Max(1, span.Seconds())
}
