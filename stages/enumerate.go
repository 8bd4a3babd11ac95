package stages

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

const (
	// passes is the number of times that List reads a list that does not hold still.
	passes = 3
	// SlimMost bounds an answer to an enumeration. Rows cut to a few members that
	// take more are asked for in smaller pages.
	SlimMost = 16 << 20
	// Patience is the number of attempts for a call that can be split instead: a page of
	// 100 rows that times out three times is asked for as two pages of 50.
	Patience = 3
	// largestPage is how many rows a page asks for at most. A list that did not hold
	// still is read again in one answer, and what a server says of its length may be
	// any number.
	largestPage = 1_000_000
	// faultShifted is the class of a listing that did not hold still.
	faultShifted = "shifted"
)

// errShifted means that a list changed while it was paged.
var errShifted = errors.New("the list shifted while it was read")

// doubtful is what a list says of itself that does not agree with its rows, although
// its pages join up to the end: another number of rows than came, or a document
// twice. Most often the list has changed meanwhile, so it is an [errShifted]. A list
// that is read again and is the same is what it is, and a note says what is odd.
type doubtful struct {
	error
	note string
	// spread means that a document stands on two pages, which may be because rows
	// have moved: then others are missing.
	spread bool
}

func (d *doubtful) Unwrap() error { return d.error }

// enumerate reads one pass of a listing, and again in larger pages, in the end
// in one answer, when it shifted. The positions of its rows count on from above.
func (l *lister) enumerate(ctx context.Context, kind *catalogue.Spec, state record.State, above int, emit pipeline.Emit[record.Ask]) (Tally, error) {
	listed := l.Ledger.SoFar(kind.Name)
	p := &pass{lister: l, kind: kind, state: state, emit: emit, above: above, limit: max(kind.Listing.Page, 2), digest: sha256.New()}
	for n := 1; ; n++ {
		err := p.read(ctx)
		if err != nil && !errors.Is(err, errShifted) {
			if p.seen == 0 {
				p.held = p.earlier
			}
			return Tally{}, cmp.Or(p.planHeld(ctx), err)
		}
		var doubt *doubtful
		odd := errors.As(err, &doubt)
		if p.again(err, doubt) {
			return p.conclude(ctx)
		}
		err = cmp.Or(err, errShifted) // what was only compared is not what it was
		if n == passes {
			if err := p.planHeld(ctx); err != nil {
				return Tally{}, err
			}
			l.Log.Warn("list does not hold still, the kind is incomplete", "kind", kind.Name, "rows", p.seen, "error", err)
			l.Ledger.Ended(kind.Name, record.Incomplete, err.Error())
			return Tally{Rows: p.seen}, emit(record.Ask{Kind: kind.Name, State: state, Fault: &record.Fault{
				Class: faultShifted, Status: 200, Attempts: passes, Message: err.Error(),
			}})
		}
		l.Log.Warn("list shifted while it was read, reading it again", "kind", kind.Name, "rows", p.seen, "error", err)
		longest := max(p.seen, p.limit)
		if !odd { // else nothing stands behind the rows that came, whatever the total
			longest = max(longest, min(p.total, largestPage))
		}
		next := &pass{
			lister: l, kind: kind, state: state, emit: emit, above: above, digest: sha256.New(),
			limit:   min(4*longest, largestPage),
			unpaged: p.unpaged,
			last:    n+1 == passes,
			// What has just been planned is not planned again only to see whether it is the same.
			compares: odd && !doubt.spread && !p.compares,
			rereads:  true,
		}
		if odd {
			next.before, next.odd = p.sum(), doubt.note
		}
		if next.compares {
			next.held = p.held
		} else {
			next.earlier = p.held
			l.Ledger.Listed(kind.Name, listed-l.Ledger.SoFar(kind.Name))
		}
		p = next
	}
}

