package secret

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/textproto"
	"os"
	"regexp"
	"sync"
	"syscall"
)

// quoted is what errors repeat of what a server sent, or of an address.
var quoted = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"(?:[^"\\]|\\.)*(?:"|$)`) })

// Cause says why a request failed, without what a server sent and without
// addresses: errors of net/http quote the status line, headers and the URL, those
// of net the host.
func Cause(err error) string {
	if text := network(err); text != "" {
		return text
	}
	if text := certificate(err); text != "" {
		return text
	}
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok {
		return "the answer has a malformed header"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return quoted().ReplaceAllString(err.Error(), "...")
		}
		err = inner
	}
}

func network(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return "no such host"
		}
		return "the name cannot be looked up"
	}
	if _, ok := errors.AsType[*net.AddrError](err); ok {
		return "the address cannot be used"
	}
	if code, ok := errors.AsType[syscall.Errno](err); ok {
		return code.Error()
	}
	timeout, ok := errors.AsType[net.Error](err)
	if ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return "no answer in time"
	}
	return ""
}

func certificate(err error) string {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the server does not speak TLS"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "the certificate is signed by an unknown authority"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the certificate is for other names"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "the certificate has expired or is not yet valid"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the certificate cannot be verified"
	}
	return ""
}

// An Error is a failed request told by [Cause]. What it wraps is for errors.Is and
// errors.As only: its own text may hold secrets.
type Error struct {
	text string
	err  error
}

// Quiet makes err tell its [Cause] only, without the values of the set.
func (s *Set) Quiet(err error) error { return &Error{s.Scrub(Cause(err)), err} }

func (e *Error) Error() string { return e.text }

// Unwrap gives the error itself.
func (e *Error) Unwrap() error { return e.err }
