package stages

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// ListOptions are what list needs besides its workers.
type ListOptions struct {
	Asking
	Workers, Buffer int
	Few             bool                     // paged lists of few documents are asked for whole, see [plan.Rules.Few]
	Unclear         bool                     // fetch alone what two rows may contradict each other about
	Doubted         bool                     // fetch alone what rows have settled that turned out to be poor
	EmptyBefore     bool                     // fetch alone what came empty in an earlier part of the run
	Missing         bool                     // look for what the store holds and the listings did not, see [plan.CanBeLookedFor]
	Mentioned       map[record.Kind][]string // with Missing: of these kinds look for these documents as well, see [ListOptions.Unlisted]
	Refs            map[record.Kind][]string // of these kinds only these documents, see [record.Scope]
	Find            map[record.Kind][]record.Search
	Log             hclog.Logger
}

// List enumerates kinds and plans the calls that bring what the store does not
// hold yet. It asks for ids and, where they tell of changes, for stamps; the
// documents themselves are fetch's work.
//
// Enumerations go in pages that overlap by one row. As long as each page begins
// with the row that ended the page before, nothing can have slipped between
// them; when that breaks, the list shifted while it was read, and it is read
// again in one answer.
func List(o ListOptions) pipeline.Stage[*catalogue.Spec, record.Ask] {
	return pipeline.Stage[*catalogue.Spec, record.Ask]{
		Name: "list", Workers: o.Workers, Buffer: o.Buffer, Intake: true,
		New: func() pipeline.Worker[*catalogue.Spec, record.Ask] {
			return pipeline.Func[*catalogue.Spec, record.Ask]((&lister{ListOptions: o, reader: canon.NewReader()}).kind)
		},
	}
}

type lister struct {
	ListOptions
	reader *canon.Reader
}

// kind enumerates one kind. A listing that fails ends its kind, not the run.
func (l *lister) kind(ctx context.Context, kind *catalogue.Spec, emit pipeline.Emit[record.Ask]) error {
	switch {
	case l.Unclear:
		return l.unclear(ctx, kind, emit)
	case l.Doubted:
		return l.doubted(ctx, kind, emit)
	case l.EmptyBefore:
		return l.emptyBefore(ctx, kind, emit)
	case l.Missing:
		return l.missing(ctx, kind, emit)
	case l.Refs[kind.Name] != nil:
		return l.named(ctx, kind, l.Refs[kind.Name], emit)
	case l.restsWhole(kind):
		l.Ledger.restWhole(kind.Name, l.Planner.Refresh.AskedWhole(kind.Name))
		return nil
	case kind.Listing.Whole:
		l.Ledger.Asked(kind.Name, 1)
		return emit(record.Ask{Kind: kind.Name, How: record.Whole, State: record.Present})
	case kind.Listing.Followed:
		return l.follow(ctx, kind, emit)
	case len(kind.Listing.Fixed) > 0:
		return l.fixed(ctx, kind, emit)
	}
	limit, err := l.few(ctx, kind)
	if err != nil {
		return err
	}
	if limit > 0 {
		l.Ledger.Asked(kind.Name, 1)
		return emit(record.Ask{Kind: kind.Name, How: record.Whole, State: record.Present, Limit: limit})
	}
	trash, err := l.Trash(ctx, kind)
	if err != nil {
		return err
	}
	var all Tally
	for _, state := range States(kind) {
		if state == record.Trashed && l.TrashRests(kind, trash, all) {
			continue
		}
		t, err := l.enumerate(ctx, kind, state, all.Rows, emit)
		if err != nil {
			return l.failed(ctx, kind, state, err, emit)
		}
		all = all.Plus(t)
	}
	l.Conclude(kind.Name, all)
	return nil
}

// States are those in which a kind is listed. Trash comes second: what is thrown
// away in between is then seen twice, not never.
func States(kind *catalogue.Spec) []record.State {
	if kind.Listing.Trash {
		return []record.State{record.Present, record.Trashed}
	}
	return []record.State{record.Present}
}

// failed ends the kind with the error of a call, unless that ends the run.
func (l *lister) failed(ctx context.Context, kind *catalogue.Spec, state record.State, err error, emit pipeline.Emit[record.Ask]) error {
	var failed *Failed
	switch {
	case errors.As(err, &failed):
		expected, err := l.NotListed(ctx, kind, failed)
		if err != nil || expected {
			return err
		}
		return emit(record.Ask{Kind: kind.Name, State: state, Fault: &failed.Fault})
	case errors.Is(err, ErrBudget):
		l.Ledger.Ended(kind.Name, record.Budget, BudgetUsedUp)
		return nil
	}
	return err
}

