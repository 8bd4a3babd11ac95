package restore

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// attach adds what went along with the documents that come back: the schedules and
// alerts of a dashboard, the access rules of a folder, the members of a role.
func (d *draft) attach(ctx context.Context) error {
	back := make(map[record.Ref]*node)
	copied := make(map[record.Ref]*node) // folders, which let in whom the first ones let in
	parts := make(map[record.Ref]*node)  // what comes back in documents that are there
	kinds := make(map[record.Kind]bool)
	for ref, n := range d.nodes {
		switch n.action.Deed {
		case record.DeedCreate, record.DeedUndelete:
			if d.request.isCopy(ref) && n.spec.Place == catalogue.IsFolder {
				copied[ref] = n
			}
			if d.request.beside(ref) {
				continue // what went along with the document is still there
			}
			back[ref] = n
			kinds[ref.Kind] = true
		case record.DeedUpdate, record.DeedMove, record.DeedReuse:
			others, err := d.partsOfOtherIDs(n)
			if err != nil {
				return err
			}
			for _, part := range others {
				parts[part] = n
				kinds[ref.Kind] = true
			}
		}
	}
	if err := d.attachOwned(ctx, copied); err != nil {
		return err
	}
	if err := d.attachLists(ctx); err != nil {
		return err
	}
	if err := d.attachToTaken(ctx, back); err != nil {
		return err
	}
	if err := d.attachHanging(ctx, back, parts, kinds); err != nil {
		return err
	}
	if err := d.attachLinks(ctx, back); err != nil {
		return err
	}
	return d.attachMembers(ctx)
}

// attachHanging adds what lay in what comes back, or hung on it.
func (d *draft) attachHanging(ctx context.Context, back, parts map[record.Ref]*node, kinds map[record.Kind]bool) error {
	if len(kinds) == 0 {
		return nil
	}
	if err := d.attachOwned(ctx, back); err != nil {
		return err
	}
	for _, spec := range catalogue.All() {
		if spec.Write == nil || spec.Write.OnlyNamed || spec.Listing.Followed || !hangsOn(spec, kinds) {
			continue
		}
		if err := d.attachKind(ctx, spec, back, parts); err != nil {
			return err
		}
	}
	return nil
}

// hangsOn reports whether documents of a kind go when those that they lie in or hang on
// go, and those are of some kinds.
func hangsOn(spec *catalogue.Spec, kinds map[record.Kind]bool) bool {
	return slices.ContainsFunc(spec.Relations, func(r catalogue.Relation) bool {
		return r.Role == catalogue.Parent && kinds[r.Kind]
	})
}

// attachKind adds the documents of a kind that lay in, or hung on, what comes back, and
// were there when that was seen last.
func (d *draft) attachKind(ctx context.Context, spec *catalogue.Spec, back, parts map[record.Ref]*node) error {
	if spec.Place != catalogue.Nowhere {
		return nil // what lies in a folder is selected by itself, or by --folder
	}
	held, err := d.past.all(ctx, spec.Name)
	if err != nil {
		return err
	}
	recreated := false
	for _, n := range back {
		recreated = recreated || n.recreated
	}
	for _, e := range d.originalsFirst(held) {
		planned := d.relative(e.Ref)
		if planned != nil && (planned.Ref != e.Ref || !recreated) || d.request.excluded(e.Ref) {
			continue
		}
		body, err := d.body(ctx, e)
		if err != nil {
			return err
		}
		parent := d.parentIn(spec, body, back, parts)
		if parent == nil || !alive(e, parent.entry) || planned != nil && !parent.recreated {
			continue
		}
		wanted := wish{Ref: e.Ref, entry: e}
		if planned != nil { // when nobody knew that it hangs on what is made anew
			wanted.entry, wanted.named = planned.entry, planned.named
			delete(d.nodes, e.Ref)
		}
		again := parent.recreated
		if !again && onPart(spec) {
			if again, err = d.hangsElsewhere(ctx, spec, e.Ref, bytes.Clone(body), parent); err != nil {
				return err
			}
		}
		wanted.attached, wanted.linked, wanted.anew = !again, again, parent.recreated && onPart(spec)
		n, err := d.decide(ctx, wanted)
		if err != nil {
			return err
		}
		if n.writes() && parent.writes() {
			n.needs = appendNew(n.needs, parent)
		}
	}
	return nil
}

// onPart reports whether documents of a kind hang on a part of another one, as alerts on a tile: none
// moves to another part.
func onPart(spec *catalogue.Spec) bool {
	return slices.ContainsFunc(spec.Relations, func(r catalogue.Relation) bool { return r.Role == catalogue.Parent && r.Part != "" })
}

// parentIn is the document that comes back on which a body hangs, nil for none.
func (d *draft) parentIn(spec *catalogue.Spec, body []byte, back, parts map[record.Ref]*node) *node {
	for i := range spec.Relations {
		r := &spec.Relations[i]
		if r.Role != catalogue.Parent {
			continue
		}
		for _, id := range canon.Named(body, r) {
			if r.Part != "" {
				if n := parts[record.Ref{Kind: listOf(r), ID: id}]; n != nil {
					return n
				}
				if n := d.ownerOfPart(r, id, back); n != nil {
					return n
				}
				continue
			}
			if n := back[record.Ref{Kind: r.Kind, ID: id}]; n != nil {
				return n
			}
		}
	}
	return nil
}

// ownerOfPart is the document that comes back of which a part is named.
func (d *draft) ownerOfPart(r *catalogue.Relation, id string, back map[record.Ref]*node) *node {
	for ref, n := range back {
		if ref.Kind != r.Kind {
			continue
		}
		part := catalogue.Relation{Path: r.Part}
		if slices.Contains(canon.Named(n.body, &part), id) {
			return n
		}
	}
	return nil
}

