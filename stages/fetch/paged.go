package fetch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// pagedList is a list that cannot be had in one answer and is read in pages by one
// worker.
type pagedList struct {
	*task              // of the kind as one that is listed in pages
	asks  []record.Ask // for what the pages name
	named map[string]bool
	moved bool // the list did not hold still: it is not complete
}

// inPages reads a list in pages, where its kind has a route for that, and settles what
// they name. It reports whether the pages were read to their end; where not, the kind
// has no list.
//
// The answer of a load balancer that gives up on a large list is the same however often
// it is asked for, so a resume begins with the pages.
func (t *task) inPages(ctx context.Context) (done bool, err error) {
	kind, ok := t.kind.InPages()
	if !ok {
		return false, nil
	}
	t.Log.Warn("the list cannot be had in one answer, reading it in pages", "kind", kind.Name, "route", kind.Listing.Route.String())
	listed := t.Ledger.SoFar(kind.Name)
	list := &pagedList{
		task:  &task{fetcher: t.fetcher, habits: newHabits(kind, t.Ledger), reader: t.reader, ask: t.ask, emit: t.emit},
		named: make(map[string]bool),
	}
	tally, err := list.enumerate(ctx)
	failed := errors.As(err, new(*stages.Failed))
	if err != nil && !failed {
		return false, err
	}
	if failed {
		t.Log.Warn("listing failed", "kind", kind.Name, "route", kind.Listing.Route.String(), "error", err)
		t.Ledger.Listed(kind.Name, listed-t.Ledger.SoFar(kind.Name))
	} else {
		t.Ledger.Learn(kind.Name, record.WholeOff)
	}
	// What is named is there, whatever becomes of the list.
	err = shareByWorkers(list.task, list.asks, func(own *task, ask record.Ask) error {
		own.ask = ask
		return own.account(ctx)
	})
	if err != nil || failed {
		return false, err
	}
	return true, list.conclude(ctx, t.kind.Listing.Route, tally)
}

// likeLimit are the numbers of rows that look as if a server answers no more at once.
const likeLimit = 10

// tailKnown is what is known of the tail of a list that came in one answer.
type tailKnown uint8

const (
	tailSeen     tailKnown = iota // as far as its own rows tell
	goesOn                        // it is only the first page
	tailNotKnown                  // what stands behind its rows was asked for, and no answer came
)

// ending finds out whether a list is only the first page of what there is. Where no total
// came and their number looks like a limit, the route is asked for what stands behind its
// rows, if it knows pages.
func (t *task) ending(ctx context.Context, rows [][]byte, counted bool) (tailKnown, error) {
	route := t.kind.Listing.Paged
	if counted || len(rows) == 0 || len(rows)%likeLimit != 0 || route.Path != t.kind.Listing.Route.Path {
		return tailSeen, nil
	}
	query := route.Values([2]string{"fields", t.kind.Fields.ID}, [2]string{"limit", "1"}, [2]string{"offset", strconv.Itoa(len(rows))})
	answer, err := t.Looker.Get(ctx, stages.Call{
		Kind: t.kind.Name, Route: route, Path: route.Path, Query: query, Size: 64 << 10, Check: stages.IsArray, Tries: stages.Patience,
	})
	failed := (*stages.Failed)(nil)
	switch {
	case errors.As(err, &failed) && failed.Refused():
		return tailSeen, nil // a list that knows no pages is whole
	case failed != nil:
		return tailNotKnown, nil //nolint:nilerr // CheckTails asks again
	case err != nil:
		return tailSeen, err
	}
	behind, err := canon.Rows(answer.Body)
	if err != nil {
		return tailNotKnown, nil //nolint:nilerr // an answer that is no list tells nothing
	}
	if len(behind) == 0 {
		return tailSeen, nil
	}
	id, _ := stages.RowID(t.kind, behind[0])
	if slices.ContainsFunc(rows, func(row []byte) bool {
		known, _ := stages.RowID(t.kind, row)
		return known == id
	}) {
		return tailSeen, nil
	}
	return goesOn, nil
}

