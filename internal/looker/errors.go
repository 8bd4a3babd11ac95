package looker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/lookervault/lookervault/internal/duration"
)

// Sentinels for errors.Is. All of them are about the run, not about one item.
var (
	// ErrBudget says that Limits.MaxCalls does not allow the next call. Nothing was sent.
	ErrBudget = errors.New("budget of api calls used up")
	// ErrDown says that the server is gone, or refuses everything; see [DownError].
	ErrDown = errors.New("looker is down")
	// ErrLogin says that the login was refused or cannot work; see [LoginError].
	ErrLogin = errors.New("login refused")
	// ErrNotLooker says that what answered at the base URL is not a Looker API. It is also an ErrLogin.
	ErrNotLooker = errors.New("not a looker api")
	// ErrClosed says that the client was closed.
	ErrClosed = errors.New("looker client is closed")
)

// Tried says which request an error is about.
type Tried struct {
	Method   string // "GET"
	Route    string // as in the catalogue, "GET /dashboards/{dashboard_id}"
	Path     string // what was asked, without the query: "/dashboards/17"
	Attempts int    // HTTP requests made for it
}

func (t Tried) subject() string {
	if t.Path == "" {
		return t.Route
	}
	return t.Method + " " + t.Path
}

func (t Tried) times() string {
	if t.Attempts < 2 {
		return ""
	}
	return fmt.Sprintf(" (%d attempts)", t.Attempts)
}

// Requests is how many HTTP requests were made. Every error about a request
// has this method.
func (t Tried) Requests() int { return t.Attempts }

func (t *Tried) setAttempts(n int) { t.Attempts = n }

// spent puts into err how many requests were made.
func spent(err error, n int) error {
	if e, ok := errors.AsType[interface {
		error
		setAttempts(int)
	}](err); ok {
		e.setAttempts(n)
	}
	return err
}

// StatusError is an answer with a status other than 2xx or 3xx.
type StatusError struct {
	Tried
	Status     int
	Message    string        // what the server said, one short line without markup or secrets; may be ""
	Errors     []FieldError  // what the server said about single members of the request; nil when nothing
	RetryAfter time.Duration // the server's wish, not capped; 0 without one
	// Unsure says that the answer may be an outage's: it is not Looker's own, and the
	// server was not seen to work since.
	Unsure bool
}

