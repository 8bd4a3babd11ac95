package looker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lookervault/lookervault/internal/duration"
)

const (
	// defaultExpiry stands in for a missing expires_in; longestExpiry is the most
	// that is believed.
	defaultExpiry = time.Hour
	longestExpiry = 24 * time.Hour
	// A token is renewed renewEarly before it ends, a short-lived one after
	// renewShare of its life.
	renewEarly = time.Minute
	renewShare = 0.8
	shortLife  = 5 * time.Minute
	// renewAgain is the pause between tries to renew a token that still works.
	renewAgain = 10 * time.Second
	// badTokens is how many calls in a row, each with a token fresh from a login,
	// may be answered with 401 before the login counts as refused.
	badTokens = 10
	// lapsesAllowed is how many times one call may arrive with a token that ended on its
	// way. With tokens of 100 ms on a loaded machine that happens twice in a row.
	lapsesAllowed = 4
	// firstAttempts bounds the attempts of the first contact where no connection comes
	// about: somebody waits for it.
	firstAttempts = 3
)

// session is a token and the headers that carry it. It never changes but for what was
// found out about the token.
type session struct {
	token   string
	header  http.Header // of every request; shared, so read only
	renewAt time.Time
	expires time.Time
	once    *once        // not nil: the token had ended when it came
	worked  *atomic.Bool // the server has accepted the token
}

// once is a token that is used although it should have ended.
type once struct {
	used       atomic.Bool
	life, took time.Duration // of the token, of its login
}

// use notes that a call is made with the session.
func (s *session) use() {
	if s.once != nil {
		s.once.used.Store(true)
	}
}

// usable reports whether a call may be made with the session.
func (s *session) usable(now time.Time) bool {
	return s != nil && (now.Before(s.renewAt) || s.once != nil && !s.once.used.Load())
}

// lapsed reports whether the token was good once: the server took it, or its time is
// over. That it is refused now says nothing about the next one.
func (s *session) lapsed(now time.Time) bool {
	return s.once == nil && (s.worked.Load() || !now.Before(s.expires))
}

// auth keeps the session: one login for all callers.
type auth struct {
	login   func(context.Context) (*session, error)
	life    context.Context
	flight  flight
	current atomic.Pointer[session]
	refusal atomic.Pointer[LoginError] // set once, final
	host    string
	bad     atomic.Int32 // calls in a row that were answered with 401 despite a fresh token
}

// session returns the session to use now. An old one stays in use while the
// login fails and the token still works.
func (a *auth) session(ctx context.Context) (*session, error) {
	for {
		s := a.current.Load()
		if s.usable(time.Now()) {
			return s, nil
		}
		if refusal := a.refusal.Load(); refusal != nil {
			return nil, refusal
		}
		err := a.flight.do(ctx, a.life, a.renew)
		if err == nil {
			continue
		}
		if s != nil && repeatable(err) && a.postpone(s) {
			continue
		}
		return nil, err
	}
}

// renew logs in unless somebody just did.
func (a *auth) renew(ctx context.Context) error {
	old := a.current.Load()
	switch {
	case old.usable(time.Now()):
		return nil
	case old != nil && old.once != nil:
		return a.stillborn(old.once)
	}
	s, err := a.login(ctx)
	if refusal, ok := errors.AsType[*LoginError](err); ok {
		a.refusal.CompareAndSwap(nil, refusal)
	}
	if err != nil {
		return err
	}
	a.current.Store(s)
	return nil
}

// stillborn ends the run: another login would bring no better token, and calls that
// need a login each are a loop of logins.
func (a *auth) stillborn(o *once) error {
	a.refusal.CompareAndSwap(nil, &LoginError{
		Host: a.host, Status: http.StatusOK, What: "its tokens end before they can be used",
		Message: fmt.Sprintf("a token lives %s, and the login took %s", duration.Text(o.life), duration.Text(o.took)),
		Remedy:  "check what slows logins down, and how long tokens live (expires_in)",
	})
	return a.refusal.Load()
}

// postpone puts off the renewal of a token that still works.
func (a *auth) postpone(s *session) bool {
	now := time.Now()
	if !now.Before(s.expires) {
		return false
	}
	later := *s
	later.renewAt = now.Add(renewAgain)
	if later.renewAt.After(s.expires) {
		later.renewAt = s.expires
	}
	a.current.CompareAndSwap(s, &later)
	return true
}

