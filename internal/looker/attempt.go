package looker

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// exchange is one HTTP request: what goes out and how much may come back.
type exchange struct {
	tried   Tried
	path    string // below /api/4.0, escaped
	query   string
	header  http.Header // shared, so it is only read
	form    string      // the body, for a login
	write   *Write      // whose body goes out; nil = none
	sending *sending    // told when the request leaves; nil = nobody is, as for a login
	timeout time.Duration
	hint    int64
	most    int64 // bytes of the body; 0 = Config.MaxBody
}

// answer is what came back. For a status other than 2xx the body is only its
// beginning.
type answer struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

// exchange makes one HTTP request and reads its answer, whatever the status.
// Errors: *TransportError, *TooLargeError, *CancelledError or what ended the client.
func (c *Client) exchange(ctx context.Context, x exchange) (answer, error) {
	began := time.Now()
	a, err := c.roundTrip(ctx, x)
	a.took = time.Since(began)
	if c.log.IsDebug() {
		facts := []any{"route", x.tried.Route, "path", x.path, "status", a.status, "bytes", len(a.body),
			"attempt", x.tried.Attempts, "took", a.took.String()}
		if err != nil {
			facts = append(facts, "error", err)
		}
		c.log.Debug("request", facts...)
	}
	return a, err
}

func (c *Client) roundTrip(parent context.Context, x exchange) (answer, error) {
	ctx, cancel := context.WithTimeout(parent, x.timeout)
	defer cancel()
	traced := ctx
	if x.sending != nil {
		traced = httptrace.WithClientTrace(ctx, x.sending.trace())
	}
	resp, err := c.rt.RoundTrip(c.request(x).WithContext(traced))
	if err != nil {
		return answer{}, c.transportError(parent, ctx, x, err, FaultNetwork)
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		a.body = readStart(resp)
		return a, nil
	}
	most := c.cfg.MaxBody
	if x.most > 0 {
		most = min(most, x.most)
	}
	a.body, err = c.bodies.read(resp, x.hint, most)
	switch {
	case errors.Is(err, errTooLarge):
		return a, &TooLargeError{Tried: x.tried, Limit: most, Own: most < c.cfg.MaxBody, Size: max(0, resp.ContentLength)}
	case err != nil:
		a.body = nil
		return a, c.transportError(parent, ctx, x, err, FaultTruncated)
	}
	return a, nil
}

func (c *Client) request(x exchange) *http.Request {
	u := &url.URL{Scheme: c.base.Scheme, Host: c.base.Host, Path: c.base.Path + apiPath + x.path, RawQuery: x.query}
	if strings.Contains(x.path, "%") {
		u.RawPath = c.base.EscapedPath() + apiPath + x.path
		if plain, err := url.PathUnescape(x.path); err == nil {
			u.Path = c.base.Path + apiPath + plain
		}
	}
	req := &http.Request{
		Method: x.tried.Method, URL: u, Host: u.Host, Header: x.header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	switch {
	case x.write != nil && x.write.Body != nil:
		// Without GetBody net/http cannot send the body a second time by itself.
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(x.write.Body)), int64(len(x.write.Body))
	case x.form != "":
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(x.form)), int64(len(x.form))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(x.form)), nil }
	}
	return req
}

// transportError types the error of a request without a whole answer. kind is
// the class when nothing else is known: by whether an answer had begun.
func (c *Client) transportError(parent, ctx context.Context, x exchange, err error, kind FaultClass) error {
	if parent.Err() != nil {
		return ended(parent, x.tried)
	}
	e := &TransportError{Tried: x.tried, Kind: kind}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e.Kind, e.Err = FaultTimeout, fmt.Errorf("no whole answer within %s", x.timeout)
		return e
	}
	if connect := c.explain(err); connect != nil {
		e.Kind, e.Err = FaultNetwork, connect
		return e
	}
	quiet := c.cfg.Secrets.Quiet(err)
	switch {
	case kind == FaultNetwork:
		e.Err = fmt.Errorf("connection lost: %w", quiet)
	case cutBody(err):
		e.Err = fmt.Errorf("body is cut or damaged: %w", quiet)
	default:
		e.Kind, e.Err = FaultNetwork, fmt.Errorf("connection lost in the body: %w", quiet)
	}
	return e
}

