package restore

import (
	"context"
	"errors"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Calls are the calls that carrying a restore out took: its own, and those by which it read
// back what it had written, each time that it did, as far as the vault still holds those runs.
func Calls(ctx context.Context, reader vault.Reader, r record.Restore) ([]record.Calls, error) {
	if r.StartedAt.IsZero() {
		return r.Calls, nil
	}
	runs, err := reader.RunsInBrief(ctx, r.Target, 0)
	if err != nil && !errors.Is(err, vault.ErrCorrupt) {
		return r.Calls, err
	}
	calls, damaged := slices.Clone(r.Calls), err
	for _, run := range runs {
		if run.ID == r.Verdict || run.Scope.ReadsBack == r.ID {
			calls = append(calls, run.Calls...)
		}
		if run.ID == r.Verdict {
			damaged = nil // those are others
		}
	}
	if r.Verdict == 0 {
		return calls, nil
	}
	return calls, damaged
}
