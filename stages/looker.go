package stages

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Call is one GET below /api/4.0.
type Call struct {
	Kind  record.Kind // on whose behalf it is made
	Route catalogue.Route
	Path  string // filled and escaped
	Query url.Values
	Size  int64 // expected bytes of the answer
	// Most is how many bytes the answer may have; more is a *[Failed] of the class
	// too_large. 0, or above what the client allows at all: as much as that.
	Most int64
	// Tries is the largest number of attempts for a call that can be split instead. 0, or
	// a number above the client's own attempts, means the client's own.
	Tries int
	// Twice says that a 404 counts only when it comes again: a node that lags does
	// not know what others list.
	Twice bool
	// Refused says the same of a 403.
	Refused bool
	// Emptied says that a list without rows and without a total, or an object without members,
	// counts only when it comes again, after a list that is known to have rows had some: a server
	// may answer every call so for a while.
	Emptied bool
	// Check, when not nil, says what is wrong with the body of an answer that is
	// otherwise good. An answer that it refuses is asked for again, like one that was
	// cut off; the last refusal is the error of the call. It is called on the
	// goroutine of Get and must not keep the body.
	Check func(body []byte) *Failed
}

// Answer is the body of a successful call. The receiver owns the bytes.
type Answer struct {
	Body     []byte
	Free     func() // gives the bytes back, which are another answer's then; may be nil, need not be called
	Total    int    // of the whole list, from X-Total-Count
	HasTotal bool
}

// Looker makes calls, with all the patience that they need. It is used by many
// goroutines.
//
// An error that is about the one thing asked for is a *[Failed]. Any other error
// is about the run: the login was refused, the server is down, the context has
// ended, or [ErrBudget].
type Looker interface {
	Get(ctx context.Context, call Call) (Answer, error)
}

// ErrBudget is wrapped by the error of a call that was not made because the run
// may make no more. It ends no stage: what is in the air still arrives.
var ErrBudget = errors.New("budget of calls used up")

// ErrUncounted means that a list in one answer may not be all of it.
var ErrUncounted = errors.New("the list is not as long as the server says")

// Failed is the error of a call that got no usable answer in all its attempts.
type Failed struct {
	record.Fault
	Size int64 // of an answer that was too large, where the server announced it
	Err  error
}

// Refused reports whether the server answered that it does not serve what was asked for, so that
// asking again is of no use.
func (f *Failed) Refused() bool {
	switch f.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return f.Status >= 400 && f.Status < 500 && f.Class != faultUnsure
}

// faultUnsure is the class of a 404 that may be an outage's.
const faultUnsure = "unsure"

// Error is the error of the last attempt.
func (f *Failed) Error() string { return f.Err.Error() }

// Unwrap returns the error of the last attempt.
func (f *Failed) Unwrap() error { return f.Err }

// Store is what the stages need of a sink.
type Store interface {
	Known(ctx context.Context, kind record.Kind, ids []string) (map[string]record.Known, error)
	Followed(ctx context.Context, kind record.Kind, after string, limit int) ([]record.Listed, error)
	Parents(ctx context.Context, ref record.Ref, limit int) ([]record.Ref, error)
	Naming(ctx context.Context, ref record.Ref, limit int) ([][]byte, error)
	Body(ctx context.Context, ref record.Ref) ([]byte, error)
	SeenByAdmin(ctx context.Context, ref record.Ref) ([]byte, error)
	Called(ctx context.Context, kind record.Kind, names []string) (map[string]string, error)
	Unsettled(ctx context.Context, kind record.Kind, after string, limit int) ([]string, error)
	Settled(ctx context.Context, kind record.Kind, after string, limit int) ([]string, error)
	Keep(ctx context.Context, kind record.Kind, ids []string, deferred bool) (added int, err error)
	Kept(ctx context.Context, kind record.Kind, ids []string) (map[string]bool, error)
	Holds(ctx context.Context, kind record.Kind) (bool, error)
	Count(ctx context.Context, kind record.Kind, state record.State) (int64, error)
	Commit(ctx context.Context, batch record.Batch) error
}
