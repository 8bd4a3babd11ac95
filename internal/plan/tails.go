package plan

import (
	"cmp"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// fewestUsual is the fewest rows to which servers are known to cut lists.
const fewestUsual = 50

// ListTail is the tail of a list that came in one answer: that nothing stands behind it, only the number of its rows
// says, or the server's word.
type ListTail struct {
	Kind  record.Kind
	State record.State
	Rows  int
	Held  int // documents among them that the store held before this run
}

// Agrees reports whether a run before has stored all that the list holds.
func (e ListTail) Agrees() bool { return e.Held >= e.Rows }

// Usual reports whether the list is so long that servers are known to cut lists there: then it
// is not believed to be whole where a look behind it fails.
func (e ListTail) Usual() bool { return e.Rows >= fewestUsual }

// Whole reports whether the list is of a route that is asked for everything at once. What such
// routes give at once says nothing of pages, and pages nothing of them.
func (e ListTail) Whole() bool { return catalogue.Lookup(e.Kind).Listing.Whole }

// inPages reports whether the route of a whole list knows pages as well: what it gives at once
// says nothing of those that know none.
func (e ListTail) inPages() bool {
	listing := catalogue.Lookup(e.Kind).Listing
	return listing.Whole && listing.Paged.Path == listing.Route.Path
}

// Lengths are what the answers of a run tell of how many rows the server gives at once. The
// zero value is that of a run before its first answer. They are not safe for use by many
// goroutines.
type Lengths struct {
	longest map[bool]int   // rows of the longest answer, by whether a whole list was asked for
	cuts    map[int]bool   // rows of pages that were not full, behind which more came
	counted map[listOf]int // documents that lists have as a part of them says, see [Lengths.Counted]
	tails   []ListTail
}

// listOf is a list: that of a kind in a state.
type listOf struct {
	kind  record.Kind
	state record.State
}

// Counted records that a part of a list came with the number of all its documents, which was not
// that of the part: so the server counts them, whatever it gives at once.
func (l *Lengths) Counted(kind record.Kind, state record.State, total int) {
	if l.counted == nil {
		l.counted = make(map[listOf]int)
	}
	l.counted[listOf{kind, state}] = total
}

// Answer records how many rows a page of a list had.
func (l *Lengths) Answer(rows int) { l.answer(false, rows) }

func (l *Lengths) answer(whole bool, rows int) {
	if l.longest == nil {
		l.longest = make(map[bool]int)
	}
	l.longest[whole] = max(l.longest[whole], rows)
}

// Cut records that more came behind an answer of so many rows, although more were asked for.
func (l *Lengths) Cut(rows int) {
	if l.cuts == nil {
		l.cuts = make(map[int]bool)
	}
	l.cuts[rows] = true
}

// OneAnswer records that a list came in one answer, and that nothing behind it was asked for.
func (l *Lengths) OneAnswer(tail ListTail) {
	if !tail.inPages() {
		l.answer(tail.Whole(), tail.Rows)
	}
	l.tails = append(l.tails, tail)
}

// Tails are the lists that came in one answer.
func (l *Lengths) Tails() []ListTail { return l.tails }

// Doubtful returns the lists that may go on behind their rows: those that end where the server
// has cut another one off (cut is true then), and, where it has cut none, those that are as long
// as the longest answer of their sort, pages or whole lists, or longer. No server that cuts lists
// cuts them below that. Where one of these has as many documents as the server counts, it was not
// cut off, and no list of its sort was.
func (l *Lengths) Doubtful() (tails []ListTail, cut bool) {
	for _, tail := range l.tails {
		if l.cuts[tail.Rows] {
			tails = append(tails, tail)
		}
	}
	if len(tails) > 0 {
		return tails, true
	}
	for _, tail := range l.tails {
		if tail.Rows > 0 && tail.Rows >= l.longest[tail.Whole()] {
			tails = append(tails, tail)
		}
	}
	for _, tail := range tails {
		if l.counted[listOf{tail.Kind, tail.State}] == tail.Rows {
			sort := tail.Whole()
			return slices.DeleteFunc(tails, func(other ListTail) bool { return other.Whole() == sort }), false
		}
	}
	return tails, false
}

// Witnesses returns those of the longest lists behind which a run can look to learn whether the
// server has cut it off, in the order of their kinds: those that no run before has listed whole,
// by sort. There are none where the server has cut another list off, and nothing is left to learn,
// or no list is in doubt.
func (l *Lengths) Witnesses(listed func(record.Kind) bool) (sorts [][]ListTail) {
	tails, cut := l.Doubtful()
	tails = slices.DeleteFunc(slices.Clone(tails), func(tail ListTail) bool { return cut || listed(tail.Kind) || Behind(tail.Kind) == nil })
	slices.SortFunc(tails, func(a, b ListTail) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.State, b.State)) })
	for _, whole := range []bool{false, true} {
		sort := slices.DeleteFunc(slices.Clone(tails), func(tail ListTail) bool { return tail.Whole() != whole })
		if len(sort) > 0 {
			sorts = append(sorts, sort)
		}
	}
	return sorts
}

// Behind returns the kind as one whose list is read in pages, from which a run gets what
// stands behind the rows of a list; nil where no route does that.
func Behind(kind record.Kind) *catalogue.Spec {
	spec := catalogue.Lookup(kind)
	if spec.Listing.Whole {
		spec, _ = spec.InPages()
	}
	return spec
}
