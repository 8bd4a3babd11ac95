package stages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
)

// whole asks for a list that comes in one answer and settles every row.
func (t *task) whole(ctx context.Context) error {
	answer, rows, held, err := t.all(ctx)
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
	found, v, err := t.documents(ctx, rows)
	if err != nil || !v.usable() {
		// Whoever waits for room must hold none: others may wait for that.
		t.Limits.drop(answer, held)
	}
	switch {
	case errors.As(err, &failed):
		t.Ledger.Ended(t.ask.Kind, record.Incomplete, failed.Message)
		return t.emit(record.Item{Ref: record.Ref{Kind: t.ask.Kind}, Fault: &failed.Fault, At: t.Now()})
	case err != nil:
		return err
	}
	t.learn(held.Bytes, len(rows))
	if !v.usable() {
		for _, m := range found {
			if err := t.single(ctx, m.want); err != nil {
				return err
			}
		}
		return nil
	}
	return t.settleAll(found, answer, held, v, t.kind.Listing.Route)
}

// all gets the rows of the list, which point into one answer, and the room that
// it takes. An answer that is no list is asked for again.
func (t *task) all(ctx context.Context) (answer Answer, rows [][]byte, held Load, err error) {
	route := t.kind.Listing.Route
	want := Load{Bytes: max(t.guess(100), t.small()), Items: 1}
	for range patience {
		answer, held, err = t.get(ctx, Call{Route: route, Path: route.Path, Query: route.Values(), Check: isArray}, want, false)
		if err != nil {
			return Answer{}, nil, Load{}, err
		}
		rows, err = canon.Rows(answer.Body)
		if err == nil && answer.HasTotal && len(rows) < answer.Total {
			err = fmt.Errorf("%d rows came of %d", len(rows), answer.Total)
		}
		if err == nil {
			return answer, rows, held, nil
		}
		t.Limits.drop(answer, held)
	}
	return Answer{}, nil, Load{}, broken(err)
}

// documents finds the documents of a list that are to be settled, tells the ledger of
// the list, and whether its rows are documents.
func (t *task) documents(ctx context.Context, rows [][]byte) ([]matched, verdict, error) {
	found, err := t.identify(rows)
	if err != nil {
		return nil, unknown, err
	}
	listed := len(found)
	if found, err = t.unsettled(ctx, found); err != nil {
		return nil, unknown, err
	}
	v, err := t.prove(ctx, found)
	if err != nil {
		return nil, unknown, err
	}
	t.Ledger.Asked(t.ask.Kind, len(found)-1) // list asked for one: the list itself
	t.Ledger.Listed(t.ask.Kind, listed)
	t.Ledger.Ended(t.ask.Kind, record.Complete, "")
	return found, v, nil
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
		found = append(found, matched{want: record.Listed{ID: id, State: record.Present}, row: row})
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
			found[i].want.Hash, found[i].want.Size = k.Hash, k.Size
		}
	}
	return found, nil
}

// isArray is a [Call.Check] for a list: null and an object are none, whatever is in
// them.
func isArray(body []byte) *Failed {
	if text := bytes.TrimLeft(body, " \t\r\n"); len(text) == 0 || text[0] != '[' {
		return broken(errors.New("not an array of documents"))
	}
	return nil
}
