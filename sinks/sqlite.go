package sinks

import (
	"context"
	"errors"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// sqlite is the vault as a sink.
type sqlite struct{ *vault.Writer }

// OpenSQLite opens the vault at path, makes it when there is none, and holds its
// lock until Close. Errors are of type [*vault.Error].
func OpenSQLite(ctx context.Context, path string, options vault.Options) (Sink, error) {
	w, err := vault.Open(ctx, path, options)
	if err != nil {
		return nil, err
	}
	return sqlite{w}, nil
}

// Begin speaks of an absent run in the words of this package.
func (s sqlite) Begin(ctx context.Context, start record.Start) (record.Begun, error) {
	begun, err := s.Writer.Begin(ctx, start)
	if errors.Is(err, vault.ErrNothingOpen) {
		err = ErrNothingOpen
	}
	return begun, err
}

// OfWriter is a writer of a vault that is open as a sink.
func OfWriter(w *vault.Writer) Sink { return sqlite{w} }