// cutBody tells a body that ended too early, or does not decompress, from a
// connection that broke.
func cutBody(err error) bool {
	_, broken := errors.AsType[*net.OpError](err)
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return !broken || corrupt || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader)
}

// statusError types an answer that is a refusal. The page of one that answers a
// login is not repeated: it may hold the key in a form that nobody thought of.
func (c *Client) statusError(x exchange, a answer) *StatusError {
	scrub := c.cfg.Secrets.ScrubStart
	return &StatusError{
		Tried: x.tried, Status: a.status,
		Message: message(a.body, x.path != pathLogin, scrub), Errors: fieldErrors(a.body, scrub),
		RetryAfter: retryAfter(a.header.Get("Retry-After"), time.Now()),
		Unsure:     a.status == http.StatusNotFound && !documented(a.body),
	}
}

// redirect explains an answer 3xx.
func (c *Client) redirect(x exchange, a answer) *RedirectError {
	e := &RedirectError{Tried: x.tried, Status: a.status, Remedy: "check looker.base_url"}
	scrub := c.cfg.Secrets.Scrub
	to, err := c.base.Parse(a.header.Get("Location"))
	if err != nil || a.header.Get("Location") == "" {
		return e
	}
	whole := (&url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}).String()
	to = &url.URL{Scheme: line(scrub(to.Scheme)), Host: line(scrub(to.Host)), Path: scrub(to.Path)}
	// A secret may go on from the host to the path.
	e.Location = line(scrub(to.String()))
	switch {
	case scrub(whole) != whole:
		e.Remedy = "what answers is no Looker, or something stands in front of it that says back what it got"
	case to.Hostname() == c.base.Hostname() && to.Scheme == "https" && c.base.Scheme == "http":
		e.Remedy = "set looker.base_url to https://" + to.Host
	case strings.Contains(to.Path, apiPath+"/"):
		e.Remedy = "set looker.base_url to " + to.Scheme + "://" + to.Host
	default:
		e.Remedy = "a proxy or a single sign-on stands in front of the api: use the api's own address, or let it pass"
	}
	return e
}

// verdict turns an answer into nil or a typed error.
func (c *Client) verdict(x exchange, a answer) error {
	if err := c.proxyRefused(x, a); err != nil {
		return err
	}
	switch {
	case a.status >= 300 && a.status < 400:
		return c.redirect(x, a)
	case a.status < 200 || a.status > 299:
		return c.statusError(x, a)
	}
	if x.write != nil && x.write.Made == "" && len(bytes.TrimSpace(a.body)) == 0 {
		return nil
	}
	switch look(a.body) {
	case shapeCut:
		return &TransportError{Tried: x.tried, Kind: FaultTruncated,
			Err: fmt.Errorf("body is cut after %d bytes: %w", len(a.body), io.ErrUnexpectedEOF)}
	case shapeOther:
		e := &NotJSONError{Tried: x.tried, Status: a.status}
		if len(a.body) > 0 {
			kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
			e.ContentType = line(c.cfg.Secrets.Scrub(kind))
		}
		e.Start = words(c.cfg.Secrets.ScrubStart(string(a.body[:min(len(a.body), maxErrorBody)])))
		return e
	}
	return nil
}

func total(h http.Header) (n int, ok bool) {
	said := h.Get("X-Total-Count")
	if said == "" {
		return 0, false
	}
	n, err := strconv.Atoi(said)
	if err != nil || n < 0 {
		return 0, false
	}
	return n, true
}
