package looker

import (
	"math"
	"time"
)

// Every constant changes the trace of the rate, see TestConstantsAreTraced. Where a figure
// follows a reason, it is of TestLimitReached with 4 seeds: reached and refused of an
// unknown limit, which are 98.9 % and 0.40 % of token buckets, 94.5 % and 0.32 % of
// fixed windows.
const (
	// headroom is the share of a known rate that is asked for: requests that the
	// network pushes together must not be one too many for a server that counts by
	// the second. 3 % are 30 ms of a second.
	headroom = 0.97
	// startRate, in calls a second, is where an unknown limit is approached from: most
	// servers bear it. After startCalls calls at once, as many as a page of a browser
	// makes, each answer raises the rate quicken times until the first refusal.
	startRate  = 20.0
	quicken    = 1.25
	startCalls = 10
	// easing is the share that a cut leaves of the rate that was really answered. 0.9
	// reached 91.6 % of windows, 0.98 was refused 0.38 %.
	easing = 0.95
	// harder is the further share that each cut takes of the rate that was allowed
	// when it came less than soon after the one before: the limit itself has fallen.
	// Down to the share leastCut. A server that counts by the second has counted
	// anew within soon; a second less was refused 0.45 % of buckets.
	harder   = 0.15
	leastCut = 0.5
	soon     = 3 * time.Second
	// regrow is the share by which a rate grows in the first span after a cut,
	// quadratically on: it stays long near the limit that was found.
	regrow = 0.1
	// stretch is how many times as long as the last cut lasted the span is: a cut
	// that was right is tested seldom, one that was a guess soon. 2 was refused
	// 0.47 % of windows.
	stretch = 6
	// unopposed is how many times the rate after the cut must be borne for the span
	// to be halved: the limit has risen.
	unopposed = 1.3
	// minSpan is twice soon, maxSpan what a run may wait for a limit that has
	// risen; 20 s were refused 0.55 % of windows.
	minSpan = 6 * time.Second
	maxSpan = 60 * time.Second
	// toldSpan is maxSpan after a cut of the rate that the user knows: that refusal is
	// most likely an accident of the network.
	toldSpan = 15 * time.Second
	// minRate, in calls a second, is the lowest that a cut leaves: a call in 5 s still
	// finds out when the server recovers.
	minRate = 0.2
	// loadStep is the longest time between two answers that counts as load.
	loadStep = 5 * time.Second
	// halve is the share that a cut without evidence leaves. The old rate is tried
	// again after trySoon: long enough that a server which counts by the second would
	// have refused again, short enough that a guess which was wrong costs one second.
	halve   = 0.5
	trySoon = 2 * time.Second
	// noAccident is the number of crowds of refusals from which on a rate that was
	// refused is not tried again. Each try costs a pause: with Retry-After: 1 and
	// answers of 400 ms, 180 calls reached 80 % of 6 a second, and 78 % without this.
	noAccident = 3
	// leastGuess, in calls a second, is the lowest rate that is only guessed: one call
	// waits half a second. A caller who made one call in the last second was not
	// refused for that.
	leastGuess = 2.0
)

// pace is the adaptive rate: it begins low, rises while all is answered and
// callers want more, and is cut once for a crowd of refusals. It is not safe for
// concurrent use and reads no clock.
type pace struct {
	ceiling  float64 // calls a second, +Inf for none
	rate     float64 // allowed now
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
	bore    float64   // calls a second between the last two crowds of refusals, at most; 0: not known
	got     int       // good answers to calls sent after the last cut
	since   time.Time // when the last cut was
}

func newPace(ceiling float64, now time.Time) *pace {
	p := &pace{
		ceiling: ceiling, rate: min(startRate, ceiling), starting: true,
		resumed: now, last: now, loaded: now,
		answers: tally{start: now}, sends: tally{start: now}, refusals: crowds{start: now},
	}
	if math.IsInf(ceiling, 1) {
		p.free = startCalls
	}
	return p
}

// answered notes a good answer to the request of t. The rate does not grow when
// nobody waits for it. Late tells that the request was sent before the last cut. It
// reports whether the rate before the last cut is being tried again from now on.
func (p *pace) answered(now time.Time, t *ticket, late bool) (tries bool) {
	p.answers.add(now)
	if !late {
		p.got++
	}
	if t.waited {
		p.loaded = now
	}
	tries = p.try(now)
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
	return tries
}

