package restore

import (
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
	if n.getsID() && !d.request.beside(n.Ref) {
		return true
	}
	live := n.action.Before != 0 && n.action.Deed != record.DeedImpossible && n.action.Deed != record.DeedDelete
	return live && n.named && d.request.policy(n.Ref, true) == Update
}

// attachLists adds the lists of what is there and was named: who has a role, the groups in a group.
func (d *draft) attachLists(ctx context.Context) error {
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		if n.action.Before == 0 || !d.hasMembersBack(n) {
			continue
		}
		for i := range n.spec.Relations {
			r := &n.spec.Relations[i]
			spec, ok := catalogue.Find(r.Kind)
			if !ok || r.Role != catalogue.Owns || spec.Write == nil || len(spec.Write.Sets) == 0 {
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
	for _, ref := range sortedIDsOf(joins) {
		if err := d.attachMember(ctx, ref, set, joins[ref]); err != nil {
			return err
		}
	}
	return nil
}

func sortedIDsOf(joins map[record.Ref][]*node) []record.Ref {
	refs := make([]record.Ref, 0, len(joins))
	for ref := range joins {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, compareRefs)
	return refs
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
		d.note("%s belonged to %s, and is the user of the API key, who is never changed: put it there by hand", title(record.Action{Ref: now.Ref, Name: now.Name}), missing[0].Ref)
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
		if member.writes() && n.writes() && !slices.Contains(member.needs, n) {
			member.needs = append(member.needs, n)
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

// join adds to the set of what a document belongs to what it is to belong to again.
func (d *draft) join(n *node) error {
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
