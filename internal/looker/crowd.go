package looker

import "time"

// manyRounds is how many times each call in the air may have been answered well before a
// crowd while their number still counts as what may be to blame for it. Answers that spend
// more time in the network than in the server blur the number that the server has in its hands.
const manyRounds = 8

// crowd is the newest crowd of refusals.
type crowd struct {
	air  int     // calls that were in the air while its first call was
	good float64 // good answers with as many in the air, before
}

// doubtful reports whether c, the only crowd so far, was taken for the rate's business
// though the number of calls in the air may be to blame: there were as many as there may
// be, and few calls were answered well while there were.
func (c *crowd) doubtful(w *width, p *pace) bool {
	return p.refusals.count == 1 && !w.limited() && w.misjudged == 0 &&
		c.air >= max(2, w.allowed) && c.good < float64(manyRounds*c.air)
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
