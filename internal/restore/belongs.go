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

// Who belongs to a group stands with each user, and who has a role in lists of their own. They
// come back with the group or role: all of them where that is made anew, and those who were taken
// out where somebody has named it.

// hasMembersBack reports whether a document gets back who belonged to it.
func (d *draft) hasMembersBack(n *node) bool {
	if d.hasOtherID(n) {
		return true
	}
	live := n.action.Before != 0 && n.action.Deed != record.DeedImpossible
	return live && n.named && d.request.policy(n.Ref, true) == Update
}

// attachLists adds the lists of what is there and was named: who has a role, the groups in a group.
// With the switch that lets access have rules of its own come these.
func (d *draft) attachLists(ctx context.Context) error {
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		members := n.action.Before != 0 && d.hasMembersBack(n)
		for i := range n.spec.Relations {
			r := &n.spec.Relations[i]
			if r.Role != catalogue.Owns || !writable(r.Kind) {
				continue
			}
			begins := n.action.Deed == record.DeedUpdate && r.Unless != "" && len(canon.Named(n.body, r)) > 0
			if !begins && (!members || len(catalogue.Lookup(r.Kind).Write.Sets) == 0) {
				continue
			}
			list := record.Ref{Kind: r.Kind, ID: n.ID}
			e, held, err := d.past.version(ctx, list)
			if err != nil {
				return err
			}
			if !held || d.request.excluded(list) {
				continue
			}
			if _, err := d.decide(ctx, wish{Ref: list, entry: e, linked: true}); err != nil {
				return err
			}
		}
	}
	return nil
}

// attachToTaken adds the lists of what somebody has made again by hand, and takes it for what comes
// back: it has the lists that Looker or somebody gave it.
func (d *draft) attachToTaken(ctx context.Context, back map[record.Ref]*node) error {
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		if n.taken == nil {
			continue
		}
		back[ref] = n
		body, err := d.body(ctx, *n.taken)
		if err != nil {
			return err
		}
		if err := d.attachListsOf(ctx, n, bytes.Clone(body)); err != nil {
			return err
		}
	}
	return nil
}

// attachListsOf adds the parts of a document that are documents of their own, which lie in another
// one on the instance than in the backup; and theirs.
func (d *draft) attachListsOf(ctx context.Context, n *node, current []byte) error {
	for i := range n.spec.Relations {
		r := n.spec.Relations[i]
		if r.Role != catalogue.Owns || !writable(r.Kind) {
			continue
		}
		was := canon.Named(n.body, &r)
		r.Unless = "" // what it does not own yet it may in a moment
		is := canon.Named(current, &r)
		if r.Path == n.spec.Fields.ID {
			is = []string{n.action.Target}
		}
		if len(was) != 1 || len(is) != 1 {
			continue
		}
		list := record.Ref{Kind: r.Kind, ID: was[0]}
		e, held, err := d.past.version(ctx, list)
		if err != nil {
			return err
		}
		if !held || d.request.excluded(list) {
			continue
		}
		d.present.made[list] = is[0]
		if planned := d.nodes[list]; planned != nil && !planned.writes() {
			delete(d.nodes, list) // nobody knew yet in what it lies
		}
		owned, err := d.decide(ctx, wish{Ref: list, entry: e, linked: true})
		if err != nil {
			return err
		}
		if owned.writes() && n.writes() {
			owned.needs = appendNew(owned.needs, n)
		}
		if err := d.load(ctx, owned); err != nil {
			return err
		}
		now, _, exists, err := d.sees(ctx, list)
		if err != nil {
			return err
		}
		if !exists {
			continue
		}
		body, err := d.body(ctx, now)
		if err != nil {
			return err
		}
		if err := d.attachListsOf(ctx, owned, bytes.Clone(body)); err != nil {
			return err
		}
	}
	return nil
}

// ownAgain plans the rules of a document that has none of its own now and is to have them again:
// Looker makes them with the switch, from those of the place above, so that nobody has seen what
// they will be like. It reports whether it does.
func (d *draft) ownAgain(ctx context.Context, n *node, exists bool) (bool, error) {
	spec, r := ownerUnless(n.Kind)
	if r == nil || d.request.Undo != 0 || exists && !n.linked && d.request.policy(n.Ref, n.named) != Update {
		return false, nil
	}
	owner := record.Ref{Kind: spec.Name, ID: n.ID}
	e, held, err := d.past.version(ctx, owner)
	if err != nil || !held || d.request.excluded(owner) {
		return false, err
	}
	body, err := d.body(ctx, e)
	if err != nil || len(canon.Named(body, r)) == 0 {
		return false, err
	}
	now, _, there, err := d.sees(ctx, owner)
	if err != nil || !there {
		return false, err
	}
	if body, err = d.body(ctx, now); err != nil || len(canon.Named(body, r)) > 0 {
		return false, err
	}
	if planned := d.nodes[owner]; planned != nil && !planned.writes() {
		delete(d.nodes, owner) // it was to be left as it is
	}
	need, err := d.decide(ctx, wish{Ref: owner, entry: e, linked: true})
	if err != nil || !need.writes() {
		return false, err
	}
	n.needs = append(n.needs, need)
	return true, d.planOwned(ctx, n, now.ID, owner)
}

