package stages

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// fewEnough is how many documents are looked for one by one on a server that does
// not honour lists of ids.
const fewEnough = 20

// CanBeLookedFor tells whether documents of a kind can be searched for by id in
// the listing that they were missed in.
func CanBeLookedFor(kind catalogue.Kind) bool {
	l := kind.Listing
	return !l.Whole && !l.Followed && len(l.Fixed) == 0 && l.IDs != ""
}

// missing looks by id for what the store holds and the listing did not, before it
// counts as gone: a document that is taken out of the trash between the two passes
// of a listing is in neither. What is found is planned like any other.
func (l *lister) missing(ctx context.Context, kind catalogue.Kind, emit pipeline.Emit[record.Ask]) error {
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
			found, err := l.lookFor(ctx, kind, state, ids)
			if err != nil {
				return l.failed(kind, state, err, emit)
			}
			if len(found) == 0 {
				continue
			}
			l.Log.Warn("the list did not hold what is there", "kind", kind.Name, "documents", len(found), "first", found[0].ID)
			l.Ledger.Note(kind.Name, fmt.Sprintf("%d came back, or moved, while the list was read: %s", len(found), some(idsOf(found))))
			if err := l.plan(ctx, kind, state, nowhere, found, emit); err != nil {
				return err
			}
			ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(idsOf(found), id) })
		}
	}
}

// lookFor searches for documents by their ids. Where the server ignores lists of
// ids, and there are too many to ask for each, it finds nothing.
func (l *lister) lookFor(ctx context.Context, kind catalogue.Kind, state record.State, ids []string) ([]record.Listed, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	call := listCall(kind, state, 0, len(ids))
	call.Query.Set(kind.Listing.IDs, strings.Join(ids, ","))
	answer, err := l.Looker.Get(ctx, call)
	if err != nil {
		return nil, err
	}
	rows, err := l.rows(kind, state, answer.Body)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(rows, func(r record.Listed) bool { return !slices.Contains(ids, r.ID) })
	if len(found) == len(rows) || len(ids) == 1 || len(ids) > fewEnough {
		return found, nil
	}
	found = nil
	for i := range ids {
		one, err := l.lookFor(ctx, kind, state, ids[i:i+1])
		if err != nil {
			return nil, err
		}
		found = append(found, one...)
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
