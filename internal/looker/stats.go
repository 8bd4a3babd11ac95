package looker

import (
	"sync/atomic"
	"time"
)

// Call is one HTTP request to the API that has ended, well or not. Logins,
// logouts and GET /versions are none.
type Call struct {
	Route string // of the Request
	Class string // of the Request
}

// Stats is what the client has done so far.
type Stats struct {
	Calls     int64         // requests to the API, repeats included; without logins, logouts and GET /versions
	Good      int64         // of them answered with 2xx and JSON
	Refused   int64         // 3xx and 4xx, without 429
	Throttled int64         // 429
	Failed    int64         // 5xx
	Broken    int64         // no answer, or none that could be used
	Retries   int64         // calls that were not the first attempt
	Logins    int64         // that were accepted
	Bytes     int64         // of bodies, unpacked
	Answering time.Duration // that calls were in the air, summed
	Paused    time.Duration // how long everybody had to wait because the server asked for it
	Rate      float64       // calls a second allowed now; 0 = no limit
	AtOnce    int           // calls that the server was found to take at once; 0 = it was not seen to limit them
	Bears     float64       // calls a second that the server was found to bear; 0 = not known
}

type counters struct {
	calls, good, refused, throttled, failed, broken, retries, logins, bytes, took atomic.Int64
}

// count adds one call to the API.
func (c *counters) count(status int, class FaultClass, size int64, took time.Duration, retry bool) {
	c.took.Add(int64(took))
	c.calls.Add(1)
	c.bytes.Add(size)
	if retry {
		c.retries.Add(1)
	}
	switch {
	case class == "":
		c.good.Add(1)
	case status == 429:
		c.throttled.Add(1)
	case status >= 500:
		c.failed.Add(1)
	case status >= 300:
		c.refused.Add(1)
	default:
		c.broken.Add(1)
	}
}

// Stats may be called at any time from any goroutine.
func (c *Client) Stats() Stats {
	s := Stats{
		Calls: c.stats.calls.Load(), Good: c.stats.good.Load(), Refused: c.stats.refused.Load(),
		Throttled: c.stats.throttled.Load(), Failed: c.stats.failed.Load(), Broken: c.stats.broken.Load(),
		Retries: c.stats.retries.Load(), Logins: c.stats.logins.Load(), Bytes: c.stats.bytes.Load(), Answering: time.Duration(c.stats.took.Load()),
	}
	c.limiter.fill(&s)
	return s
}
