package looker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// What a list without rows means. A server whose database is being restored, or a front end
// that answers for it, may answer every list so, with status 200. Where a loss would follow
// ([Request.Emptied]), the client believes it when it comes again after a list that is known
// to have rows had some. Where that has none either, the client waits for it.

// rolesRoute is that of a list that has rows for every key which sees who it is.
const rolesRoute = "GET /roles"

// rows is what is known of when the server answered lists with rows.
type rows struct {
	flight flight // of the call that is made to find out

	mu    sync.Mutex
	sent  time.Time     // when the latest request was sent that got a list with rows
	shown chan struct{} // closed by the next of them; nil while nobody waits
	known *Request      // got a list with rows before; nil before the first
	gaps  []gap         // times in which lists that have rows came without any
	vain  bool          // the client has waited for rows in vain
}

// gap is a time without rows. It lasts still while its end is zero.
type gap struct{ from, to time.Time }

// seen notes a good answer to a request that was sent at sent.
func (r *rows) seen(sent time.Time, t *try, body []byte) {
	if t.write != nil || !hasRows(body) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if sent.After(r.sent) {
		r.sent = sent
	}
	r.vain = false
	if n := len(r.gaps); n > 0 && r.gaps[n-1].to.IsZero() {
		r.gaps[n-1].to = time.Now()
	}
	if r.shown != nil {
		close(r.shown)
		r.shown = nil
	}
	q := t.req
	listed := !strings.Contains(q.Route, "{") // what hangs on a document may be taken away from it
	if listed && (r.known == nil || q.Route == rolesRoute && r.known.Route != rolesRoute) {
		r.known = &Request{Route: q.Route, Class: q.Class, Path: q.Path, Query: q.Query, Timeout: q.Timeout}
		if q.Route == rolesRoute {
			r.known.Query = url.Values{"fields": {"id"}}
		}
	}
}

// since reports whether a request that was sent at that time or later got a list with rows.
func (r *rows) since(at time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.sent.IsZero() && !r.sent.Before(at)
}

// next returns a channel that is closed when the next list with rows comes.
func (r *rows) next() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shown == nil {
		r.shown = make(chan struct{})
	}
	return r.shown
}

// call returns a request that is known to get a list with rows, nil where none is.
func (r *rows) call() *Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known
}

// missed notes that a list came without rows that has some. Since the latest rows other lists may
// have come so.
func (r *rows) missed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.gaps); n == 0 || !r.gaps[n-1].to.IsZero() {
		r.gaps = append(r.gaps, gap{from: r.sent})
	}
}

// gaveUp records that the client has waited for rows in vain: nobody does so again before some
// come.
func (r *rows) gaveUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.vain = true
}

func (r *rows) inVain() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.vain
}

// Hollow reports whether the server answered at a time lists without rows that have some, as far
// as the client has noticed.
func (c *Client) Hollow(at time.Time) bool {
	c.rows.mu.Lock()
	defer c.rows.mu.Unlock()
	return slices.ContainsFunc(c.rows.gaps, func(g gap) bool {
		return !at.Before(g.from) && (g.to.IsZero() || !at.After(g.to))
	})
}

// isEmpty reports whether a body is a list without rows.
func isEmpty(body []byte) bool {
	body = bytes.TrimSpace(body)
	return len(body) >= 2 && body[0] == '[' && len(bytes.TrimSpace(body[1:len(body)-1])) == 0
}

// hasRows reports whether a body is a list of at least one object.
func hasRows(body []byte) bool {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '[' {
		return false
	}
	body = bytes.TrimSpace(body[1:])
	return len(body) > 0 && body[0] == '{'
}

// judgeEmpty decides about a list without rows that may be an outage's. It reports whether to
// believe it; else the request is to be repeated. A list that comes with a total is believed: that
// says the same.
func (c *Client) judgeEmpty(ctx context.Context, t *try, resp *Response) (believed bool, err error) {
	if t.emptied || resp.HasTotal {
		return true, nil
	}
	if err := c.showRows(ctx, t, resp.Status, time.Now()); err != nil {
		return false, err
	}
	t.emptied, t.missed = true, true
	return false, nil
}

// showRows returns nil when a request that was sent at a time or later got a list with rows. It
// makes a call for that only where no other one brings some.
func (c *Client) showRows(ctx context.Context, t *try, status int, since time.Time) error {
	known := c.rows.call()
	if known == nil {
		return nil // this server has shown no list with rows, so there is nothing to hold it against
	}
	if err := c.awaitRows(ctx, t, since); err != nil {
		return err
	}
	deadline := time.Now().Add(c.cfg.Retry.MaxWait)
	for n := 1; !c.rows.since(since); n++ {
		err := c.rows.flight.do(ctx, c.life, c.tryRows)
		switch class := Class(err); {
		case class == "":
			continue
		case ctx.Err() != nil:
			return ended(ctx, t.tried)
		case class == FaultBudget:
			return &BudgetError{Tried: t.tried, Max: c.budget.all.most, Last: err}
		case class == FaultDown, errors.Is(err, ErrLogin), errors.Is(err, ErrClosed):
			return err
		}
		left := time.Until(deadline)
		if left <= 0 || c.rows.inVain() {
			c.rows.gaveUp()
			return &UnfitError{Tried: t.tried, Status: status, Kind: FaultUnsure, Err: fmt.Errorf("a list without rows, and nothing shows that the server answers lists with any: %w", err)}
		}
		if n == 1 {
			c.log.Warn("looker answers lists without rows that have some, waiting for it", "patience", c.cfg.Retry.MaxWait.String(), "error", err)
		}
		if sleep(ctx, min(c.backoff(n), left)) != nil {
			return ended(ctx, t.tried)
		}
	}
	return nil
}

// awaitRows gives other callers a short time to show a list with rows.
func (c *Client) awaitRows(ctx context.Context, t *try, since time.Time) error {
	timer := time.NewTimer(min(askAgain, c.cfg.Retry.MaxWait))
	defer timer.Stop()
	for {
		shown := c.rows.next()
		if c.rows.since(since) {
			return nil
		}
		select {
		case <-shown:
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ended(ctx, t.tried)
		}
	}
}

// tryRows makes the call that is known to get a list with rows, which counts as any other.
func (c *Client) tryRows(ctx context.Context) error {
	if err := c.gate.enter(ctx); err != nil {
		return err
	}
	defer c.gate.leave()
	if err := c.breaker.pass(ctx); err != nil {
		return err
	}
	r := *c.rows.call()
	t := &try{req: r, query: r.Query.Encode(), tried: Tried{Method: http.MethodGet, Route: r.Route, Path: r.Path}, proof: true}
	t.req.Timeout = max(t.req.Timeout, proofTimeout)
	if spent, ok := c.budget.take(r.Class); !ok {
		return &BudgetError{Tried: t.tried, Max: c.budget.all.most, Class: spent}
	}
	resp, err := c.send(ctx, t)
	if err != nil {
		return err
	}
	defer c.bodies.give(resp.Body)
	if !hasRows(resp.Body) {
		c.rows.missed()
		return &UnfitError{Tried: t.tried, Status: resp.Status, Kind: FaultUnsure, Err: errors.New("a list that had rows before has none")}
	}
	return nil
}
