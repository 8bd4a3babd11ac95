package looker

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// backoffBase is the longest first wait before a repeat; it doubles with each.
	backoffBase = time.Second
	// A call is given up as throttled after this many refusals and this long,
	// when others were answered in between: the limit itself never costs an item.
	throttledAttempts = 10
	// mismatchAttempts is the number of attempts for a call that is answered with another
	// document. A mix-up passes; a server that means it would cost retry.attempts calls
	// for every document.
	mismatchAttempts = 3
	throttledFor     = 2 * time.Minute
)

// try is what one call of Get has gone through so far.
type try struct {
	req         Request
	write       *Write // that it makes; nil for a Get
	sent        bool   // the last attempt's request may have reached the server
	query       string
	tried       Tried
	spent       int       // API calls made
	failed      int       // of them, those that count against the attempts allowed
	missed      bool      // a 404 or a refusal was asked again
	emptied     bool      // a list without rows was asked again, after another list had some
	resent      bool      // net/http sent the request again by itself
	unsure      bool      // it was unsure, and the server has worked since
	doubts      int       // times that the server was found down behind a 404
	proof       bool      // made to find out whether the server works
	failedSince time.Time // when the first attempt failed that counts
	renewed     bool      // a 401 was answered by a new login
	session     *session  // that the last request was made with
	lapsed      int       // requests whose token ended on their way
	own         bool      // the last error is of a request of its own, not of the login that all wait for
	last        error

	refused      int       // 429s while others were answered
	refusedSince time.Time // the first 429
	goodThen     int64     // good answers of all callers at the last 429
}

// judge decides what a failed attempt means: nil to try again, after the wait
// that it has already made, or the error the call ends with.
func (c *Client) judge(ctx context.Context, t *try, err error) error {
	t.last = err
	switch Class(err) {
	case FaultBudget, FaultDown, FaultCancelled, FaultOther:
		return err
	case FaultUnauthorized:
		return c.judgeUnauthorized(t, err)
	case FaultThrottled:
		return c.judgeThrottled(t, err)
	case FaultUnsure:
		if t.own {
			return c.judgeUnsure(ctx, t, err)
		}
		return c.doubt(t, err, time.Now())
	case FaultNotJSON:
		if !t.own { // a login that is answered with a page, after another one worked
			return c.doubt(t, err, time.Now())
		}
	case FaultMissing:
		if t.req.Twice && !t.missed {
			return c.again(ctx, t)
		}
		return t.final(err)
	case FaultDenied:
		if t.req.Refused && !t.missed {
			return c.again(ctx, t)
		}
		return t.final(err)
	case FaultInvalid, FaultTooLarge:
		return t.final(err)
	}
	if t.failed++; t.failed == 1 {
		t.failedSince = time.Now()
	}
	most := t.req.Attempts
	if Class(err) == FaultMismatch {
		most = min(most, mismatchAttempts)
	}
	if !repeatable(err) || t.failed >= most {
		return t.final(err)
	}
	if t.failed == most-1 && c.silent(ctx, t) {
		c.breaker.doubt(err, t.failedSince, false)
		return nil
	}
	wait := c.waitAfter(err, t.failed)
	c.log.Debug("retry", "route", t.req.Route, "path", t.req.Path, "class", Class(err), "attempts", t.failed, "wait", wait.String())
	if sleep(ctx, wait) != nil {
		return ended(ctx, t.tried)
	}
	return nil
}

// waitAfter is the wait before repeat n (from 1) of a call whose last attempt failed with err. After
// an answer with another document it is at least half of 2 s, 4 s... up to Retry.MaxWait: a mix-up
// of a second or two must not last longer than the few attempts at it.
func (c *Client) waitAfter(err error, n int) time.Duration {
	if s, ok := errors.AsType[*StatusError](err); ok && s.RetryAfter > 0 {
		return min(s.RetryAfter, c.cfg.Retry.MaxWait) // after a 503 the limiter holds everybody for the same time
	}
	if Class(err) == FaultMismatch {
		return time.Duration((1 + c.rand()) / 2 * float64(doubled(backoffBase, n, c.cfg.Retry.MaxWait)))
	}
	return c.backoff(n)
}

// silent reports whether the server is down, before a call makes its last attempt:
// no call at all was answered since the first attempt failed, and GET /versions is not
// either. The last attempt then waits until the server lives. A few workers have made
// all their attempts before the breaker suspects anything, and what they asked for in
// a short outage would become a fault.
func (c *Client) silent(ctx context.Context, t *try) bool {
	if !c.served.Load() || c.evidence.since(t.failedSince) {
		return false
	}
	_, err := c.versions(ctx, min(probeTimeout, c.cfg.Timeout), 1)
	return err != nil
}

// judgeUnauthorized decides about a 401: the first one may be a token that the server
// forgot, the second one is held against the login. A token that ended while its
// request was on the way proves neither.
func (c *Client) judgeUnauthorized(t *try, err error) error {
	if errors.Is(err, ErrLogin) {
		return err
	}
	if t.lapsed < lapsesAllowed && t.session.lapsed(time.Now()) {
		t.lapsed++
		return nil
	}
	if !t.renewed {
		t.renewed = true
		return nil
	}
	if refused := c.auth.unauthorized(); refused != nil {
		return refused
	}
	return t.final(err)
}

func (c *Client) judgeThrottled(t *try, err error) error {
	now, good := time.Now(), c.stats.good.Load()
	if t.refusedSince.IsZero() {
		t.refusedSince = now
	} else if good != t.goodThen {
		t.refused++
	}
	t.goodThen = good
	if t.refused >= throttledAttempts-1 && now.Sub(t.refusedSince) >= throttledFor {
		return t.final(err)
	}
	return nil
}

// final puts the number of calls made into the error, unless others hold it too.
func (t *try) final(err error) error {
	if t.own {
		return spent(err, t.spent)
	}
	return err
}

// backoff is the wait before repeat n (from 1): a random part of 1 s, 2 s, 4 s...
// up to Retry.MaxWait, so that callers that failed together do not return together.
func (c *Client) backoff(n int) time.Duration {
	return time.Duration(c.rand() * float64(doubled(backoffBase, n-1, c.cfg.Retry.MaxWait)))
}

// doubled is base doubled n times, at most limit.
func doubled(base time.Duration, n int, limit time.Duration) time.Duration {
	if n > 30 || base<<n > limit {
		return limit
	}
	return base << n
}

// sleep waits for d or until ctx is done, whose error it then returns.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retryAfter reads a Retry-After header, seconds or an HTTP date (RFC 9110,
// 10.2.3). It is 0 for none, for one that makes no sense and for a date that has
// passed; it is not capped.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if header == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(header, 64); err == nil {
		if !(seconds > 0) {
			return 0
		}
		return time.Duration(min(seconds*float64(time.Second), math.MaxInt64/2))
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
