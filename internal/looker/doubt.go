package looker

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// DoubtError is a write that must not be made twice and went out without a trustworthy
// answer: nobody knows whether it was carried out. Look before you make it again.
//
// Its class is [FaultDoubt], unless what cut the call is about the whole run: a
// cancelled call, a client that was closed, a server that is down. errors.Is and
// errors.As see the cause in any case.
type DoubtError struct {
	Tried
	Status int // of the answer; 0 when none came
	// Late means that the server may still be at work on the write: a look that does
	// not find its result proves nothing before some time has passed.
	Late bool
	Err  error // what was wrong with the answer
}

func (e *DoubtError) Error() string {
	return fmt.Sprintf("%s: nobody knows whether it was carried out: %v", e.subject(), e.Err)
}

// Unwrap gives what was wrong with the answer.
func (e *DoubtError) Unwrap() error { return e.Err }

// Fault is FaultDoubt, or the class of a cause that is about the whole run.
func (e *DoubtError) Fault() FaultClass {
	switch class := Class(e.Err); class {
	case FaultCancelled, FaultDown:
		return class
	default:
		return FaultDoubt
	}
}

// doubtful types the failure of a write that may have been carried out.
func (t *try) doubtful(err error) *DoubtError {
	e := &DoubtError{Tried: t.tried, Err: spent(err, t.spent)}
	e.Attempts = t.spent
	if answer, ok := errors.AsType[answerer](err); ok {
		e.Status = answer.answered()
	}
	switch e.Status {
	case 0:
		e.Late = Class(err) != FaultTooLarge
	case http.StatusRequestTimeout, http.StatusBadGateway, http.StatusGatewayTimeout:
		e.Late = true
	}
	return e
}

// answerer is an error about an answer.
type answerer interface {
	error
	answered() int // its status
}

func (e *StatusError) answered() int   { return e.Status }
func (e *NotJSONError) answered() int  { return e.Status }
func (e *UnfitError) answered() int    { return e.Status }
func (e *RedirectError) answered() int { return e.Status }

// mayHaveWorked reports whether the request of a failed attempt may have been carried
// out. It was not where nothing was sent, or where the answer says that it was refused.
func (t *try) mayHaveWorked(err error) bool {
	if t.write == nil || !t.sent {
		return false
	}
	if _, refused := errors.AsType[errProxy](err); refused {
		return false
	}
	answer, ok := errors.AsType[*StatusError](err)
	return !ok || answer.Unsure || answer.Status >= 500 || answer.Status == http.StatusRequestTimeout
}

// sending watches one request leave. net/http calls its hooks from goroutines of its
// own, all of them before RoundTrip returns or before the connection is closed.
type sending struct{ heads atomic.Int64 }

// trace counts how often the head of the request was completed. Before that a server has
// nothing that it could carry out. What is sent goes through a buffer: the head may
// be complete and still here, so a request counts as sent too early, never too late.
func (s *sending) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{WroteHeaders: func() { s.heads.Add(1) }}
}

// repeated is how many times net/http sent the request again by itself: it does so with a GET
// whose connection, used before, was closed instead of an answer. The server may have
// counted each of them.
func (s *sending) repeated() int64 { return max(0, s.heads.Load()-1) }

// left reports whether the request of an exchange may have left, which ended with err.
// A transport that is not net/http's calls no hooks: then only a connection that did
// not come about proves that it did not.
func (c *Client) left(s *sending, err error) bool {
	if _, real := c.rt.(*http.Transport); real {
		return s.heads.Load() > 0
	}
	_, unconnected := errors.AsType[*ConnectError](err)
	return !unconnected
}