// pass is one reading of a listing in pages that overlap by a row, and by more where
// a page ends with rows that are no documents.
type pass struct {
	*lister
	kind     *catalogue.Spec
	state    record.State
	emit     pipeline.Emit[record.Ask]
	above    int // rows of the passes of other states
	limit    int
	compares bool          // nothing is planned: the list is only compared with the pass before
	before   record.Digest // sum of the pass before, where that is to be compared with
	odd      string        // what was said of that pass
	last     bool          // the pass reads on to the end, though pages do not join up
	rereads  bool          // a pass before may have planned what it held

	offset int      // of the page before
	page   []string // keys of its rows
	at     int      // offset behind the last row that was read
	waits  []row    // the last rows, which are not planned yet: see [pass.take]
	tail   []string // keys of the last rows, from the last document on: the next page begins with them
	seen   int      // rows, each counted once
	total  int      // what the server said last, 0 when it did not
	said   int      // what it said first
	widest int      // rows of the longest page
	digest hash.Hash
	ids    ids

	// held are documents that are not planned before the list has been read: of a list that is in
	// no order, what stands on the next page may contradict a row of this one.
	held    []documents
	earlier []documents // those of the pass before, which this one plans anew
	stored  Tally       // of the documents, those that the store held
	bad     []BadRow
	doubles []string        // ids of documents that the list holds twice
	far     []record.Listed // of them, those that stand on two pages: nobody knows whether their rows differ
	extra   int             // rows that are there for the second time and more
	spread  bool            // a document stands on two pages
	shifted error           // why the pages do not join up, of a pass that reads on
	unpaged string          // what the server does to pages that is not paging, "" where it plays along

	// Without a total, a page shorter than asked is most likely the last one, and
	// an empty page behind it is the proof, in whatever order the server lists.
	// Where there is more after all, short pages mean nothing any more.
	probe, short bool
}

// again reports whether a pass that ended with err says the last word on its list:
// nothing is wrong with it, or the same as the time before.
func (p *pass) again(err error, doubt *doubtful) bool {
	if p.same() && (err == nil || doubt != nil) {
		if p.odd != "" {
			p.remark(p.odd)
			p.Ledger.countsMore(p.kind.Name, p.total > p.seen)
		}
		return true
	}
	return err == nil && !p.compares
}

func (p *pass) sum() record.Digest { return record.Digest(p.digest.Sum(nil)) }

func (p *pass) remark(note string) {
	if p.state == record.Trashed {
		note = "the trash: " + note
	}
	p.Log.Warn("a list is not what the server says", "kind", p.kind.Name, "reason", note)
	p.Ledger.Note(p.kind.Name, note)
}

// conclude says what is odd about a list that was read to its end, and sends its
// bad rows down as faults.
func (p *pass) conclude(ctx context.Context) (Tally, error) {
	if err := p.planHeld(ctx); err != nil {
		return Tally{}, err
	}
	if p.unpaged != "" {
		p.remark(p.unpaged)
	}
	if len(p.doubles) > 0 {
		p.remark(Doubles(p.doubles))
	}
	if p.seen > 0 && p.seen == p.widest && !p.probe {
		p.Ledger.OneAnswer(plan.ListTail{Kind: p.kind.Name, State: p.state, Rows: p.seen, Held: int(p.stored.Present + p.stored.Trashed)})
	}
	if !p.ExpectsBadRows(p.kind.Name) {
		for _, row := range p.bad {
			fault := row.Fault()
			if err := p.emit(record.Ask{Kind: p.kind.Name, State: p.state, Row: row.Position, Fault: &fault}); err != nil {
				return Tally{}, err
			}
		}
	}
	return Tally{Rows: p.seen, Bad: len(p.bad), Present: p.stored.Present, Trashed: p.stored.Trashed}, nil
}

// read reads the pages and plans each, while the next one is on its way: nobody
// below waits for a list. It returns errShifted when they do not join up, are in no
// order or do not add up to the server's total.
func (p *pass) read(ctx context.Context) error {
	ctx, leave := context.WithCancel(ctx)
	ask := func() (answer func() page) {
		offset := p.next()
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
		case errors.As(got.err, &failed) && TooMuch(failed.Class) && p.limit > 2:
			p.limit = max(2, p.limit/2) // of two rows one is new
			answer = ask()
			continue
		case got.err != nil:
			return cmp.Or(p.planPage(ctx, p.take(nil, false)), got.err)
		case p.probe && len(got.rows) > 0 && !p.repeats(got):
			p.probe, p.short = false, true
			answer = ask()
			continue
		}
		found, more, err := p.join(got)
		if more {
			answer = ask()
		}
		// What a list holds is planned even where it turns out to be no proof of anything.
		if err := p.planPage(ctx, found); err != nil {
			return err
		}
		if !more {
			return err
		}
	}
}

// page is the answer to one call of an enumeration.
type page struct {
	Answer
	offset int
	rows   []row
	proven bool // that there are none, where there are none
	err    error
}

