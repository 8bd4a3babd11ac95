package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// quotaOf is what a licence includes a month, by class; a class that nobody has said
// anything of is missing.
func quotaOf(q config.Quota) map[string]int64 {
	quota := make(map[string]int64)
	for class, calls := range map[catalogue.Activity]int{catalogue.Administrative: q.Administrative, catalogue.Query: q.Query} {
		if calls > 0 {
			quota[string(class)] = int64(calls)
		}
	}
	return quota
}

// keepQuota lets the client make no more calls than the month has left of what the licence
// includes, as far as the vault knows, unless somebody wants more. It refuses a run that
// could not even ask who is calling.
func (b *backup) keepQuota(client *looker.Client) error {
	quota := quotaOf(b.config.Looker.Quota)
	if len(quota) == 0 || b.options.overQuota {
		return nil
	}
	made, err := b.madeThisMonth()
	if err != nil {
		return err
	}
	left := make(map[string]int64, len(quota))
	for class, calls := range quota {
		left[class] = max(calls-made[class], 0)
	}
	const first = string(catalogue.Administrative)
	if calls, told := quota[first]; told && left[first] == 0 {
		return &quotaError{fmt.Sprintf("the %s %s calls of looker.quota are made this month (%s by this vault); run --over-quota makes more, and next month has its own",
			count(calls), first, count(made[first]))}
	}
	client.Bound(left)
	return nil
}

// usedUp is the class whose calls of the month are made, "" where there are some left or
// nobody minds.
func (b *backup) usedUp() string {
	quota := quotaOf(b.config.Looker.Quota)
	if len(quota) == 0 || b.options.overQuota {
		return ""
	}
	made, err := b.madeThisMonth()
	if err != nil {
		return ""
	}
	for _, class := range slices.Sorted(maps.Keys(quota)) {
		if made[class] >= quota[class] {
			return class
		}
	}
	return ""
}

// madeThisMonth are the calls that the vault knows of this month, by class.
func (b *backup) madeThisMonth() (map[string]int64, error) {
	reader, err := sqlite.OpenReader(b.app.stop, b.config.Sink.Path)
	if err != nil {
		return nil, nil // there is none yet, or what is wrong with it is said by who opens it for writing
	}
	defer reader.Close()
	made, err := reader.CallsIn(b.app.stop, b.instance, b.app.now())
	if errors.Is(err, vault.ErrNotFound) {
		return nil, nil
	}
	return made, err
}

// quotaError says that a licence's calls of the month are made.
type quotaError struct{ text string }

func (e *quotaError) Error() string        { return e.text }
func (e *quotaError) Is(target error) bool { return target == looker.ErrBudget }
