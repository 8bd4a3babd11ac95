package looker

import "time"

const (
	// leastTold is the shortest time between two crowds that tells a rate: servers
	// count by the second, and one second more or less is half of it.
	leastTold = 2 * time.Second
	// fewSent is how many calls are few between two crowds: the burst that a server
	// kept during a pause is a large part of them. Of a server that takes 6 a second
	// after a burst of 3, 180 calls reached 90.0 % with 3 times enough and 91.1 % with
	// 5 times; 8 times won nothing and cost servers that count by the second 0.3 %.
	fewSent = 5 * enough
)

// crowds is what a server bore from one crowd of refusals to another: a call counts
// for the time in which it was sent, however late its answer comes.
type crowds struct {
	count  int // of crowds
	first  time.Time
	last   time.Time
	paused time.Duration // in between
	good   int           // answers to calls that were sent in between
	newer  int           // answers to calls that were sent after the last
	pause  time.Duration // after the last

	sent   int   // calls since the last
	before tally // what was sent before the first
	turned int   // of it, calls that were refused
}

// answered notes a good answer to a call that was sent after so many crowds.
func (c *crowds) answered(after int) {
	switch {
	case after == 0:
	case after < c.count:
		c.good++
	default:
		c.newer++
	}
}

// refused notes a refusal of a call that was sent after so many crowds.
func (c *crowds) refused(after int) {
	if after == 0 {
		c.turned++
	}
}

// add notes that a crowd began, after which everybody pauses until resume.
func (c *crowds) add(now, resume time.Time, sends *tally) {
	if c.count == 0 {
		c.first, c.before = now, *sends
	}
	c.count++
	c.sent = 0
	c.good, c.newer = c.good+c.newer, 0
	c.last = now
	c.paused += c.pause
	c.pause = resume.Sub(now)
}

// rate is how many calls per second a server bore between the first and the last
// crowd, when it was used up, 0 when that was too short to tell.
func (c *crowds) rate() float64 {
	return c.solve(c.good, c.last.Sub(c.first), c.count-1, c.paused)
}

// bears is rate, or what was borne since the last crowd, where that is more.
func (c *crowds) bears(now time.Time) float64 {
	if c.count == 0 {
		return 0
	}
	return max(c.rate(), c.solve(c.newer, now.Sub(c.last), 1, c.pause))
}

// solve returns how many calls a second a server bears that was used up when a time
// began, and took so many calls in it, 0 when it was too short to tell. What comes in
// while everybody pauses a server keeps for later, as far as it keeps calls at all: one
// that refuses after a burst of 3 and then takes 6 a second keeps half a second's
// worth, so a pause of a second costs 3 calls.
func (c *crowds) solve(good int, took time.Duration, pauses int, paused time.Duration) float64 {
	if took < leastTold {
		return 0
	}
	rate := float64(good) / (took - paused/2).Seconds()
	for range 4 { // burst hangs on the rate, so the rate is corrected until it stays
		lost := max(0, rate*paused.Seconds()-float64(pauses)*c.burst(rate))
		rate = (float64(good) + lost) / took.Seconds()
	}
	return rate
}

// since is how many calls a second a server bore at most since the last crowd, as if
// half of the pause was lost, 0 when it is not known. From many calls the answers of
// the last second tell more: the rate has grown meanwhile.
func (c *crowds) since(now time.Time) float64 {
	took := now.Sub(c.last)
	if c.count == 0 || took < leastTold || took < 2*c.pause || c.sent > fewSent {
		return 0
	}
	return float64(c.sent-1) / (took - c.pause/2).Seconds()
}

// burst is how many calls a server took at once that bears so many a second: what it
// took before it refused first, beyond the rate.
func (c *crowds) burst(rate float64) float64 {
	most, n := 1.0, -float64(c.turned)
	for i := c.before.newest; i >= 0 && i > c.before.newest-bins; i-- {
		n += float64(c.before.counts[i%bins])
		most = max(most, n-rate*c.first.Sub(c.before.start.Add(time.Duration(i)*bin)).Seconds())
	}
	return most
}