// planOwned plans what nobody has seen of a document that belongs to another one.
func (d *draft) planOwned(ctx context.Context, n *node, target string, owner record.Ref) error {
	if err := d.load(ctx, n); err != nil {
		return err
	}
	n.action.Deed, n.action.Target, n.action.Before, n.action.Expect = record.DeedCreate, target, 0, record.Digest{}
	n.action.Reason = "of " + owner.String()
	var err error
	if n.action.PlannedCalls, err = d.ownedCalls(ctx, n.spec, n.body); err != nil {
		return err
	}
	refs, err := canon.References(n.spec.Write, n.body)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	if err := d.requireAll(ctx, n, refs); err != nil || !n.writes() {
		return err
	}
	if n.action.Changes, err = canon.Changes(n.spec.Write, nil, n.body, d.resolverOf(n)); err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	return nil
}

// ownerUnless finds whose documents have one of a kind under their own id, unless a member says
// otherwise.
func ownerUnless(kind record.Kind) (*catalogue.Spec, *catalogue.Relation) {
	for _, spec := range catalogue.All() {
		for i := range spec.Relations {
			if r := &spec.Relations[i]; r.Kind == kind && r.Role == catalogue.Owns && r.Unless != "" {
				return spec, r
			}
		}
	}
	return nil, nil
}

// attachMembers adds who belonged to a group, as far as they do not any more. Nothing else of
// them becomes what it was.
func (d *draft) attachMembers(ctx context.Context) error {
	for _, spec := range catalogue.All() {
		if spec.Write == nil {
			continue
		}
		for i := range spec.Write.Sets {
			if set := &spec.Write.Sets[i]; set.Turned {
				if err := d.attachMembersBy(ctx, spec, set); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// attachMembersBy adds the documents of a kind of which a set says what they belong to.
func (d *draft) attachMembersBy(ctx context.Context, spec *catalogue.Spec, set *catalogue.Set) error {
	joins := make(map[record.Ref][]*node)
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		if ref.Kind != set.Kind || !d.hasMembersBack(n) {
			continue
		}
		then, err := d.pastOf(ctx, n.entry)
		if err != nil {
			return err
		}
		held, err := then.all(ctx, spec.Name)
		if err != nil {
			return err
		}
		for _, e := range held {
			body, err := d.body(ctx, e)
			if err != nil {
				return err
			}
			ids, err := canon.SetIDs(set, body)
			if err != nil {
				return fmt.Errorf("%s: %w", e.Ref, err)
			}
			if e.State == record.Present && slices.Contains(ids, n.ID) {
				joins[e.Ref] = append(joins[e.Ref], n)
			}
		}
	}
	for _, ref := range sortedRefs(joins) {
		if err := d.attachMember(ctx, ref, set, joins[ref]); err != nil {
			return err
		}
	}
	return nil
}

// attachMember lets one document belong again to what it belonged to.
func (d *draft) attachMember(ctx context.Context, ref record.Ref, set *catalogue.Set, to []*node) error {
	if planned := d.relative(ref); planned != nil && planned.writes() || d.request.excluded(ref) {
		return nil // it comes back itself, with what it belonged to
	}
	now, seen, exists, err := d.sees(ctx, ref)
	if err != nil || !exists || seen == unseen || seen == unlisted {
		return err // decided when it was looked at
	}
	missing, err := d.notIn(ctx, now, set, to)
	if err != nil || len(missing) == 0 {
		return err
	}
	if now.ID == d.Caller.ID && now.Kind == catalogue.Users {
		d.note("%s belonged to %s, and is the user of the API key, who is never changed: put it there by hand", (record.Action{Ref: now.Ref, Name: now.Name}).Title(), missing[0].Ref)
		return nil
	}
	w := wish{Ref: now.Ref, entry: now, linked: true}
	for _, n := range missing {
		w.joins = append(w.joins, n.ID)
	}
	delete(d.nodes, now.Ref) // it was to be left as it is
	member, err := d.decide(ctx, w)
	if err != nil {
		return err
	}
	for _, n := range missing {
		if member.writes() && n.writes() {
			member.needs = appendNew(member.needs, n)
		}
	}
	return nil
}

// notIn are those of some documents to which another one does not belong now.
func (d *draft) notIn(ctx context.Context, now vault.Entry, set *catalogue.Set, to []*node) (missing []*node, err error) {
	body, err := d.body(ctx, now)
	if err != nil {
		return nil, err
	}
	ids, err := canon.SetIDs(set, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", now.Ref, err)
	}
	for _, n := range to {
		if id, _ := d.resolver(n.Kind, n.ID); !slices.Contains(ids, id) {
			missing = append(missing, n)
		}
	}
	return missing, nil
}

// join adds to the set of what a document belongs to what it is to belong to again. Of what is only
// to show again what it showed, no part comes back that has nothing to do with that.
func (d *draft) join(n *node) (err error) {
	if n.linked {
		if n.body, err = d.request.wanted(n.Ref, n.body); err != nil {
			return fmt.Errorf("%s: %w", n.Ref, err)
		}
	}
	if len(n.joins) == 0 {
		return nil
	}
	for i := range n.spec.Write.Sets {
		set := &n.spec.Write.Sets[i]
		if !set.Turned {
			continue
		}
		ids, err := canon.SetIDs(set, n.body)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Ref, err)
		}
		return d.override(n, set.At, idArray(append(ids, n.joins...)))
	}
	return nil
}
