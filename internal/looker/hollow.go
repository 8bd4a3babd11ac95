package looker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A list without rows may be an outage: a server whose database is being restored, or a front end
// that answers for it, may answer every list with [] and status 200. Where documents would be
// lost if that were believed ([Request.Emptied]), the client first asks for a list that had rows
// before, or for the roles. Once that has some, the empty list is asked for again, and counts if
// it is still empty. While that has none either, the client waits. An object without members is
// judged in the same way: it may stand for one that has some.

// rolesRoute lists roles, of which most keys that may ask see at least one.
const rolesRoute = "GET /roles"

// rows records when the server answered lists with rows, and when it did not.
type rows struct {
	evidence               // lists with rows are the good answers
	shown    chan struct{} // closed by the next of them; nil while nobody waits
	gaps     []gap         // times in which lists that have rows came without any
	vain     bool          // the client has waited for rows in vain
}

// gap is a time without rows: from the latest request that got some, to the next one that did.
// It lasts still while its end is zero.
type gap struct {
	from, to time.Time
	missed   time.Time // when a list without rows was last noticed in it
}

// seen notes a good answer to a request that was sent at sent.
func (r *rows) seen(sent time.Time, t *try, body []byte) {
	if !hasRows(body) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.saw(sent)
	r.vain = false
	// A request that was sent before the outage was noticed may be answered in the middle of it.
	if open := r.openGap(); open != nil && !sent.Before(open.missed) {
		open.to = time.Now()
	}
	if r.shown != nil {
		close(r.shown)
		r.shown = nil
	}
	if !strings.Contains(t.req.Route, "{") { // what hangs on a document may be taken away from it
		r.knowList(t.req)
	}
}

// knowList has the client hold lists without rows against one that has some. It needs r.mu.
func (r *rows) knowList(q Request) {
	if q.Route == rolesRoute {
		q.Query = askRoles().Query
	}
	r.know(q, rolesRoute)
}

// askRoles asks for a list that has rows for most keys.
func askRoles() Request {
	return Request{Route: rolesRoute, Class: "administrative", Path: "/roles", Query: url.Values{"fields": {"id"}}}
}

// ExpectRows tells the client of a list, before its first call, that has rows: it is known from
// before. Until another one has shown some, lists without rows are held against that.
func (c *Client) ExpectRows(r Request) {
	c.rows.mu.Lock()
	defer c.rows.mu.Unlock()
	c.rows.knowList(r)
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

// missed records that a list which has rows came without any, and reports whether it is the first
// of an outage. Other lists may have come so since the latest request that got rows.
func (r *rows) missed() (first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if first = r.openGap() == nil; first {
		r.gaps = append(r.gaps, gap{from: r.sent})
	}
	r.openGap().missed = time.Now()
	return first
}

// openGap returns the gap that lasts still, nil where none does. It needs r.mu.
func (r *rows) openGap() *gap {
	if n := len(r.gaps); n > 0 && r.gaps[n-1].to.IsZero() {
		return &r.gaps[n-1]
	}
	return nil
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

// Hollow reports whether, at a given time, the server answered lists without rows that do have
// some. The client knows of the outages that it has noticed.
func (c *Client) Hollow(at time.Time) bool {
	c.rows.mu.Lock()
	defer c.rows.mu.Unlock()
	return slices.ContainsFunc(c.rows.gaps, func(g gap) bool {
		return !at.Before(g.from) && (g.to.IsZero() || !at.After(g.to))
	})
}

// RowsAfter reports whether the server has answered a request that was sent after that time with a
// list that has rows. Then the client does not find any more that it was hollow at that time.
func (c *Client) RowsAfter(at time.Time) bool {
	c.rows.mu.Lock()
	defer c.rows.mu.Unlock()
	return c.rows.sent.After(at)
}

// isEmpty reports whether a body is a list without rows, or an object without members.
func isEmpty(body []byte) bool {
	body = bytes.TrimSpace(body)
	return len(body) >= 2 && (body[0] == '[' || body[0] == '{') && len(bytes.TrimSpace(body[1:len(body)-1])) == 0
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

// judgeEmpty decides whether to believe a list without rows. If not, and there is no error, the
// request is to be repeated. A total of 0 confirms the list.
func (c *Client) judgeEmpty(ctx context.Context, t *try, resp *Response) (believed bool, err error) {
	if t.emptied || resp.HasTotal && resp.Total == 0 {
		return true, nil
	}
	if err := c.showRows(ctx, t, resp.Status, time.Now()); err != nil {
		return false, err
	}
	t.emptied = true
	return false, nil
}

// showRows returns nil once a request that was sent at a given time or later got a list with rows.
// It makes calls of its own for that only when no other caller gets one.
func (c *Client) showRows(ctx context.Context, t *try, status int, since time.Time) error {
	if _, known := c.rows.call(askRoles()); !known && t.req.Route == rolesRoute {
		return nil // some keys see no roles, and nothing else is known to have rows
	}
	if err := c.awaitRows(ctx, t, since); err != nil {
		return err
	}
	deadline := time.Now().Add(c.cfg.Retry.MaxWait)
	for n := 1; !c.rows.since(since); n++ {
		err := c.rows.flight.do(ctx, c.life, func(ctx context.Context) error { return c.renewing(ctx, c.tryRows) })
		if err == nil {
			continue
		}
		if end := t.endsRun(ctx, err); end != nil {
			return end
		}
		if class := Class(err); class == FaultDenied || class == FaultMissing {
			if _, known := c.rows.call(askRoles()); !known {
				return nil // this key gets no list that is sure to have rows, so nothing speaks against an empty one
			}
		}
		left := time.Until(deadline)
		if left <= 0 || c.rows.inVain() {
			c.rows.gaveUp()
			return &UnfitError{Tried: t.tried, Status: status, Kind: FaultUnsure, Err: fmt.Errorf("a list without rows, and nothing shows that the server answers lists with any: %w", err)}
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

// tryRows asks for a list that is known to have rows. The call counts as any other.
func (c *Client) tryRows(ctx context.Context) error {
	if err := c.gate.enter(ctx); err != nil {
		return err
	}
	defer c.gate.leave()
	if err := c.breaker.pass(ctx); err != nil {
		return err
	}
	r, _ := c.rows.call(askRoles())
	r.Timeout = max(r.Timeout, proofTimeout)
	t, resp, err := c.sendProof(ctx, r)
	if err != nil {
		return err
	}
	defer c.bodies.give(resp.Body)
	if hasRows(resp.Body) {
		return nil
	}
	if c.rows.missed() {
		c.log.Warn("looker answers lists without rows that have some, waiting until it has them", "patience", c.cfg.Retry.MaxWait.String(), "route", r.Route)
	}
	return &UnfitError{Tried: t.tried, Status: resp.Status, Kind: FaultUnsure, Err: errors.New("a list that is known to have rows has none")}
}
