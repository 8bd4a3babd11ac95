package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// whole asks for a list that comes in one answer and settles every row. Where that
// answer cannot be had, the list is read in pages.
func (t *task) whole(ctx context.Context) error {
	off := t.Ledger.Knows(t.ask.Kind, record.WholeOff)
	if off {
		if done, err := t.inPages(ctx); done || err != nil {
			return err
		}
	}
	for n := 1; ; n++ {
		again, err := t.askOnce(ctx, off, n)
		if err != nil || !again {
			return err
		}
	}
}

// askOnce asks for the list for the n-th time and settles every row. It reports whether to
// ask again, because the rows are those of another kind, or fewer than are stored.
func (t *task) askOnce(ctx context.Context, off bool, n int) (again bool, err error) {
	answer, rows, lease, err := t.getWhole(ctx)
	defer lease.Release()                    // which does nothing once it is split
	if errors.Is(err, stages.ErrUncounted) { // the rows that came are what they are
		if err = t.notAllThere(err); err != nil {
			return false, err
		}
	}
	var failed *stages.Failed
	if errors.As(err, &failed) {
		if !off && stages.TooMuch(failed.Class) {
			if done, err := t.inPages(ctx); done || err != nil {
				return false, err
			}
		}
		return false, t.notListed(ctx, failed)
	}
	if err != nil {
		return false, err
	}
	end, err := t.ending(ctx, rows, answer.HasTotal)
	if err != nil {
		return false, err
	}
	if end == goesOn {
		lease.Release()
		if done, err := t.inPages(ctx); done || err != nil {
			return false, err
		}
		return false, t.notAllThere(fmt.Errorf("%w: more stands behind the %d rows that came", stages.ErrUncounted, len(rows)))
	}
	list := t.identify(rows)
	if n == 1 && t.kind.Detail.IsZero() {
		// What it does not hold can be looked for nowhere else.
		if short, err := t.fallsShort(ctx, list); err != nil || short {
			return short, err
		}
	}
	if list.Bad > 0 && list.Bad == list.Rows && n < stages.Patience {
		return true, nil // of another kind, most likely
	}
	found, doubtful, v, err := t.documents(ctx, &list)
	if err != nil || !v.usable() {
		// Release the lease before waiting for another: others may wait for its room.
		lease.Release()
	}
	if err != nil {
		return false, err
	}
	if v == alien && n < stages.Patience {
		return true, nil
	}
	if v == alien {
		t.notOfTheKind()
	}
	if err := t.concludeWhole(list, len(found)+len(doubtful), end); err != nil {
		return false, err
	}
	t.learn(int64(len(answer.Body)), len(rows))
	strange, before := !stages.Documents(t.kind, answer.Body), t.Ledger.NotThere(t.kind.Name)
	err = t.settleRows(ctx, list, found, doubtful, v, lease)
	// A server that cuts rows off so far has the documents that they name.
	if err == nil && strange && t.Ledger.NotThere(t.kind.Name) > before {
		t.notOfTheKind()
	}
	return false, err
}

// settleRows settles the rows of a list that may be stored, and asks for the documents of the
// others alone: of all of them where rows are not to be trusted.
func (t *task) settleRows(ctx context.Context, list wholeList, found []matched, doubtful []record.Listed, v verdict, lease *budget.Lease) error {
	alone := slices.Concat(list.unclear, doubtful)
	if v.usable() {
		if err := t.settleAll(found, lease, v, t.kind.Listing.Route); err != nil {
			return err
		}
		return t.alone(ctx, alone)
	}
	for _, m := range found {
		alone = append(alone, m.want)
	}
	return t.alone(ctx, alone)
}

// notOfTheKind records that a list holds rows of another kind, however often it is asked
// for: nobody knows what it leaves out.
func (t *task) notOfTheKind() {
	reason := fmt.Sprintf("%s answers with rows that are no %s", t.kind.Listing.Route, t.kind.Name)
	t.Log.Warn("the list is not proven to be whole, the kind is incomplete", "kind", t.kind.Name, "reason", reason)
	t.judge("", poor)
	t.Ledger.Ended(t.kind.Name, record.Incomplete, reason)
}

// notListed records why there is no list.
func (t *task) notListed(ctx context.Context, failed *stages.Failed) error {
	expected, err := t.listing().NotListed(ctx, t.kind, failed)
	if err != nil || expected {
		return err
	}
	return t.emit(record.Item{Ref: record.Ref{Kind: t.ask.Kind}, Fault: &failed.Fault, At: t.Now()})
}

// notAllThere records that a list is not all of what there is.
func (t *task) notAllThere(why error) error {
	t.Log.Warn("listing failed", "kind", t.ask.Kind, "error", why)
	t.Ledger.Ended(t.ask.Kind, record.Incomplete, why.Error())
	return t.emit(record.Item{Ref: record.Ref{Kind: t.ask.Kind}, Fault: &stages.Broken(why).Fault, At: t.Now()})
}

