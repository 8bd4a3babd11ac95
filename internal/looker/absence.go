package looker

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// What a 404 means. Looker's own JSON has a documentation_url. A front end sends
// another body for what is missing, for what the key may not see, and while Looker
// is down: such an answer is unsure. The client believes it when it comes again
// after a call that is known to work has worked. Where that call fails as well, the
// server is down, and the breaker waits for it.
const (
	pathUser  = "/user"
	routeUser = "GET " + pathUser

	// askAgain is the longest pause before a request that got a 404 is repeated. It
	// gives a node that lags some time, and other callers the chance to show that the
	// server works.
	askAgain = 500 * time.Millisecond
	// proofLasts is how long a good answer vouches for the second 404.
	proofLasts = 5 * time.Second
	// mostDoubts bounds how often one Get finds the server down and waits for it.
	mostDoubts = 5
	// proofTimeout bounds one call that is known to work.
	proofTimeout = 10 * time.Second
)

// evidence is what is known of when the server gave good answers of some sort.
type evidence struct {
	flight flight // of the call that is made to find out

	mu    sync.Mutex
	sent  time.Time // when the latest request was sent that got one
	known *Request  // one that got one before
}

// good notes a good answer to a request that was sent at sent.
func (e *evidence) good(sent time.Time, t *try) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.saw(sent)
	if t.write == nil { // else it is nothing to find out by whether a server works
		e.know(t.req, routeUser)
	}
}

// saw notes when a request was sent that got a good answer. It needs e.mu.
func (e *evidence) saw(sent time.Time) {
	if sent.After(e.sent) {
		e.sent = sent
	}
}

// know keeps a request that got a good answer: the first one, until there is one of the best
// route. It needs e.mu.
func (e *evidence) know(r Request, best string) {
	if e.known == nil || r.Route == best {
		e.known = &Request{Route: r.Route, Class: r.Class, Path: r.Path, Query: r.Query, Timeout: r.Timeout}
	}
}

// since reports whether a request that was sent at that time or later got a good
// answer.
func (e *evidence) since(at time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.sent.Before(at)
}

// call returns a request that is known to get a good answer. Where none is, it returns the
// other one, and false.
func (e *evidence) call(other Request) (Request, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known == nil {
		return other, false
	}
	return *e.known, true
}

// askUser works for every key.
func askUser() Request {
	return Request{Route: routeUser, Class: "administrative", Path: pathUser, Query: url.Values{"fields": {"id"}}}
}

// documented reports whether a body is Looker's own: an error that says where it is
// documented.
func documented(body []byte) bool {
	var e struct {
		URL string `json:"documentation_url"`
	}
	return json.Unmarshal(body, &e) == nil && e.URL != ""
}

// again makes the pause before a request that got a 404, or was refused, is repeated.
func (c *Client) again(ctx context.Context, t *try) error {
	t.missed = true
	if sleep(ctx, min(time.Duration(c.rand()*float64(askAgain)), c.cfg.Retry.MaxWait)) != nil {
		return ended(ctx, t.tried)
	}
	return nil
}

// judgeUnsure decides about a 404 that may be an outage's. It returns nil to repeat
// the request, after the server has worked or was found to be down.
func (c *Client) judgeUnsure(ctx context.Context, t *try, err error) error {
	now := time.Now()
	if t.unsure && c.evidence.since(now.Add(-proofLasts)) {
		return c.believed(t, err)
	}
	if err := c.again(ctx, t); err != nil {
		return err
	}
	failure := c.confirm(ctx, now)
	if failure == nil && t.unsure {
		return c.believed(t, err)
	}
	if t.unsure = failure == nil; t.unsure {
		return nil
	}
	if end := t.endsRun(ctx, failure); end != nil {
		return end
	}
	return c.doubt(t, failure, now)
}

// endsRun is the error of a call that waited for another one to show that the server works, where
// the failure of that is about the whole run: nil where it is not.
func (t *try) endsRun(ctx context.Context, failure error) error {
	spent, isSpent := errors.AsType[*BudgetError](failure)
	switch class := Class(failure); {
	case ctx.Err() != nil:
		return ended(ctx, t.tried)
	case isSpent:
		return &BudgetError{Tried: t.tried, Max: spent.Max, Class: spent.Class}
	case class == FaultDown, errors.Is(failure, ErrLogin), errors.Is(failure, ErrClosed):
		return failure
	}
	return nil
}

// doubt makes the breaker wait until a call that is known to work works again.
func (c *Client) doubt(t *try, failure error, sent time.Time) error {
	_, known := c.evidence.call(askUser())
	c.breaker.doubt(failure, sent, known)
	if t.doubts++; t.doubts >= mostDoubts {
		return t.final(t.last)
	}
	return nil
}

// believed ends a Get with an unsure 404 that has turned out to be true.
func (c *Client) believed(t *try, err error) error {
	c.breaker.good()
	e, ok := errors.AsType[*StatusError](err)
	if !ok {
		return t.final(err)
	}
	sure := *e
	sure.Unsure = false
	return t.final(&sure)
}

// confirm makes sure that a request that was sent at a time or later got a good
// answer. It makes a call only where no other one has shown it, and one for all who
// wait.
func (c *Client) confirm(ctx context.Context, since time.Time) error {
	for !c.evidence.since(since) {
		err := c.evidence.flight.do(ctx, c.life, func(ctx context.Context) error {
			if err := c.gate.enter(ctx); err != nil {
				return err
			}
			defer c.gate.leave()
			return c.prove(ctx)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// prove makes the call that is known to work, which counts as any other. The caller
// has a place in the air.
func (c *Client) prove(ctx context.Context) error {
	for {
		err := c.renewing(ctx, c.tryProof)
		if Class(err) != FaultThrottled { // the limiter holds everybody, and the breaker ends the run at last
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// renewing makes a call that finds out whether the server works, and makes it again where its token
// was not taken: that says nothing of the server.
func (c *Client) renewing(ctx context.Context, attempt func(context.Context) error) error {
	for renewals := 0; ; renewals++ {
		err := attempt(ctx)
		if Class(err) != FaultUnauthorized || renewals == lapsesAllowed || errors.Is(err, ErrLogin) {
			return err
		}
	}
}

func (c *Client) tryProof(ctx context.Context) error {
	r, _ := c.evidence.call(askUser())
	r.Timeout = min(proofTimeout, c.cfg.Timeout)
	_, _, err := c.sendProof(ctx, r)
	return err
}

// sendProof makes a call to find out whether the server works.
func (c *Client) sendProof(ctx context.Context, r Request) (*try, *Response, error) {
	t := &try{req: r, query: r.Query.Encode(), tried: Tried{Method: http.MethodGet, Route: r.Route, Path: r.Path}, proof: true}
	if spent, ok := c.budget.take(r.Class); !ok {
		return t, nil, &BudgetError{Tried: t.tried, Max: c.budget.all.most, Class: spent}
	}
	resp, err := c.send(ctx, t)
	return t, resp, err
}

// probe reports whether the server lives: nil where it does. Only a good answer is a
// sign of life, as an outage may show as any other. GET /versions costs nothing, but
// some hosts do not serve it, and where a call that is known to work has failed
// (strict), it proves little. Then probe makes that call, if the budget allows it.
func (c *Client) probe(ctx context.Context, strict bool) error {
	_, err := c.versions(ctx, min(probeTimeout, c.cfg.Timeout), 1)
	if err != nil && c.served.Load() || err == nil && !strict {
		return err
	}
	failure := c.prove(ctx)
	if Class(failure) == FaultBudget {
		return nil // the next call ends the run
	}
	return failure
}
