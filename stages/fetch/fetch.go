package fetch

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
)

// Options are what fetch needs besides its workers. Where it reads a list, it does so as list
// would.
type Options struct {
	stages.Asking
	Workers, Buffer int
	Budget          *budget.Budget
	Log             hclog.Logger
}

// Stage makes the calls that list planned and accounts for every document in
// them. An ask is tried by its own route first; what that leaves is asked for
// in smaller portions and then on the next route down, page, ids, single, until
// each document is a body, gone or a fault.
//
// The first answer of many in a kind is compared with a single fetch. Where the
// rows of a list turn out to be poorer than the document, the kind is fetched
// one by one for the rest of the run, and a note says so.
func Stage(o Options) pipeline.Stage[record.Ask, record.Item] {
	f := &fetcher{Options: o, kinds: make(map[record.Kind]*habits)}
	for _, kind := range catalogue.All() {
		f.kinds[kind.Name] = newHabits(kind, o.Ledger)
	}
	return pipeline.Stage[record.Ask, record.Item]{
		Name: "fetch", Workers: o.Workers, Buffer: o.Buffer, Intake: true,
		New: func() pipeline.Worker[record.Ask, record.Item] {
			reader := canon.NewReader()
			return pipeline.Func[record.Ask, record.Item](func(ctx context.Context, ask record.Ask, emit pipeline.Emit[record.Item]) error {
				return f.answer(ctx, &task{fetcher: f, habits: f.kinds[ask.Kind], reader: reader, ask: ask, emit: emit})
			})
		},
	}
}

// fetcher is shared by all workers of the stage.
type fetcher struct {
	Options
	kinds map[record.Kind]*habits
}

// answer accounts for one ask, or notes that the budget of calls is used up.
func (f *fetcher) answer(ctx context.Context, t *task) error {
	err := t.account(ctx)
	if errors.Is(err, stages.ErrBudget) {
		f.Ledger.Spent(t.ask.Kind)
		return nil
	}
	return err
}

func (t *task) account(ctx context.Context) error {
	ask := t.ask
	switch {
	case ask.Fault != nil && ask.Row > 0:
		return t.badRow(ask.Row, *ask.Fault)
	case ask.Fault != nil:
		return t.emit(record.Item{Ref: record.Ref{Kind: ask.Kind}, Fault: ask.Fault, At: t.Now()})
	case ask.How == record.Stored:
		for _, want := range ask.Want {
			ref := record.Ref{Kind: ask.Kind, ID: want.ID}
			t.Ledger.FromList(ref)
			if err := t.settle(record.Item{Ref: ref, State: want.State, Stamp: want.Stamp, Same: true}); err != nil {
				return err
			}
		}
		return nil
	case ask.How == record.Whole && ask.Limit > 0:
		return t.few(ctx)
	case ask.How == record.Whole:
		return t.whole(ctx)
	case ask.Spread:
		return t.spread(ctx)
	}
	return t.descend(ctx, portion{how: ask.How, offset: ask.Offset, want: ask.Want})
}

// task is one ask in the hands of one worker.
type task struct {
	*fetcher
	*habits
	reader *canon.Reader
	ask    record.Ask
	emit   pipeline.Emit[record.Item]
}

// alone asks for each of want by itself. What a page leaves may be a lot, while the
// other workers have nothing to do any more, so as many are asked for at once as
// there are workers; the client bounds how many calls of all of them are in the air.
// Release every lease before: others may wait for its room.
func (t *task) alone(ctx context.Context, want []record.Listed) error {
	if len(want) == 1 {
		return t.single(ctx, want[0])
	}
	return shareByWorkers(t, want, func(own *task, w record.Listed) error { return own.single(ctx, w) })
}

// shareByWorkers calls do for each of values, for as many at once as there are workers,
// each with a copy of the task. Once the budget of calls is used up no further value is
// begun.
func shareByWorkers[T any](t *task, values []T, do func(own *task, value T) error) error {
	var spent atomic.Bool
	emit := pipeline.OneAtATime(t.emit)
	err := pipeline.Share(t.Workers, values, func() func(T) error {
		own := *t
		own.reader, own.emit = canon.NewReader(), emit
		return func(value T) error {
			if spent.Load() {
				return nil
			}
			err := do(&own, value)
			if errors.Is(err, stages.ErrBudget) { // which hides no other error
				spent.Store(true)
				return nil
			}
			return err
		}
	})
	if err == nil && spent.Load() {
		return stages.ErrBudget
	}
	return err
}

// disable ends the use of a route for the rest of the run, and says so once.
func (t *task) disable(how record.How, why string) {
	if t.close(how) {
		t.Ledger.Learn(t.kind.Name, routeOff[how])
		t.Log.Warn("falling back", "kind", t.kind.Name, "reason", why)
		t.Ledger.Note(t.kind.Name, why)
	}
}

func (t *task) item(want record.Listed, body []byte, lease *budget.Lease, route catalogue.Route, at time.Time) record.Item {
	return record.Item{
		Ref: record.Ref{Kind: t.ask.Kind, ID: want.ID}, State: want.State, Stamp: want.Stamp,
		Body: body, Known: want.Hash, Route: route.String(), At: at, Lease: lease,
		Before: want.Fingerprint, SeenDate: want.SeenDate, Replaces: want.Replaces,
	}
}

// badRow hands on that a row of a list cannot be stored.
func (t *task) badRow(position int, fault record.Fault) error {
	t.Log.Warn("row of a list cannot be stored", "kind", t.ask.Kind, "row", position, "error", fault.Message)
	return t.emit(record.Item{Ref: record.RowRef(t.ask.Kind, position), Fault: &fault, At: t.Now()})
}

func (t *task) fault(want record.Listed, fault record.Fault) error {
	ref := record.Ref{Kind: t.ask.Kind, ID: want.ID}
	what := "item failed"
	if fault.Class == record.FaultDangling {
		what = "reference leads to nothing"
	}
	t.Log.Warn(what, "kind", ref.Kind, "id", ref.ID, "status", fault.Status, "attempts", fault.Attempts, "error", fault.Message)
	t.Ledger.AskedFor(ref)
	return t.settle(record.Item{Ref: ref, State: want.State, Fault: &fault, Replaces: want.Replaces, At: t.Now()})
}

// settle hands an answer on and counts it. What has no body takes no room.
func (t *task) settle(item record.Item) error {
	if err := t.emit(item); err != nil {
		return err
	}
	t.Ledger.Answered(t.ask.Kind, 1)
	return nil
}
