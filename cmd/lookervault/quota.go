package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/sinks"
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

// licence is what an instance's licence includes a month, and the vault that knows what was
// made of it.
type licence struct {
	now      func() time.Time
	config   config.Config
	instance string
	over     bool // more may be made
}

func (b *backup) licence() licence {
	return licence{b.options.clock.now, b.config, b.instance, b.options.overQuota}
}

// callsToIdentify is how many administrative calls it takes to find out who calls, before the first one
// that is kept with a run: GET /user and GET /roles.
const callsToIdentify = 2

// keep lets the client make no more calls than the month has left of what the licence
// includes, as far as the vault knows, unless somebody wants more: these are returned by
// class. It refuses a command that could not even ask who is calling.
func (l licence) keep(ctx context.Context, client *looker.Client) (left map[string]int64, err error) {
	quota := quotaOf(l.config.Looker.Quota)
	if len(quota) == 0 || l.over {
		return nil, nil
	}
	made, err := l.madeThisMonth(ctx)
	if err != nil {
		return nil, err
	}
	left = make(map[string]int64, len(quota))
	for class, calls := range quota {
		left[class] = max(calls-made[class], 0)
	}
	const first = string(catalogue.Administrative)
	if calls, told := quota[first]; told && left[first] < callsToIdentify {
		return nil, &exitError{code: codeIncomplete, err: &quotaError{class: first, includes: calls, made: made[first]}}
	}
	client.Bound(left)
	return left, nil
}

// quotaError refuses a command: the calls of a class that the licence includes are made.
type quotaError struct {
	class          string
	includes, made int64 // calls a month; made are those that the vault knows of
}

func (e *quotaError) Error() string {
	if e.made < e.includes {
		return fmt.Sprintf("%s of the %s %s calls of looker.quota are made this month by this vault, and to ask who calls takes %d; --over-quota makes more, and next month has its own",
			count(e.made), count(e.includes), e.class, callsToIdentify)
	}
	return fmt.Sprintf("the %s %s calls of looker.quota are made this month (%s by this vault); --over-quota makes more, and next month has its own",
		count(e.includes), e.class, count(e.made))
}

// noteRefusal keeps a run that was refused, and why, among the runs of the vault: whoever
// looks for the backup of that night finds the reason. A run that was to be continued stays
// as it is. What cannot be kept is told by the error all the same.
func (b *backup) noteRefusal(ctx context.Context, client *looker.Client, why error) record.Run {
	if _, refused := errors.AsType[*quotaError](why); b.options.resume || !refused { // the vault could not be read
		return record.Run{}
	}
	o := b.options
	sink, err := sinks.OpenSQLite(ctx, b.config.Sink.Path, sqlite.Options{Now: o.clock.now, Warn: func(text string) { o.streams.warn(b.log, text) }})
	if err != nil {
		return record.Run{}
	}
	defer sink.Close()
	b.start.Instance, b.start.BaseURL, b.start.At = b.instance, client.BaseURL(), o.clock.now()
	b.start.Scope = record.Scope{Kinds: []record.Kind{}}
	if _, err := sink.Begin(ctx, b.start); err != nil {
		return record.Run{}
	}
	run, err := sink.Finish(ctx, record.Finish{Outcome: record.RunFailed, Notes: []string{"refused: " + why.Error()}, At: o.clock.now()})
	if err != nil {
		return record.Run{}
	}
	return run
}

// usedUp is the class whose calls of the month are made, "" where there are some left or
// nobody minds.
func (l licence) usedUp(ctx context.Context) string {
	quota := quotaOf(l.config.Looker.Quota)
	if len(quota) == 0 || l.over {
		return ""
	}
	made, err := l.madeThisMonth(ctx)
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
func (l licence) madeThisMonth(ctx context.Context) (map[string]int64, error) {
	reader, err := sqlite.OpenReader(ctx, l.config.Sink.Path)
	if err != nil {
		return nil, nil // there is none yet, or what is wrong with it is said by who opens it for writing
	}
	defer reader.Close()
	made, err := reader.CallsIn(ctx, l.instance, l.now())
	if errors.Is(err, vault.ErrNotFound) {
		return nil, nil
	}
	return made, err
}
