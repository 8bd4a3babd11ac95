package looker

import (
	"cmp"
	"time"
)

const (
	// leastTold is the shortest time between two crowds that tells a rate: servers
	// count by the second, and one second more or less is half of it.
	leastTold = 2 * time.Second
	// fewSent is how many calls are few between two crowds: the burst that a server
	// kept during a pause is a large part of them. Of a server that takes 6 a second
	// after a burst of 3, 180 calls reached 90.0 % with 3 times enough and 91.1 % with
	// 5 times; 8 times won nothing and cost servers that count by the second 0.3 %.
	fewSent = 5 * enough
	// takenBin is how finely the times are known at which calls were sent: a round
	// trip. takenBins of them are remembered, 51 seconds.
	takenBin  = 50 * time.Millisecond
	takenBins = 1024
	// apart is how many times as large as the lowest rate that fits the highest may be,
	// for the rate to count as known. Of the middle, sure is reported, which a server
	// bears that bears 5 % less; 0.97 was too much for one run of 200.
	apart = 1.15
	sure  = 0.95
	// near is the same for a rate to go on with, which is corrected if it is wrong.
	near = 1.6
	// jitter is by how many calls a server may have been asked before a call of it
	// that was sent earlier. 1 was known after twice the calls.
	jitter = 0.5
	// stretchTold is how long a rate must be borne to be reported of a server that
	// takes calls in no way that we know: the ends, of a second each, are 5 % of it.
	stretchTold = 20 * time.Second
	// fallen is how many times what got through between the newest two crowds was borne
	// before a limit that has fallen since.
	fallen = 1.5
)

// crowds is what a server took between the crowds of its refusals. From it follows
// what the server bears: a crowd begins when it was used up, whatever it kept before.
//
// It is not safe for concurrent use and reads no clock.
type crowds struct {
	count int       // of crowds
	last  time.Time // when the last was noticed
	pause time.Duration
	sent  int // calls since the last

	start       time.Time
	newest      int64            // bin
	taken       [takenBins]int32 // calls that were not refused, by when they were sent
	began       [takenBins]bool  // a crowd, by when its first call was sent
	least, most float64          // the rates that fit what was taken until the last crowd, 0 for none
	known       float64          // what fits, 0 while that is not known
	through     float64          // calls a second between the newest two crowds, its pause left out
}

func (c *crowds) advance(now time.Time) {
	to := c.bin(now)
	for i := max(c.newest+1, to-takenBins+1); i <= to; i++ {
		c.taken[i%takenBins], c.began[i%takenBins] = 0, false
	}
	c.newest = max(c.newest, to)
}

func (c *crowds) bin(at time.Time) int64 { return int64(at.Sub(c.start) / takenBin) }

// oldest is the oldest bin that is remembered.
func (c *crowds) oldest() int64 { return max(0, c.newest-takenBins+1) }

// send notes that a call goes out.
func (c *crowds) send(now time.Time) {
	c.advance(now)
	c.sent++
	c.taken[c.newest%takenBins]++
}

// refused notes the refusal of a call that was sent at a time.
func (c *crowds) refused(sent time.Time) {
	if i := c.bin(sent); i >= c.oldest() {
		c.taken[i%takenBins]--
	}
}

// add notes the first refusal of a crowd, of a call that was sent at a time. Everybody
// pauses until resume.
func (c *crowds) add(sent, now, resume time.Time) {
	c.advance(now)
	if i := c.bin(sent); i >= c.oldest() {
		c.began[i%takenBins] = true
	}
	if took := now.Sub(c.last); c.count > 0 && took >= leastTold+c.pause {
		c.through = float64(c.sent) / (took - c.pause).Seconds()
	}
	c.count++
	c.sent = 0
	c.last = now
	c.pause = resume.Sub(now)
	c.fit()
}

// bears is a number of calls a second that the server bears, at most a tenth below
// what it bears at most, 0 while that is not known.
func (c *crowds) bears(now time.Time) float64 {
	if c.count == 0 {
		return 0
	}
	c.advance(now)
	if first, last := c.ends(); c.known == 0 && time.Duration(last-first)*takenBin < stretchTold {
		return 0 // nobody knows whether it was asked for all that it bears
	}
	if borne := c.borne(); c.through == 0 || borne < fallen*c.through {
		return max(c.known, borne)
	}
	return c.known
}

// borne is the most calls a second that were taken over stretchTold. A server that
// counts by the second may have taken a second's worth more.
func (c *crowds) borne() float64 {
	const bins = int64(stretchTold / takenBin)
	most, n := 0, 0
	for i := c.oldest(); i <= c.newest; i++ {
		n += int(c.taken[i%takenBins])
		if i-bins >= c.oldest() {
			n -= int(c.taken[(i-bins)%takenBins])
			most = max(most, n)
		}
	}
	return float64(most) / (stretchTold + time.Second).Seconds()
}

// middle is a rate in the middle of those that fit, 0 while they are too far apart.
func (c *crowds) middle() float64 {
	if c.most > near*c.least {
		return 0
	}
	return (c.least + c.most) / 2
}

// fit finds the rates for which what was taken fits a server that fills a bucket
// steadily, of whatever size: there was a call in it whenever one was taken, and none
// whenever a crowd began.
func (c *crowds) fit() {
	first, last := c.ends()
	took := time.Duration(last-first) * takenBin
	if took < leastTold {
		return
	}
	n := 0
	for i := first + 1; i <= last; i++ {
		n += int(c.taken[i%takenBins])
	}
	c.least, c.most = 0, 0
	through := float64(n) / took.Seconds()
	for rate := 0.85 * through; rate < 2.5*through; rate *= 1.02 {
		if !c.fitsSome(first, last, rate) {
			continue
		}
		c.least = cmp.Or(c.least, rate)
		c.most = rate
	}
	switch {
	case c.most > 0 && c.most <= apart*c.least:
		c.known = sure * c.middle()
	case c.known < sure*c.least || c.known > sure*c.most: // it has changed
		c.known = 0
	}
}

// fitsSome reports whether what was taken fits some size of the bucket.
func (c *crowds) fitsSome(first, last int64, rate float64) bool {
	for burst := 1.5 + rate*takenBin.Seconds()/2; burst < max(12, 2*rate); burst += max(0.5, burst/8) {
		if c.fits(first, last, rate, burst) {
			return true
		}
	}
	return false
}

// fits reports whether what was taken fits a bucket that holds burst calls and is
// filled with rate of them a second. It was full when the run began, or else empty when
// the first crowd did.
func (c *crowds) fits(first, last int64, rate, burst float64) bool {
	fill := rate * takenBin.Seconds()
	left, from := 0.0, first+1
	if c.newest < takenBins {
		left, from = burst, 0
	}
	for i := from; i <= last; i++ {
		left = min(burst, left+fill) - float64(c.taken[i%takenBins])
		if left < -jitter-fill || c.began[i%takenBins] && left > 1+fill/2 {
			return false
		}
	}
	return true
}

// ends are the bins of the first and the last crowd that are remembered.
func (c *crowds) ends() (first, last int64) {
	first = -1
	for i := c.oldest(); i <= c.newest; i++ {
		if c.began[i%takenBins] {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	return max(first, 0), last
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
