package looker

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/lookervault/lookervault/internal/secret"
)

const (
	// dialTimeout bounds DNS, connecting and the TLS handshake, each.
	dialTimeout = 15 * time.Second
	// idleTimeout is below the 60 s after which common load balancers drop
	// connections: a request on a connection that is just being dropped is lost.
	idleTimeout = 50 * time.Second
)

// newTransport builds the HTTP/1.1 transport; HTTP/2 costs more processor time
// for such bodies, and more idle connections than the two of net/http's
// default save a handshake a request.
func newTransport(cfg Config, base *url.URL) (*http.Transport, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: !cfg.VerifySSL} //nolint:gosec // the administrator's choice, warned about in New
	if cfg.CAFile != "" {
		roots, err := rootsWith(cfg.CAFile)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = roots
	}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	// A request that gave up leaves its dialing behind, which takes the place of a
	// connection until it ends.
	dialer := &net.Dialer{Timeout: min(dialTimeout, cfg.Timeout), KeepAlive: 30 * time.Second}
	return &http.Transport{
		Protocols:              &http1,
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: proxyAnswered,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        conf,
		TLSHandshakeTimeout:    min(dialTimeout, cfg.Timeout),
		MaxIdleConnsPerHost:    cfg.Connections,
		MaxConnsPerHost:        cfg.Connections, // the gate lets no more requests out
		IdleConnTimeout:        idleTimeout,
		DisableCompression:     loopback(base.Hostname()), // below a network, packing costs more than it saves
		ReadBufferSize:         16 << 10,
	}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func rootsWith(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read looker.ca_file: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("looker.ca_file %s holds no certificate in PEM form", file)
	}
	return roots, nil
}

// explain turns the error of a request that got no connection into one that
// says what to do, and returns nil for an error of another kind.
func (c *Client) explain(err error) *ConnectError {
	e := &ConnectError{Host: c.host(), Err: err}
	switch {
	case c.explainProxy(e):
	case c.explainTLS(e):
		e.final = true
	case c.explainDial(e):
	default:
		return nil
	}
	return e
}

// explainProxy explains what went wrong at the proxy, or on the way to it.
func (c *Client) explainProxy(e *ConnectError) bool {
	variable, _ := proxyVariable(c.base.Scheme)
	if refusal, ok := errors.AsType[errProxy](e.Err); ok {
		e.What, e.Remedy, e.final = refusal.Error(), refusal.remedy(variable), true
		return true
	}
	op, ok := errors.AsType[*net.OpError](e.Err)
	if !ok || op.Op != "proxyconnect" {
		return false
	}
	e.What = "the proxy of " + variable
	if host := c.proxy(); host != "" {
		e.What = fmt.Sprintf("the proxy %s of %s", host, variable)
	}
	e.What += " cannot be reached: " + c.cause(op.Err)
	e.Remedy = "check " + variable + " and NO_PROXY"
	return true
}

func (c *Client) explainDial(e *ConnectError) bool {
	if dns, ok := errors.AsType[*net.DNSError](e.Err); ok {
		if dns.IsNotFound {
			e.What, e.Remedy, e.final = "no such host", "check looker.base_url", true
		} else {
			e.What, e.Remedy = "the name cannot be looked up", "check the network and the DNS server"
		}
		return true
	}
	op, ok := errors.AsType[*net.OpError](e.Err)
	switch {
	case ok && op.Op == "dial" && op.Timeout():
		e.What, e.Remedy = "no answer within "+dialTimeout.String(), "check looker.base_url and the firewall; "+portAdvice(c.base)
	case ok && op.Op == "dial":
		e.What, e.Remedy = c.cause(op), "check looker.base_url; "+portAdvice(c.base)
	default:
		return false
	}
	return true
}

func (c *Client) explainTLS(e *ConnectError) bool {
	if record, ok := errors.AsType[tls.RecordHeaderError](e.Err); ok {
		e.What, e.Remedy = "the server does not speak TLS", "correct the port in looker.base_url"
		if string(record.RecordHeader[:]) == "HTTP/" {
			e.What, e.Remedy = "the server speaks http, not https", "set looker.base_url to http://"+c.base.Host+" or correct its port"
		}
		return true
	}
	const trust = "set looker.ca_file to the PEM file of the authority that signed it"
	if host, ok := errors.AsType[x509.HostnameError](e.Err); ok {
		e.What = "the certificate is for other names than " + host.Host
		if names := host.Certificate.DNSNames; len(names) > 0 {
			e.What += " (" + line(c.cfg.Secrets.Scrub(names[0])) + ")"
		}
		e.Remedy = "set looker.base_url to the name in the certificate"
		return true
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](e.Err); ok && invalid.Reason == x509.Expired {
		e.What = fmt.Sprintf("the certificate is valid from %s to %s only",
			invalid.Cert.NotBefore.Format(time.DateOnly), invalid.Cert.NotAfter.Format(time.DateOnly))
		e.Remedy = "renew it on the server, or correct this machine's clock"
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](e.Err); ok {
		e.What, e.Remedy = "the certificate is signed by an unknown authority", trust
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](e.Err); ok {
		e.What, e.Remedy = "the certificate cannot be verified", trust
		return true
	}
	if op, ok := errors.AsType[*net.OpError](e.Err); ok && op.Op == "remote error" {
		e.What, e.Remedy = "the server ended the handshake: "+c.cause(op), "TLS 1.2 or newer is needed"
		return true
	}
	return false
}

// cause says why a connection did not come about, without secrets: who dials may fail with
// errors that we do not know.
func (c *Client) cause(err error) string { return c.cfg.Secrets.Scrub(secret.Cause(err)) }

// portAdvice names the other port of the API: 443 on hosted instances made
// since July 2020, 19999 on older ones (Looker documentation, admin panel: API).
func portAdvice(base *url.URL) string {
	if loopback(base.Hostname()) {
		return "is it running?"
	}
	if base.Port() == "" {
		return "older instances have their API on port 19999: https://" + base.Host + ":19999"
	}
	return "instances hosted by Google have their API on port 443: https://" + base.Hostname()
}
