package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// What lies in a document that is made anew gets another id with it: the palettes of a colour
// collection. So does a query that names such, since it never changes. Documents that name these
// follow: they wait for what is made anew, and name what stands for the old one.

// noteMoving finds what has, or may have, another id with the documents that the plan makes anew, takes
// others for, or changes, as far as it is decided. It reports whether anything has.
func (d *draft) noteMoving(ctx context.Context) (found bool, err error) {
	d.moving, d.followers = make(map[record.Ref][]*node), make(map[record.Ref]int)
	named := false
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		if n.spec.Write == nil || d.request.beside(ref) || !n.hasOtherID() && !writesInner(n.spec, n.action.Changes) {
			continue
		}
		named, found = named || queryNames()[ref.Kind], true
		inner, err := canon.InnerRefs(n.spec.Write, n.body)
		if err != nil {
			return false, fmt.Errorf("%s: %w", ref, err)
		}
		for _, r := range inner {
			d.moving[r] = []*node{n}
		}
	}
	for _, kind := range catalogue.CreationOrder() {
		if named && immutable(kind) {
			if err := d.noteMovingQueries(ctx, kind); err != nil {
				return false, err
			}
		}
	}
	return found, nil
}

// hasOtherID reports whether a document has, or gets, another id than in the backup.
func (n *node) hasOtherID() bool { return n.getsID() || n.taken != nil && n.action.Target != "" }

// noteMovingQueries finds the queries of a kind that name what gets another id, and that no document
// nests.
func (d *draft) noteMovingQueries(ctx context.Context, kind record.Kind) error {
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
		query, followers := held[id].Ref, 1
		for _, r := range refs {
			if with := d.movesWith(r.Ref); len(with) > 0 {
				d.moving[query] = appendNew(d.moving[query], with...)
				followers += d.followers[r.Ref]
			}
		}
		if len(d.moving[query]) > 0 {
			d.followers[query] = followers
		}
	}
	return nil
}

// movesWith are the documents of other ids with which something has another id.
func (d *draft) movesWith(ref record.Ref) []*node {
	if n := d.relative(ref); n != nil && n.hasOtherID() && !d.request.beside(n.Ref) {
		return []*node{n}
	}
	return d.moving[ref]
}

// moves reports whether something gets an id for sure that nobody knows yet, and is no document.
func (d *draft) moves(ref record.Ref) bool {
	return slices.ContainsFunc(d.moving[ref], func(n *node) bool { return n.hasOtherID() && n.pairs[ref] == "" })
}

// appendNew appends nodes to others, each once.
func appendNew(nodes []*node, more ...*node) []*node {
	for _, n := range more {
		if !slices.Contains(nodes, n) {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// follow lets documents that the plan writes, or would write if they differed, follow what they name and
// that gets another id, where they need not have it.
func (d *draft) follow(ctx context.Context) error {
	if found, err := d.noteMoving(ctx); err != nil || !found {
		return err
	}
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		if n.absent || n.spec.Write == nil || n.entry.Version == 0 || !n.writes() && !d.wouldChange(n) {
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

// following finds what a document names, and need not name or names through its queries, and that has
// another id when the plan is done.
func (d *draft) following(n *node) (f following, err error) {
	refs, err := canon.References(n.spec.Write, n.body)
	if err != nil {
		return f, fmt.Errorf("%s: %w", n.Ref, err)
	}
	for _, r := range refs {
		if !r.By.Loose && len(d.moving[r.Ref]) == 0 {
			continue
		}
		for _, need := range d.movesWith(r.Ref) {
			if need == n || !d.waitsFor(n, need) {
				continue
			}
			f.with, f.moves = appendNew(f.with, need), f.moves || need.hasOtherID()
		}
		if n := d.followers[r.Ref]; n > 0 {
			f.calls += 1 + 2*n
		}
	}
	if len(f.with) == 0 || n.spec.Write.Update.Array {
		return f, nil
	}
	nested, err := d.nestedFollowing(n.spec.Write, n.body, f.with)
	f.calls += 2 * nested
	return f, err
}

// nestedFollowing is how many queries lie in a document, or in its parts, that name some documents.
func (d *draft) nestedFollowing(w *catalogue.Write, body []byte, with []*node) (queries int, err error) {
	nested, err := canon.NestedIn(w, body)
	if err != nil {
		return 0, err
	}
	for _, q := range nested {
		refs, err := canon.References(catalogue.Lookup(q.Kind).Write, q.Body)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", q.Ref, err)
		}
		if slices.ContainsFunc(refs, func(r canon.Reference) bool { return d.shows(r.Ref, with) }) {
			queries++
		}
	}
	return queries, eachPart(w.Parts, body, func(part *catalogue.Part, row canon.PartRow) error {
		inner, err := d.nestedFollowing(part.Write, row.Body, with)
		queries += inner
		return err
	})
}
