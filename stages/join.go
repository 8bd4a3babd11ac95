package stages

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// join adds a page to those before it. It returns the documents that are new, and
// reports whether there may be more; where not, the error says what is wrong with
// the list.
func (p *pass) join(got page) (found documents, more bool, err error) {
	if p.repeats(got) {
		found = p.take(nil, false)
		return found, false, p.repeated(got)
	}
	rows, first := got.rows, p.seen == 0
	p.Ledger.Answer(len(rows))
	if first {
		p.said = got.Total
	}
	p.total, p.widest = got.Total, max(p.widest, len(rows))
	if got.HasTotal {
		p.Ledger.Told(p.kind.Name, p.state, min(got.Total, largestPage))
	}
	if !first && !p.probe {
		if rows, err = p.behindTail(rows); err != nil {
			return found, false, err
		}
	}
	overlap := len(got.rows) - len(rows)
	if !first && len(rows) > 0 && len(p.page) < p.limit {
		p.Ledger.Cut(len(p.page)) // it was not full, and not the last one
	}
	p.offset, p.page, p.at = got.offset, keysOf(got.rows), got.offset+len(got.rows)
	if len(rows) == 0 {
		if first && !got.proven {
			p.Ledger.CameEmpty(record.Ref{Kind: p.kind.Name}, p.state, p.Now())
		}
		if !p.probe && !p.short && !first && p.widest <= len(p.tail) {
			p.probe = true // the page held no more than what was known: is there anything behind it?
			return found, true, nil
		}
		found = p.take(nil, false)
		return found, false, p.end(got.Answer)
	}
	if len(got.rows) > p.limit {
		p.unpaged = fmt.Sprintf("the server ignores limit: %d rows came where %d were asked for", len(got.rows), p.limit)
	}
	p.follow(rows)
	told := got.HasTotal && p.at <= got.Total // else the total is that of something else
	p.probe = !told && !p.short && len(rows) < p.limit-overlap
	more = (!told || p.at != got.Total || len(got.rows) == p.limit) && (p.shifted == nil || !got.HasTotal || p.at < got.Total) && !p.same()
	found = p.take(rows, more && !p.probe) // to keep a row back for an empty page takes a call more
	if !more {
		return found, false, p.end(got.Answer)
	}
	return found, true, nil
}

// take returns the documents of new rows, the last of which is the last that was read. Where
// there is more, the rows of the last document and what stands behind them wait for the next
// page: that may begin with another row of the same id, as lists are sorted by it.
func (p *pass) take(rows []row, more bool) documents {
	rows = slices.Concat(p.waits, rows)
	first := p.at - len(rows)
	p.waits = nil
	if more {
		last := len(rows) - 1
		for last >= 0 && rows[last].wrong != "" {
			last--
		}
		for last > 0 && rows[last-1].wrong == "" && rows[last-1].ID == rows[last].ID {
			last--
		}
		if last >= 0 && len(rows)-last <= p.limit {
			rows, p.waits = rows[:last], slices.Clone(rows[last:])
		}
	}
	return p.documents(first, rows)
}

// same reports whether the rows that came are those of the pass before, behind which
// nothing stood.
func (p *pass) same() bool { return !p.before.IsZero() && p.before == p.sum() }

// behindTail returns the rows of a page that stand behind those of the pages before.
func (p *pass) behindTail(rows []row) ([]row, error) {
	joins := len(rows) >= len(p.tail)
	for i := 0; joins && i < len(p.tail); i++ {
		joins = rows[i].key == p.tail[i]
	}
	if joins {
		return rows[len(p.tail):], nil
	}
	if !p.last {
		return nil, errShifted
	}
	p.shifted = errShifted
	known := slices.IndexFunc(rows, func(r row) bool { return r.key == p.tail[len(p.tail)-1] })
	return rows[known+1:], nil
}

// follow records rows that are new.
func (p *pass) follow(rows []row) {
	p.seen += len(rows)
	for _, r := range rows {
		_, _ = p.digest.Write(append([]byte(r.key), 0)) // a hash returns no error
	}
	// The next page begins with the last document and what stands behind it, but
	// each page must bring something new.
	end := rows[max(0, len(rows)-max(1, p.widest-1)):]
	i := len(end) - 1
	for i > 0 && end[i].wrong != "" {
		i--
	}
	p.tail = keysOf(end[i:])
}

// repeats reports whether a page is the one before it, though another was asked for.
func (p *pass) repeats(got page) bool {
	return p.seen > 0 && len(got.rows) > 0 && got.offset != p.offset && slices.Equal(keysOf(got.rows), p.page)
}

// repeated ends a pass on a server that answers the same page again. Where it was not
// full, it held everything; otherwise a larger one may.
func (p *pass) repeated(got page) error {
	p.unpaged = "the server ignores offset: it answers the same page again"
	p.total = got.Total
	switch {
	case len(got.rows) == p.limit:
		return fmt.Errorf("%w: %s", errShifted, p.unpaged)
	case got.HasTotal && !p.adds(got.Total):
		return fmt.Errorf("%w: %d rows came of %d, and %s", errShifted, p.seen, got.Total, p.unpaged)
	}
	return p.end(got.Answer)
}

