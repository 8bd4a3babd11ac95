package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// fewestCut is the fewest rows at which the longest list of a run is not believed to end
// without another look: a server that gives fewer at once would not serve its own pages.
const fewestCut = 50

// listEnd is a list that came in one answer: that it ends there, only the number of its rows
// says, or the server's word.
type listEnd struct {
	kind  record.Kind
	state record.State
	rows  int
}

// lengths are what the answers of a run tell of how many rows the server gives at once.
type lengths struct {
	longest int          // rows of the longest answer
	cuts    map[int]bool // rows of pages that were not full, behind which more came
	ends    []listEnd
	// leftOut are how many documents were there that the list of their kind did not hold.
	leftOut map[record.Kind]map[record.State]int
}

// Answer records how many rows the answer to a list had.
func (l *Ledger) Answer(rows int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lengths.longest = max(l.lengths.longest, rows)
}

// Cut records that more came behind an answer of so many rows, although more were asked for.
func (l *Ledger) Cut(rows int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lengths.cuts == nil {
		l.lengths.cuts = make(map[int]bool)
	}
	l.lengths.cuts[rows] = true
}

// OneAnswer records that a list came in one answer of so many rows, and that nothing behind
// them was asked for.
func (l *Ledger) OneAnswer(kind record.Kind, state record.State, rows int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lengths.longest = max(l.lengths.longest, rows)
	l.lengths.ends = append(l.lengths.ends, listEnd{kind, state, rows})
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
func (l *Ledger) endsThatLeftOut() (ends []listEnd) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, end := range l.lengths.ends {
		if n := l.lengths.leftOut[end.kind][end.state]; n > 0 {
			end.rows += n
			ends = append(ends, end)
		}
	}
	return ends
}

// doubtfulEnds returns the lists that may go on behind their rows: those that end where the
// server has cut another one off, and, where it has cut none, those that are as long as the
// longest answer of the run. No server that cuts lists cuts them below that.
func (l *Ledger) doubtfulEnds() (ends []listEnd, cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, end := range l.lengths.ends {
		if l.lengths.cuts[end.rows] {
			ends = append(ends, end)
		}
	}
	if len(ends) > 0 || l.lengths.longest < fewestCut {
		return ends, len(ends) > 0
	}
	for _, end := range l.lengths.ends {
		if end.rows == l.lengths.longest {
			ends = append(ends, end)
		}
	}
	return ends, false
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
			o.Log.Warn("the list is not proven to be whole, the kind is incomplete", "kind", end.kind, "rows", end.rows)
			o.Ledger.Ended(end.kind, record.Incomplete, leftOutOthers)
		}
	}
	ends, cut := o.Ledger.doubtfulEnds()
	if !cut {
		longest := slices.IndexFunc(ends, func(end listEnd) bool { return o.Listed[end.kind].IsZero() && behindCall(end) != nil })
		if longest < 0 {
			return nil
		}
		more, known, err := o.unseenBehind(ctx, ends[longest])
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
func (o *ListOptions) cutOff(end listEnd, sure bool) {
	reason := fmt.Sprintf("the list ends after %d rows, where the server has cut off another one: more may stand behind them", end.rows)
	if sure {
		reason = fmt.Sprintf("the list was cut off after %d rows: more stands behind them", end.rows)
	}
	o.Log.Warn("the list is not proven to be whole, the kind is incomplete", "kind", end.kind, "reason", reason)
	o.Ledger.Ended(end.kind, record.Incomplete, reason)
}

// leftOutOthers is why a kind is incomplete whose list held fewer documents than are there, also
// with those that were found by their ids.
const leftOutOthers = "the list left out documents that are there, and others stand behind its end"

// behindCall asks for a row behind those of a list; nil where the kind has no route with pages.
func behindCall(end listEnd) *Call {
	kind, ok := catalogue.Find(end.kind)
	if ok && kind.Listing.Whole {
		kind, ok = kind.InPages()
	}
	if !ok {
		return nil
	}
	call := ListCall(kind, end.state, end.rows, 1)
	call.Most, call.Tries = SlimMost, Patience
	return &call
}

// behind returns the ids of what stands behind the rows of a list that came, without what is
// not to be asked for, and reports whether that is known.
func (o *ListOptions) behind(ctx context.Context, end listEnd) (ids []string, known bool, err error) {
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
	kind, _ := catalogue.Find(end.kind)
	for _, row := range rows {
		id, _ := RowID(kind, row)
		ref := record.Ref{Kind: end.kind, ID: id}
		if id != "" && !slices.Contains(o.Planner.Exclude, ref) {
			ids = append(ids, id)
		}
	}
	deferred, err := o.deferredOf(ctx, end.kind, ids)
	if err != nil {
		return nil, false, err
	}
	return slices.DeleteFunc(ids, func(id string) bool { return deferred[id] }), true, nil
}

// unseenBehind reports whether something stands behind the rows of a list that this run has not
// settled, and whether that is known. A server that ignores offsets gives its first rows again.
func (o *ListOptions) unseenBehind(ctx context.Context, end listEnd) (more, known bool, err error) {
	ids, known, err := o.behind(ctx, end)
	if err != nil || len(ids) == 0 {
		return false, known, err
	}
	held, err := o.Store.Known(ctx, end.kind, ids)
	if err != nil {
		return false, false, fmt.Errorf("look up %s: %w", end.kind, err)
	}
	return slices.ContainsFunc(ids, func(id string) bool { return !held[id].Settled }), true, nil
}