// reject forgets a session that was answered with 401, unless a newer one is
// already in place.
func (a *auth) reject(s *session) {
	if s.once != nil {
		return // it is used, and the next call ends the run
	}
	if now := a.current.Load(); now != nil && now.token == s.token {
		a.current.CompareAndSwap(now, nil)
	}
}

// accepted notes that the server knows its own tokens.
func (a *auth) accepted(s *session) {
	if !s.worked.Load() {
		s.worked.Store(true)
	}
	if a.bad.Load() != 0 {
		a.bad.Store(0)
	}
}

// unauthorized notes a 401 to a fresh token. It returns an error that ends the
// run when the server does not know its own tokens any more.
func (a *auth) unauthorized() error {
	if a.bad.Add(1) < badTokens {
		return nil
	}
	a.refusal.CompareAndSwap(nil, &LoginError{
		Host: a.host, Status: http.StatusUnauthorized, Message: "fresh tokens are not accepted",
		Remedy: "check what stands between here and looker: the Authorization header may get lost",
	})
	return a.refusal.Load()
}

// newSession reads the answer of POST /login (OpenAPI: AccessToken).
func newSession(body []byte, asked time.Time, header http.Header) (*session, bool) {
	var answer struct {
		Token     string          `json:"access_token"`
		ExpiresIn json.RawMessage `json:"expires_in"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Token == "" {
		return nil, false
	}
	for _, r := range answer.Token {
		if r <= ' ' || r > '~' {
			return nil, false
		}
	}
	life, took := lifeOf(answer.ExpiresIn), time.Since(asked)
	left, early := life-took, renewEarly
	if left < shortLife {
		early = time.Duration(float64(left) * (1 - renewShare))
	}
	header = header.Clone()
	header.Set("Authorization", "token "+answer.Token)
	s := &session{token: answer.Token, worked: new(atomic.Bool), header: header, expires: asked.Add(life), renewAt: asked.Add(life - early)}
	if left <= 0 {
		s.renewAt, s.once = s.expires, &once{life: life, took: took}
	}
	return s, true
}

// lifeOf reads expires_in, seconds as a number or as a text. What says nothing (null,
// 0, another text) is an hour, which is what Looker gives.
func lifeOf(expiresIn []byte) time.Duration {
	seconds, err := strconv.ParseFloat(strings.Trim(string(expiresIn), `" `), 64)
	if err != nil || !(seconds > 0) {
		return defaultExpiry
	}
	return time.Duration(min(seconds, longestExpiry.Seconds()) * float64(time.Second))
}

// Login makes the first contact: it logs in unless there is a token already.
// Later renewals happen by themselves. It obeys the shared pause but is no call
// to the API: it takes nothing from any limit or budget.
//
// Errors: a *LoginError for a wrong key or host, a *TransportError holding a
// *ConnectError where no connection came about, a *RedirectError, a
// *StatusError for a server in trouble. A server in trouble is waited for as long as
// one that gets into trouble later, Retry.MaxWait; a connection that does not come about
// is tried three times, and what no other attempt can change once.
func (c *Client) Login(ctx context.Context) error {
	ctx, stop := c.bind(ctx)
	defer stop()
	t, began := Tried{Method: http.MethodPost, Route: routeLogin}, time.Now()
	for t.Attempts = 1; ; t.Attempts++ {
		err := c.firstSession(ctx)
		left := c.cfg.Retry.MaxWait - time.Since(began)
		early := t.Attempts < min(firstAttempts, c.cfg.Retry.Attempts)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ended(ctx, t)
		case !repeatable(err) || hopeless(err) || !early && (left <= 0 || unconnected(err)):
			return spent(err, t.Attempts)
		}
		wait := c.backoff(t.Attempts)
		if !early {
			wait = min(c.breaker.wait(t.Attempts), left)
		}
		if t.Attempts == firstAttempts {
			c.log.Warn("looker is in trouble, waiting for it", "patience", c.cfg.Retry.MaxWait.String(), "error", err)
		}
		if after, ok := throttled(err); ok {
			c.limiter.turnedAway(after)
			continue
		}
		if sleep(ctx, wait) != nil {
			return ended(ctx, t)
		}
	}
}

// firstSession gets a session when no pause is on. While it logs in it holds a
// place in the air.
func (c *Client) firstSession(ctx context.Context) error {
	if err := c.gate.enter(ctx); err != nil {
		return err
	}
	defer c.gate.leave()
	err := c.limiter.waitPause(ctx)
	if err == nil {
		_, err = c.auth.session(ctx)
	}
	return err
}

