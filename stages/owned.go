package stages

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// fewOwners is how many documents are looked up that hold one part. A part that
// more documents hold is asked for.
const fewOwners = 100

// withOwner leaves out the parts of documents that this run has proven to be gone:
// they are gone with them, although some servers answer for them still. It makes no
// call, and looks nothing up for parts of documents that the run has settled.
func (l *lister) withOwner(ctx context.Context, kind *catalogue.Spec, rows []record.Listed, gone vanished) ([]record.Listed, error) {
	if !kind.Owned() || !l.ProvesAbsence {
		return rows, nil
	}
	kept := make([]record.Listed, 0, len(rows))
	for _, row := range rows {
		ended := false
		if !row.Named {
			var err error
			if ended, err = l.ended(ctx, record.Ref{Kind: kind.Name, ID: row.ID}, gone); err != nil {
				return nil, err
			}
		}
		if !ended {
			kept = append(kept, row)
		}
	}
	return kept, nil
}

// ended reports whether every document that holds a part is gone.
func (l *lister) ended(ctx context.Context, ref record.Ref, gone vanished) (bool, error) {
	owners, err := l.Store.Parents(ctx, ref, fewOwners)
	if err != nil {
		return false, fmt.Errorf("find what holds %s: %w", ref, err)
	}
	if len(owners) == 0 || len(owners) == fewOwners {
		return false, nil
	}
	for _, owner := range owners {
		ids, ok := gone[owner.Kind]
		if !ok {
			if ids, err = l.vanished(ctx, owner.Kind); err != nil {
				return false, err
			}
			gone[owner.Kind] = ids
		}
		if !ids[owner.ID] {
			return false, nil
		}
	}
	return true, nil
}

// followed ends a kind whose documents are found through others, once the references to it are read;
// none says that there are none of these. That is all of it only where something that leads to it
// is known: a kind whose owners nobody has listed is not complete, but unknown.
func (l *lister) followed(ctx context.Context, kind *catalogue.Spec, none bool) error {
	parents := catalogue.LeadingTo(kind.Name)
	if l.Ledger.budgetCut(parents) {
		l.Ledger.Ended(kind.Name, record.Budget, BudgetUsedUp)
		return nil
	}
	if none {
		known, err := l.anyKnown(ctx, parents)
		if err != nil {
			return err
		}
		if !known {
			l.Ledger.Ended(kind.Name, record.Incomplete, "nothing is known of what leads to it; "+l.alsoRun(parents))
			return nil
		}
	}
	l.Ledger.Ended(kind.Name, record.Complete, "")
	return nil
}

// anyKnown reports whether this run or one before has found out what there is of one of some kinds.
func (l *lister) anyKnown(ctx context.Context, kinds []record.Kind) (bool, error) {
	for _, kind := range kinds {
		if l.Ledger.foundOut(kind) || !l.Listed[kind].IsZero() {
			return true, nil
		}
		held, err := l.Store.Holds(ctx, kind)
		if err != nil {
			return false, fmt.Errorf("find out whether %s are known: %w", kind, err)
		}
		if held {
			return true, nil
		}
	}
	return false, nil
}

// alsoRun says what a run has to list to learn of what leads to a kind.
func (l *lister) alsoRun(parents []record.Kind) string {
	var left []string
	for len(parents) > 0 {
		kind := parents[0]
		parents = parents[1:]
		if slices.Contains(left, string(kind)) || catalogue.Lookup(kind).OptIn {
			continue
		}
		if !l.Ledger.has(kind) {
			left = append(left, string(kind))
		}
		parents = append(parents, catalogue.LeadingTo(kind)...)
	}
	if len(left) == 0 {
		return "they were not listed"
	}
	return "run " + strings.Join(left, ", ") + " as well"
}

// vanished are documents that the end of the run will find to be gone, by kind.
type vanished map[record.Kind]map[string]bool

// vanished returns the documents of a kind that the store holds and that the run,
// which read the kind whole, has neither settled nor failed to fetch.
func (l *lister) vanished(ctx context.Context, kind record.Kind) (map[string]bool, error) {
	gone := make(map[string]bool)
	if !l.Ledger.readWhole(kind) || l.Ledger.TrashRested(kind) {
		// Where the trash rests, the list held all that the store held besides.
		return gone, nil
	}
	for after := ""; ; {
		ids, err := l.Store.Unsettled(ctx, kind, after, l.Planner.Limits.Usual().Followed)
		if err != nil {
			return nil, fmt.Errorf("find %s that were not listed: %w", kind, err)
		}
		deferred, err := l.deferredOf(ctx, kind, ids)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if !deferred[id] && !slices.Contains(l.Planner.Exclude, record.Ref{Kind: kind, ID: id}) {
				gone[id] = true
			}
		}
		if len(ids) < l.Planner.Limits.Usual().Followed {
			return gone, nil
		}
		after = ids[len(ids)-1]
	}
}
