package looker

import "time"

const (
	// heldTime is how long a lowered number is kept at least before one more is
	// tried: two round trips to most servers.
	heldTime = 500 * time.Millisecond
	// probeAnswers is after how many good answers one more call is tried in the air
	// of a server that was seen to refuse it; twice as many after each try that
	// failed. One refusal in 150 is 0.7 %.
	probeAnswers = 150
	// doubtful is how many good answers a call in the air must have had, for each
	// call in the air at the time, before a refusal of it says nothing about their
	// number: two rounds.
	doubtful = 2
	// trusted is how many good answers within a lowered number prove that the number was
	// to blame. A server that limits calls per second refuses sooner.
	trusted = 100
	// lowerTo and correctTo are the shares, in eighths, that the first refusal of a
	// number and a further one leave of it. What is too little is found out within a
	// second, and each further crowd costs a pause of one: of 8 calls at once that take
	// 20 ms each, 1,500 took 1.5 times as long with 7 eighths.
	lowerTo   = 5
	correctTo = 6
	// probePauses is how many times as long as the last pause a number that was
	// confirmed is kept: a try that fails costs a pause, which is 5 % then.
	probePauses = 20
	// growEvery is how many good answers raise the number by one at the beginning, by
	// half with each round: what is in the air beyond what a server takes is refused.
	growEvery = 2
)

// width is how many calls may be in the air at once. It begins with what the user
// allows, and follows servers that limit this number rather than calls per second.
// The two look alike at first: of ten calls, seven are refused. Width therefore
// treats a crowd of refusals as its own business when more calls were in the air
// than were answered well before, lowers the number and watches: when a server
// refuses again at the lower number, it was the rate, and the number returns.
//
// It is not safe for concurrent use and reads no clock.
type width struct {
	ceiling int       // what the user allows
	allowed int       // now
	good    []float64 // good answers by the most calls that were in the air meanwhile, older ones for less

	proven    int       // this many in the air were answered well since the last cut; 0: not known yet
	answers   int       // good ones since the last cut or try, to calls sent after it
	total     int       // good ones since the number was lowered first
	atAllowed int       // of them, with as many in the air as are allowed
	since     time.Time // the pause after the last cut ended, or the last try began
	pause     time.Duration
	bound     int  // there were more in the air when the last crowd was refused
	inHands   int  // this many the server had in its hands for sure since the last crowd
	cleared   bool // of the last crowd: no more were in the air than that
	step      int  // by how many the next try raises the number
	refused   int  // of the crowd that made the last cut
	from      int  // calls that were in the air then
	bore      int  // calls in the air that were answered well before the number was lowered first
	corrected int  // how often the last cut was corrected
	lowered   bool // the number was lowered, and the ceiling was not proven since
	unsure    bool // the number was lowered to find out whether it or the rate is to blame
	confirmed bool // one call more was tried, and refused
	failed    int  // tries that were refused, in a row
	misjudged int  // crowds taken for width's business that were the rate's
	suspects  int  // crowds in a row that looked like width's business
}

// newWidth begins with as many calls as a page of a browser makes.
func newWidth(ceiling int) *width {
	return &width{ceiling: ceiling, allowed: min(ceiling, startCalls), good: make([]float64, ceiling+1)}
}

// limited reports whether the number was lowered, and the ceiling not proven since.
func (w *width) limited() bool { return w.lowered }

// found is the number that the server takes, 0 when it was not seen to limit it.
func (w *width) found() int {
	if !w.lowered || w.proven == 0 {
		return 0
	}
	return min(w.proven, w.allowed)
}

// answered notes a good answer to a call while which at most air calls were in the
// air. Late means that the call was sent before the last cut.
func (w *width) answered(now time.Time, air int, late bool) {
	air = min(air, w.ceiling)
	w.good[air]++
	switch {
	case late:
		return
	case !w.limited():
		w.grow(air)
		return
	}
	w.answers++
	w.total++
	if air >= w.allowed {
		w.atAllowed++
	}
	if now.Sub(w.since) < heldTime || w.atAllowed < max(w.allowed, doubtful) {
		return
	}
	w.proven = w.allowed
	if w.allowed == w.ceiling {
		w.reset()
		return
	}
	if w.allowed == w.bound {
		w.confirmed = true
	}
	if w.confirmed && (w.answers < probeAnswers<<min(w.failed, 10) || now.Sub(w.since) < probePauses*w.pause) {
		return // too soon for a try
	}
	most := w.ceiling
	if w.allowed < w.bound {
		most = w.bound
	}
	w.allowed = min(w.allowed+w.step, most)
	w.step *= 2
	w.answers, w.atAllowed, w.since = 0, 0, now
}

