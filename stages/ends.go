package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// lengths are what the lists of a run tell of what they may have left out.
type lengths struct {
	plan.Lengths
	// leftOut are how many documents were there that the list of their kind did not hold.
	leftOut map[record.Kind]map[record.State]int
}

// Answer records how many rows the answer to a list had.
func (l *Ledger) Answer(rows int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lengths.Answer(rows)
}

// Cut records that more came behind an answer of so many rows, although more were asked for.
func (l *Ledger) Cut(rows int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lengths.Cut(rows)
}

// OneAnswer records that a list came in one answer of so many rows, and that nothing behind
// them was asked for.
func (l *Ledger) OneAnswer(kind record.Kind, state record.State, rows int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lengths.OneAnswer(plan.ListEnd{Kind: kind, State: state, Rows: rows})
}

// LeftOut records that a list did not hold so many documents that are there.
func (l *Ledger) LeftOut(kind record.Kind, state record.State, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lengths.leftOut == nil {
		l.lengths.leftOut = make(map[record.Kind]map[record.State]int)
	}
	if l.lengths.leftOut[kind] == nil {
		l.lengths.leftOut[kind] = make(map[record.State]int)
	}
	l.lengths.leftOut[kind][state] += n
}

// endsThatLeftOut returns the lists that did not hold what is there, as long as they would be
// with it: a document that came back while its list was read has moved those behind it.
func (l *Ledger) endsThatLeftOut() (ends []plan.ListEnd) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, end := range l.lengths.Ends() {
		if n := l.lengths.leftOut[end.Kind][end.State]; n > 0 {
			end.Rows += n
			ends = append(ends, end)
		}
	}
	return ends
}

// CheckEnds looks behind lists that a server may have cut off alike, whatever it says of their
// number: behind those that did not hold what is there; behind the longest of a run, unless a
// run before has listed all of it, or a full page is longer; and behind each that is just as
// long as one that was cut off. A kind of
// which more stands there, or nobody can tell, is incomplete. It is to be called when
// everything that came is committed.
func (o *ListOptions) CheckEnds(ctx context.Context) error {
	for _, end := range o.Ledger.endsThatLeftOut() {
		rows, _, err := o.behind(ctx, end)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			o.Log.Warn("the list is not proven to be whole, the kind is incomplete", "kind", end.Kind, "rows", end.Rows)
			o.Ledger.Ended(end.Kind, record.Incomplete, leftOutOthers)
		}
	}
	ends, cut := o.Ledger.lengths.Doubtful()
	if !cut {
		witness, ok := o.Ledger.lengths.Witness(func(kind record.Kind) bool { return !o.Listed[kind].IsZero() })
		if !ok {
			return nil
		}
		more, known, err := o.unseenBehind(ctx, witness)
		if err != nil || !known || !more {
			return err
		}
	}
	for _, end := range ends {
		more, known, err := o.unseenBehind(ctx, end)
		if err != nil {
			return err
		}
		if more || !known {
			o.cutOff(end, more)
		}
	}
	return nil
}

// cutOff records that a list ends before its end, or may.
func (o *ListOptions) cutOff(end plan.ListEnd, sure bool) {
	reason := fmt.Sprintf("the list ends after %d rows, where the server has cut off another one: more may stand behind them", end.Rows)
	if sure {
		reason = fmt.Sprintf("the list was cut off after %d rows: more stands behind them", end.Rows)
	}
	if kind, _ := catalogue.Find(end.Kind); o.Planner.Within != nil && kind.Place == catalogue.IsFolder {
		o.inFolders(reason)
		return
	}
	o.Log.Warn("the list is not proven to be whole, the kind is incomplete", "kind", end.Kind, "reason", reason)
	o.Ledger.Ended(end.Kind, record.Incomplete, reason)
}

// leftOutOthers is why a kind is incomplete whose list held fewer documents than are there, also
// with those that were found by their ids.
const leftOutOthers = "the list left out documents that are there, and others stand behind its end"

// behindCall asks for a row behind those of a list; nil where the kind has no route with pages.
func behindCall(end plan.ListEnd) *Call {
	kind := plan.Behind(end.Kind)
	if kind == nil {
		return nil
	}
	call := ListCall(kind, end.State, end.Rows, 1)
	call.Most, call.Tries = SlimMost, Patience
	return &call
}

// behind returns what stands behind the rows of a list that came, without what is
// not to be asked for, and reports whether that is known.
func (o *ListOptions) behind(ctx context.Context, end plan.ListEnd) (found []record.Listed, known bool, err error) {
	call := behindCall(end)
	if call == nil {
		return nil, false, nil
	}
	answer, err := o.Looker.Get(ctx, *call)
	if errors.Is(err, ErrBudget) || errors.As(err, new(*Failed)) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	rows, err := canon.Rows(answer.Body)
	if err != nil {
		return nil, false, nil //nolint:nilerr // an answer that is no list tells nothing
	}
	kind, _ := catalogue.Find(end.Kind)
	for _, row := range rows {
		id, _ := RowID(kind, row)
		ref := record.Ref{Kind: end.Kind, ID: id}
		if id != "" && !slices.Contains(o.Planner.Exclude, ref) {
			found = append(found, record.Listed{ID: id, Folder: canon.Text(canon.Member(row, kind.Fields.Folder))})
		}
	}
	deferred, err := o.deferredOf(ctx, end.Kind, idsOf(found))
	if err != nil {
		return nil, false, err
	}
	return slices.DeleteFunc(found, func(row record.Listed) bool { return deferred[row.ID] }), true, nil
}

// unseenBehind reports whether something stands behind the rows of a list that this run has not
// settled, and whether that is known. A server that ignores offsets gives its first rows again.
func (o *ListOptions) unseenBehind(ctx context.Context, end plan.ListEnd) (more, known bool, err error) {
	rows, known, err := o.behind(ctx, end)
	if err != nil || len(rows) == 0 {
		return false, known, err
	}
	held, err := o.Store.Known(ctx, end.Kind, idsOf(rows))
	if err != nil {
		return false, false, fmt.Errorf("look up %s: %w", end.Kind, err)
	}
	rows = slices.DeleteFunc(rows, func(row record.Listed) bool { return held[row.ID].Settled })
	for _, row := range rows {
		if o.Planner.Within.Has(end.Kind, row.ID, row.Folder) {
			return true, true, nil
		}
	}
	if len(rows) == 0 {
		return false, true, nil
	}
	// A run of some folders settles nothing of what lies elsewhere.
	first, known, err := o.behind(ctx, plan.ListEnd{Kind: end.Kind, State: end.State})
	return known && !slices.Equal(idsOf(first), idsOf(rows)), known, err
}