// getWhole gets the rows of the list, which point into one answer, and the lease of that. An
// answer that is no list is asked for again, and so are one none of whose rows looks like a
// document of the kind, and one that holds less than there is: the last of those comes with
// [stages.ErrUncounted].
func (t *task) getWhole(ctx context.Context) (answer stages.Answer, rows [][]byte, lease *budget.Lease, err error) {
	route := t.kind.Listing.Route
	want := budget.Load{Bytes: max(t.guess(100), t.small()), Items: 1}
	found := false
	defer func() {
		if !found { // or a panic
			lease.Release()
		}
	}()
	for n := 1; n <= stages.Patience; n++ {
		call := stages.Call{Kind: t.kind.Name, Route: route, Path: route.Path, Query: route.Values(), Check: stages.OfKind(t.kind)}
		t.listing().Doubting(t.kind, &call)
		if call.Emptied, err = t.listing().ShouldHaveRows(ctx, t.kind.Name, t.ask.State); err != nil {
			return stages.Answer{}, nil, nil, err
		}
		answer, lease, err = t.get(ctx, call, want, false)
		if err != nil {
			return stages.Answer{}, nil, nil, err
		}
		if n == 1 && !stages.Documents(t.kind, answer.Body) {
			lease.Release()
			continue // it may be the answer to another call; where rows are cut, they come so again
		}
		rows, err = canon.Rows(answer.Body)
		if len(rows) == 0 && !call.Emptied {
			t.Ledger.CameEmpty(record.Ref{Kind: t.ask.Kind}, t.ask.State, t.Now())
		}
		if err == nil && answer.HasTotal && answer.Total != len(rows) {
			// What is asked next waits for nothing, so the room may be held.
			err = t.lookBehind(ctx, rows, answer.Total)
		}
		if err == nil || n == stages.Patience && errors.Is(err, stages.ErrUncounted) {
			found = true
			return answer, rows, lease, err
		}
		lease.Release()
		if !errors.Is(err, stages.ErrUncounted) && !errors.Is(err, canon.ErrInvalid) {
			return stages.Answer{}, nil, nil, err
		}
	}
	return stages.Answer{}, nil, nil, stages.Broken(err)
}

// lookBehind asks for what stands behind the rows of a list that came in one answer,
// whose number is not what the server says. Where that is nothing, or the same list
// again because the route knows no pages, the list is whole, and a note says so.
func (t *task) lookBehind(ctx context.Context, rows [][]byte, total int) error {
	var keys []string
	bad := 0
	for _, row := range rows {
		id, wrong := stages.RowID(t.kind, row)
		keys = append(keys, stages.KeyOf(id, row))
		if wrong != "" {
			bad++
		}
	}
	if total == len(rows)-bad {
		return nil // of a server that does not count them
	}
	uncounted := fmt.Errorf("%w: %d rows came of %d", stages.ErrUncounted, len(rows), total)
	route := t.kind.Listing.Route
	query := route.Values([2]string{"fields", t.kind.Fields.ID}, [2]string{"limit", strconv.Itoa(len(rows) + 1)}, [2]string{"offset", strconv.Itoa(len(rows))})
	answer, err := t.Looker.Get(ctx, stages.Call{
		Kind: t.kind.Name, Route: route, Path: route.Path, Query: query, Size: 64 << 10, Check: stages.IsArray, Most: stages.SlimMost, Tries: stages.Patience,
	})
	if errors.As(err, new(*stages.Failed)) {
		return uncounted
	}
	if err != nil {
		return err
	}
	behind, err := canon.Rows(answer.Body)
	if err != nil || len(behind) != 0 && len(behind) != len(rows) {
		return uncounted
	}
	for i, row := range behind {
		id, _ := stages.RowID(t.kind, row)
		if id != "" && id != keys[i] {
			return uncounted
		}
	}
	note := fmt.Sprintf("the server says that the list has %d rows, %d came, and nothing stands behind them", total, len(rows))
	t.Log.Warn("a list is not what the server says", "kind", t.ask.Kind, "reason", note)
	t.Ledger.Note(t.ask.Kind, note)
	return nil
}

// wholeList is what the rows of a list in one answer are.
type wholeList struct {
	stages.Tally
	found   []matched       // documents, each once
	unclear []record.Listed // documents that stand there twice and differ: only a single fetch can tell
	badRows []stages.BadRow
	doubles []string // ids of documents that stand there twice

	excluded int // rows of documents that are not to be backed up
}

