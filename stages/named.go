package stages

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// fewNamed is how many documents are asked for alone: a search for a list of ids takes a
// call in and one out of the trash, and a third one for the documents.
const fewNamed = 3

// named plans documents of a kind that are asked for by their ids: few of them alone,
// many by searches for lists of ids where the kind has one, and what those leave alone.
// The kind is not listed.
func (l *lister) named(ctx context.Context, kind *catalogue.Spec, ids []string, emit pipeline.Emit[record.Ask]) error {
	left := ids
	if len(ids) > fewNamed && plan.CanBeLookedFor(kind) {
		left = nil
		for some := range slices.Chunk(ids, l.Planner.Limits.Usual().IDs) {
			unseen, err := l.searchNamed(ctx, kind, some, emit)
			if err != nil {
				return l.failed(ctx, kind, record.Present, err, emit)
			}
			left = append(left, unseen...)
		}
	}
	if err := l.planNamed(ctx, kind, record.Present, left, emit); err != nil {
		return err
	}
	for _, search := range l.Find[kind.Name] {
		if err := l.find(ctx, kind, search, ids, emit); err != nil {
			return l.failed(ctx, kind, record.Present, err, emit)
		}
	}
	l.Ledger.Ended(kind.Name, record.Complete, "")
	return nil
}

// searchNamed searches for documents by their ids, in every state, and plans those that
// it finds. It returns the others: a search proves nothing.
func (l *lister) searchNamed(ctx context.Context, kind *catalogue.Spec, ids []string, emit pipeline.Emit[record.Ask]) (left []string, err error) {
	left = ids
	for _, state := range States(kind) {
		found, worth, err := l.lookFor(ctx, kind, state, left, "")
		if err != nil {
			return nil, err
		}
		if worth == idsIgnored {
			return left, nil
		}
		if err := l.plan(ctx, kind, state, plan.Nowhere, found, emit); err != nil {
			return nil, err
		}
		left = slices.DeleteFunc(slices.Clone(left), func(id string) bool { return slices.Contains(idsOf(found), id) })
	}
	return left, nil
}

// foundAtMost bounds what a search for a key brings. The server compares as LIKE does, so
// that a name with wildcards finds more than what is called so.
const foundAtMost = 100

// find plans the documents that a search for a key finds, but for those that are planned
// already.
func (l *lister) find(ctx context.Context, kind *catalogue.Spec, search record.Search, planned []string, emit pipeline.Emit[record.Ask]) error {
	if kind.Write == nil || search.Key >= len(kind.Write.Keys) {
		return fmt.Errorf("search for %s: they have no key %d", kind.Name, search.Key)
	}
	key := kind.Write.Keys[search.Key]
	for _, state := range States(kind) {
		if state == record.Trashed && !key.TrashCounts {
			continue
		}
		call := ListCall(kind, state, 0, foundAtMost)
		call.Route, call.Path = key.Search, key.Search.Path
		for name, value := range search.Params {
			call.Query.Set(name, value)
		}
		answer, err := l.Looker.Get(ctx, call)
		if err != nil {
			return err
		}
		rows, err := l.rows(kind, state, answer.Body)
		if err != nil {
			return err
		}
		var found []record.Listed
		for _, r := range rows {
			if r.wrong == "" && !slices.Contains(planned, r.ID) {
				found = append(found, r.Listed)
				planned = append(planned, r.ID)
			}
		}
		alone := *kind
		alone.Many = nil
		if err := l.plan(ctx, &alone, state, plan.Nowhere, found, emit); err != nil {
			return err
		}
	}
	return nil
}

// planNamed plans documents that are asked for alone, to see whether they are there.
func (l *lister) planNamed(ctx context.Context, kind *catalogue.Spec, state record.State, ids []string, emit pipeline.Emit[record.Ask]) error {
	rows := make([]record.Listed, len(ids))
	for i, id := range ids {
		rows[i] = record.Listed{ID: id, State: state, Asked: true}
	}
	alone := *kind
	alone.Many = nil
	return l.plan(ctx, &alone, state, plan.Nowhere, rows, emit)
}