// FieldError is what Looker says about one member of a request that it refused
// (OpenAPI: ValidationErrorDetail). Each text is one short line without secrets.
type FieldError struct {
	Field   string // "title", or several names
	Code    string // "missing_field", "already_exists", "invalid", ...
	Message string
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s: looker answered %d", e.subject(), e.Status)
	if text := http.StatusText(e.Status); text != "" {
		s += " " + text
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s + e.times()
}

// Fault is the class by status.
func (e *StatusError) Fault() FaultClass {
	switch {
	case e.Unsure:
		return FaultUnsure
	case e.Status == http.StatusUnauthorized:
		return FaultUnauthorized
	case e.Status == http.StatusForbidden:
		return FaultDenied
	case e.Status == http.StatusNotFound:
		return FaultMissing
	case e.Status == http.StatusTooManyRequests:
		return FaultThrottled
	case e.Status >= 500:
		return FaultServer
	case e.Status >= 400:
		return FaultInvalid
	}
	return FaultOther
}

// TransportError is a request without a whole answer: Kind is FaultNetwork,
// FaultTimeout or FaultTruncated.
type TransportError struct {
	Tried
	Kind FaultClass
	Err  error // a *ConnectError where no connection came about
}

func (e *TransportError) Error() string {
	return fmt.Sprintf("%s: %v%s", e.subject(), e.Err, e.times())
}

// Unwrap gives the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// Fault is e.Kind.
func (e *TransportError) Fault() FaultClass { return e.Kind }

// ConnectError says why no connection came about and what to do.
type ConnectError struct {
	Host   string // scheme, host and port
	What   string // "connection refused"
	Remedy string // "check looker.base_url"; may be ""
	Err    error

	final bool // another attempt cannot help while nothing changes outside
}

func (e *ConnectError) Error() string {
	s := fmt.Sprintf("connect to %s: %s", e.Host, e.What)
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

// Unwrap gives the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

// Fault is FaultNetwork.
func (e *ConnectError) Fault() FaultClass { return FaultNetwork }

// NotJSONError is an answer with status 2xx that is no JSON, most often the
// page of a proxy.
type NotJSONError struct {
	Tried
	Status      int
	ContentType string
	Start       string // the first words of the body without markup; may be ""
}

func (e *NotJSONError) Error() string {
	s := fmt.Sprintf("%s: answer %d is not json", e.subject(), e.Status)
	if e.ContentType != "" {
		s += " but " + e.ContentType
	}
	if e.Start != "" {
		s += ": " + e.Start
	}
	return s + e.times()
}

// Fault is FaultNotJSON.
func (e *NotJSONError) Fault() FaultClass { return FaultNotJSON }

// UnfitError is an answer with status 2xx that Request.Check refused: JSON, but not
// what was asked for, or a list without rows that is not believed. Kind is
// FaultInvalidJSON, FaultMismatch or FaultUnsure.
type UnfitError struct {
	Tried
	Status int
	Kind   FaultClass
	Err    error
}

func (e *UnfitError) Error() string { return fmt.Sprintf("%s: %v%s", e.subject(), e.Err, e.times()) }

// Unwrap gives what Request.Check said.
func (e *UnfitError) Unwrap() error { return e.Err }

// Fault is e.Kind.
func (e *UnfitError) Fault() FaultClass { return e.Kind }

// TooLargeError is a body above Config.MaxBody or Request.MaxBody bytes. It was
// not read to its end.
type TooLargeError struct {
	Tried
	Limit int64
	Own   bool  // the limit is the request's own
	Size  int64 // what the server announced; 0 when it did not
}

func (e *TooLargeError) Error() string {
	limit := fmt.Sprintf("looker.max_body (%d bytes)", e.Limit)
	if e.Own {
		limit = fmt.Sprintf("what was asked for (%d bytes)", e.Limit)
	}
	if e.Size > 0 {
		return fmt.Sprintf("%s: body of %d bytes is above %s", e.subject(), e.Size, limit)
	}
	return fmt.Sprintf("%s: body is above %s", e.subject(), limit)
}

// Fault is FaultTooLarge.
func (e *TooLargeError) Fault() FaultClass { return FaultTooLarge }

// RedirectError is an answer 3xx. Redirects are never followed, so the token
// never travels to another host.
type RedirectError struct {
	Tried
	Status   int
	Location string // without query; may be ""
	Remedy   string
}

func (e *RedirectError) Error() string {
	s := fmt.Sprintf("%s: redirected (%d)", e.subject(), e.Status)
	if e.Location != "" {
		s += " to " + e.Location
	}
	return s + "; " + e.Remedy
}

// Fault is FaultRedirect.
func (e *RedirectError) Fault() FaultClass { return FaultRedirect }

// LoginError ends a run: the key is refused, or what answers is not a Looker.
// errors.Is knows it as ErrLogin and, when NotLooker, as ErrNotLooker too.
type LoginError struct {
	Host      string // scheme, host and port
	Status    int
	NotLooker bool
	What      string // what is wrong; "" = the key is refused, or no Looker answers
	Message   string // what the server said; may be ""
	Remedy    string
}

func (e *LoginError) Error() string {
	what := "looker refused the api key"
	if e.NotLooker {
		what = "no looker api answers there"
	}
	if e.What != "" {
		what = e.What
	}
	s := fmt.Sprintf("log in to %s: %s (status %d", e.Host, what, e.Status)
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s + "); " + e.Remedy
}

// Is matches ErrLogin and ErrNotLooker.
func (e *LoginError) Is(target error) bool {
	return target == ErrLogin || e.NotLooker && target == ErrNotLooker
}

// Fault is FaultUnauthorized.
func (e *LoginError) Fault() FaultClass { return FaultUnauthorized }

// BudgetError is a call that Limits.MaxCalls or Client.Bound did not allow. errors.Is knows
// it as ErrBudget.
type BudgetError struct {
	Tried
	Max   int64
	Class string // whose bound it was, "" for that of all calls
}

func (e *BudgetError) Error() string {
	if e.Class != "" {
		return fmt.Sprintf("%s: %v (no more %s calls may be made)", e.subject(), ErrBudget, e.Class)
	}
	return fmt.Sprintf("%s: %v (rate_limit.max_calls is %d)", e.subject(), ErrBudget, e.Max)
}

// Is matches ErrBudget.
func (e *BudgetError) Is(target error) bool { return target == ErrBudget }

// Fault is FaultBudget.
func (e *BudgetError) Fault() FaultClass { return FaultBudget }

// DownError ends a run: the server is gone. errors.Is knows it as ErrDown.
type DownError struct {
	Host      string        // scheme, host and port
	Failures  int           // requests in a row that failed, or were refused
	For       time.Duration // since the first of them
	Throttled bool          // every request was refused with 429
	Last      error         // what the last one ended with
}

func (e *DownError) Error() string {
	took := duration.Text(e.For.Round(time.Second))
	if e.Throttled {
		return fmt.Sprintf("%s refused every request for %s (%d in a row); the quota of api calls may be used up: %v",
			e.Host, took, e.Failures, e.Last)
	}
	return fmt.Sprintf("%s is down: %d requests in a row failed within %s, the last: %v", e.Host, e.Failures, took, e.Last)
}

// Is matches ErrDown.
func (e *DownError) Is(target error) bool { return target == ErrDown }

// Fault is FaultDown.
func (e *DownError) Fault() FaultClass { return FaultDown }

// CancelledError is a call that its caller gave up. errors.Is sees the
// context's error and its cause.
type CancelledError struct {
	Tried
	cause []error
}

func (e *CancelledError) Error() string {
	return fmt.Sprintf("%s: %v", e.subject(), e.cause[len(e.cause)-1])
}

// Unwrap gives the context's error and its cause.
func (e *CancelledError) Unwrap() []error { return e.cause }

// Fault is FaultCancelled.
func (e *CancelledError) Fault() FaultClass { return FaultCancelled }

// ended says why a context that [Client.bind] made is done: the end of the
// client itself, or the caller's own reason.
func ended(ctx context.Context, t Tried) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, ErrDown) || errors.Is(cause, ErrClosed) {
		return cause
	}
	e := &CancelledError{Tried: t, cause: []error{ctx.Err()}}
	if cause != ctx.Err() { //nolint:errorlint // another error, not another kind of error
		e.cause = append(e.cause, cause)
	}
	return e
}