// identify tells what the rows of a list are. It leaves out what is not to be backed
// up.
func (t *task) identify(rows [][]byte) wholeList {
	list := wholeList{Tally: stages.Tally{Rows: len(rows)}, found: make([]matched, 0, len(rows))}
	first := make(map[string]int, len(rows)) // index in found
	differs := make(map[string]bool)
	for i, row := range rows {
		id, wrong := stages.RowID(t.kind, row)
		if wrong != "" {
			list.badRows = append(list.badRows, stages.BadRow{Position: i + 1, Wrong: wrong})
			continue
		}
		if !t.Planner.Within.Has(t.ask.Kind, id, "") {
			continue
		}
		if slices.Contains(t.Planner.Exclude, record.Ref{Kind: t.ask.Kind, ID: id}) {
			list.excluded++
			continue
		}
		if at, again := first[id]; again {
			differs[id] = differs[id] || !t.sameRow(list.found[at].row, row)
			if !slices.Contains(list.doubles, id) {
				list.doubles = append(list.doubles, id)
			}
			continue
		}
		first[id] = len(list.found)
		list.found = append(list.found, matched{want: record.Listed{ID: id, State: t.ask.State}, row: row})
	}
	list.Bad = len(list.badRows)
	list.found = slices.DeleteFunc(list.found, func(m matched) bool {
		if differs[m.want.ID] {
			list.unclear = append(list.unclear, m.want)
		}
		return differs[m.want.ID]
	})
	return list
}

// fallsShort reports whether a list does not hold something that is stored.
func (t *task) fallsShort(ctx context.Context, list wholeList) (bool, error) {
	stored, err := t.Store.Unsettled(ctx, t.ask.Kind, "", len(list.found)+1)
	if err != nil {
		return false, fmt.Errorf("find %s that are not listed: %w", t.ask.Kind, err)
	}
	return slices.ContainsFunc(stored, func(id string) bool {
		return !slices.ContainsFunc(list.found, func(m matched) bool { return m.want.ID == id })
	}), nil
}

// sameRow reports whether two rows are the same but for what does not matter.
func (t *task) sameRow(one, other []byte) bool {
	if bytes.Equal(one, other) {
		return true
	}
	a, errA := t.reader.Read(t.rules, one)
	b, errB := t.reader.Read(t.rules, other)
	return errA == nil && errB == nil && a.Fingerprint == b.Fingerprint
}

// documents finds the documents of a list that are to be settled, and reports whether its
// rows are documents.
func (t *task) documents(ctx context.Context, list *wholeList) (good []matched, doubtful []record.Listed, v verdict, err error) {
	found, err := t.unsettled(ctx, list)
	if err != nil {
		return nil, nil, unknown, err
	}
	good, doubtful, v, err = t.trust(ctx, found)
	if err != nil {
		return nil, nil, unknown, err
	}
	if !v.usable() {
		good = found
	}
	return good, doubtful, v, nil
}

// concludeWhole records how the list ended of which so many rows are to be settled, and
// hands on its bad rows.
func (t *task) concludeWhole(list wholeList, found int, end tailKnown) error {
	t.Ledger.Asked(t.ask.Kind, found+len(list.unclear)-1) // list asked for one: the list itself
	t.Ledger.Listed(t.ask.Kind, len(list.found)+len(list.unclear))
	t.Ledger.OneAnswer(t.listTail(list.Tally))
	if end == tailNotKnown {
		t.Ledger.TailUnknown(t.listTail(list.Tally))
	}
	t.listing().Conclude(t.ask.Kind, list.Tally)
	return t.sayWhatIsOdd(list, 0)
}

// listTail is the last row of a list that came in one answer.
func (t *task) listTail(tally stages.Tally) plan.ListTail {
	return plan.ListTail{Kind: t.ask.Kind, State: t.ask.State, Rows: tally.Rows, Held: int(tally.Present + tally.Trashed)}
}

// sayWhatIsOdd notes documents that a list holds twice, and hands on its bad rows, whose
// positions count on from above.
func (t *task) sayWhatIsOdd(list wholeList, above int) error {
	if len(list.doubles) > 0 {
		t.Log.Warn("a list is not what the server says", "kind", t.ask.Kind, "reason", stages.Doubles(list.doubles))
		t.Ledger.Note(t.ask.Kind, stages.Doubles(list.doubles))
	}
	if t.listing().ExpectsBadRows(t.ask.Kind) {
		return nil
	}
	for _, row := range list.badRows {
		row.Position += above
		if err := t.badRow(row.Position, row.Fault()); err != nil {
			return err
		}
	}
	return nil
}

// unsettled leaves out what an earlier part of this run has settled, and notes of
// the rest what the store holds.
func (t *task) unsettled(ctx context.Context, list *wholeList) ([]matched, error) {
	found := list.found
	ids := make([]string, len(found))
	for i, m := range found {
		ids[i] = m.want.ID
	}
	known, err := t.Store.Known(ctx, t.ask.Kind, ids)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", t.ask.Kind, err)
	}
	list.Count(known)
	found = slices.DeleteFunc(found, func(m matched) bool { return known[m.want.ID].Settled })
	for i := range found {
		k := known[found[i].want.ID]
		found[i].want.Fingerprint = k.Fingerprint
		if k.State == found[i].want.State {
			found[i].want.Hash, found[i].want.Size = k.Hash, k.Size
		}
		if t.kind.Dated() {
			found[i].want.SeenDate = k.Stamp
		}
	}
	return found, nil
}