// end compares what was seen with what the server says there is.
func (p *pass) end(answer Answer) error {
	alone := p.short && p.widest <= len(p.tail)
	switch {
	case p.shifted != nil:
		return p.shifted
	case alone && !answer.HasTotal:
		return fmt.Errorf("%w: pages of a single row cannot be joined", errShifted)
	case alone && !p.adds(answer.Total):
		return fmt.Errorf("%w: %d rows came of %d", errShifted, p.seen, answer.Total)
	case answer.HasTotal && !p.adds(answer.Total):
		said := p.said
		if p.adds(said) {
			said = answer.Total
		}
		return &doubtful{
			error:  fmt.Errorf("%w: %d rows came of %d", errShifted, p.seen, answer.Total),
			note:   fmt.Sprintf("the server says that the list has %d rows, %d came, twice the same", said, p.seen),
			spread: p.spread,
		}
	case p.extra > 0:
		return &doubtful{error: fmt.Errorf("%w: it holds a document twice", errShifted), spread: p.spread}
	case p.ids.forgotten():
		return &doubtful{error: fmt.Errorf("%w: it is in no order", errShifted), spread: true}
	}
	return nil
}

// adds reports whether a total is the number of rows that were seen. Some servers may
// count rows that are no documents, or stand there twice, and some may not.
func (p *pass) adds(total int) bool {
	bad := len(p.bad)
	return total == p.seen || total == p.seen-p.extra || total == p.seen-bad || total == p.seen-p.extra-bad
}

// part is a run of documents that stand in a list one behind the other.
type part struct {
	offset int // of the first
	rows   []record.Listed
}

// documents are those of a page, each once.
type documents struct {
	parts   []part          // that can be asked for as pages of whole documents
	unclear []record.Listed // which stand there twice and differ: only a single fetch can tell
}

// withoutFar is documents without those that stand on two pages, and how many of these are
// part of the run.
func (p *pass) withoutFar(found documents) (rest documents, left int) {
	far := func(row record.Listed) bool {
		return slices.ContainsFunc(p.far, func(f record.Listed) bool { return f.ID == row.ID })
	}
	rest.unclear = slices.DeleteFunc(found.unclear, far)
	for _, from := range found.parts {
		first := 0
		for i := 0; i <= len(from.rows); i++ {
			if i < len(from.rows) && !far(from.rows[i]) {
				continue
			}
			if i < len(from.rows) && p.Planner.Within.Has(p.kind.Name, from.rows[i].ID, from.rows[i].Folder) {
				left++
			}
			if i > first {
				offset := from.offset
				if offset != plan.Nowhere {
					offset += first
				}
				rest.parts = append(rest.parts, part{offset: offset, rows: from.rows[first:i]})
			}
			first = i + 1
		}
	}
	return rest, left
}

// documents finds those of new rows, the first of which stands at offset first.
func (p *pass) documents(first int, rows []row) (found documents) {
	again, differs := p.twice(rows)
	// Where the server does not page, whole documents are asked for by id.
	split := plan.Can(p.kind, record.Page, p.state) && (p.unpaged == "" || !plan.Can(p.kind, record.IDs, p.state))
	open := part{offset: first}
	if !split && p.unpaged != "" {
		open.offset = plan.Nowhere
	}
	for i, r := range rows {
		switch {
		case r.wrong != "":
			p.bad = append(p.bad, BadRow{Position: p.above + first + i + 1, Wrong: r.wrong})
		case again[i]:
		case differs[r.ID]:
			r.Stamp = record.Digest{}
			found.unclear = append(found.unclear, r.Listed)
		default:
			open.rows = append(open.rows, r.Listed)
			continue
		}
		if split {
			found.parts = append(found.parts, open)
			open = part{offset: first + i + 1}
		}
	}
	found.parts = slices.DeleteFunc(append(found.parts, open), func(p part) bool { return len(p.rows) == 0 })
	return found
}

// twice records the documents that the list holds twice. It returns which rows
// of a page are there again, and the documents that the page holds with different
// contents, or with rows that do not tell.
func (p *pass) twice(rows []row) (again map[int]bool, differs map[string]bool) {
	again, differs = make(map[int]bool), make(map[string]bool)
	for i, r := range rows {
		if r.wrong != "" || !p.ids.again(r.ID) {
			continue
		}
		again[i] = true
		p.extra++
		if !slices.Contains(p.doubles, r.ID) {
			p.doubles = append(p.doubles, r.ID)
		}
		before := slices.IndexFunc(rows[:i], func(b row) bool { return b.ID == r.ID })
		switch {
		case before < 0:
			p.spread = true
			r.Stamp = record.Digest{}
			p.far = append(p.far, r.Listed)
		case rows[before].content != r.content || !p.kind.Listing.Stamped:
			differs[r.ID] = true // or may: pages of documents can end between the two
		}
	}
	return again, differs
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
	notNumber, notText bool // they do not rise as numbers, as text
	words              bool // some are no numbers
	seed               maphash.Seed
	kept               map[uint64]struct{} // nil once the list was seen to rise for long enough
}

// again adds an id and reports whether it was there before.
func (s *ids) again(id string) (again bool) {
	if s.seen == 0 {
		s.seed, s.kept = maphash.MakeSeed(), make(map[uint64]struct{})
	} else {
		s.notText = s.notText || id <= s.last
		s.notNumber = s.notNumber || compareNumbers(id, s.last) <= 0
	}
	s.last = id
	s.words = s.words || !IsNumber(id)
	s.seen++
	if s.kept != nil {
		key := maphash.String(s.seed, id)
		_, again = s.kept[key]
		s.kept[key] = struct{}{}
	}
	if s.rises() && s.seen > remembered {
		s.kept = nil
	}
	return again
}

func (s *ids) rises() bool { return !s.notNumber || !s.notText }

// inOrder reports whether ids rise as such ids do: numbers as numbers. Numbers that rise as text
// alone, as 1, 17, 2 do, may be in the order of text, or in none: 17 may stand there once more.
func (s *ids) inOrder() bool {
	if s.words {
		return !s.notText
	}
	return !s.notNumber
}

// forgotten reports whether the list is in no order after all and began as if it were,
// so that nobody knows whether it holds a document twice.
func (s *ids) forgotten() bool { return s.seen > 0 && !s.rises() && s.kept == nil }

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
