package main

import (
	"errors"
	"testing"

	"github.com/lookervault/lookervault/internal/vault"
)

// TestCheckingRest: whoever wants no more entries hears what is wrong with the rest.
func TestCheckingRest(t *testing.T) {
	lost, damaged := errors.New("lost"), errors.New("damaged")
	entries := func(yield func(vault.Entry, error) bool) {
		for _, err := range []error{nil, nil, damaged} {
			if !yield(vault.Entry{}, err) {
				return
			}
		}
	}
	rest := func() error { return lost }
	for _, tt := range []struct {
		name string
		take int
		rest func() error
		want error
	}{
		{"some, and the rest is asked for", 1, rest, lost},
		{"some, and the rest is read", 1, nil, damaged},
		{"all", 4, rest, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var unseen error
			taken := 0
			for range checkingRest(entries, tt.rest, &unseen) {
				if taken++; taken == tt.take {
					break
				}
			}
			if !errors.Is(unseen, tt.want) || taken != min(tt.take, 3) {
				t.Errorf("took %d, unseen %v, want %v", taken, unseen, tt.want)
			}
		})
	}
}
