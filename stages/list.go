package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// ListOptions are what list needs besides its workers.
type ListOptions struct {
	Workers, Buffer int
	PageSize        int  // documents that one ask brings at most
	Full            bool // stamps are not to be trusted
	Admin           bool // the key is an administrator's
	Exclude         []record.Ref
	Within          Within

	Looker Looker
	Store  Store
	Ledger *Ledger
	Log    hclog.Logger
}

// List enumerates kinds and plans the calls that bring what the store does not
// hold yet. It asks for ids and, where they tell of changes, for stamps; the
// documents themselves are fetch's work.
//
// Enumerations go in pages that overlap by one row. As long as each page begins
// with the row that ended the page before, nothing can have slipped between
// them; when that breaks, the list shifted while it was read, and it is read
// again in one answer.
func List(o ListOptions) pipeline.Stage[catalogue.Kind, record.Ask] {
	return pipeline.Stage[catalogue.Kind, record.Ask]{
		Name: "list", Workers: o.Workers, Buffer: o.Buffer, Intake: true,
		New: func() pipeline.Worker[catalogue.Kind, record.Ask] {
			return pipeline.Func[catalogue.Kind, record.Ask]((&lister{ListOptions: o, reader: canon.NewReader()}).kind)
		},
	}
}

type lister struct {
	ListOptions
	reader *canon.Reader
}

// errShifted means that a list changed while it was paged.
var errShifted = errors.New("the list shifted while it was read")

// kind enumerates one kind. A listing that fails ends its kind, not the run.
func (l *lister) kind(ctx context.Context, kind catalogue.Kind, emit pipeline.Emit[record.Ask]) error {
	switch {
	case kind.Listing.Whole:
		l.Ledger.Asked(kind.Name, 1)
		return emit(record.Ask{Kind: kind.Name, How: record.Whole, State: record.Present})
	case kind.Listing.Followed:
		return l.follow(ctx, kind, emit)
	case len(kind.Listing.Fixed) > 0:
		return l.fixed(ctx, kind, emit)
	}
	states := []record.State{record.Present}
	if kind.Listing.Trash {
		// Trash comes second: what is thrown away in between is then seen twice,
		// not never.
		states = append(states, record.Trashed)
	}
	for _, state := range states {
		err := l.enumerate(ctx, kind, state, emit)
		var failed *Failed
		switch {
		case errors.As(err, &failed):
			if ended(l.Ledger, l.Log, kind, l.Admin, failed) {
				return nil
			}
			return emit(record.Ask{Kind: kind.Name, State: state, Fault: &failed.Fault})
		case errors.Is(err, ErrBudget):
			l.Ledger.Spent(kind.Name)
			return nil
		case err != nil:
			return err
		}
	}
	l.Ledger.Ended(kind.Name, record.Complete, "")
	return nil
}

// ended enters into the books how a listing ended that a call could not go on
// with, and tells whether that was to be expected: this edition does not have the
// kind, or the key is not an administrator's.
func ended(ledger *Ledger, log hclog.Logger, kind catalogue.Kind, admin bool, failed *Failed) (expected bool) {
	refused := failed.Class == record.FaultDenied || failed.Class == record.FaultMissing
	listing := record.Incomplete
	switch {
	case failed.Class == record.FaultMissing && kind.Optional:
		listing = record.Unavailable
	case refused:
		listing = record.Denied
	}
	ledger.Ended(kind.Name, listing, failed.Message)
	if refused && (kind.Optional || !admin) {
		log.Info("listing refused", "kind", kind.Name, "status", failed.Status)
		return true
	}
	log.Warn("listing failed", "kind", kind.Name, "status", failed.Status, "attempts", failed.Attempts, "error", failed)
	return false
}

// chunk is how many ids are followed at once.
const chunk = 1000

// follow plans what stored documents point to.
func (l *lister) follow(ctx context.Context, kind catalogue.Kind, emit pipeline.Emit[record.Ask]) error {
	after := ""
	for {
		rows, err := l.Store.Followed(ctx, kind.Name, after, chunk)
		if err != nil {
			return fmt.Errorf("follow references to %s: %w", kind.Name, err)
		}
		if err := l.plan(ctx, kind, record.Present, 0, rows, emit); err != nil {
			return err
		}
		if len(rows) < chunk {
			l.Ledger.Ended(kind.Name, record.Complete, "")
			return nil
		}
		after = rows[len(rows)-1].ID
	}
}

