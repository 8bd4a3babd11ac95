package looker

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// TestWhatAProofEnds: where the call fails by which a client sees whether the server works, an error that is
// about the whole run ends the call that waited, and no other does.
func TestWhatAProofEnds(t *testing.T) {
	waiting := &try{tried: Tried{Method: "GET", Path: "/dashboards/1"}}
	for name, test := range map[string]struct {
		failure error
		ends    error
	}{
		"down":         {&DownError{}, ErrDown},
		"login":        {fmt.Errorf("prove: %w", ErrLogin), ErrLogin},
		"closed":       {fmt.Errorf("prove: %w", ErrClosed), ErrClosed},
		"budget":       {&BudgetError{Tried: Tried{Path: "/user"}, Max: 7}, ErrBudget},
		"server error": {failure: &StatusError{Status: 500}},
		"not found":    {failure: &StatusError{Status: 404}},
		"lost":         {failure: errors.New("connection reset")},
	} {
		t.Run(name, func(t *testing.T) {
			err := waiting.endsRun(t.Context(), test.failure)
			if !errors.Is(err, test.ends) {
				t.Errorf("got %v, want %v", err, test.ends)
			}
			if spent, ok := errors.AsType[*BudgetError](err); ok && (spent.Path != "/dashboards/1" || spent.Max != 7) {
				t.Errorf("it is about %s, of %d calls", spent.Path, spent.Max)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := waiting.endsRun(ctx, &StatusError{Status: 500}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after the end of the call", err)
	}
}

// TestProofsRenewTheirTokens: a proof whose token was not taken is made again, so many times; a login that was
// refused is not.
func TestProofsRenewTheirTokens(t *testing.T) {
	unauthorized := &StatusError{Status: 401}
	for name, test := range map[string]struct {
		failures []error // of the attempts, the last one of all that follow
		attempts int
		want     FaultClass
	}{
		"works":         {[]error{nil}, 1, ""},
		"one lapse":     {[]error{unauthorized, nil}, 2, ""},
		"four lapses":   {[]error{unauthorized, unauthorized, unauthorized, unauthorized, nil}, 5, ""},
		"lapses always": {[]error{unauthorized}, 5, FaultUnauthorized},
		"login":         {[]error{fmt.Errorf("%w: %w", unauthorized, ErrLogin)}, 1, FaultUnauthorized},
		"another error": {[]error{&StatusError{Status: 500}, nil}, 1, FaultServer},
	} {
		t.Run(name, func(t *testing.T) {
			attempts := 0
			err := (&Client{}).renewing(t.Context(), func(context.Context) error {
				attempts++
				return test.failures[min(attempts, len(test.failures))-1]
			})
			if attempts != test.attempts || Class(err) != test.want {
				t.Errorf("%d attempts, want %d: %v", attempts, test.attempts, err)
			}
		})
	}
}
