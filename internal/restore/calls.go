package restore

import (
	"context"
	"errors"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Calls are the calls that carrying a restore out took: its own, and those by which it read
// back what it had written, as far as the vault still holds that run.
func Calls(ctx context.Context, reader vault.Reader, r record.Restore) ([]record.Calls, error) {
	if r.Verdict == 0 {
		return r.Calls, nil
	}
	check, err := reader.Run(ctx, r.Verdict)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return r.Calls, err
	}
	return slices.Concat(r.Calls, check.Calls), nil
}
