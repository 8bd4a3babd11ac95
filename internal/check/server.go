package check

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/duration"
	"github.com/lookervault/lookervault/internal/looker"
)

const (
	// renewSoon is when an end of a certificate is worth a warning.
	renewSoon = 21 * 24 * time.Hour
	// clockSlack is how far the clocks may be apart: HTTP dates are in seconds,
	// and an answer takes some.
	clockSlack = 60 * time.Second
	// aliveTimeout bounds the one request that is made without the API.
	aliveTimeout = 15 * time.Second
)

// steps are the steps to a session, in their order.
var steps = []string{"dns", "connect", "tls", "login"}

// connection logs in, as a run does, and says how far it came.
func (c *Checkup) connection() bool {
	if c.options.Client == nil {
		c.skip("the configuration names no Looker to talk to", append(slices.Clone(steps), "version", "clock", "caller", "kinds")...)
		return false
	}
	err := c.options.Client.Login(c.ctx)
	reached := len(steps)
	if err != nil {
		reached = slices.Index(steps, stepOf(err))
	}
	c.seen = c.alive(reached)
	for i, step := range steps[:reached] {
		switch i {
		case 0:
			c.Pass(step, "%s", c.seen.names)
		case 1:
			c.Pass(step, "%s", c.seen.address)
		case 2:
			c.certificate(step, c.seen)
		default:
			c.Pass(step, "the API key is accepted")
		}
	}
	if err == nil {
		return true
	}
	found, remedy := explained(err)
	c.Fail(Connection, steps[reached], remedy, "%s", found)
	c.skip("depends on "+steps[reached], append(slices.Clone(steps[reached+1:]), "version", "clock", "caller", "kinds")...)
	return false
}

// stepOf tells at which step a login ended.
func stepOf(err error) string {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "dns"
	}
	if _, ok := errors.AsType[*looker.ConnectError](err); !ok {
		return "login"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "tls"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "tls"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" {
		return "tls"
	}
	return "connect"
}

// explained splits an error of a login into what happened and what to do.
func explained(err error) (found, remedy string) {
	if e, ok := errors.AsType[*looker.ConnectError](err); ok {
		return e.What, e.Remedy
	}
	if e, ok := errors.AsType[*looker.LoginError](err); ok {
		return strings.TrimSuffix(e.Error(), "; "+e.Remedy), e.Remedy
	}
	if e, ok := errors.AsType[*looker.RedirectError](err); ok {
		return strings.TrimSuffix(e.Error(), "; "+e.Remedy), e.Remedy
	}
	return err.Error(), "look at what stands between here and Looker, and try again"
}

// sighting is what one request without a login shows.
type sighting struct {
	names, address string
	certificate    *x509.Certificate
	date           time.Time // of the answer, zero without one
	skew           time.Duration
}

// alive asks the server for its reachability page (Looker documentation, API
// troubleshooting: /alive), which costs no call: for the address, the certificate
// and the clock. Nothing depends on its answer.
func (c *Checkup) alive(reached int) sighting {
	base, err := url.Parse(c.options.Client.BaseURL())
	if err != nil || reached == 0 {
		return sighting{}
	}
	s := sighting{names: base.Hostname(), address: base.Host}
	request, err := http.NewRequestWithContext(c.ctx, http.MethodGet, base.String()+"/alive", http.NoBody)
	if err != nil {
		return s
	}
	if proxy, err := http.ProxyFromEnvironment(request); err == nil && proxy != nil {
		s.names, s.address = "left to the proxy "+proxy.Host, "through the proxy "+proxy.Host
	} else if net.ParseIP(base.Hostname()) != nil {
		s.names = "an address, nothing to look up"
	} else if found, err := net.DefaultResolver.LookupHost(c.ctx, base.Hostname()); err == nil {
		s.names = base.Hostname() + " is " + strings.Join(found, ", ")
	}
	if reached < 2 {
		return s
	}
	direct := !strings.HasPrefix(s.address, "through")
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if direct {
			s.address = info.Conn.RemoteAddr().String()
		}
	}}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the login has verified it; here its dates are read
	}
	client := &http.Client{Transport: transport, Timeout: aliveTimeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	sent := c.options.Now()
	response, err := client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
	if err != nil {
		return s
	}
	defer response.Body.Close()
	took := c.options.Now().Sub(sent)
	if response.TLS != nil && len(response.TLS.PeerCertificates) > 0 {
		s.certificate = response.TLS.PeerCertificates[0]
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		s.date, s.skew = date, date.Sub(sent.Add(took/2))
	}
	return s
}

