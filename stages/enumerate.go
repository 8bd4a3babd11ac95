package stages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

const (
	// passes is how often a listing is read that does not hold still.
	passes = 3
	// slimMost bounds an answer to an enumeration. Rows cut to a few members that
	// take more are asked for in smaller pages.
	slimMost = 16 << 20
	// patience is how often a page is asked for that can be asked for in parts.
	patience = 3
	// faultShifted is the class of a listing that did not hold still.
	faultShifted = "shifted"
)

// errShifted means that a list changed while it was paged.
var errShifted = errors.New("the list shifted while it was read")

// enumerate reads one pass of a listing, and again in larger pages, in the end
// in one answer, when it shifted.
func (l *lister) enumerate(ctx context.Context, kind catalogue.Kind, state record.State, emit pipeline.Emit[record.Ask]) error {
	before := l.Ledger.listed(kind.Name)
	limit := kind.Listing.Page
	for n := 1; ; n++ {
		p := &pass{lister: l, kind: kind, state: state, emit: emit, limit: max(limit, 2)}
		err := p.read(ctx)
		switch {
		case !errors.Is(err, errShifted):
			return err
		case n == passes:
			l.Log.Warn("list does not hold still, the kind is incomplete", "kind", kind.Name, "rows", p.seen, "error", err)
			l.Ledger.Ended(kind.Name, record.Incomplete, err.Error())
			return emit(record.Ask{Kind: kind.Name, State: state, Fault: &record.Fault{
				Class: faultShifted, Status: 200, Attempts: passes, Message: err.Error(),
			}})
		}
		l.Log.Warn("list shifted while it was read, reading it again", "kind", kind.Name, "rows", p.seen, "error", err)
		l.Ledger.Listed(kind.Name, before-l.Ledger.listed(kind.Name))
		limit = 4 * max(p.seen, p.total, limit)
	}
}

// pass is one reading of a listing in pages that overlap by a row.
type pass struct {
	*lister
	kind  catalogue.Kind
	state record.State
	emit  pipeline.Emit[record.Ask]
	limit int

	last   string // id of the last row
	seen   int    // rows, each counted once
	total  int    // what the server said last, 0 when it did not
	widest int    // rows of the longest page
	ids    ids

	// Without a total, a page shorter than asked is most likely the last one, and
	// an empty page behind it is the proof, in whatever order the server lists.
	// Where there is more after all, short pages mean nothing any more.
	probe, short bool
}

// read reads the pages and plans each, while the next one is on its way: nobody
// below waits for a list. It returns errShifted when they do not join up, are in no
// order or do not add up to the server's total.
func (p *pass) read(ctx context.Context) error {
	ctx, leave := context.WithCancel(ctx)
	ask := func() (answer func() page) {
		offset := p.offset()
		return pipeline.Async(func() page { return p.ask(ctx, offset) })
	}
	answer := ask()
	defer func() { // nobody asks on when this is left
		leave()
		answer()
	}()
	for {
		got := answer()
		var failed *Failed
		switch {
		case errors.As(got.err, &failed) && tooMuch(failed.Class) && p.limit > 2:
			p.limit = max(2, p.limit/2) // of two rows one is new
			answer = ask()
			continue
		case got.err != nil:
			return got.err
		case p.probe && len(got.rows) > 0:
			p.probe, p.short = false, true
			answer = ask()
			continue
		}
		first := p.seen
		rows, more, err := p.join(got)
		if more {
			answer = ask()
		}
		// What a list holds is planned even where it turns out to be no proof of anything.
		if len(rows) > 0 {
			if err := p.plan(ctx, p.kind, p.state, first, rows, p.emit); err != nil {
				return err
			}
		}
		if !more {
			return err
		}
	}
}

// page is the answer to one call of an enumeration.
type page struct {
	Answer
	rows []record.Listed
	err  error
}

// offset is where the next page begins.
func (p *pass) offset() int {
	if p.probe {
		return p.seen
	}
	return max(0, p.seen-1)
}

