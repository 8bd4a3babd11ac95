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
	// Without evidence a cut halves the rate, and the old one is tried again after
	// trySoon: long enough that a server which counts by the second would have
	// refused again, short enough that a guess which was wrong costs one second.
	halve   = 0.5
	trySoon = 2 * time.Second
	// leastGuess is the lowest rate that is only guessed: one call waits half a second.
	leastGuess = 2.0
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
	sends    tally
	refusals crowds
	starting bool // nothing was refused yet, or only once and not again
	free     int  // calls that may still go out at once
	guessed  bool // the last cut was the first: it knew only the answers that were back by then

	before  float64   // the rate to try again, 0 for none: the last cut had no evidence
	growing bool      // starting, before that cut
	borne   float64   // what was borne before a try that is under way, 0 for none
	tried   time.Time // when the try began
	got     int       // good answers to calls sent after the last cut
	since   time.Time // when the last cut was
}

func newPace(ceiling float64, now time.Time) *pace {
	p := &pace{
		ceiling: ceiling, rate: min(startRate, ceiling), starting: true,
		resumed: now, last: now, loaded: now, answers: tally{start: now}, sends: tally{start: now},
	}
	if math.IsInf(ceiling, 1) {
		p.free = startCalls
	}
	return p
}

// answered notes a good answer to the request of t. The rate does not grow when
// nobody waits for it. Late tells that the request was sent before the last cut.
func (p *pace) answered(now time.Time, t *ticket, late bool) {
	p.answers.add(now)
	if t.cut > 0 {
		p.refusals.good++
	}
	if !late {
		p.got++
	}
	if t.waited {
		p.loaded = now
	}
	p.try(now)
	switch {
	case p.starting && t.waited:
		p.rate = min(p.rate*quicken, p.ceiling)
	case late && p.guessed && p.answers.tells(now):
		p.base = min(max(p.base, easing*p.answers.rate(now)), p.ceiling)
		p.rate = p.at(p.grown)
	case t.waited && !p.starting && p.before == 0:
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

// trying reports whether the rate before a cut is being tried again.
func (p *pace) trying(now time.Time) bool { return p.borne > 0 && now.Sub(p.tried) < soon }

// sent notes that a request goes out.
func (p *pace) sent(now time.Time) { p.sends.add(now) }

// try returns to the rate before a cut that had no evidence, when nothing was
// refused since.
func (p *pace) try(now time.Time) {
	if p.before == 0 || now.Sub(p.resumed) < trySoon {
		return
	}
	p.borne, p.tried = p.rate, now
	p.rate, p.base, p.grown, p.resumed = p.before, p.before, 0, now
	p.starting, p.before = p.growing, 0
}

// hold notes a pause until resume that is not to blame on the rate.
func (p *pace) hold(resume time.Time) { p.resumed, p.free = resume, 0 }

// guess lowers the rate to next for a crowd of refusals that came before the
// answers tell for sure what the server bears, and has it tried again soon.
func (p *pace) guess(now, resume time.Time, next float64) {
	if p.before == 0 {
		p.growing = p.starting
	}
	p.before, p.guessed, p.starting, p.free = p.rate, p.starting, false, 0
	p.set(next, maxSpan, now, resume)
}

// settle lowers the rate after the try of an older one was refused: the limit lies
// between what was borne and what was not.
func (p *pace) settle(now, resume time.Time) {
	next := math.Sqrt(p.borne * min(p.rate, max(p.borne, p.sends.lastSecond(now))))
	if p.got >= enough/2 {
		next = easing * min(p.rate, (p.between(now)+p.answers.rate(now))/2)
	}
	p.borne, p.missed, p.starting, p.guessed = 0, 0, false, false
	p.set(next, minSpan, now, resume)
}

// between is how many answers a second came since the last cut. A server that counts
// calls per second was used up then and is again when it refuses: what it bore in
// between, its pause included, is what it bears.
func (p *pace) between(now time.Time) float64 {
	return float64(p.got) / max(1, now.Sub(p.since).Seconds())
}

// set is what each cut ends with.
func (p *pace) set(rate float64, span time.Duration, now, resume time.Time) {
	p.base = max(rate, min(minRate, p.ceiling))
	p.span, p.rate, p.grown, p.resumed = span, p.base, 0, resume
	p.got, p.since = 0, now.Add(resume.Sub(now)/2)
	if p.lowest == 0 || p.base < p.lowest {
		p.lowest = p.base
	}
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
	p.refusals.add(now, resume)
	run := max(0, now.Sub(p.resumed))
	idle := now.Sub(p.loaded) >= soon && run >= soon
	known := p.answers.tells(now)
	switch {
	case idle:
		p.lower(now, resume, run, true)
	case p.trying(now):
		p.settle(now, resume)
	case p.before > 0 && known:
		p.missed++
		p.guess(now, resume, max(leastCut, 1-harder*float64(p.missed))*p.rate)
	case p.before > 0 || p.starting && !known:
		half := min(halve*p.rate, max(leastGuess, p.sends.lastSecond(now)))
		p.guess(now, resume, min(easing*p.rate, max(half, easing*p.answers.lastSecond(now))))
	case p.starting:
		p.guess(now, resume, max(easing*min(p.rate, p.answers.rate(now)), min(halve*p.rate, leastGuess)))
	default:
		p.lower(now, resume, run, false)
	}
}

// lower is the cut of a rate that is known well, or that nobody needed: idle.
func (p *pace) lower(now, resume time.Time, run time.Duration, idle bool) {
	p.before, p.borne = 0, 0
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
	p.set(next, min(max(stretch*run, minSpan), longest), now, resume)
}

// crowds is what a server bore from one crowd of refusals to another.
type crowds struct {
	first    time.Time
	last     time.Time
	paused   time.Duration // in between
	good     int           // answers to calls that were sent after the first
	goodThen int           // of them, until the last
	pause    time.Duration // after the last
}

func (c *crowds) add(now, resume time.Time) {
	if c.first.IsZero() {
		c.first = now
	}
	c.last, c.goodThen = now, c.good
	c.paused += c.pause
	c.pause = resume.Sub(now)
}

// rate is how many calls per second a server bore between two times at which it was
// used up, 0 when that was too short to tell. What it could not keep for later while
// everybody paused is not known, and half of the pauses stands for it.
func (c *crowds) rate() float64 {
	took := c.last.Sub(c.first) - c.paused/2
	if took < 2*time.Second {
		return 0
	}
	return float64(c.goodThen) / took.Seconds()
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

// tells reports whether there were enough answers lately to tell a rate from.
func (t *tally) tells(now time.Time) bool {
	t.advance(now)
	n, oldest := 0, t.newest
	for i := t.newest; i >= 0 && i > t.newest-bins; i-- {
		if t.counts[i%bins] > 0 {
			n += int(t.counts[i%bins])
			oldest = i
		}
	}
	return n >= enough || n > 2 && t.newest-oldest >= bins*3/4
}

// lastSecond is how many came in the last second.
func (t *tally) lastSecond(now time.Time) float64 {
	t.advance(now)
	n := 0
	for i := t.newest; i >= 0 && i > t.newest-int64(time.Second/bin); i-- {
		n += int(t.counts[i%bins])
	}
	return float64(n)
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