// fixed plans documents that have a route each.
func (l *lister) fixed(ctx context.Context, kind catalogue.Kind, emit pipeline.Emit[record.Ask]) error {
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

// enumerate reads one pass of a listing, and once more, in one answer, when it
// shifted.
func (l *lister) enumerate(ctx context.Context, kind catalogue.Kind, state record.State, emit pipeline.Emit[record.Ask]) error {
	before := l.Ledger.listed(kind.Name)
	seen, err := l.pages(ctx, kind, state, kind.Listing.Page, emit)
	if !errors.Is(err, errShifted) {
		return err
	}
	l.Log.Warn("list shifted while it was read, reading it again in one answer", "kind", kind.Name, "rows", seen)
	l.Ledger.Listed(kind.Name, before-l.Ledger.listed(kind.Name))
	if _, err = l.pages(ctx, kind, state, 2*max(seen, kind.Listing.Page), emit); errors.Is(err, errShifted) {
		l.Ledger.Ended(kind.Name, record.Incomplete, err.Error())
		l.Log.Warn("list shifted again, the kind is incomplete", "kind", kind.Name)
		return nil
	}
	return err
}

// pages reads a listing in overlapping pages of limit rows and plans each. It
// returns how many documents it counted, and errShifted when pages do not join
// up or do not add up to the server's total.
func (l *lister) pages(ctx context.Context, kind catalogue.Kind, state record.State, limit int, emit pipeline.Emit[record.Ask]) (int, error) {
	last, seen := "", 0
	// Without a total, a page shorter than asked is most likely the last one, and
	// an empty page behind it is the proof, in whatever order the server lists.
	// Where there is more after all, short pages mean nothing any more.
	probe, short := false, false
	for {
		offset := max(0, seen-1)
		if probe {
			offset = seen
		}
		answer, err := l.Looker.Get(ctx, listCall(kind, state, offset, limit))
		var failed *Failed
		if errors.As(err, &failed) && tooMuch(failed.Class) && limit > 1 {
			limit /= 2
			continue
		}
		if err != nil {
			return seen, err
		}
		rows, err := l.rows(kind, state, answer.Body)
		if err != nil {
			return seen, err
		}
		if probe && len(rows) > 0 {
			probe, short = false, true
			continue
		}
		if seen > 0 && !probe {
			if len(rows) == 0 || rows[0].ID != last {
				return seen, errShifted
			}
			rows = rows[1:]
		}
		if len(rows) == 0 {
			return seen, count(answer, seen)
		}
		last = rows[len(rows)-1].ID
		if err := l.plan(ctx, kind, state, seen, rows, emit); err != nil {
			return seen, err
		}
		probe = !answer.HasTotal && !short && len(rows) < limit-min(1, seen)
		seen += len(rows)
		if repeats(rows) {
			return seen, fmt.Errorf("%w: a page holds a document twice", errShifted)
		}
		if answer.HasTotal && seen >= answer.Total {
			return seen, count(answer, seen)
		}
	}
}

// repeats tells whether a document stands in rows twice.
func repeats(rows []record.Listed) bool {
	ids := make(map[string]struct{}, len(rows))
	for _, r := range rows {
		ids[r.ID] = struct{}{}
	}
	return len(ids) < len(rows)
}

// count compares what was seen with what the server says there is.
func count(answer Answer, seen int) error {
	if answer.HasTotal && answer.Total != seen {
		return fmt.Errorf("%w: %d rows came of %d", errShifted, seen, answer.Total)
	}
	return nil
}

func listCall(kind catalogue.Kind, state record.State, offset, limit int) Call {
	params := [][2]string{
		{"fields", strings.Join(kind.Listing.Rows, ",")},
		{"limit", strconv.Itoa(limit)},
		{"offset", strconv.Itoa(offset)},
	}
	if !kind.Listing.Unsorted {
		params = append(params, [2]string{"sorts", kind.Fields.ID})
	}
	if state == record.Trashed {
		params = append(params, [2]string{"deleted", "true"})
	}
	route := kind.Listing.Route
	return Call{Route: route, Path: route.Path, Query: route.Values(params...), Size: 64 << 10}
}

// rows reads what a listing tells of each document.
func (l *lister) rows(kind catalogue.Kind, state record.State, body []byte) ([]record.Listed, error) {
	raw, err := canon.Rows(body)
	if err != nil {
		return nil, broken(err)
	}
	rules := canon.Compile(stampRules(kind))
	rows := make([]record.Listed, 0, len(raw))
	for _, r := range raw {
		doc, err := l.reader.Read(rules, r)
		if err != nil {
			return nil, broken(err)
		}
		if doc.ID == "" {
			return nil, broken(fmt.Errorf("a row has no %s", kind.Fields.ID))
		}
		row := record.Listed{ID: doc.ID, State: state, Folder: doc.Folder}
		if kind.Listing.Stamped {
			row.Stamp = doc.Fingerprint
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// stampRules are the rules of a kind for its rows: a date that moved is no
// change of the document, but a hint that is worth a fetch.
func stampRules(kind catalogue.Kind) catalogue.Kind {
	kind.Volatile = slices.DeleteFunc(slices.Clone(kind.Volatile), func(path string) bool { return path == kind.Fields.Updated })
	kind.Refs = nil
	return kind
}

// broken is the failure of an answer that is not what it should be.
func broken(err error) *Failed {
	return &Failed{Fault: record.Fault{Class: record.FaultInvalid, Status: 200, Attempts: 1, Message: err.Error()}, Err: err}
}

// tooMuch tells whether asking for less may help.
func tooMuch(class string) bool {
	switch class {
	case "timeout", "too_large", "server", "network", "truncated", "not_json", record.FaultInvalid:
		return true
	}
	return false
}

// plan turns listed rows, the first of which stands at offset, into asks.
func (l *lister) plan(ctx context.Context, kind catalogue.Kind, state record.State, offset int, rows []record.Listed, emit pipeline.Emit[record.Ask]) error {
	same, want, err := l.sift(ctx, kind, rows)
	if err != nil {
		return err
	}
	listed := 0
	for _, r := range rows {
		if l.Within.has(kind.Name, r.ID, r.Folder) {
			listed++
		}
	}
	l.Ledger.Listed(kind.Name, listed)
	asks := planWant(kind, state, offset, rows, want, l.PageSize)
	for chunk := range slices.Chunk(same, l.PageSize) {
		asks = append(asks, record.Ask{Kind: kind.Name, How: record.Stored, State: state, Want: chunk})
	}
	for _, ask := range asks {
		l.Ledger.Asked(kind.Name, len(ask.Want))
	}
	for _, ask := range asks {
		if err := emit(ask); err != nil {
			return err
		}
	}
	return nil
}

// sift parts the rows into those whose stored version is proven to be right and
// those that must be fetched. What this run has settled is in neither.
func (l *lister) sift(ctx context.Context, kind catalogue.Kind, rows []record.Listed) (same, want []record.Listed, err error) {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	known, err := l.Store.Known(ctx, kind.Name, ids)
	if err != nil {
		return nil, nil, fmt.Errorf("look up %s: %w", kind.Name, err)
	}
	for _, r := range rows {
		k, ok := known[r.ID]
		switch {
		case k.Settled, slices.Contains(l.Exclude, record.Ref{Kind: kind.Name, ID: r.ID}), !l.Within.has(kind.Name, r.ID, r.Folder):
		case ok && !l.Full && k.State != record.Gone && (kind.Immutable || !r.Stamp.IsZero() && k.Stamp == r.Stamp):
			same = append(same, r)
		default:
			want = append(want, r)
		}
	}
	return same, want, nil
}

// planWant chooses the cheapest route for what is wanted: whole pages where
// everything in them is, id lists elsewhere, folders that hold several, single
// documents for the rest.
func planWant(kind catalogue.Kind, state record.State, offset int, rows, want []record.Listed, size int) []record.Ask {
	ask := func(how record.How, want []record.Listed) record.Ask {
		return record.Ask{Kind: kind.Name, How: how, State: state, Want: want}
	}
	var asks []record.Ask
	if can(kind, record.Page, state) && len(want) == len(rows) {
		for chunk := range slices.Chunk(want, size) {
			page := ask(record.Page, chunk)
			page.Offset = offset
			asks = append(asks, page)
			offset += len(chunk)
		}
		return asks
	}
	if can(kind, record.Folder, state) {
		folders := perFolder(rows)
		var rest []record.Listed
		for _, group := range groupByFolder(want) {
			if worthFolder(len(group), folders[group[0].Folder]) && group[0].Folder != "" {
				f := ask(record.Folder, group)
				f.Folder = group[0].Folder
				asks = append(asks, f)
				continue
			}
			rest = append(rest, group...)
		}
		want = rest
	}
	if can(kind, record.IDs, state) {
		for chunk := range slices.Chunk(want, size) {
			asks = append(asks, ask(record.IDs, chunk))
		}
		return asks
	}
	for chunk := range slices.Chunk(want, 1) {
		asks = append(asks, ask(record.Single, chunk))
	}
	return asks
}

// can tells whether a kind has a route of that sort for documents in that state.
func can(kind catalogue.Kind, how record.How, state record.State) bool {
	return slices.ContainsFunc(kind.Many, func(m catalogue.Many) bool {
		return m.How == how && (m.Trash || state != record.Trashed)
	})
}

// worthFolder tells whether one call for a whole folder is better than single
// ones: it saves calls, and most of what it brings is wanted.
func worthFolder(wanted, holds int) bool { return wanted >= 2 && 4*wanted >= holds }

func perFolder(rows []record.Listed) map[string]int {
	n := make(map[string]int)
	for _, r := range rows {
		n[r.Folder]++
	}
	return n
}

// groupByFolder groups rows by folder, in the order in which folders appear.
func groupByFolder(rows []record.Listed) [][]record.Listed {
	index := make(map[string]int)
	var groups [][]record.Listed
	for _, r := range rows {
		i, ok := index[r.Folder]
		if !ok {
			i = len(groups)
			index[r.Folder] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}