// certificate says how the connection is protected.
func (c *Checkup) certificate(step string, s sighting) {
	encrypted := strings.HasPrefix(c.options.Client.BaseURL(), "https:")
	switch {
	case !encrypted && s.local():
		c.Pass(step, "not used, the server is on this machine")
	case !encrypted:
		c.Warn(step, "set looker.base_url to an https address", "not used: anybody in between can read the key and all documents")
	case !c.options.Config.Looker.VerifySSL:
		c.Warn(step, "set looker.verify_ssl to true, with looker.ca_file where the authority is your own",
			"the certificate is not verified: anybody in between can read the key")
	case s.certificate == nil:
		c.Pass(step, "the certificate is verified")
	case s.certificate.NotAfter.Sub(c.options.Now()) < renewSoon:
		c.Warn(step, "have it renewed", "the certificate is verified, but ends on %s", s.certificate.NotAfter.Format(time.DateOnly))
	default:
		c.Pass(step, "the certificate is verified, and valid until %s", s.certificate.NotAfter.Format(time.DateOnly))
	}
}

func (s sighting) local() bool {
	host, _, err := net.SplitHostPort(s.address)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// server asks the server about itself and the caller.
func (c *Checkup) server() bool {
	if versions, err := c.options.Client.Versions(c.ctx); err != nil {
		c.Warn("version", "nothing depends on it", "the server does not tell: %s", err)
	} else {
		c.release = versions.Release
		c.Pass("version", "Looker %s", versions.Release)
	}
	switch s := c.seen; {
	case s.date.IsZero():
		c.Warn("clock", "", "the server does not tell the time")
	case s.skew.Abs() > clockSlack:
		c.Warn("clock", "set this machine's clock: it dates runs and decides when a login ends",
			"this machine's clock is %s %s the server's", duration.Text(s.skew.Abs().Round(time.Second)), choose(s.skew > 0, "behind", "ahead of"))
	default:
		c.Pass("clock", "within %s of the server's", duration.Text(clockSlack))
	}
	caller, err := Caller(c.ctx, c.options.Client, c.options.Roles())
	if err != nil {
		c.Fail(Connection, "caller", "try again; if it stays, check what stands between here and Looker", "%s", err)
		c.skip("depends on caller", "kinds")
		return false
	}
	switch c.admin = caller.Admin; {
	case caller.Admin == nil && c.options.Client.Hollow(time.Now()): // the client's clock
		c.Fail(Connection, "caller", "try again when Looker is up", "Looker answers lists without rows that have some: it is in trouble, and whose key this is is not known")
		c.skip("depends on caller", "kinds")
		return false
	case caller.Admin == nil:
		c.Warn("caller", "use a key of a user with the Admin role", "Looker does not say whose key this is; without the Admin role a backup is short")
	case *caller.Admin:
		c.Pass("caller", "user %s, an administrator", caller.ID)
	case c.options.Config.Looker.PartialView:
		c.Pass("caller", "user %s is no administrator, which is wanted (looker.partial_view): a run will be complete for this key. Short will be %s",
			caller.ID, ShortOf(c.options.Kinds))
	default:
		c.Warn("caller", "use a key of a user with the Admin role, or set looker.partial_view: true if this is wanted",
			"user %s is no administrator: a run will be incomplete (exit code 4). Short will be %s", caller.ID, ShortOf(c.options.Kinds))
	}
	return true
}
