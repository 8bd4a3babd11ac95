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
	unknown []plan.ListTail // see [Ledger.TailUnknown]
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

// OneAnswer records that a list came in one answer, and that nothing behind its rows was asked
// for.
func (l *Ledger) OneAnswer(tail plan.ListTail) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lengths.OneAnswer(tail)
}

// Counted records that a part of a list came with the number of all its documents.
func (l *Ledger) Counted(kind record.Kind, state record.State, total int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lengths.Counted(kind, state, total)
}

// TailUnknown records that what stands behind the rows of a list was asked for, since their number
// looks like a limit, and that no answer came. It is asked for again when the run is at its end.
func (l *Ledger) TailUnknown(tail plan.ListTail) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lengths.unknown = append(l.lengths.unknown, tail)
}

func (l *Ledger) unknownTails() []plan.ListTail {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lengths.unknown
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

// tailsThatLeftOut returns the lists that did not hold what is there, as long as they would be
// with it: a document that came back while its list was read has moved those behind it.
func (l *Ledger) tailsThatLeftOut() (tails []plan.ListTail) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, tail := range l.lengths.Tails() {
		if n := l.lengths.leftOut[tail.Kind][tail.State]; n > 0 {
			tail.Rows += n
			tails = append(tails, tail)
		}
	}
	return tails
}

// CheckTails looks behind lists that a server may have cut off alike, whatever it says of their
// number: behind those that did not hold what is there, and those whose number of rows looked
// like a limit; behind the longest page and the longest whole list of a run, unless a
// run before has listed all of it, or a full page is longer; and behind each that is just as
// long as one that was cut off. A kind of
// which more stands there, or nobody can tell, is incomplete. It is to be called when
// everything that came is committed.
func (o *ListOptions) CheckTails(ctx context.Context) error {
	if o.Hollow != nil {
		if err := o.checkEmpty(ctx); err != nil {
			return err
		}
	}
	for _, tail := range o.Ledger.tailsThatLeftOut() {
		rows, answer, err := o.behind(ctx, tail)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			o.notWhole(tail, record.Incomplete, leftOutOthers)
		} else if answer.outcome != tailTold {
			o.notWhole(tail, answer.listing(), leftOutSome+": "+answer.why)
		}
	}
	for _, tail := range o.Ledger.unknownTails() {
		more, answer, err := o.unseenBehind(ctx, tail)
		if err != nil {
			return err
		}
		if more {
			o.cutOff(tail, more)
		} else if answer.outcome != tailTold {
			o.tailNotTold(tail, answer, false)
		}
	}
	for _, witnesses := range o.Ledger.lengths.Witnesses(o.listedBefore) {
		if err := o.askWitnesses(ctx, witnesses); err != nil {
			return err
		}
	}
	tails, cut := o.Ledger.lengths.Doubtful()
	if !cut {
		return nil
	}
	for _, tail := range tails {
		more, answer, err := o.unseenBehind(ctx, tail)
		if err != nil {
			return err
		}
		if more || answer.outcome != tailTold {
			o.cutOff(tail, more)
		}
	}
	return nil
}

// DoubtedTails returns the kinds about whose lists CheckTails asks.
func (o *ListOptions) DoubtedTails() (kinds []record.Kind) {
	doubted := slices.Concat(o.Ledger.tailsThatLeftOut(), o.Ledger.unknownTails(), slices.Concat(o.Ledger.lengths.Witnesses(o.listedBefore)...))
	if tails, cut := o.Ledger.lengths.Doubtful(); cut {
		doubted = append(doubted, tails...)
	}
	for _, tail := range doubted {
		kinds = append(kinds, tail.Kind)
	}
	return kinds
}

func (o *ListOptions) listedBefore(kind record.Kind) bool { return !o.Listed[kind].IsZero() }

