package fetch

import (
	"context"
	"errors"
	"strconv"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// errNotFew means that a list is not proven to be whole in one page.
var errNotFew = errors.New("the list is not in one page")

// few asks for a paged list of few documents in one page of whole rows, where list would
// ask for ids first, and settles every row. The page is all of the list where it is not full
// and the server counts as many rows, or has none behind them. Else the list is read in pages.
func (t *task) few(ctx context.Context) error {
	t.Ledger.Asked(t.ask.Kind, -1) // list asked for one: the list itself
	trash, err := t.listing().Trash(ctx, t.kind)
	if err != nil {
		return err
	}
	var all stages.Tally
	for _, state := range stages.States(t.kind) {
		if state == record.Trashed && t.listing().TrashRests(t.kind, trash, all) {
			continue
		}
		own := *t
		own.ask.State = state
		tally, err := own.fewIn(ctx, all.Rows)
		var failed *stages.Failed
		if errors.As(err, &failed) {
			return t.notListed(ctx, failed)
		}
		if err != nil {
			return err
		}
		all = all.Plus(tally)
	}
	t.listing().Conclude(t.ask.Kind, all)
	return nil
}

// fewIn settles the documents in the state of the ask. The positions of their rows count on
// from above.
func (t *task) fewIn(ctx context.Context, above int) (stages.Tally, error) {
	tally, err := t.settlePage(ctx, above)
	failed := (*stages.Failed)(nil)
	if errors.Is(err, errNotFew) || errors.As(err, &failed) && stages.TooMuch(failed.Class) {
		t.Log.Debug("a list does not come in one page, reading it in pages", "kind", t.ask.Kind, "error", err)
		return t.readPages(ctx, above)
	}
	return tally, err
}

// settlePage asks for the page and settles its rows. It settles nothing where it returns
// [errNotFew] or a [*stages.Failed].
func (t *task) settlePage(ctx context.Context, above int) (stages.Tally, error) {
	answer, rows, lease, err := t.getPage(ctx)
	defer lease.Release() // which does nothing once it is split
	if err != nil {
		return stages.Tally{}, err
	}
	list := t.identify(rows)
	if list.Bad > 0 && list.Bad == list.Rows {
		return stages.Tally{}, errNotFew // of another kind, most likely
	}
	found, doubtful, v, err := t.documents(ctx, &list)
	if err != nil || !v.usable() {
		// Release the lease before waiting for another: others may wait for its room.
		lease.Release()
	}
	if err != nil {
		return stages.Tally{}, err
	}
	if v == alien {
		return stages.Tally{}, errNotFew
	}
	t.Ledger.Asked(t.ask.Kind, len(found)+len(doubtful)+len(list.unclear))
	t.Ledger.Listed(t.ask.Kind, len(list.found)+len(list.unclear)+list.excluded)
	for _, m := range list.found {
		t.Ledger.Saw(t.ask.Kind, []record.Listed{m.want})
	}
	if err := t.sayWhatIsOdd(list, above); err != nil {
		return stages.Tally{}, err
	}
	if answer.HasTotal && len(rows) > 0 { // else what stands behind them was asked for
		t.Ledger.OneAnswer(t.listTail(list.Tally))
	}
	t.learn(int64(len(answer.Body)), len(rows))
	return list.Tally, t.settleRows(ctx, list, found, doubtful, v, lease)
}

// getPage gets the rows of the page, which point into one answer, and the lease of that.
func (t *task) getPage(ctx context.Context) (answer stages.Answer, rows [][]byte, lease *budget.Lease, err error) {
	params := [][2]string{{"limit", strconv.Itoa(t.ask.Limit)}, {"offset", "0"}}
	if !t.kind.Listing.Unsorted {
		params = append(params, [2]string{"sorts", t.kind.Fields.ID})
	}
	if t.ask.State == record.Trashed {
		params = append(params, [2]string{"deleted", "true"})
	}
	route := t.kind.Listing.Route
	call := stages.Call{
		Kind: t.kind.Name, Route: route, Path: route.Path, Query: route.Values(params...),
		Check: stages.OfKind(t.kind), Tries: stages.Patience,
	}
	t.listing().Doubting(t.kind, &call)
	if call.Emptied, err = t.listing().ShouldHaveRows(ctx, t.kind.Name, t.ask.State); err != nil {
		return stages.Answer{}, nil, nil, err
	}
	want := budget.Load{Bytes: max(t.guess(min(t.ask.Limit, t.Planner.PageSize)), t.small()), Items: 1}
	answer, lease, err = t.get(ctx, call, want, true)
	if err != nil {
		return stages.Answer{}, nil, nil, err
	}
	rows, err = canon.Rows(answer.Body)
	if err != nil {
		return answer, nil, lease, stages.Broken(err)
	}
	if len(rows) == 0 && (answer.HasTotal || !call.Emptied) {
		t.Ledger.CameEmpty(record.Ref{Kind: t.ask.Kind}, t.ask.State, t.Now())
	}
	return answer, rows, lease, t.provenWhole(ctx, answer, len(rows))
}

// provenWhole returns nil where nothing stands behind so many rows of a page, and [errNotFew]
// where that is not so, or nobody knows. Without a total it asks what stands there.
func (t *task) provenWhole(ctx context.Context, answer stages.Answer, rows int) error {
	switch {
	case rows >= t.ask.Limit, answer.HasTotal && answer.Total != rows:
		return errNotFew
	case rows == 0:
		return nil
	case answer.HasTotal:
		return nil
	}
	call := stages.ListCall(t.kind, t.ask.State, rows, t.ask.Limit)
	call.Most, call.Tries = stages.SlimMost, stages.Patience
	// What is asked here waits for nothing, so the room of the page may be held.
	behind, err := t.Looker.Get(ctx, call)
	if errors.As(err, new(*stages.Failed)) {
		return errNotFew
	}
	if err != nil {
		return err
	}
	more, err := canon.Rows(behind.Body)
	if err != nil || len(more) > 0 {
		if len(more) > 0 {
			t.Ledger.Cut(rows)
		}
		return errNotFew
	}
	t.Ledger.Answer(rows)
	return nil
}

// readPages reads the list as list would, a page of ids at a time, and asks for what each
// names.
func (t *task) readPages(ctx context.Context, above int) (stages.Tally, error) {
	var asks []record.Ask
	wanted := 0
	account := func() error {
		err := shareByWorkers(t, asks, func(own *task, ask record.Ask) error {
			own.ask = ask
			return own.account(ctx)
		})
		asks, wanted = nil, 0
		return err
	}
	tally, err := t.listing().Enumerate(ctx, t.kind, t.ask.State, above, func(ask record.Ask) error {
		asks, wanted = append(asks, ask), wanted+len(ask.Want)
		if wanted < t.kind.Listing.Page {
			return nil
		}
		return account()
	})
	if accounted := account(); err == nil || errors.As(err, new(*stages.Failed)) && accounted != nil {
		err = accounted
	}
	return tally, err
}
