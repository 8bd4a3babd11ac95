package stages

import (
	"slices"

	"github.com/lookervault/lookervault/internal/record"
)

// mostContradicting is how many contradictions between rows of two kinds are looked into: some
// servers may show less of a document in another one.
const mostContradicting = Samples

// shown is what the first row showed of a document that may show up in others.
type shown struct {
	by     record.Ref
	arrays map[string]int
}

// mostShown is of how many documents the ledger keeps what rows show of them.
const mostShown = 10_000

// Shows records how many elements the arrays of a document have as a row shows it, its own or that of
// a document which holds it whole. Where two rows contradict each other, one of them lacks
// something, and both documents are recorded as unclear.
func (l *Ledger) Shows(of, by record.Ref, arrays map[string]int) {
	before, known := l.shownBefore(of, by, arrays)
	if !known {
		return
	}
	for name, n := range arrays {
		if other, both := before.arrays[name]; both && other != n {
			l.contradict(before.by, by, before.by, by)
			return
		}
	}
}

// shownBefore returns what another row has shown of a document, and keeps this one where none has.
func (l *Ledger) shownBefore(of, by record.Ref, arrays map[string]int) (before shown, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shown == nil {
		l.shown = make(map[record.Ref]shown)
	}
	before, known = l.shown[of]
	if !known && len(l.shown) < mostShown {
		l.shown[of] = shown{by, arrays}
	}
	return before, known && before.by != by
}

// contradict counts that two documents contradict each other, and records as unclear those whose
// rows may be wrong.
func (l *Ledger) contradict(one, other record.Ref, unclear ...record.Ref) {
	l.mu.Lock()
	pair := [2]record.Kind{one.Kind, other.Kind}
	if pair[0] > pair[1] {
		pair[0], pair[1] = pair[1], pair[0]
	}
	if l.contradictions == nil {
		l.contradictions = make(map[[2]record.Kind]int)
	}
	l.contradictions[pair]++
	tooMany := l.contradictions[pair] > mostContradicting
	l.mu.Unlock()
	for _, ref := range unclear {
		if !tooMany {
			l.Unclear(ref.Kind, record.Listed{ID: ref.ID, State: record.Present})
		}
	}
}

// NamesBack records what the row of a document names at one of the members by which it names back
// what names it, see [catalogue.Relation].
func (l *Ledger) NamesBack(row record.Ref, member string, ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.back == nil {
		l.back = make(map[record.Ref]map[string][]string)
	}
	if l.back[row] == nil && len(l.back) < mostShown {
		l.back[row] = make(map[string][]string)
	}
	if known := l.back[row]; known != nil {
		known[member] = ids
	}
}

// IsNamed records that a document names another one, which names it back at a member. Where the row
// of that did not, it lacks something, and is recorded as unclear.
func (l *Ledger) IsNamed(named, by record.Ref, member string) {
	l.mu.Lock()
	ids, known := l.back[named][member]
	l.mu.Unlock()
	if known && !slices.Contains(ids, by.ID) {
		l.contradict(by, named, named)
	}
}
