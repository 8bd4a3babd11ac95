package stages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// FetchOptions are what fetch needs besides its workers.
type FetchOptions struct {
	Workers, Buffer int
	Admin           bool // the key is an administrator's
	Exclude         []record.Ref
	Within          Within

	Looker Looker
	Limits *Limits
	Ledger *Ledger
	Log    hclog.Logger
	Now    func() time.Time
}

// Fetch makes the calls that list planned and accounts for every document in
// them. An ask is tried by its own route first; what that leaves is asked for
// in smaller portions and then on the next route down, page, ids, single, until
// each document is a body, gone or a fault.
//
// The first answer of many in a kind is compared with a single fetch. Where the
// rows of a list turn out to be poorer than the document, the kind is fetched
// one by one for the rest of the run, and a note says so.
func Fetch(o FetchOptions) pipeline.Stage[record.Ask, record.Item] {
	f := &fetcher{FetchOptions: o, kinds: make(map[record.Kind]*habits)}
	for _, kind := range catalogue.All() {
		f.kinds[kind.Name] = newHabits(kind)
	}
	return pipeline.Stage[record.Ask, record.Item]{
		Name: "fetch", Workers: o.Workers, Buffer: o.Buffer, Intake: true,
		New: pipeline.Shared(f.answer),
	}
}

// fetcher is shared by all workers of the stage.
type fetcher struct {
	FetchOptions
	kinds map[record.Kind]*habits
}

// answer accounts for one ask, or notes that the budget of calls is used up.
func (f *fetcher) answer(ctx context.Context, ask record.Ask, emit pipeline.Emit[record.Item]) error {
	err := f.account(ctx, ask, emit)
	if errors.Is(err, ErrBudget) {
		f.Ledger.Spent(ask.Kind)
		return nil
	}
	return err
}

func (f *fetcher) account(ctx context.Context, ask record.Ask, emit pipeline.Emit[record.Item]) error {
	h := f.kinds[ask.Kind]
	t := &task{fetcher: f, habits: h, ask: ask, emit: emit}
	switch {
	case ask.Fault != nil:
		return emit(record.Item{Ref: record.Ref{Kind: ask.Kind}, Fault: ask.Fault, At: f.Now()})
	case ask.How == record.Stored:
		for _, want := range ask.Want {
			if err := t.settle(record.Item{Ref: record.Ref{Kind: ask.Kind, ID: want.ID}, State: want.State, Stamp: want.Stamp, Same: true}); err != nil {
				return err
			}
		}
		return nil
	case ask.How == record.Whole:
		return t.whole(ctx)
	}
	return t.descend(ctx, ask.How, ask.Offset, ask.Want)
}

// task is one ask in the hands of one worker.
type task struct {
	*fetcher
	*habits
	ask  record.Ask
	emit pipeline.Emit[record.Item]
}

// descend asks for want by a route, in halves where that is too much, and hands
// what is left to the next route down.
func (t *task) descend(ctx context.Context, how record.How, offset int, want []record.Listed) error {
	if how == record.Single {
		for _, w := range want {
			if err := t.single(ctx, w); err != nil {
				return err
			}
		}
		return nil
	}
	many, ok := t.open(how, t.ask.State)
	if !ok {
		return t.descend(ctx, t.next(how), offset, want)
	}
	// What was too much before is not tried again.
	if most := t.most(); len(want) > most && how != record.Folder {
		for chunk := range slices.Chunk(want, most) {
			if err := t.descend(ctx, how, offset, chunk); err != nil {
				return err
			}
			offset += len(chunk)
		}
		return nil
	}
	left, err := t.many(ctx, many, offset, want)
	var failed *Failed
	switch {
	case errors.As(err, &failed) && tooMuch(failed.Class) && len(want) > 1 && how != record.Folder:
		half := (len(want) + 1) / 2
		t.shrink(half)
		if err := t.descend(ctx, how, offset, want[:half]); err != nil {
			return err
		}
		return t.descend(ctx, how, offset+half, want[half:])
	case errors.As(err, &failed):
		if refused(failed.Status) {
			t.shut(how, fmt.Sprintf("asking for many at once (%s) was refused, fetching one by one: %s", many.Route, failed.Message))
		}
	case err != nil:
		return err
	}
	if len(left) == 0 {
		return nil
	}
	return t.descend(ctx, t.next(how), offset, left)
}

// refused tells whether the server will not answer this route at all.
func refused(status int) bool {
	return status >= 400 && status < 500 && status != http.StatusTooManyRequests
}

