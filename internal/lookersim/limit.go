package lookersim

import (
	"cmp"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// RateLimit refuses requests above a rate with 429. Logins and version probes
// are not counted.
type RateLimit struct {
	PerSecond float64 // 0 means no limit
	// Burst is how many requests may come at once; 0 means a second's worth.
	Burst int
	// Window counts per whole second of the clock instead of filling a bucket
	// steadily; Burst is then ignored.
	Window bool
	// RetryAfter says how refusals name the wait: RetryNone, RetrySeconds or
	// RetryDate.
	RetryAfter RetryForm
	// AtOnce refuses calls that come while so many others are in the server's hands,
	// whatever their rate; 0 means any number.
	AtOnce int
}

// RetryForm is a spelling of the Retry-After header.
type RetryForm string

// The spellings of Retry-After.
const (
	RetryNone    RetryForm = ""        // no header
	RetrySeconds RetryForm = "seconds" // "Retry-After: 2"
	RetryDate    RetryForm = "date"    // an HTTP date
)

// header spells a wait, rounded up to whole seconds.
func (f RetryForm) header(wait time.Duration, now time.Time) (string, bool) {
	seconds := int64((wait + time.Second - 1) / time.Second)
	switch f {
	case RetrySeconds:
		return strconv.FormatInt(max(seconds, 1), 10), true
	case RetryDate:
		return now.Add(time.Duration(max(seconds, 1)) * time.Second).UTC().Format(http.TimeFormat), true
	}
	return "", false
}

type limiter struct {
	mu     sync.Mutex
	limit  RateLimit
	now    func() time.Time
	tokens float64
	last   time.Time
	second int64
	used   int
	inside int // calls in the server's hands
}

func (l *limiter) init(opts Options) {
	l.limit, l.now = opts.RateLimit, opts.Now
	l.limit.Burst = cmp.Or(l.limit.Burst, max(int(l.limit.PerSecond), 1))
	l.tokens = float64(l.limit.Burst)
	l.last = l.now()
}

// admit takes a call in hand, from its arrival until its answer begins, and reports
// whether there was room.
func (l *limiter) admit(c *call) bool {
	if l.limit.AtOnce == 0 || c.route == nil || c.route.free {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inside >= l.limit.AtOnce {
		return false
	}
	l.inside++
	c.inside = true
	return true
}

// release ends what admit began.
func (l *limiter) release(c *call) {
	if !c.inside {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c.inside = false
	l.inside--
}

// crowded is the answer to a call for which there is no room.
func (l *limiter) crowded(c *call) answer {
	a := c.fail(http.StatusTooManyRequests, "Too many requests at once")
	if text, ok := l.limit.RetryAfter.header(time.Second, l.now()); ok {
		a = a.with("Retry-After", text)
	}
	return a
}

// refuse says whether a call comes too soon, and with what answer.
func (l *limiter) refuse(c *call) (answer, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limit.PerSecond <= 0 {
		return answer{}, false
	}
	now := l.now()
	wait, ok := l.take(now)
	if ok {
		return answer{}, false
	}
	a := c.fail(http.StatusTooManyRequests, "Too many requests")
	if text, ok := l.limit.RetryAfter.header(wait, now); ok {
		a = a.with("Retry-After", text)
	}
	return a, true
}

// take uses up one request; when there is none left it tells how long until
// there is.
func (l *limiter) take(now time.Time) (wait time.Duration, ok bool) {
	if l.limit.Window {
		if second := now.Unix(); second != l.second {
			l.second, l.used = second, 0
		}
		if float64(l.used) < l.limit.PerSecond {
			l.used++
			return 0, true
		}
		return now.Truncate(time.Second).Add(time.Second).Sub(now), false
	}
	l.tokens = min(float64(l.limit.Burst), l.tokens+now.Sub(l.last).Seconds()*l.limit.PerSecond)
	l.last = now
	if l.tokens >= 1 {
		l.tokens--
		return 0, true
	}
	return time.Duration((1 - l.tokens) / l.limit.PerSecond * float64(time.Second)), false
}
