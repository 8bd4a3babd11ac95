package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// fewEnough is how many documents are asked for one by one on a server that does
// not honour lists of ids.
const fewEnough = 20

// CanBeLookedFor tells whether documents of a kind can be searched for by id in
// the listing that they were missed in.
func CanBeLookedFor(kind *catalogue.Spec) bool {
	l := kind.Listing
	return !l.Whole && !l.Followed && len(l.Fixed) == 0 && l.IDs != ""
}

// missing looks by id for what the store holds and the listing did not, before it
// counts as gone: a document that is taken out of the trash between the two passes
// of a listing is in neither. What is found is planned like any other.
func (l *lister) missing(ctx context.Context, kind *catalogue.Spec, emit pipeline.Emit[record.Ask]) error {
	for after := ""; ; {
		ids, err := l.Store.Unsettled(ctx, kind.Name, after, IDsAtOnce)
		if err != nil {
			return fmt.Errorf("find %s that were not listed: %w", kind.Name, err)
		}
		if len(ids) == 0 {
			return nil
		}
		after = ids[len(ids)-1]
		ids = slices.DeleteFunc(ids, func(id string) bool {
			return slices.Contains(l.Exclude, record.Ref{Kind: kind.Name, ID: id})
		})
		for _, state := range states(kind) {
			found, honoured, err := l.lookFor(ctx, kind, state, ids)
			if err == nil && !honoured && len(ids) <= fewEnough {
				found, err = l.askFor(ctx, kind, ids)
			}
			if err != nil {
				return l.failed(ctx, kind, state, err, emit)
			}
			if err := l.turnedUp(ctx, kind, state, found, emit); err != nil {
				return err
			}
			if !honoured {
				break // asked for alone, a document comes in whatever state it is
			}
			ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(idsOf(found), id) })
		}
	}
}

// turnedUp plans documents that the list did not hold.
func (l *lister) turnedUp(ctx context.Context, kind *catalogue.Spec, state record.State, found []record.Listed, emit pipeline.Emit[record.Ask]) error {
	if len(found) == 0 {
		return nil
	}
	l.Log.Warn("the list did not hold what is there", "kind", kind.Name, "documents", len(found), "first", found[0].ID)
	l.Ledger.Note(kind.Name, fmt.Sprintf("%d came back, or moved, while the list was read: %s", len(found), some(idsOf(found))))
	return l.plan(ctx, kind, state, nowhere, found, emit)
}

// lookFor searches for documents by their ids. It tells whether the server
// honoured the ids, and brought nothing else.
func (l *lister) lookFor(ctx context.Context, kind *catalogue.Spec, state record.State, ids []string) (found []record.Listed, honoured bool, err error) {
	if len(ids) == 0 {
		return nil, true, nil
	}
	call := listCall(kind, state, 0, len(ids))
	call.Query.Set(kind.Listing.IDs, strings.Join(ids, ","))
	answer, err := l.Looker.Get(ctx, call)
	if err != nil {
		return nil, false, err
	}
	rows, err := l.rows(kind, state, answer.Body)
	if err != nil {
		return nil, false, err
	}
	honoured = true
	for _, r := range rows {
		switch {
		case r.wrong != "":
		case slices.Contains(ids, r.ID):
			found = append(found, r.Listed)
		default:
			honoured = false
		}
	}
	return found, honoured, nil
}

// askFor asks for each document alone, and returns those that are there. Their
// bodies are fetch's to bring.
func (l *lister) askFor(ctx context.Context, kind *catalogue.Spec, ids []string) (found []record.Listed, err error) {
	for _, id := range ids {
		route, path := kind.Single(id)
		if route.IsZero() {
			return nil, nil
		}
		_, err := l.Looker.Get(ctx, Call{Kind: kind.Name, Route: route, Path: path, Query: route.Values()})
		var failed *Failed
		switch {
		case errors.As(err, &failed) && failed.Class == record.FaultMissing:
		case err != nil:
			return nil, err
		default:
			found = append(found, record.Listed{ID: id, State: record.Present})
		}
	}
	return found, nil
}

func idsOf(rows []record.Listed) []string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids
}