// enumerate reads the pages and keeps what is to be asked for.
func (p *pagedList) enumerate(ctx context.Context) (stages.Tally, error) {
	return p.listing().Enumerate(ctx, p.kind, record.Present, 0, func(ask record.Ask) error {
		p.moved = p.moved || ask.Fault != nil && ask.Row == 0
		p.asks = append(p.asks, ask)
		for _, want := range ask.Want {
			p.named[want.ID] = true
		}
		return nil
	})
}

// conclude records how a list ended that was read in pages because route does not give
// it.
func (p *pagedList) conclude(ctx context.Context, route catalogue.Route, all stages.Tally) error {
	p.Ledger.Asked(p.kind.Name, -1) // list asked for one: the list itself
	p.Ledger.Note(p.kind.Name, fmt.Sprintf("the list cannot be had in one answer (%s), so it was read in pages (%s)", route, p.kind.Listing.Route))
	if p.ProvesAbsence && !p.moved && all.Bad == 0 {
		if err := p.askUnnamed(ctx); err != nil {
			return err
		}
	}
	p.listing().Conclude(p.kind.Name, all)
	return nil
}

// askUnnamed asks alone for what the store holds and the pages do not name. Only what
// is not there either way is gone: nobody promises that a search gives all that the list
// in one answer gives. Where it is there all the same, the search may leave out what no
// run has seen as well, and the kind is incomplete.
func (p *pagedList) askUnnamed(ctx context.Context) error {
	unnamed, more, err := p.unnamed(ctx)
	if err != nil {
		return err
	}
	p.Ledger.Asked(p.kind.Name, len(unnamed))
	var there []string
	for _, id := range unnamed {
		want := record.Listed{ID: id, State: record.Present}
		call := p.detailCall(id)
		call.Twice = true
		err := p.bring(ctx, want, call)
		failed := (*stages.Failed)(nil)
		switch {
		case err == nil:
			there = append(there, id)
		case !errors.As(err, &failed):
			return err
		case failed.Class == record.FaultMissing:
			err = p.settle(record.Item{Ref: record.Ref{Kind: p.kind.Name, ID: id}, State: record.Gone, At: p.Now()})
		default:
			err = p.fault(want, failed.Fault)
		}
		if err != nil {
			return err
		}
	}
	p.Ledger.Listed(p.kind.Name, len(there))
	switch {
	case len(there) > 0:
		p.incomplete(fmt.Sprintf("%s leaves out %d that are there, and may leave out others: %s", p.kind.Listing.Route, len(there), stages.FirstFew(there)))
	case more:
		p.incomplete(fmt.Sprintf("%s does not name more than %d that the vault holds; the next run asks for others of them", p.kind.Listing.Route, p.Planner.Limits.Usual().IDs))
	}
	return nil
}

// unnamed returns documents that the store holds, this run has not settled and the
// pages do not name, and whether there are more of them.
func (p *pagedList) unnamed(ctx context.Context) (ids []string, more bool, err error) {
	for after := ""; ; {
		rows, err := p.Store.Unsettled(ctx, p.kind.Name, after, p.Planner.Limits.Usual().Followed)
		if err != nil {
			return nil, false, fmt.Errorf("find %s that were not listed: %w", p.kind.Name, err)
		}
		for _, id := range rows {
			switch {
			case p.named[id] || slices.Contains(p.Planner.Exclude, record.Ref{Kind: p.kind.Name, ID: id}):
			case len(ids) == p.Planner.Limits.Usual().IDs:
				return ids, true, nil
			default:
				ids = append(ids, id)
			}
		}
		if len(rows) < p.Planner.Limits.Usual().Followed {
			return ids, false, nil
		}
		after = rows[len(rows)-1]
	}
}

// incomplete records that the list is not proven to be all of what there is.
func (p *pagedList) incomplete(reason string) {
	p.Log.Warn("the list is not proven to be whole, the kind is incomplete", "kind", p.kind.Name, "reason", reason)
	p.Ledger.Ended(p.kind.Name, record.Incomplete, reason)
}

// listing is how list would read a list in this run.
func (f *fetcher) listing() *stages.ListOptions {
	return &stages.ListOptions{Asking: f.Asking, Log: f.Log}
}
