package stages

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// plan turns listed rows, the first of which stands at offset, into asks.
func (l *lister) plan(ctx context.Context, kind *catalogue.Spec, state record.State, offset int, rows []record.Listed, emit pipeline.Emit[record.Ask]) error {
	_, err := l.planKnown(ctx, kind, state, offset, rows, emit)
	return err
}

// planKnown is plan, and returns what is stored of the rows.
func (l *lister) planKnown(ctx context.Context, kind *catalogue.Spec, state record.State, offset int, rows []record.Listed, emit pipeline.Emit[record.Ask]) (map[string]record.Known, error) {
	rules := &l.Planner
	page := plan.Page{Kind: kind, State: state, Offset: offset, Rows: rows, Doubted: l.Ledger.Knows(kind.Name, record.RowsDoubted)}
	page.Proven = l.Proven != nil && l.Proven(kind.Name)
	if err := l.recall(ctx, rules, &page); err != nil {
		return nil, err
	}
	planned := rules.Plan(page)
	l.Ledger.Listed(kind.Name, planned.Listed)
	l.Ledger.Saw(kind.Name, rows)
	l.mentionFolders(kind, rows)
	if err := l.Defer(ctx, kind.Name, planned.Deferred); err != nil {
		return nil, err
	}
	l.Ledger.NotServed(kind.Name, planned.NotServed)
	for _, ask := range planned.Asks {
		l.Ledger.Asked(kind.Name, len(ask.Want))
	}
	for _, ask := range planned.Asks {
		if err := emit(ask); err != nil {
			return nil, err
		}
	}
	return page.Known, nil
}

// recall adds to a page what is stored of its rows.
func (l *lister) recall(ctx context.Context, rules *plan.Rules, page *plan.Page) (err error) {
	ids := make([]string, len(page.Rows))
	for i, row := range page.Rows {
		ids[i] = row.ID
	}
	if page.Known, err = l.Store.Known(ctx, page.Kind.Name, ids); err != nil {
		return fmt.Errorf("look up %s: %w", page.Kind.Name, err)
	}
	for _, id := range ids {
		if asked, ok := l.NotServed[record.Ref{Kind: page.Kind.Name, ID: id}]; ok {
			if page.NotServed == nil {
				page.NotServed = make(map[string]time.Time)
			}
			page.NotServed[id] = asked
		}
	}
	page.Ages, err = rules.Ages(page.Kind, slices.Collect(maps.Keys(page.Known)), func(ref record.Ref) ([]byte, error) { return l.Store.Body(ctx, ref) })
	return err
}

// restsWhole reports whether a kind with a list need not be listed in this run.
func (l *lister) restsWhole(kind *catalogue.Spec) bool {
	return l.Planner.RestsWhole(kind, l.Ledger.Knows(kind.Name, record.RowsDoubted))
}

// few is [plan.Rules.Few] by what the store holds of a kind and this run has not settled.
func (l *lister) few(ctx context.Context, kind *catalogue.Spec) (limit int, err error) {
	rules := &l.Planner
	off := l.Ledger.Knows(kind.Name, record.PageOff) || l.Ledger.Knows(kind.Name, record.RowsPoor)
	if !l.Few || off || rules.Few(kind, 0, func(func(int64) bool) {}) == 0 {
		return 0, nil
	}
	ids, err := l.Store.Unsettled(ctx, kind.Name, "", l.Planner.MostPerAsk())
	if err != nil {
		return 0, fmt.Errorf("count the stored %s: %w", kind.Name, err)
	}
	known, err := l.Store.Known(ctx, kind.Name, ids)
	if err != nil {
		return 0, fmt.Errorf("look up %s: %w", kind.Name, err)
	}
	return rules.Few(kind, len(ids), func(yield func(int64) bool) {
		for _, document := range known {
			if !yield(document.Size) {
				return
			}
		}
	}), nil
}
