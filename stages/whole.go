package stages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
)

// whole asks for a list that comes in one answer and settles every row.
func (t *task) whole(ctx context.Context) error {
	rows, held, err := t.all(ctx)
	var failed *Failed
	if errors.As(err, &failed) {
		if ended(t.Ledger, t.Log, t.kind, t.Admin, failed) {
			return nil
		}
		return t.emit(record.Item{Ref: record.Ref{Kind: t.ask.Kind}, Fault: &failed.Fault, At: t.Now()})
	}
	if err != nil {
		return err
	}
	release := sync.OnceFunc(func() { t.Limits.Release(held) })
	defer release()
	return t.rows(ctx, rows, held.Bytes, release)
}

// all gets the rows of the list, which point into one answer, and the room that
// it takes. An answer that is no list is asked for again.
func (t *task) all(ctx context.Context) (rows [][]byte, held Load, err error) {
	route := t.kind.Listing.Route
	want := Load{Bytes: max(t.guess(100), t.small()), Items: 1}
	for range patience {
		var answer Answer
		answer, held, err = t.get(ctx, Call{Route: route, Path: route.Path, Query: route.Values()}, want, false)
		if err != nil {
			return nil, Load{}, err
		}
		rows, err = canon.Rows(answer.Body)
		if err == nil && answer.HasTotal && len(rows) < answer.Total {
			err = fmt.Errorf("%d rows came of %d", len(rows), answer.Total)
		}
		if err == nil {
			return rows, held, nil
		}
		t.Limits.Release(held)
	}
	return nil, Load{}, broken(err)
}

// rows settles the rows of a whole list, and releases the list when no row of it
// is needed any more. Rows are copied one by one, as the stages below take them.
func (t *task) rows(ctx context.Context, rows [][]byte, size int64, release func()) error {
	found, err := t.identify(rows)
	if failed := (*Failed)(nil); errors.As(err, &failed) {
		t.Ledger.Ended(t.ask.Kind, record.Incomplete, failed.Message)
		return t.emit(record.Item{Ref: record.Ref{Kind: t.ask.Kind}, Fault: &failed.Fault, At: t.Now()})
	}
	listed := len(found)
	if found, err = t.unsettled(ctx, found); err != nil {
		return err
	}
	v, err := t.prove(ctx, found)
	if err != nil {
		return err
	}
	t.learn(size, len(rows))
	t.Ledger.Asked(t.ask.Kind, len(found)-1) // list asked for one: the list itself
	t.Ledger.Listed(t.ask.Kind, listed)
	t.Ledger.Ended(t.ask.Kind, record.Complete, "")
	if !v.usable() {
		// Whoever waits for room must hold none: others may wait for that.
		release()
		for _, m := range found {
			if err := t.single(ctx, m.want); err != nil {
				return err
			}
		}
		return nil
	}
	for _, m := range found {
		m.row = bytes.Clone(m.row)
		t.Limits.Correct(Load{}, Load{Bytes: int64(len(m.row)), Items: 1})
		if err := t.settleAll([]matched{m}, v, t.kind.Listing.Route); err != nil {
			return err
		}
	}
	return nil
}

// identify reads the ids of rows, and leaves out what is not to be backed up or
// stands there again.
func (t *task) identify(rows [][]byte) ([]matched, error) {
	found := make([]matched, 0, len(rows))
	have := make(map[string]bool, len(rows))
	for _, row := range rows {
		id := canon.Text(canon.Member(row, t.kind.Fields.ID))
		switch {
		case id == "":
			return nil, broken(fmt.Errorf("a row has no %s", t.kind.Fields.ID))
		case have[id]:
			t.Log.Warn("the list holds a document twice", "kind", t.ask.Kind, "id", id)
			continue
		case !t.Within.has(t.ask.Kind, id, "") || slices.Contains(t.Exclude, record.Ref{Kind: t.ask.Kind, ID: id}):
			continue
		}
		have[id] = true
		found = append(found, matched{record.Listed{ID: id, State: record.Present}, row})
	}
	return found, nil
}

// unsettled leaves out what an earlier part of this run has settled, and notes of
// the rest what the store holds.
func (t *task) unsettled(ctx context.Context, found []matched) ([]matched, error) {
	ids := make([]string, len(found))
	for i, m := range found {
		ids[i] = m.want.ID
	}
	known, err := t.Store.Known(ctx, t.ask.Kind, ids)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", t.ask.Kind, err)
	}
	found = slices.DeleteFunc(found, func(m matched) bool { return known[m.want.ID].Settled })
	for i := range found {
		if k := known[found[i].want.ID]; k.State == found[i].want.State {
			found[i].want.Hash = k.Hash
		}
	}
	return found, nil
}
