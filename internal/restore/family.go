package restore

import (
	"context"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// What restores made for a document, what they made for that when it was lost again, and
// the document itself are one document, which has another id each time: a family, known by
// the first one.

// first is the document for which one was made in the beginning, itself where none was.
func (p *present) first(ref record.Ref) record.Ref {
	if of, copied := p.copies[ref]; copied {
		return of
	}
	return ref
}

// joinFamilies lets what was made last of each family stand for all of it: where an undo has taken back
// what stood for one member, another restore may have made something for another one since.
func (p *present) joinFamilies(mappings []record.Mapping) {
	newest := make(map[record.Ref]record.Mapping)
	for _, m := range mappings {
		first, made := p.copies[record.Ref{Kind: m.Kind, ID: m.TargetID}]
		if made && m.State == record.MapLive && !m.At.Before(newest[first].At) {
			newest[first] = m
		}
	}
	stands := func(member record.Ref, m record.Mapping) {
		if delete(p.mapped, member); m.TargetID != member.ID {
			p.mapped[member] = m.TargetID
		}
	}
	for first, m := range newest {
		stands(first, m)
	}
	for member, first := range p.copies {
		if m, ok := newest[first]; ok {
			stands(member, m)
		}
	}
}

// oneOfEach leaves of what is chosen one of each family: the one that the instance had
// last. Who names a document by its id means that one.
func (p *planner) oneOfEach(chosen map[record.Ref]wish) {
	families := make(map[record.Ref][]record.Ref)
	for ref := range chosen {
		first := p.present.first(ref)
		families[first] = append(families[first], ref)
	}
	for first, members := range families {
		last := p.present.target(first)
		if _, ok := chosen[last]; !ok {
			last = first
		}
		if _, ok := chosen[last]; !ok || len(members) == 1 {
			continue
		}
		for _, ref := range members {
			if ref != last && !chosen[ref].named {
				delete(chosen, ref)
			}
		}
	}
}

// relative is the node of the family of a document, nil where the plan has none.
func (d *draft) relative(ref record.Ref) *node {
	if n := d.nodes[ref]; n != nil {
		return n
	}
	return d.families[d.present.first(ref)]
}

// representative is the document of a family that the plan is about, or that it has to be
// about where something needs it.
func (d *draft) representative(ctx context.Context, ref record.Ref) (record.Ref, error) {
	if n := d.relative(ref); n != nil {
		return n.Ref, nil
	}
	last := d.present.target(d.present.first(ref))
	if last == ref {
		return ref, nil
	}
	_, held, err := d.past.version(ctx, last)
	if err != nil || !held {
		return ref, err
	}
	return last, nil
}

// originalsFirst are documents in the order of their ids, those that restores have made
// for others behind these.
func (d *draft) originalsFirst(held map[string]vault.Entry) []vault.Entry {
	var originals, copies []vault.Entry
	for _, id := range sortedKeys(held) {
		if _, copied := d.present.copies[held[id].Ref]; copied {
			copies = append(copies, held[id])
			continue
		}
		originals = append(originals, held[id])
	}
	return append(originals, copies...)
}

// madeFor is what somebody means who names what a restore has made and no backup has seen since: that
// for which it was made. made is false where no restore did.
func (p *planner) madeFor(ctx context.Context, ref record.Ref) (w wish, made bool, err error) {
	first := p.present.first(ref)
	if first == ref {
		return wish{}, false, nil
	}
	if _, held, err := p.past.version(ctx, first); err != nil || !held {
		return wish{}, false, err
	}
	p.note("%s is what restores have made of %s, which comes back", ref, first)
	w, err = p.namedItem(ctx, first)
	return w, true, err
}
