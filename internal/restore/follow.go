package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// A document that is made anew gets another id, and so does what lies in it without routes of its own: the
// palettes of a colour collection. A row of a setting that is made anew gets another id too. A query that names
// one of these has to be replaced by another query, since Looker changes none. What names any of them follows:
// it is written after them, and names the new id.

// move says that something which is no document may have another id when the plan is done: a palette, a row of
// a setting, a query.
type move struct {
	with    []*node // the documents whose writing gives it another id
	unknown bool    // it gets another id for sure, and only the server knows which
	queries int     // how many queries are made for it
}

// noteMoves finds what has, or may have, another id with the documents that the plan makes anew, takes
// others for, or changes, as far as it is decided. It reports whether anything has.
func (d *draft) noteMoves(ctx context.Context) (found bool, err error) {
	d.moves = make(map[record.Ref]move)
	named := false
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		if !n.writes() && n.taken == nil || d.request.beside(ref) {
			continue
		}
		if d.hasOtherID(n) || writesInner(n.spec, n.action.Changes) {
			named, found = named || queryNames()[ref.Kind], true
			if err := d.noteInner(n); err != nil {
				return false, err
			}
		}
		if n.action.Deed != record.DeedUpdate || !n.spec.Write.OnlyNamed {
			continue
		}
		rows, err := d.partsMade(n) // under other ids
		if err != nil {
			return false, err
		}
		for _, row := range rows {
			d.moves[row], found = move{with: []*node{n}, unknown: true}, true
		}
	}
	for _, kind := range catalogue.CreationOrder() {
		if named && immutable(kind) {
			if err := d.noteQueries(ctx, kind); err != nil {
				return false, err
			}
		}
	}
	return found, nil
}

// noteInner finds what may have another id that lies in a document without routes of its own.
func (d *draft) noteInner(n *node) error {
	inner, err := canon.InnerRefs(n.spec.Write, n.body)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	for _, r := range inner {
		d.moves[r] = move{with: []*node{n}, unknown: d.hasOtherID(n) && n.pairs[r] == ""}
	}
	return nil
}

// noteQueries finds the queries of a kind that name what has another id, and that no document nests.
func (d *draft) noteQueries(ctx context.Context, kind record.Kind) error {
	held, err := d.present.all(ctx, kind)
	if err != nil {
		return err
	}
	for _, id := range sortedKeys(held) {
		body, err := d.body(ctx, held[id])
		if err != nil {
			return err
		}
		refs, err := canon.References(catalogue.Lookup(kind).Write, body)
		if err != nil {
			return fmt.Errorf("%s: %w", held[id].Ref, err)
		}
		query := move{queries: 1}
		for _, r := range refs {
			m := d.movesWith(r.Ref)
			query.with = appendNew(query.with, m.with...)
			query.queries += m.queries
		}
		query.unknown = slices.ContainsFunc(query.with, d.hasOtherID)
		if len(query.with) > 0 {
			d.moves[held[id].Ref] = query
		}
	}
	return nil
}

// hasOtherID reports whether a document has, or gets, another id than in the backup.
func (d *draft) hasOtherID(n *node) bool {
	return n.getsID() && !d.request.beside(n.Ref) || n.taken != nil
}

// movesWith says with what something has another id, a document or not.
func (d *draft) movesWith(ref record.Ref) move {
	if n := d.relative(ref); n != nil && d.hasOtherID(n) {
		return move{with: []*node{n}}
	}
	return d.moves[ref]
}

// appendNew appends more to a list, each once.
func appendNew[T comparable](list []T, more ...T) []T {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}

// follow lets documents that the plan writes, or would write if they differed, follow what they name and
// that gets another id, where they do not wait for it yet: they need not have it, or name it still although
// it is gone.
func (d *draft) follow(ctx context.Context) error {
	if found, err := d.noteMoves(ctx); err != nil || !found {
		return err
	}
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		if n.absent || !n.writes() && !d.wouldChange(n) {
			continue
		}
		if err := d.load(ctx, n); err != nil {
			return err
		}
		f, err := d.following(n)
		if err != nil {
			return err
		}
		if len(f.with) == 0 {
			continue
		}
		if f.moves {
			if err := d.weighAnew(ctx, n); err != nil {
				return err
			}
		}
		if n.writes() {
			n.needs = appendNew(n.needs, f.with...)
			n.action.PlannedCalls += f.calls
		}
	}
	return nil
}

// following is what a document has to follow.
type following struct {
	with  []*node // what it waits for
	moves bool    // something of it has another id for sure
	calls int     // at most, besides those for what is known to differ: queries are made, named and read back
}

// following finds what a document names itself or through its queries, and that has another id when the plan
// is done.
func (d *draft) following(n *node) (f following, err error) {
	refs, err := canon.References(n.spec.Write, n.body)
	if err != nil {
		return f, fmt.Errorf("%s: %w", n.Ref, err)
	}
	for _, r := range refs {
		m := d.movesWith(r.Ref)
		_, moves := d.moves[r.Ref]
		for _, need := range m.with {
			known := slices.Contains(n.needs, need) && !moves && !r.By.Loose
			if need == n || known || !d.waitsFor(n, need) {
				continue
			}
			f.with, f.moves = appendNew(f.with, need), f.moves || m.unknown || d.hasOtherID(need)
		}
		if m.queries > 0 {
			f.calls += 1 + 2*m.queries
		}
	}
	if len(f.with) == 0 {
		return f, nil
	}
	nested, err := d.nestedFollowing(n.spec.Write, n.body, f.with)
	f.calls += 2 * nested
	return f, err
}

// nestedFollowing is how many queries lie in a document, or in its parts, that name some documents.
func (d *draft) nestedFollowing(w *catalogue.Write, body []byte, with []*node) (queries int, err error) {
	count := func(w *catalogue.Write, body []byte) error {
		if len(w.Nested) == 0 {
			return nil
		}
		nested, err := canon.NestedIn(w, body)
		for _, q := range nested {
			refs, err := canon.References(catalogue.Lookup(q.Kind).Write, q.Body)
			if err != nil {
				return fmt.Errorf("%s: %w", q.Ref, err)
			}
			if slices.ContainsFunc(refs, func(r canon.Reference) bool { return d.shows(r.Ref, with) }) {
				queries++
			}
		}
		return err
	}
	if err := count(w, body); err != nil {
		return 0, err
	}
	return queries, eachPart(w.Parts, body, func(part *catalogue.Part, row canon.PartRow) error { return count(part.Write, row.Body) })
}