// hopeless tells that a first contact need not be tried again: a name that does
// not exist, a certificate that cannot be verified.
func hopeless(err error) bool {
	connect, ok := errors.AsType[*ConnectError](err)
	return ok && connect.final
}

// unconnected reports whether no connection came about: the address may be wrong.
func unconnected(err error) bool {
	_, ok := errors.AsType[*ConnectError](err)
	return ok
}

// login is one attempt to log in, for everybody who waits for a token.
func (c *Client) login(ctx context.Context) (*session, error) {
	asked := time.Now()
	s, err := c.postLogin(ctx)
	switch class := Class(err); {
	case class == FaultThrottled:
		c.breaker.refused(err)
	case class == FaultRedirect || repeatable(err):
		c.breaker.failed(err, asked)
	}
	return s, err
}

// postLogin is one attempt to log in. The key travels in the body, never in the URL.
func (c *Client) postLogin(ctx context.Context) (*session, error) {
	t := Tried{Method: http.MethodPost, Route: routeLogin, Attempts: 1}
	form := url.Values{"client_id": {c.cfg.ClientID}, "client_secret": {c.cfg.ClientSecret}}.Encode()
	header := c.header.Clone()
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	asked := time.Now()
	x := exchange{tried: t, path: pathLogin, header: header, form: form, timeout: c.cfg.Timeout}
	a, err := c.exchange(ctx, x)
	if err != nil {
		return nil, err
	}
	if err := c.proxyRefused(x, a); err != nil {
		return nil, err
	}
	switch {
	case a.status >= 300 && a.status < 400:
		return nil, c.redirect(x, a)
	case repeatableStatus(a.status):
		return nil, c.statusError(x, a)
	case a.status >= 200 && a.status < 300:
		if s, ok := newSession(a.body, asked, c.header); ok {
			c.cfg.Secrets.AddPassing(s.token)
			c.stats.logins.Add(1)
			return s, nil
		}
	}
	if c.stats.logins.Load() > 0 && (a.status == http.StatusNotFound || !ownError(a)) {
		return nil, c.loginTrouble(x, a)
	}
	return nil, c.loginError(a)
}

// ownError reports whether an answer is an error with a message, as Looker writes it.
func ownError(a answer) bool {
	_, isLooker := lookerMessage(a.body)
	return isLooker && a.status >= 400
}

// loginTrouble is the error of a login that failed after another one of this client
// has worked: the key is right and the address as well, so the server is in trouble.
func (c *Client) loginTrouble(x exchange, a answer) error {
	if a.status < 300 {
		return &NotJSONError{Tried: x.tried, Status: a.status, ContentType: "of another shape"}
	}
	e := c.statusError(x, a)
	e.Unsure = true
	return e
}

// loginError explains a refused login. Looker answers 404 to a wrong key. What is
// not Looker's own message is not repeated: it may hold the key in a form that
// nobody thought of.
func (c *Client) loginError(a answer) *LoginError {
	e := &LoginError{Host: c.host(), Status: a.status}
	if ownError(a) {
		said, _ := lookerMessage(a.body)
		e.Message = line(c.cfg.Secrets.ScrubStart(said))
		e.Remedy = "check looker.client_id and looker.client_secret, that looker.base_url is the instance they belong to, and that the instance is up"
		return e
	}
	e.NotLooker = true
	if bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<")) {
		e.Message = "a web page"
	}
	e.Remedy = "check looker.base_url: it must be the address of the API; " + portAdvice(c.base) +
		"; else check looker.client_id and looker.client_secret, and that the instance is up"
	if c.base.Scheme == "http" && a.status == http.StatusBadRequest {
		e.Remedy = "check looker.base_url: it begins with http, the server may want https"
	}
	return e
}

// throttled reports whether err asks everybody to wait, and for how long.
func throttled(err error) (after time.Duration, ok bool) {
	s, isStatus := errors.AsType[*StatusError](err)
	if !isStatus {
		return 0, false
	}
	switch {
	case s.Status == http.StatusTooManyRequests:
		return s.RetryAfter, true
	case s.Status == http.StatusServiceUnavailable && s.RetryAfter > 0:
		return s.RetryAfter, true
	}
	return 0, false
}
