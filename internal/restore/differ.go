package restore

import (
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// comparison is what two versions of a document say of each other, whatever a draft decides.
// A plan is drafted several times, and to read a large dashboard takes milliseconds.
type comparison struct {
	expect  record.Digest
	refs    []canon.Reference // of what is wanted
	changes []record.Change   // where ids are what they were
}

// unchanged reports whether what is wanted of a document is the very version that the
// instance has, and all that it names is called what it was called. Whether what somebody names
// still hangs on something its body does not tell.
func (d *draft) unchanged(n *node, now vault.Entry) bool {
	return now.Version == n.entry.Version && !n.linked && !n.everTrashed && len(d.present.made) == 0 && len(d.request.Assigned) == 0 && (!n.named || !onPart(n.spec))
}

// differ compares what is wanted of a document with what is there, and returns what is
// wanted names.
func (d *draft) differ(n *node, now vault.Entry, current []byte) ([]canon.Reference, error) {
	if err := n.sameDocument(now.Ref, current); err != nil {
		return nil, err
	}
	versions := [2]int64{now.Version, n.entry.Version}
	c := d.comparisons[versions]
	if c == nil || d.request.IntoID != "" { // which gives what is wanted another place
		c = &comparison{}
		var err error
		if c.expect, err = expectation(n.spec, current); err != nil {
			return nil, err
		}
		if c.refs, err = canon.References(n.spec.Write, n.body); err != nil {
			return nil, err
		}
		if c.changes, err = canon.Changes(n.spec.Write, current, n.body, canon.Itself); err != nil {
			return nil, err
		}
		d.comparisons[versions] = c
	}
	n.action.Expect, n.action.Changes = c.expect, slices.Clone(c.changes)
	var err error
	if exchangesParts(n, c.changes) || d.partsRenamed(n) {
		if n.pairs, err = d.pairParts(n.spec.Write, holder{id: now.ID, wanted: n.body, now: current}, d.resolverOf(n)); err != nil {
			return nil, err
		}
	}
	if err := d.pairInner(n, current); err != nil {
		return nil, err
	}
	if len(n.pairs) > 0 || d.renames(n, c.refs) {
		if n.action.Changes, err = canon.Changes(n.spec.Write, current, n.body, d.resolverOf(n)); err != nil {
			return nil, err
		}
	}
	d.withoutMembers(n)
	d.withoutLasting(n)
	return slices.Clone(c.refs), nil
}

// pairInner finds what stands for the things that lie in a document without routes of their own, where
// they stay as they are.
func (d *draft) pairInner(n *node, current []byte) error {
	if len(n.spec.Write.Inner) == 0 || writesInner(n.spec, n.action.Changes) {
		return nil
	}
	pairs, err := canon.InnerPairs(n.spec.Write, n.body, current)
	for _, p := range pairs {
		if p.Target == p.Ref.ID {
			continue
		}
		if n.pairs == nil {
			n.pairs = make(map[record.Ref]string)
		}
		d.present.made[p.Ref], n.pairs[p.Ref] = p.Target, p.Target
	}
	return err
}

// writesInner reports whether changes are about what lies in a document without routes of its own: Looker
// may give it other ids with them.
func writesInner(spec *catalogue.Spec, changes []record.Change) bool {
	return slices.ContainsFunc(changes, func(c record.Change) bool {
		return slices.ContainsFunc(spec.Write.Inner, func(inner catalogue.Inner) bool {
			rest, ok := strings.CutPrefix(c.Path, inner.At)
			return ok && (rest == "" || strings.ContainsAny(rest[:1], ".[/"))
		})
	})
}

// renames reports whether something that a document names, or a part of it, has another id
// on the instance than in the backup.
func (d *draft) renames(n *node, refs []canon.Reference) bool {
	resolve := d.resolverOf(n)
	if n.leads || slices.ContainsFunc(refs, func(r canon.Reference) bool {
		id, ok := resolve(r.Kind, r.ID)
		return !ok || id != r.ID
	}) {
		return true
	}
	return d.partsRenamed(n)
}

// partsRenamed reports whether restores have made parts such as a document has, under other ids.
func (d *draft) partsRenamed(n *node) bool {
	return slices.ContainsFunc(partLists(n.spec.Write.Parts), func(l partList) bool { return d.present.partsMapped[l.part.Name] })
}