// ask gets a page and reads its rows.
func (p *pass) ask(ctx context.Context, offset int) page {
	call := listCall(p.kind, p.state, offset, p.limit)
	call.Most, call.Tries = slimMost, patience
	answer, err := p.Looker.Get(ctx, call)
	if err != nil {
		return page{err: err}
	}
	rows, err := p.rows(p.kind, p.state, answer.Body)
	if answer.Free != nil {
		answer.Free()
	}
	return page{Answer: answer, rows: rows, err: err}
}

// join adds a page to those before it. It returns the rows that are new, and tells
// whether there may be more; where not, the error says what is wrong with the list.
func (p *pass) join(got page) (rows []record.Listed, more bool, err error) {
	rows = got.rows
	p.total, p.widest = got.Total, max(p.widest, len(rows))
	if p.seen > 0 && !p.probe {
		if len(rows) == 0 || rows[0].ID != p.last {
			return nil, false, errShifted
		}
		rows = rows[1:]
	}
	if len(rows) == 0 {
		return nil, false, p.end(got.Answer)
	}
	p.last = rows[len(rows)-1].ID
	p.probe = !got.HasTotal && !p.short && len(rows) < p.limit-min(1, p.seen)
	p.seen += len(rows)
	switch {
	case p.ids.twice(rows):
		return rows, false, fmt.Errorf("%w: it holds a document twice", errShifted)
	case got.HasTotal && p.seen >= got.Total:
		return rows, false, p.end(got.Answer)
	}
	return rows, true, nil
}

// end compares what was seen with what the server says there is.
func (p *pass) end(answer Answer) error {
	switch {
	case answer.HasTotal && answer.Total != p.seen:
		return fmt.Errorf("%w: %d rows came of %d", errShifted, p.seen, answer.Total)
	case !answer.HasTotal && !p.probe && p.widest == 1:
		return fmt.Errorf("%w: pages of a single row cannot be joined", errShifted)
	}
	return nil
}

// remembered is how many ids of a list are kept at least.
const remembered = 10_000

// ids notices a document that a list holds twice. Pages of a list that is in no
// order may join up by accident, and then hold one in place of another. Ids that
// rise, as numbers or as text, need not be kept for that, so a long list is
// remembered only when it is in no order.
type ids struct {
	last               string
	seen               int
	notNumber, notText bool
	seed               maphash.Seed
	kept               map[uint64]struct{} // nil once the list was seen to rise for long enough
}

// twice adds rows and tells whether one of them was there before.
func (s *ids) twice(rows []record.Listed) (again bool) {
	if s.seen == 0 {
		s.seed, s.kept = maphash.MakeSeed(), make(map[uint64]struct{}, len(rows))
	}
	for _, r := range rows {
		if s.seen > 0 {
			s.notText = s.notText || r.ID <= s.last
			s.notNumber = s.notNumber || compareNumbers(r.ID, s.last) <= 0
		}
		s.last = r.ID
		s.seen++
		if s.kept != nil {
			key := maphash.String(s.seed, r.ID)
			_, had := s.kept[key]
			s.kept[key] = struct{}{}
			again = again || had
		}
	}
	rises := !s.notNumber || !s.notText
	if rises && s.seen > remembered {
		s.kept = nil
	}
	return again || !rises && s.kept == nil
}

// compareNumbers compares ids that are whole numbers without leading zeros.
// Where one is not, it is in no order.
func compareNumbers(a, b string) int {
	for _, id := range []string{a, b} {
		if id == "" || strings.Trim(id, "0123456789") != "" {
			return 0
		}
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
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

// faultTooLarge is the class of an answer that is larger than a call allows.
const faultTooLarge = "too_large"

// tooMuch tells whether asking for less may help.
func tooMuch(class string) bool {
	switch class {
	case "timeout", faultTooLarge, "server", "network", "truncated", "not_json", record.FaultInvalid:
		return true
	}
	return false
}
