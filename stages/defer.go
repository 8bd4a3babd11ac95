package stages

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// namedByDeferred takes documents for named that a document names which this run did not
// ask for again: that one is there, as far as is known.
func (l *lister) namedByDeferred(ctx context.Context, kind *catalogue.Spec, rows []record.Listed) error {
	if !slices.ContainsFunc(catalogue.LeadingTo(kind.Name), l.Ledger.hasDeferred) {
		return nil
	}
	for i, row := range rows {
		if row.Named {
			continue
		}
		owners, err := l.Store.Parents(ctx, record.Ref{Kind: kind.Name, ID: row.ID}, fewOwners)
		if err != nil {
			return fmt.Errorf("find what names %s/%s: %w", kind.Name, row.ID, err)
		}
		rests, err := l.someDeferred(ctx, owners)
		if err != nil {
			return err
		}
		if !rests {
			if rests, err = l.inRestingTrash(ctx, owners); err != nil {
				return err
			}
		}
		rows[i].Named, rows[i].Presumed = rests, rests
	}
	return nil
}

// someDeferred reports whether one of some documents was not asked for again.
func (l *lister) someDeferred(ctx context.Context, refs []record.Ref) (bool, error) {
	for _, ref := range refs {
		deferred, err := l.deferredOf(ctx, ref.Kind, []string{ref.ID})
		if err != nil || deferred[ref.ID] {
			return true, err
		}
	}
	return false, nil
}

// inRestingTrash reports whether one of some documents lies in a trash that was not listed.
func (l *lister) inRestingTrash(ctx context.Context, refs []record.Ref) (bool, error) {
	for _, ref := range refs {
		if !l.Ledger.TrashRested(ref.Kind) {
			continue
		}
		known, err := l.Store.Known(ctx, ref.Kind, []string{ref.ID})
		if err != nil {
			return false, fmt.Errorf("look up %s: %w", ref, err)
		}
		if known[ref.ID].State == record.Trashed {
			return true, nil
		}
	}
	return false, nil
}