// askWitnesses looks behind the longest lists of a sort until one answer shows that the server
// has cut it off. That one of them ends there tells nothing of the others: it may have just so many
// rows as the server gives at once. Where no answer tells anything, each of them may be cut off.
func (o *ListOptions) askWitnesses(ctx context.Context, witnesses []plan.ListTail) error {
	answers := make([]tailAnswer, len(witnesses))
	told := false
	for i, tail := range witnesses {
		more, answer, err := o.unseenBehind(ctx, tail)
		if err != nil {
			return err
		}
		if more {
			o.Ledger.Cut(tail.Rows)
			return nil
		}
		told = told || answer.outcome == tailTold
		answers[i] = answer
	}
	if told {
		return nil
	}
	for i, tail := range witnesses {
		o.tailNotTold(tail, answers[i], !tail.Usual())
	}
	return nil
}

// tailNotTold records that nothing proves a list to be whole. Where nothing speaks against it
// either, a note says so: the server does not serve what was asked, or a run before has stored
// the same documents, or it is believed since its length is like no limit. Else its kind is
// incomplete.
func (o *ListOptions) tailNotTold(tail plan.ListTail, answer tailAnswer, believed bool) {
	if answer.outcome == tailUnasked { // as that is told of each other kind whose turn did not come
		o.Ledger.Ended(tail.Kind, record.Budget, BudgetUsedUp)
		return
	}
	reason := fmt.Sprintf("the list has %d rows, and nothing proves that no more stand behind them: %s", tail.Rows, answer.why)
	if answer.outcome == tailRefused || answer.outcome == tailFailed && (believed || tail.Agrees() || o.listedBefore(tail.Kind)) {
		o.Log.Warn("the list is not proven to be whole", "kind", tail.Kind, "reason", reason)
		o.Ledger.Note(tail.Kind, reason)
		return
	}
	o.notWhole(tail, answer.listing(), reason)
}

// notWhole records how a kind ends whose list is not proven to be whole.
func (o *ListOptions) notWhole(tail plan.ListTail, listing record.Listing, reason string) {
	o.Log.Warn("the list is not proven to be whole, the kind is incomplete", "kind", tail.Kind, "rows", tail.Rows, "reason", reason)
	o.Ledger.Ended(tail.Kind, listing, reason)
}

// cutOff records that a list ends before its end, or may.
func (o *ListOptions) cutOff(tail plan.ListTail, sure bool) {
	reason := fmt.Sprintf("the list ends after %d rows, where the server has cut off another one: more may stand behind them", tail.Rows)
	if sure {
		reason = fmt.Sprintf("the list was cut off after %d rows: more stands behind them", tail.Rows)
	}
	if kind, _ := catalogue.Find(tail.Kind); o.Planner.Within != nil && kind.Place == catalogue.IsFolder {
		o.inFolders(reason)
		return
	}
	o.notWhole(tail, record.Incomplete, reason)
}

// Why a kind is incomplete whose list held fewer documents than are there: also with those that
// were found by their ids, or perhaps so.
const (
	leftOutOthers = "the list left out documents that are there, and others stand behind its end"
	leftOutSome   = "the list left out documents that are there, and nobody knows what stands behind its end"
)

// tailOutcome is what a call for what stands behind a list brought.
type tailOutcome uint8

const (
	tailTold    tailOutcome = iota // an answer
	tailRefused                    // the server does not serve that, or the kind has no such route
	tailFailed                     // no usable answer
	tailUnasked                    // the budget of calls was used up before
)

// tailAnswer is the outcome of a call for what stands behind a list, and why it told nothing.
type tailAnswer struct {
	outcome tailOutcome
	why     string
}

// listing is how the listing of a kind ends that is not whole for that.
func (a tailAnswer) listing() record.Listing {
	if a.outcome == tailUnasked {
		return record.Budget
	}
	return record.Incomplete
}

// notTold tells why an error is no answer. Errors about the run are returned.
func notTold(err error) (tailAnswer, error) {
	var failed *Failed
	switch {
	case errors.Is(err, ErrBudget):
		return tailAnswer{tailUnasked, BudgetUsedUp}, nil
	case !errors.As(err, &failed):
		return tailAnswer{}, err
	case failed.Refused():
		return tailAnswer{tailRefused, failed.Message}, nil
	}
	return tailAnswer{tailFailed, failed.Message}, nil
}