// next is the offset of the next page.
func (p *pass) next() int {
	if p.probe {
		return p.at
	}
	return max(0, p.at-len(p.tail))
}

// ask gets a page and reads its rows.
func (p *pass) ask(ctx context.Context, offset int) page {
	call := ListCall(p.kind, p.state, offset, p.limit)
	call.Most, call.Tries = SlimMost, Patience
	p.Doubting(p.kind, &call)
	var err error
	if offset == 0 {
		call.Emptied, err = p.ShouldHaveRows(ctx, p.kind.Name, p.state)
	}
	if err != nil {
		return page{err: err}
	}
	answer, err := p.Looker.Get(ctx, call)
	if err != nil {
		return page{err: err}
	}
	rows, err := p.rows(p.kind, p.state, answer.Body)
	if answer.Free != nil {
		answer.Free()
	}
	return page{Answer: answer, offset: offset, rows: rows, proven: call.Emptied && !answer.HasTotal, err: err}
}

// planPage plans the documents of a page.
func (p *pass) planPage(ctx context.Context, found documents) error {
	switch {
	case p.compares:
		return nil
	case !p.ids.inOrder():
		p.held = append(p.held, found)
		return nil
	}
	return p.planNow(ctx, found)
}

// planHeld plans the documents that were held back. Those that stand on two pages are fetched
// when all others are committed.
func (p *pass) planHeld(ctx context.Context) error {
	for _, found := range p.held {
		rest, left := p.withoutFar(found)
		p.Ledger.Listed(p.kind.Name, left)
		if err := p.planNow(ctx, rest); err != nil {
			return err
		}
	}
	p.held = nil
	p.Ledger.Unclear(p.kind.Name, p.far...)
	return nil
}

// planNow plans documents.
func (p *pass) planNow(ctx context.Context, found documents) error {
	for _, part := range found.parts {
		known, err := p.planKnown(ctx, p.kind, p.state, part.offset, part.rows, p.emit)
		if err != nil {
			return err
		}
		p.stored.Count(known)
	}
	if p.rereads && !p.compares { // what a row has brought may be on its way still
		p.Ledger.Unclear(p.kind.Name, found.unclear...)
		return nil
	}
	return p.planAlone(ctx, p.kind, p.state, found.unclear, p.emit)
}

// ListCall asks for rows of a listing from an offset on, cut to what an enumeration needs.
func ListCall(kind *catalogue.Spec, state record.State, offset, limit int) Call {
	fields := slices.Clone(kind.Listing.Rows)
	for _, member := range kind.Kin {
		if !slices.Contains(fields, member) {
			fields = append(fields, member)
		}
	}
	params := [][2]string{
		{"fields", strings.Join(fields, ",")},
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
	return Call{Kind: kind.Name, Route: route, Path: route.Path, Query: route.Values(params...), Size: 64 << 10, Check: OfKind(kind)}
}

// stampRules are the rules of a kind for its rows: a date that moved is no
// change of the document, but a hint that is worth a fetch.
func stampRules(kind *catalogue.Spec) *catalogue.Spec {
	return kind.With(func(k *catalogue.Spec) {
		k.Volatile = slices.DeleteFunc(slices.Clone(k.Volatile), func(path string) bool { return path == k.Fields.Updated })
		k.Relations = nil
	})
}

// Broken is the failure of an answer that is not what it should be.
func Broken(err error) *Failed {
	return &Failed{Fault: record.Fault{Class: record.FaultInvalid, Status: 200, Attempts: 1, Message: err.Error()}, Err: err}
}

// FaultTooLarge is the class of an answer that is larger than a call allows.
const FaultTooLarge = "too_large"

// TooMuch reports whether asking for less may help where a call failed with a fault of
// that class.
func TooMuch(class string) bool {
	switch class {
	case "timeout", FaultTooLarge, "server", "network", "truncated", "not_json", record.FaultInvalid:
		return true
	}
	return false
}

// Enumerate reads a listing of documents in a state in pages, to their end, and emits what is
// to be asked for. It returns the rows that came; their positions count on from above.
func (o *ListOptions) Enumerate(ctx context.Context, kind *catalogue.Spec, state record.State, above int, emit pipeline.Emit[record.Ask]) (Tally, error) {
	l := &lister{ListOptions: *o, reader: canon.NewReader()}
	return l.enumerate(ctx, kind, state, above, emit)
}
