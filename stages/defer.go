package stages

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// namedByDeferred takes documents for named that a document names which this run did not
// ask for again: that one is there.
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
		rows[i].Named = slices.ContainsFunc(owners, l.Ledger.isDeferred)
	}
	return nil
}