// many asks once for all of want and settles what the answer holds. It returns
// what the answer leaves.
func (t *task) many(ctx context.Context, many catalogue.Many, offset int, want []record.Listed) ([]record.Listed, error) {
	estimate := t.guess(len(want))
	held, err := t.Limits.Reserve(ctx, Load{Bytes: estimate, Items: int64(len(want))})
	if err != nil {
		return want, err
	}
	answer, err := t.Looker.Get(ctx, t.manyCall(many, offset, want, estimate))
	if err != nil {
		t.Limits.Release(held)
		return want, err
	}
	rows, err := canon.Rows(answer.Body)
	if err != nil {
		t.Limits.Release(held)
		return want, broken(err)
	}
	found, strangers := t.match(rows, want)
	if many.How == record.IDs && strangers > 0 {
		t.shut(record.IDs, fmt.Sprintf("%s does not honour a list of ids, fetching one by one", many.Route))
	}
	if rich, err := t.prove(ctx, found); err != nil || !rich {
		t.Limits.Release(held)
		return want, err
	}
	// Each row gets bytes of its own: one that waits must not keep the whole
	// answer in memory.
	var is Load
	for i := range found {
		found[i].row = bytes.Clone(found[i].row)
		is.Bytes += int64(len(found[i].row))
	}
	is.Items = int64(len(found))
	t.Limits.Correct(held, is)
	t.learn(is.Bytes, len(found))

	at := t.Now()
	left := want[:0:0]
	have := make(map[string]bool, len(found))
	for _, m := range found {
		have[m.want.ID] = true
	}
	for _, w := range want {
		if !have[w.ID] {
			left = append(left, w)
		}
	}
	for _, m := range found {
		if err := t.settle(t.item(m.want, m.row, many.Route, at)); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// matched is a row of an answer and the document that it was asked for.
type matched struct {
	want record.Listed
	row  []byte
}

// match finds the rows that were wanted, each document once, and counts those
// that were not.
func (t *task) match(rows [][]byte, want []record.Listed) (found []matched, strangers int) {
	wanted := make(map[string]record.Listed, len(want))
	for _, w := range want {
		wanted[w.ID] = w
	}
	for _, row := range rows {
		id := canon.Text(canon.Member(row, t.kind.Fields.ID))
		w, ok := wanted[id]
		if !ok {
			strangers++
			continue
		}
		delete(wanted, id)
		found = append(found, matched{w, row})
	}
	return found, strangers
}

func (t *task) manyCall(many catalogue.Many, offset int, want []record.Listed, size int64) Call {
	var params [][2]string
	path := many.Route.Path
	switch many.How {
	case record.Page:
		params = [][2]string{{"limit", strconv.Itoa(len(want))}, {"offset", strconv.Itoa(offset)}}
		if !t.kind.Listing.Unsorted {
			params = append(params, [2]string{"sorts", t.kind.Fields.ID})
		}
	case record.IDs:
		params = [][2]string{{many.IDs, idList(want)}, {"limit", strconv.Itoa(len(want))}}
	case record.Folder:
		path = many.Route.Fill(t.ask.Folder)
		if many.Route.Param != "" {
			params = [][2]string{{many.Route.Param, t.ask.Folder}}
		}
	}
	if t.ask.State == record.Trashed {
		params = append(params, [2]string{"deleted", "true"})
	}
	return Call{Route: many.Route, Path: path, Query: many.Route.Values(params...), Size: size}
}

func idList(want []record.Listed) string {
	ids := make([]string, len(want))
	for i, w := range want {
		ids[i] = w.ID
	}
	return strings.Join(ids, ",")
}

// single asks for one document.
func (t *task) single(ctx context.Context, want record.Listed) error {
	route, _ := t.kind.Single(want.ID)
	if route.IsZero() {
		return t.fault(want, record.Fault{Class: record.FaultMissing, Message: "the list no longer holds it and no route brings it alone"})
	}
	held, err := t.Limits.Reserve(ctx, Load{Bytes: t.guess(1), Items: 1})
	if err != nil {
		return err
	}
	answer, err := t.Looker.Get(ctx, t.detailCall(want.ID))
	var failed *Failed
	switch {
	case errors.As(err, &failed):
		t.Limits.Release(held)
		return t.refused(ctx, want, failed)
	case err != nil:
		t.Limits.Release(held)
		return err
	}
	size := int64(len(answer.Body))
	t.Limits.Correct(held, Load{Bytes: size, Items: 1})
	t.learn(size, 1)
	return t.settle(t.item(want, answer.Body, route, t.Now()))
}

// refused decides about a document that a single call did not bring.
func (t *task) refused(ctx context.Context, want record.Listed, failed *Failed) error {
	ref := record.Ref{Kind: t.ask.Kind, ID: want.ID}
	missing := failed.Class == record.FaultMissing
	switch {
	case len(t.kind.Listing.Fixed) > 0 && (missing || failed.Class == record.FaultDenied):
		t.Ledger.Absent(ref)
		t.Ledger.Answered(t.ask.Kind, 1)
		return nil
	case t.kind.Listing.Followed && missing:
		t.Ledger.Dangling(ref)
		return t.settle(record.Item{Ref: ref, State: record.Gone, At: t.Now()})
	case missing:
		return t.missing(ctx, want, failed)
	}
	return t.fault(want, failed.Fault)
}

// missing decides about a document that was listed and then answered 404, which
// means either that it is gone or that the key may not see it. It is gone only
// if the listing no longer holds it.
func (t *task) missing(ctx context.Context, want record.Listed, failed *Failed) error {
	if t.kind.Listing.IDs == "" {
		return t.fault(want, failed.Fault)
	}
	states := []record.State{record.Present}
	if t.kind.Listing.Trash {
		states = append(states, record.Trashed)
	}
	for _, state := range states {
		call := listCall(t.kind, state, 0, 1)
		call.Query.Set(t.kind.Listing.IDs, want.ID)
		answer, err := t.Looker.Get(ctx, call)
		if again := (*Failed)(nil); errors.As(err, &again) {
			return t.fault(want, failed.Fault)
		}
		if err != nil {
			return err
		}
		rows, err := canon.Rows(answer.Body)
		if err != nil {
			return t.fault(want, failed.Fault)
		}
		if found, _ := t.match(rows, []record.Listed{want}); len(found) > 0 || len(rows) > 0 {
			denied := failed.Fault
			denied.Class = record.FaultDenied
			return t.fault(want, denied)
		}
	}
	return t.settle(record.Item{Ref: record.Ref{Kind: t.ask.Kind, ID: want.ID}, State: record.Gone, At: t.Now()})
}

// whole asks for a list that comes in one answer and settles every row.
func (t *task) whole(ctx context.Context) error {
	estimate := t.guess(100)
	held, err := t.Limits.Reserve(ctx, Load{Bytes: estimate, Items: 1})
	if err != nil {
		return err
	}
	defer func() { t.Limits.Release(held) }()
	route := t.kind.Listing.Route
	answer, err := t.Looker.Get(ctx, Call{Route: route, Path: route.Path, Query: route.Values(), Size: estimate})
	var rows [][]byte
	if err == nil {
		is := Load{Bytes: int64(len(answer.Body)), Items: 1}
		t.Limits.Correct(held, is)
		held = is
		if rows, err = canon.Rows(answer.Body); err != nil {
			err = broken(err)
		}
	}
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
	return t.rows(ctx, rows, len(answer.Body))
}

// rows settles the rows of a whole list. They are copied one by one, as the
// stages below take them.
func (t *task) rows(ctx context.Context, rows [][]byte, size int) error {
	found := make([]matched, 0, len(rows))
	for _, row := range rows {
		id := canon.Text(canon.Member(row, t.kind.Fields.ID))
		if id == "" {
			failed := broken(fmt.Errorf("a row has no %s", t.kind.Fields.ID))
			t.Ledger.Ended(t.ask.Kind, record.Incomplete, failed.Message)
			return t.emit(record.Item{Ref: record.Ref{Kind: t.ask.Kind}, Fault: &failed.Fault, At: t.Now()})
		}
		if !t.Within.has(t.ask.Kind, id, "") || slices.Contains(t.Exclude, record.Ref{Kind: t.ask.Kind, ID: id}) {
			continue
		}
		found = append(found, matched{record.Listed{ID: id, State: record.Present}, row})
	}
	rich, err := t.prove(ctx, found)
	if err != nil {
		return err
	}
	t.learn(int64(size), len(rows))
	t.Ledger.Asked(t.ask.Kind, len(found)-1) // list asked for one: the list itself
	t.Ledger.Listed(t.ask.Kind, len(found))
	t.Ledger.Ended(t.ask.Kind, record.Complete, "")
	at := t.Now()
	for _, m := range found {
		if !rich {
			if err := t.single(ctx, m.want); err != nil {
				return err
			}
			continue
		}
		row := bytes.Clone(m.row)
		t.Limits.Correct(Load{}, Load{Bytes: int64(len(row)), Items: 1})
		if err := t.settle(t.item(m.want, row, t.kind.Listing.Route, at)); err != nil {
			return err
		}
	}
	return nil
}

func (t *task) detailCall(id string) Call {
	route, path := t.kind.Single(id)
	query := route.Values()
	if route.Param != "" {
		query.Set(route.Param, id)
	}
	return Call{Route: route, Path: path, Query: query, Size: t.guess(1)}
}

func (t *task) item(want record.Listed, body []byte, route catalogue.Route, at time.Time) record.Item {
	return record.Item{
		Ref: record.Ref{Kind: t.ask.Kind, ID: want.ID}, State: want.State, Stamp: want.Stamp,
		Body: body, Route: route.String(), At: at, Held: int64(len(body)),
	}
}

func (t *task) fault(want record.Listed, fault record.Fault) error {
	ref := record.Ref{Kind: t.ask.Kind, ID: want.ID}
	t.Log.Warn("item failed", "kind", ref.Kind, "id", ref.ID, "status", fault.Status, "attempts", fault.Attempts, "error", fault.Message)
	return t.settle(record.Item{Ref: ref, State: want.State, Fault: &fault, At: t.Now()})
}

// settle hands an answer on and counts it. What has no body takes no room.
func (t *task) settle(item record.Item) error {
	if err := t.emit(item); err != nil {
		return err
	}
	t.Ledger.Answered(t.ask.Kind, 1)
	return nil
}
