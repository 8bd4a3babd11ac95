package looker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Get makes one call to the API, waits for what it has to wait for and repeats
// what can be repeated.
//
// Errors are typed: *StatusError, *TransportError, *NotJSONError, *UnfitError,
// *TooLargeError and *RedirectError are about this request; ErrBudget, ErrDown, ErrLogin and
// ErrClosed about the whole run; a *CancelledError says that ctx ended. Class
// names any of them.
func (c *Client) Get(ctx context.Context, r Request) (*Response, error) {
	t, err := c.newTry(r)
	if err != nil {
		return nil, err
	}
	ctx, stop := c.bind(ctx)
	defer stop()
	for {
		resp, err := c.attempt(ctx, t)
		if err == nil && r.Emptied && isEmpty(resp.Body) {
			believed, err := c.judgeEmpty(ctx, t, resp)
			if err == nil && !believed {
				c.bodies.give(resp.Body)
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		if err == nil {
			return resp, nil
		}
		if err := c.judge(ctx, t, err); err != nil {
			return nil, err
		}
	}
}

func (c *Client) newTry(r Request) (*try, error) {
	if !strings.HasPrefix(r.Path, "/") || strings.ContainsAny(r.Path, "?# \r\n") ||
		strings.Contains(r.Path+"/", "/../") || strings.Contains(r.Path+"/", "/./") {
		return nil, fmt.Errorf("call %q: not an escaped path below %s", r.Path, apiPath)
	}
	r.Timeout = cmp.Or(r.Timeout, c.cfg.Timeout)
	r.Attempts = cmp.Or(r.Attempts, c.cfg.Retry.Attempts)
	return &try{req: r, query: r.Query.Encode(), tried: Tried{Method: http.MethodGet, Route: r.Route, Path: r.Path}}, nil
}

// attempt waits until a call may be made, and makes it. From the beginning it holds
// a place in the air, under which a probe or a login goes out as well.
func (c *Client) attempt(ctx context.Context, t *try) (*Response, error) {
	t.sent = false
	if c.life.Err() != nil {
		return nil, context.Cause(c.life)
	}
	if c.gate.enter(ctx) != nil {
		return nil, ended(ctx, t.tried)
	}
	defer c.gate.leave()
	if err := c.breaker.pass(ctx); err != nil {
		return nil, c.gaveUp(ctx, t, err)
	}
	if spent, ok := c.budget.take(t.req.Class); !ok {
		return nil, &BudgetError{Tried: t.tried, Max: c.budget.all.most, Class: spent}
	}
	return c.send(ctx, t)
}

// send waits for the rate and for a token, and makes a call that the budget
// allows.
func (c *Client) send(ctx context.Context, t *try) (*Response, error) {
	given, err := c.limiter.wait(ctx)
	if err != nil {
		c.budget.giveBack(t.req.Class)
		return nil, ended(ctx, t.tried)
	}
	session, err := c.auth.session(ctx)
	if err != nil {
		c.budget.giveBack(t.req.Class)
		c.limiter.land(given)
		return nil, c.noSession(ctx, t, err)
	}
	session.use()
	return c.call(ctx, t, given, session)
}

// gaveUp types the error of a wait: ctx's end, or what the wait found out.
func (c *Client) gaveUp(ctx context.Context, t *try, err error) error {
	if _, ok := errors.AsType[fault](err); ok {
		return err
	}
	if ctx.Err() != nil {
		return ended(ctx, t.tried)
	}
	return context.Cause(c.life)
}

// noSession deals with a login that did not work.
func (c *Client) noSession(ctx context.Context, t *try, err error) error {
	t.own = false
	if ctx.Err() != nil {
		return ended(ctx, t.tried)
	}
	if after, ok := throttled(err); ok {
		c.limiter.turnedAway(after)
	}
	return err
}

// call sends the request and accounts for it.
func (c *Client) call(ctx context.Context, t *try, k *ticket, s *session) (*Response, error) {
	t.spent++
	t.own, t.session, t.resent = true, s, false
	t.tried.Attempts = t.spent
	x := exchange{
		tried: t.tried, path: t.req.Path, query: t.query, header: s.header,
		timeout: t.req.Timeout, hint: t.req.SizeHint, most: t.req.MaxBody, sending: &sending{},
	}
	if t.write != nil {
		x.write, x.header = t.write, withJSON(s.header, t.write)
	}
	sent := time.Now()
	a, err := c.exchange(ctx, x)
	t.sent = err == nil || c.left(x.sending, err)
	c.limiter.land(k)
	if err == nil {
		err = c.verdict(x, a)
	}
	if err == nil {
		err = c.check(t, a)
	}
	for range x.sending.repeated() {
		c.unanswered(t)
		t.resent = true
	}
	c.account(t, a, err)
	c.learn(t, k, s, err, sent)
	if err == nil {
		c.evidence.good(sent, t)
		c.rows.seen(sent, t, a.body)
	}
	if err != nil {
		return nil, err
	}
	resp := &Response{Body: a.body, Status: a.status, Attempts: t.spent, Took: a.took}
	resp.Total, resp.HasTotal = total(a.header)
	return resp, nil
}

// check asks the caller whether a good answer is what was asked for. Else its body
// is nobody's any more.
func (c *Client) check(t *try, a answer) error {
	if t.req.Check == nil {
		return nil
	}
	class, err := t.req.Check(a.body)
	if err == nil {
		return nil
	}
	c.bodies.give(a.body)
	return &UnfitError{Tried: t.tried, Status: a.status, Kind: class, Err: err}
}

// Recycle takes the body of a response back, whose memory another one may get.
// Nobody may touch it any more. Calling it is optional; large bodies gain by it.
func (c *Client) Recycle(body []byte) { c.bodies.give(body) }

// account counts a call and tells the observer.
func (c *Client) account(t *try, a answer, err error) {
	class := Class(err)
	size := int64(0)
	if a.status >= 200 && a.status <= 299 {
		size = int64(len(a.body))
	}
	c.stats.count(a.status, class, size, a.took, t.repeats())
	if c.cfg.Observe != nil {
		c.cfg.Observe(Call{Route: t.req.Route, Class: t.req.Class})
	}
}

// unanswered counts a request that net/http sent before the one that ended, and that got
// no answer. The budget has nothing reserved for it.
func (c *Client) unanswered(t *try) {
	c.budget.force(t.req.Class)
	c.stats.count(0, FaultNetwork, 0, 0, t.repeats())
	if c.cfg.Observe != nil {
		c.cfg.Observe(Call{Route: t.req.Route, Class: t.req.Class})
	}
}

// repeats reports whether the call is made again because it failed. To ask once more
// whether something is missing, refused or empty is no repeat.
func (t *try) repeats() bool {
	return t.resent || t.spent > 2 || t.spent == 2 && !t.missed && !t.emptied
}

// learn tells the limiter, the breaker and the login what a call has shown. A call
// that is made to find out whether the server works says nothing of the others.
func (c *Client) learn(t *try, k *ticket, s *session, err error, sent time.Time) {
	switch Class(err) {
	case FaultCancelled, FaultDown:
		return
	case FaultUnauthorized:
		c.auth.reject(s)
		return
	case FaultThrottled:
		c.breaker.refused(err)
	case "", FaultDenied, FaultMissing, FaultInvalid, FaultTooLarge, FaultMismatch:
		c.limiter.answered(k)
		c.auth.accepted(s)
		if !t.proof {
			c.breaker.good()
		}
	default:
		if !t.proof {
			c.breaker.failed(err, sent)
		}
	}
	if after, ok := throttled(err); ok {
		c.limiter.refused(k, after)
	}
}

// Versions is the answer of GET /versions (OpenAPI: ApiVersion).
type Versions struct {
	Release string // "26.12.3"; "" when the server does not say
}

// Versions asks for the server's versions. It needs no login and is no call to
// the API. Some hosts do not have the route: an error, of the types of Get, says
// nothing about the rest of the API.
func (c *Client) Versions(ctx context.Context) (Versions, error) {
	ctx, stop := c.bind(ctx)
	defer stop()
	for n := 1; ; n++ {
		if c.gate.enter(ctx) != nil {
			return Versions{}, ended(ctx, Tried{Method: http.MethodGet, Route: routeVersions, Attempts: n - 1})
		}
		v, err := c.versions(ctx, c.cfg.Timeout, n)
		c.gate.leave()
		if err == nil || !repeatable(err) || Class(err) == FaultUnsure || n >= min(firstAttempts, c.cfg.Retry.Attempts) || hopeless(err) {
			return v, err
		}
		if sleep(ctx, c.backoff(n)) != nil {
			return Versions{}, ended(ctx, Tried{Method: http.MethodGet, Route: routeVersions, Attempts: n})
		}
	}
}

func (c *Client) versions(ctx context.Context, timeout time.Duration, n int) (Versions, error) {
	t := Tried{Method: http.MethodGet, Route: routeVersions, Attempts: n}
	x := exchange{tried: t, path: pathVersions, header: c.header, timeout: timeout}
	a, err := c.exchange(ctx, x)
	if err == nil {
		err = c.verdict(x, a)
	}
	if err != nil {
		return Versions{}, err
	}
	var body *struct {
		Release string `json:"looker_release_version"`
	}
	// null, and an error under another status, are no sign that the server works.
	_, failed := lookerMessage(a.body)
	if err := json.Unmarshal(a.body, &body); err != nil || body == nil || failed {
		return Versions{}, &NotJSONError{Tried: t, Status: a.status, ContentType: "of another shape"}
	}
	c.served.Store(true)
	return Versions{Release: line(c.Scrub(body.Release))}, nil
}

// Scrub takes the secrets of the client, its tokens included, out of a text of the
// server.
func (c *Client) Scrub(text string) string { return c.cfg.Secrets.Scrub(text) }
