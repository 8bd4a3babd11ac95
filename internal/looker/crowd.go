package looker

import "time"

const (
	// passedEach is how many calls that were sent after the first refused one must be
	// answered well for each that is refused, before the crowd counts as thin: a server
	// that is asked for more than it bears answers fewer, and one that has so many calls
	// in its hands takes the next one as soon as it has done with one of them.
	passedEach = 3
	// passedTwice is passedEach of two crowds together, when the second one came as soon as
	// the rate before the first was tried again: with a server that takes six calls at once and
	// a client that makes eight, one or two calls are on their way when one is refused, which is
	// too few for one crowd.
	passedTwice = 2
	// manyRounds is how many times each call in the air may have been answered well before a
	// thin crowd while their number still counts as the reason for it. Answers that spend more time in the
	// network than in the server blur the number that the server has in its hands.
	manyRounds = 8
)

// crowd is the newest crowd of refusals: what was judged by its first one may turn out
// to be wrong while the calls that were sent before come back.
type crowd struct {
	first   int     // number of the first refused call
	air     int     // calls that were in the air while it was
	good    float64 // good answers with as many in the air, before
	refused int     // after the first
	passed  int     // good answers to calls that were sent after the first
	judged  bool
	before  pace  // as it was before the crowd
	retried tries // of the crowd before, when this one came of trying its rate again
}

// tries are the calls that were sent after the first refused one of a crowd.
type tries struct{ passed, refused int }

// thin reports whether a crowd that was taken for the rate's business is none, as far
// as width knows: few calls of it were refused.
func (c *crowd) thin(w *width) bool {
	unsure := c.before.starting || c.before.before > 0 || c.before.borne > 0
	few := c.passed >= passedEach*(1+c.refused)
	if c.before.borne > 0 {
		few = few || c.passed+c.retried.passed >= passedTwice*(1+c.refused+c.retried.refused)
	}
	return !c.judged && unsure && few && !w.limited() && w.misjudged == 0 && c.good < float64(manyRounds*c.air)
}

// doubtful reports whether c, the only crowd so far, was taken for the rate's business
// though the number of calls in the air may be to blame: there were as many as there may
// be, and few calls were answered well while there were.
func (c *crowd) doubtful(w *width, p *pace) bool {
	return p.refusals.count == 1 && !c.judged && !w.limited() && w.misjudged == 0 &&
		c.air >= max(2, w.allowed) && c.good < float64(manyRounds*c.air)
}

// passed notes a good answer to a call that was sent after the first refused one of
// the newest crowd. It needs l.mu.
func (l *limiter) passed(now time.Time) {
	l.crowd.passed++
	if !l.crowd.thin(l.width) {
		return
	}
	l.crowd.judged = true
	l.pace.restore(&l.crowd.before, l.until)
	l.width.thin(l.crowd.air, now, l.until)
}

// inHand is how many calls the server had in its hands at once for sure, when the call
// of t has been answered well: those that have been in the air for longer than their way
// there and back takes were on none of them. It needs l.mu.
func (l *limiter) inHand(t *ticket, now time.Time) (n int) {
	onTheWay := l.longestWay()
	if onTheWay == 0 || now.Sub(t.sent) < onTheWay {
		return 0
	}
	for _, other := range l.air {
		if other != t && now.Sub(other.sent) >= onTheWay {
			n++
		}
	}
	return n + 1
}

// longestWay is how long a call is on its way there and back at most, 0 while that is not
// known: twice as long as a refusal took at most, and up to four times while few were
// timed. One that took 12 ms had a network that takes 40 ms now and then counted as a
// server with ten calls in its hands, of eight that it takes. It needs l.mu.
func (l *limiter) longestWay() time.Duration {
	if l.timed == 0 {
		return 0
	}
	return 2*l.slowest + 2*l.slowest/time.Duration(l.timed)
}