// behindCall asks for a row behind those of a list, or for so many that one of them is none of
// those; nil where the kind has no route with pages.
func behindCall(tail plan.ListTail) *Call {
	kind := plan.Behind(tail.Kind)
	if kind == nil {
		return nil
	}
	offset, limit := tail.Rows, 1
	if whole, ok := catalogue.Find(tail.Kind); ok && tail.Whole() && whole.Listing.Route.Path != kind.Listing.Route.Path {
		// The search lists them in another order.
		offset, limit = 0, tail.Rows+1
	}
	call := ListCall(kind, tail.State, offset, limit)
	call.Most, call.Tries = SlimMost, Patience
	return &call
}

// behind returns what stands behind the rows of a list that came, without what is
// not to be asked for, and whether that was told.
func (o *ListOptions) behind(ctx context.Context, tail plan.ListTail) (found []record.Listed, told tailAnswer, err error) {
	call := behindCall(tail)
	if call == nil {
		return nil, tailAnswer{tailRefused, "its route knows no pages"}, nil
	}
	answer, err := o.Looker.Get(ctx, *call)
	if err != nil {
		told, err = notTold(err)
		return nil, told, err
	}
	rows, err := canon.Rows(answer.Body)
	if err != nil {
		return nil, tailAnswer{tailFailed, fmt.Sprintf("the answer is no list: %v", err)}, nil
	}
	kind, _ := catalogue.Find(tail.Kind)
	for _, row := range rows {
		id, _ := RowID(kind, row)
		ref := record.Ref{Kind: tail.Kind, ID: id}
		if id != "" && !slices.Contains(o.Planner.Exclude, ref) {
			found = append(found, record.Listed{ID: id, Folder: canon.Text(canon.Member(row, kind.Fields.Folder))})
		}
	}
	deferred, err := o.deferredOf(ctx, tail.Kind, idsOf(found))
	if err != nil {
		return nil, tailAnswer{}, err
	}
	return slices.DeleteFunc(found, func(row record.Listed) bool { return deferred[row.ID] }), tailAnswer{}, nil
}

// unseenBehind reports whether something stands behind the rows of a list that this run has not
// settled, and whether that was told. A server that ignores offsets gives its first rows again.
func (o *ListOptions) unseenBehind(ctx context.Context, tail plan.ListTail) (more bool, told tailAnswer, err error) {
	rows, told, err := o.behind(ctx, tail)
	if err != nil || len(rows) == 0 {
		return false, told, err
	}
	held, err := o.Store.Known(ctx, tail.Kind, idsOf(rows))
	if err != nil {
		return false, told, fmt.Errorf("look up %s: %w", tail.Kind, err)
	}
	rows = slices.DeleteFunc(rows, func(row record.Listed) bool {
		return held[row.ID].Settled || o.Ledger.hasAskedFor(record.Ref{Kind: tail.Kind, ID: row.ID})
	})
	for _, row := range rows {
		if o.Planner.Within.Has(tail.Kind, row.ID, row.Folder) {
			grown, err := o.grown(ctx, tail)
			return !grown, told, err
		}
	}
	if len(rows) == 0 {
		return false, told, nil
	}
	// A run of some folders settles nothing of what lies elsewhere.
	first, told, err := o.behind(ctx, plan.ListTail{Kind: tail.Kind, State: tail.State})
	return told.outcome == tailTold && !slices.Equal(idsOf(first), idsOf(rows)), told, err
}

// grown reports whether a list behind which something stands comes with more rows when it is
// asked for once more: it was not cut off then, what stands there came since.
func (o *ListOptions) grown(ctx context.Context, tail plan.ListTail) (bool, error) {
	kind, _ := catalogue.Find(tail.Kind)
	call := ListCall(kind, tail.State, 0, tail.Rows+1)
	if tail.Whole() {
		route := kind.Listing.Route
		call.Query = route.Values([2]string{"fields", kind.Fields.ID})
	}
	answer, err := o.Looker.Get(ctx, call)
	if err != nil {
		_, err = notTold(err)
		return false, err
	}
	rows, err := canon.Rows(answer.Body)
	grown := err == nil && len(rows) > tail.Rows
	if grown {
		o.Ledger.Note(tail.Kind, fmt.Sprintf("%d came after the list was read: the next run stores them", len(rows)-tail.Rows))
	}
	return grown, nil
}
