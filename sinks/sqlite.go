package sinks

import (
	"context"

	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// OpenSQLite opens the vault at path, makes it when there is none, and holds its
// lock until Close. Errors are of type [*vault.Error].
func OpenSQLite(ctx context.Context, path string, options sqlite.Options) (Sink, error) {
	w, err := sqlite.Open(ctx, path, options)
	if err != nil {
		return nil, err
	}
	return w, nil
}
