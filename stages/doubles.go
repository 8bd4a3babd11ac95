package stages

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
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

// NoteBacks records what a row of a document names at the members by which it names back what names
// it: the roles of a user.
func (l *Ledger) NoteBacks(kind *catalogue.Spec, id string, row []byte) {
	for _, member := range kind.Backs() {
		value := canon.Member(row, member)
		if _, err := canon.Rows(value); err != nil {
			continue // of what is no array nothing is known
		}
		ids := canon.Named(row, &catalogue.Relation{Path: member})
		l.NamesBack(record.Ref{Kind: kind.Name, ID: id}, member, ids)
	}
}

// RecallBacks does that with what an earlier part of the run has stored of some kinds.
func (o *ListOptions) RecallBacks(ctx context.Context, kinds []*catalogue.Spec) error {
	for _, kind := range kinds {
		if len(kind.Backs()) == 0 {
			continue
		}
		ids, err := o.Store.Settled(ctx, kind.Name, "", mostShown)
		if err != nil {
			return fmt.Errorf("find %s that are stored: %w", kind.Name, err)
		}
		for _, id := range ids {
			row, err := o.Store.Body(ctx, record.Ref{Kind: kind.Name, ID: id})
			if err != nil {
				return fmt.Errorf("read what is stored of %s/%s: %w", kind.Name, id, err)
			}
			o.Ledger.NoteBacks(kind, id, row)
		}
	}
	return nil
}

// Names records that a document was read which names others that name it back.
func (l *Ledger) Names(by record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.naming == nil {
		l.naming = make(map[record.Ref]map[string]bool)
	}
	if l.naming[by] == nil {
		l.naming[by] = make(map[string]bool)
	}
}

// IsNamed records that a document names another one, which names it back at a member. Where the row
// of that did not, it lacks something, and is recorded as unclear.
func (l *Ledger) IsNamed(named, by record.Ref, member string) {
	l.mu.Lock()
	ids, known := l.back[named][member]
	if known && l.naming[by] != nil {
		l.naming[by][named.ID] = true
	}
	l.mu.Unlock()
	if known && !slices.Contains(ids, by.ID) {
		l.contradict(by, named, named)
	}
}

// notNamed returns, by the ids of documents of a kind that were read since the last call, those whose
// rows name them at a member, and which they do not name.
func (l *Ledger) notNamed(kind record.Kind, relation *catalogue.Relation) map[string][]record.Ref {
	l.mu.Lock()
	defer l.mu.Unlock()
	missing := make(map[string][]record.Ref)
	for row, members := range l.back {
		if row.Kind != relation.Kind {
			continue
		}
		for _, id := range members[relation.Back] {
			if named, read := l.naming[record.Ref{Kind: kind, ID: id}]; read && !named[row.ID] {
				missing[id] = append(missing[id], row)
			}
		}
	}
	for by := range l.naming {
		if by.Kind == kind {
			delete(l.naming, by)
		}
	}
	return missing
}

// CheckNamed holds what rows name back against the documents of some kinds that are committed and do
// not name them: the roles of a user's row against the users of each role. Where nothing else gives
// a user that role, one of both lacks something, and both are recorded as unclear.
func (o *ListOptions) CheckNamed(ctx context.Context, kinds []*catalogue.Spec) error {
	for _, kind := range kinds {
		for i := range kind.Relations {
			if relation := &kind.Relations[i]; relation.Beside != "" {
				if err := o.checkNamed(ctx, kind.Name, relation); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (o *ListOptions) checkNamed(ctx context.Context, kind record.Kind, relation *catalogue.Relation) error {
	missing := o.Ledger.notNamed(kind, relation)
	for _, id := range slices.Sorted(maps.Keys(missing)) {
		beside := record.Ref{Kind: relation.Beside, ID: id}
		body, err := o.Store.Body(ctx, beside)
		if err != nil {
			return fmt.Errorf("read what is stored of %s: %w", beside, err)
		}
		if rows, err := canon.Rows(body); err != nil || len(rows) > 0 {
			continue // something else may, or nobody knows what does
		}
		by := record.Ref{Kind: kind, ID: id}
		for _, row := range missing[id] {
			o.Ledger.contradict(by, row, by, row)
		}
	}
	return nil
}