// attachOwned adds the parts of what is made anew that are documents of their own: a new
// folder has no access rules, a new role no users. They may have parts themselves.
func (d *draft) attachOwned(ctx context.Context, back map[record.Ref]*node) error {
	for _, ref := range sortedRefs(back) {
		if n := back[ref]; n.action.Deed == record.DeedCreate && !n.spec.Owned() {
			if err := d.attachParts(ctx, n); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *draft) attachParts(ctx context.Context, owner *node) error {
	return d.attachPartsOf(ctx, owner, holding{owner.Ref, owner.spec, owner.body})
}

// holding is a document that has parts which are documents of their own.
type holding struct {
	record.Ref
	spec *catalogue.Spec
	body []byte
}

// attachPartsOf adds the parts of a document that comes with owner: owner itself, or what the
// server makes with it.
func (d *draft) attachPartsOf(ctx context.Context, owner *node, holder holding) error {
	for i := range holder.spec.Relations {
		r := &holder.spec.Relations[i]
		if r.Role != catalogue.Owns || !writable(r.Kind) {
			continue
		}
		for _, id := range canon.Named(holder.body, r) {
			ref := record.Ref{Kind: r.Kind, ID: id}
			then, err := d.pastOfOwned(ctx)
			if err != nil {
				return err
			}
			e, held, err := then.version(ctx, ref)
			if err != nil {
				return err
			}
			if !held && r.Follow && !d.request.excluded(ref) && !d.request.isCopy(owner.Ref) {
				d.tellNotStored(owner, ref)
			}
			if !held || d.nodes[ref] != nil && !d.waitsForOwner(ref) || d.request.excluded(ref) {
				continue
			}
			body, made, err := d.madeByServer(ctx, e)
			if err != nil {
				return err
			}
			if made {
				spec, _ := catalogue.Find(ref.Kind)
				if err := d.attachPartsOf(ctx, owner, holding{ref, spec, body}); err != nil {
					return err
				}
				continue
			}
			n, err := d.decideOwned(ctx, wish{Ref: ref, entry: e, attached: true}, owner, holder.Ref)
			if err != nil {
				return err
			}
			if err := d.attachParts(ctx, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// tellNotStored notes that what belongs to a document which is made anew is in no backup.
func (d *draft) tellNotStored(owner *node, part record.Ref) {
	if catalogue.Lookup(part.Kind).OptIn {
		d.note("%s that are made anew come back without %s, which no run has stored, since none was asked for them", owner.Ref.Kind, part.Kind)
		return
	}
	d.note("%s comes back without %s, which no run has stored", owner.action.Title(), part)
}

// waitsForOwner reports whether a document was impossible as nobody had decided yet that what it is
// a part of is made anew.
func (d *draft) waitsForOwner(ref record.Ref) bool {
	n := d.nodes[ref]
	return n.spec.Owned() && n.action.Deed == record.DeedImpossible && n.action.Before == 0
}

// madeByServer reports whether a document that belongs to another one is made by the server
// alone: a personal folder. It returns its body then.
func (d *draft) madeByServer(ctx context.Context, e vault.Entry) (body []byte, made bool, err error) {
	spec, _ := catalogue.Find(e.Kind)
	if spec.Owned() {
		return nil, false, nil
	}
	if body, err = d.body(ctx, e); err != nil {
		return nil, false, err
	}
	return bytes.Clone(body), canon.Guarded(spec.Write, body) != nil, nil
}

// decideOwned plans a part of a document that is made anew: what it will be like then,
// nobody has seen.
func (d *draft) decideOwned(ctx context.Context, w wish, owner *node, holder record.Ref) (*node, error) {
	spec, _ := catalogue.Find(w.Kind)
	n := &node{wish: w, spec: spec, needs: []*node{owner}}
	n.action = record.Action{
		Ref: w.Ref, Version: w.entry.Version, Name: w.entry.Name, State: record.ActionPlanned,
		Deed: record.DeedCreate, Reason: "of " + holder.String(),
	}
	if n.action.Name == "" {
		n.action.Name = owner.action.Name
	}
	d.nodes[w.Ref] = n
	d.families[d.present.first(w.Ref)] = n
	if d.request.isCopy(owner.Ref) {
		d.request.Beside = append(d.request.Beside, w.Ref)
	}
	body, err := d.body(ctx, w.entry)
	if err != nil {
		return nil, err
	}
	n.body = slices.Clone(body)
	if n.action.PlannedCalls, err = d.ownedCalls(ctx, spec, n.body); err != nil {
		return nil, err
	}
	if g := canon.Guarded(spec.Write, n.body); g != nil {
		n.leaveGuarded(g)
		return n, nil
	}
	if err := d.leaveOutGuarded(n, nil); err != nil {
		return nil, err
	}
	if n.action.Changes, err = canon.Changes(spec.Write, nil, n.body, d.resolverOf(n)); err != nil {
		return nil, fmt.Errorf("%s: %w", n.Ref, err)
	}
	refs, err := canon.References(spec.Write, n.body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Ref, err)
	}
	return n, d.requireAll(ctx, n, refs)
}

// alive reports whether a document was there when another one was seen last.
func alive(e, other vault.Entry) bool {
	return e.GoneRun == 0 || e.GoneRun > other.LastRun
}

func sortedKeys(held map[string]vault.Entry) []string {
	ids := make([]string, 0, len(held))
	for id := range held {
		ids = append(ids, id)
	}
	return sortedIDs(ids)
}

func sortedRefs[V any](nodes map[record.Ref]V) []record.Ref {
	refs := make([]record.Ref, 0, len(nodes))
	for ref := range nodes {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, compareRefs)
	return refs
}