// trying reports whether the rate before a cut is being tried again.
func (p *pace) trying(now time.Time) bool { return p.borne > 0 && now.Sub(p.tried) < soon }

// sent notes that a request goes out.
func (p *pace) sent(now time.Time) {
	p.sends.add(now)
	p.refusals.send(now)
}

// try returns to the rate before a cut that had no evidence, when nothing was
// refused since, and reports whether it does.
func (p *pace) try(now time.Time) bool {
	if p.before == 0 || now.Sub(p.resumed) < trySoon {
		return false
	}
	p.borne, p.tried = p.rate, now
	p.rate, p.base, p.grown, p.resumed = p.before, p.before, 0, now
	p.starting, p.before = p.growing, 0
	return true
}

// hold notes a pause until resume that is not to blame on the rate.
func (p *pace) hold(resume time.Time) { p.resumed, p.free = resume, 0 }

// crowd notes that a crowd of refusals begins, whatever is to blame for it, and that
// everybody pauses until resume. Its first refused call was sent at a time.
func (p *pace) crowd(sent, now, resume time.Time) {
	p.bore = p.refusals.since(now)
	p.refusals.add(sent, now, resume)
}

// guess lowers the rate to next for a crowd of refusals that came before the
// answers tell for sure what the server bears, and has it tried again soon.
func (p *pace) guess(now, resume time.Time, next float64) {
	if p.before == 0 {
		p.growing = p.starting
	}
	p.before, p.guessed, p.starting, p.free = p.rate, p.starting, false, 0
	p.set(next, maxSpan, now, resume)
}

// fallBack lowers the rate after the try of an older one was refused: the limit lies
// between what was borne and what was not. Few answers tell how fast we asked, not
// what the server bears: a guess of 4 calls a second is answered 4 times a second by a
// server that bears 6.
func (p *pace) fallBack(now, resume time.Time) {
	least := max(p.borne, p.between(now))
	next := math.Sqrt(least * min(p.rate, max(least, p.sends.lastSecond(now))))
	if p.got >= 2*enough {
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
// until resume. Certain tells that nothing else can be to blame, so that the old rate
// need not be tried again.
func (p *pace) cut(now, resume time.Time, certain bool) {
	run := max(0, now.Sub(p.resumed))
	unsure := p.starting || p.before > 0 || p.trying(now)
	idle := now.Sub(p.loaded) >= soon && run >= soon
	// Answers to callers who did not wait for the rate tell how fast those asked.
	known := p.answers.tells(now) && now.Sub(p.loaded) < time.Second
	switch {
	case idle:
		p.lower(now, resume, run, true)
	case p.trying(now):
		p.fallBack(now, resume)
	case p.before > 0 && known:
		p.missed++
		p.guess(now, resume, max(leastCut, 1-harder*float64(p.missed))*p.rate)
	case p.before > 0 || p.starting && !known:
		half := min(halve*p.rate, max(leastGuess, p.sends.lastSecond(now)))
		p.guess(now, resume, min(easing*p.rate, max(half, easing*p.answers.lastSecond(now))))
		if certain || p.refusals.count >= noAccident {
			p.before, p.span = 0, minSpan
		}
	case p.starting:
		p.guess(now, resume, max(easing*min(p.rate, p.answers.rate(now)), min(halve*p.rate, leastGuess)))
	default:
		p.lower(now, resume, run, false)
	}
	if mid := p.refusals.middle(); certain && unsure && mid > 0 {
		p.before, p.borne = 0, 0
		p.set(min(p.ceiling, easing*mid), minSpan, now, resume)
	}
}

// lower is the cut of a rate that is known well, or that nobody needed: idle.
func (p *pace) lower(now, resume time.Time, run time.Duration, idle bool) {
	p.before, p.borne = 0, 0
	longest, early, first := maxSpan, false, p.starting
	next := easing * min(p.rate, p.answers.rate(now))
	if p.bore > 0 { // the answers hold what the server kept for later during the pause
		next = min(next, max(p.bore, (1-harder)*p.rate))
	}
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