// grow raises the number at the beginning, when as many are in the air as may be.
func (w *width) grow(air int) {
	if air < w.allowed || w.allowed == w.ceiling {
		return
	}
	if w.answers++; w.answers%growEvery == 0 {
		w.allowed++
	}
}

// inHand notes that the server had so many calls in its hands at once.
func (w *width) inHand(calls int) { w.inHands = max(w.inHands, calls) }

// reset forgets what was learnt of a limit.
func (w *width) reset() {
	w.allowed, w.proven, w.failed, w.total = w.ceiling, 0, 0, 0
	w.lowered, w.unsure, w.confirmed, w.corrected = false, false, false, 0
}

// refuse judges the first refusal of a crowd, of a call while which at most air calls
// were in the air, and lowers the number where that is to blame. It reports whether
// it is; else the rate is. Nobody sends before resume.
func (w *width) refuse(air int, now, resume time.Time) bool {
	air = min(air, w.ceiling)
	w.pause = resume.Sub(now)
	w.cleared = air <= w.inHands
	w.inHands = 0
	before, bore := w.answeredAt(air), w.borne()
	for i := range w.good {
		w.good[i] /= 2
	}
	if w.limited() {
		return w.refuseMore(air, resume)
	}
	if w.cleared || air < 2+2*w.misjudged || before >= float64(doubtful*air) {
		w.suspects = 0
		return false
	}
	if w.suspects++; w.suspects <= w.misjudged {
		return false
	}
	w.cut(air, air*lowerTo/8, resume)
	w.bore = bore
	return true
}

// refuseMore is refuse when the number was lowered before.
func (w *width) refuseMore(air int, resume time.Time) bool {
	switch {
	case w.cleared:
		w.misjudge()
		return false
	case w.proven > 0 && w.allowed > w.proven: // the try of more
		w.confirmed = true
		w.failed++
		w.cut(w.allowed, w.proven, resume)
		w.proven = w.allowed
		return true
	case w.proven == 0 && air >= w.allowed && w.allowed > w.corrected+1:
		w.corrected++
		w.total = 0
		w.cut(w.allowed, w.allowed*correctTo/8, resume)
		w.bound = w.from - 1
		return true
	case w.total >= trusted && air >= w.allowed: // it was one too many all the time
		w.failed++
		w.total /= 2
		w.bore = w.allowed
		w.cut(w.allowed, w.allowed-1, resume)
		w.proven = 0
		return true
	}
	if w.total < trusted {
		w.misjudge()
	}
	w.total = 0
	return false
}

// experiment lowers the number when the rate is tried again at which a crowd was refused
// while air calls were in the air, and nothing tells which of the two was to blame. A
// server that limits calls per second refuses the lower number as well, which costs no
// more than the try would have. One that limits the number takes it, at the old rate.
func (w *width) experiment(air int, now time.Time) {
	air = min(air, w.ceiling)
	w.pause = 0
	w.cut(air, air*lowerTo/8, now)
	w.suspects, w.bore, w.unsure = 0, 0, true
}

// unproven reports whether an experiment is under way whose number was not proven yet.
func (w *width) unproven() bool { return w.lowered && w.unsure && w.proven == 0 }

// more notes a further refusal of the crowd that made the last cut. It reports
// whether the rate is to blame after all: of calls of which a server has only so many
// in its hands, it answers those. One that refuses a third of them and more, though it
// answered as many before, has had enough for now.
func (w *width) more() (rate bool) {
	if !w.limited() || w.proven > 0 {
		return false
	}
	w.refused++
	w.bound = max(1, w.from-w.refused)
	w.allowed = min(w.allowed, w.bound)
	if w.from-w.refused >= w.bore-w.bore/4 || 3*w.refused <= w.from {
		return false
	}
	w.misjudge()
	return true
}

// misjudge returns the number that was lowered for no good reason.
func (w *width) misjudge() {
	w.misjudged++
	w.suspects = 0
	w.reset()
}

func (w *width) cut(from, to int, resume time.Time) {
	w.lowered, w.from, w.refused, w.bound, w.step = true, from, 1, w.ceiling, 1
	w.allowed = max(1, to)
	w.answers, w.atAllowed, w.since = 0, 0, resume
}

// borne is the largest number of calls in the air that was answered well again and
// again.
func (w *width) borne() int {
	sum := 0.0
	for air := w.ceiling; air > 0; air-- {
		if sum += w.good[air]; sum >= float64(doubtful*air) {
			return air
		}
	}
	return 0
}

// answeredAt is how many calls were answered well lately while at least air calls
// were in the air.
func (w *width) answeredAt(air int) (sum float64) {
	for _, n := range w.good[air:] {
		sum += n
	}
	return sum
}