// notProven ends a kind whose list was read, with the error of a call that was to prove what the
// list holds, unless that ends the run. Also a refusal of such a call is no answer about the list.
func (l *lister) notProven(kind *catalogue.Spec, state record.State, err error, emit pipeline.Emit[record.Ask]) error {
	var failed *Failed
	switch {
	case errors.As(err, &failed):
		l.Log.Warn("the list is not proven to be whole, the kind is incomplete", "kind", kind.Name, "status", failed.Status, "attempts", failed.Attempts, "error", failed)
		l.Ledger.Ended(kind.Name, record.Incomplete, failed.Message)
		return emit(record.Ask{Kind: kind.Name, State: state, Fault: &failed.Fault})
	case errors.Is(err, ErrBudget):
		l.Ledger.Ended(kind.Name, record.Budget, BudgetUsedUp)
		return nil
	}
	return err
}

// NotListed records why a listing stopped after a failed call. It reports whether that is
// normal: this edition does not have the kind, or the key is not an administrator's. An
// edition of which the store holds documents of the kind has it.
func (o *ListOptions) NotListed(ctx context.Context, kind *catalogue.Spec, failed *Failed) (expected bool, err error) {
	missing := failed.Class == record.FaultMissing
	refused := failed.Class == record.FaultDenied || missing
	held := false
	if refused && kind.Optional {
		if held, err = o.Store.Holds(ctx, kind.Name); err != nil {
			return false, err
		}
	}
	listing := record.Incomplete
	reason := failed.Message
	switch {
	case held && o.Admin:
		reason += "; the vault holds documents of this kind"
	case missing && kind.Optional:
		listing = record.Unavailable
	case refused:
		listing = record.Denied
	}
	o.Ledger.Ended(kind.Name, listing, reason)
	if refused && (kind.Optional && listing != record.Incomplete || !o.Admin) {
		o.Log.Info("listing refused", "kind", kind.Name, "status", failed.Status)
		return true, nil
	}
	o.Log.Warn("listing failed", "kind", kind.Name, "status", failed.Status, "attempts", failed.Attempts, "error", failed)
	return false, nil
}

// Doubting makes a call for the list of a kind that is asked for again before the server is
// believed not to have the kind, or to refuse it to an administrator.
func (o *ListOptions) Doubting(kind *catalogue.Spec, call *Call) {
	call.Twice = o.Unavailable[kind.Name].IsZero()
	call.Refused = call.Twice && o.Admin && kind.Optional
}

// ShouldHaveRows reports whether the list of a kind would leave something out if it had no row:
// the store holds documents in that state, or no run has listed the kind before.
func (o *ListOptions) ShouldHaveRows(ctx context.Context, kind record.Kind, state record.State) (bool, error) {
	if o.Listed[kind].IsZero() {
		return true, nil
	}
	held, err := o.Store.Count(ctx, kind, state)
	if err != nil {
		return false, fmt.Errorf("count the stored %s: %w", kind, err)
	}
	return held > 0, nil
}

// follow plans what stored documents point to.
func (l *lister) follow(ctx context.Context, kind *catalogue.Spec, emit pipeline.Emit[record.Ask]) error {
	after, gone, atOnce := "", make(vanished), l.Planner.Limits.Usual().Followed
	for {
		rows, err := l.Store.Followed(ctx, kind.Name, after, atOnce)
		if err != nil {
			return fmt.Errorf("follow references to %s: %w", kind.Name, err)
		}
		none := after == "" && len(rows) == 0
		if err := l.namedByDeferred(ctx, kind, rows); err != nil {
			return err
		}
		l.Ledger.Named(kind.Name, rows)
		last := len(rows) < atOnce
		if !last {
			after = rows[len(rows)-1].ID
		}
		if rows, err = l.withOwner(ctx, kind, rows, gone); err != nil {
			return err
		}
		if rows, err = l.called(ctx, kind, rows); err != nil {
			return err
		}
		if rows, err = l.stamped(ctx, kind, rows); err != nil {
			return err
		}
		if err := l.plan(ctx, kind, record.Present, 0, rows, emit); err != nil {
			return err
		}
		if last {
			return l.followed(ctx, kind, none)
		}
	}
}

// fixed plans documents that have a route each.
func (l *lister) fixed(ctx context.Context, kind *catalogue.Spec, emit pipeline.Emit[record.Ask]) error {
	var rows []record.Listed
	for _, route := range kind.Listing.Fixed {
		rows = append(rows, record.Listed{ID: strings.TrimPrefix(route.Path, "/"), State: record.Present})
	}
	if err := l.plan(ctx, kind, record.Present, 0, rows, emit); err != nil {
		return err
	}
	l.Ledger.Ended(kind.Name, record.Complete, "")
	return nil
}
