package looker

import (
	"context"
	"errors"
	"net/http"
)

// FaultClass is the stable word for what went wrong with a call. It is stored
// in the vault's table of faults, so a word never changes its meaning.
type FaultClass string

// The classes.
const (
	FaultUnauthorized FaultClass = "unauthorized" // 401 with a fresh token, or the login itself
	FaultDenied       FaultClass = "denied"       // 403
	FaultMissing      FaultClass = "missing"      // 404: missing, or not permitted
	FaultUnsure       FaultClass = "unsure"       // 404, or an empty list, and nothing has shown that the server works
	FaultThrottled    FaultClass = "throttled"    // 429
	FaultServer       FaultClass = "server"       // 5xx
	FaultNetwork      FaultClass = "network"      // no connection, refused, reset, closed before an answer
	FaultTimeout      FaultClass = "timeout"      // no whole answer within the request's time
	FaultTruncated    FaultClass = "truncated"    // a body that ends too early or does not decompress
	FaultTooLarge     FaultClass = "too_large"    // a body above Config.MaxBody or Request.MaxBody
	FaultNotJSON      FaultClass = "not_json"     // 2xx with something else than JSON
	FaultInvalidJSON  FaultClass = "invalid_json" // 2xx with JSON of another kind, or cut inside
	FaultMismatch     FaultClass = "mismatch"     // 2xx with another document than was asked for
	FaultRedirect     FaultClass = "redirect"     // 3xx: a proxy or a single sign-on
	FaultInvalid      FaultClass = "invalid"      // any other 4xx
	FaultBudget       FaultClass = "budget"       // Limits.MaxCalls reached
	FaultDown         FaultClass = "down"         // the server is gone
	FaultCancelled    FaultClass = "cancelled"    // the caller gave up
	FaultDoubt        FaultClass = "doubt"        // a write that may have been carried out, see DoubtError
	FaultOther        FaultClass = "other"
)

// fault is implemented by every typed error of this package.
type fault interface {
	error
	Fault() FaultClass
}

// Class names what went wrong: "" for nil, FaultOther for an error that this
// package did not make and that is no context's end.
func Class(err error) FaultClass {
	if err == nil {
		return ""
	}
	if f, ok := errors.AsType[fault](err); ok {
		return f.Fault()
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrClosed) {
		return FaultCancelled
	}
	return FaultOther
}

// repeatable reports whether the same request may be answered well the next time.
func repeatable(err error) bool {
	switch Class(err) {
	case FaultThrottled, FaultUnsure, FaultNetwork, FaultTimeout, FaultTruncated, FaultNotJSON, FaultInvalidJSON, FaultMismatch:
		return true
	case FaultServer:
		s, ok := errors.AsType[*StatusError](err)
		return ok && repeatableStatus(s.Status)
	}
	return false
}

func repeatableStatus(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}
