package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// owns reports whether documents of a kind have parts that are documents of their own,
// under ids that the server gives.
func owns(spec *catalogue.Spec) bool {
	return slices.ContainsFunc(spec.Relations, func(r catalogue.Relation) bool { return r.Role == catalogue.Owns && r.Path != spec.Fields.ID })
}

// isMadeWith reports whether a relation leads to what the server makes together with a document of the
// row, and which is no part of it: a personal folder.
func isMadeWith(r *catalogue.Relation) bool {
	return r.Role == catalogue.Owns && !catalogue.Lookup(r.Kind).Owned()
}

// hasOwnRoute reports whether a document is not made as others of its kind: a service account.
func hasOwnRoute(n *node) bool { return n.spec.Write != catalogue.Lookup(n.Kind).Write }

// tellMayLack notes what may not come with a document that is made by a route of its own: a service account
// had a personal folder, and nobody knows whether Looker gives it one again.
func (d *draft) tellMayLack(n *node) {
	if !hasOwnRoute(n) || d.request.isCopy(n.Ref) {
		return
	}
	for i := range n.spec.Relations {
		r := &n.spec.Relations[i]
		if !isMadeWith(r) {
			continue
		}
		for _, id := range canon.Named(n.body, r) {
			n.action.PlannedCalls++ // the answer may not tell
			d.note("whether Looker makes one in place of %s for %s, which it makes by %s, shows when that is done: else its access rules do not come back, and what lay there comes into the personal folder of the user of the API key",
				record.Ref{Kind: r.Kind, ID: id}, n.action.Title(), n.spec.Write.Create)
		}
	}
}

// saysTooLittle reports whether the answer to a creation, nil where it was lost, is not enough to go on. That
// to a service account does not say whether Looker has made a personal folder.
func (t *task) saysTooLittle(answer []byte) bool {
	if answer == nil {
		w := t.spec.Write
		return len(w.Late) > 0 || len(w.Parts) > 0 || len(w.Sets) > 0 || len(w.Inner) > 0 || owns(t.spec)
	}
	return slices.ContainsFunc(t.spec.Relations, func(r catalogue.Relation) bool {
		return isMadeWith(&r) && len(canon.Named(t.wanted, &r)) > 0 && canon.Member(answer, r.Path) == nil
	})
}

// tellNotMadeWith says that a document has come without what the server had made with it once.
func (t *task) tellNotMadeWith(now []byte) {
	for i := range t.spec.Relations {
		r := &t.spec.Relations[i]
		if !isMadeWith(r) || len(canon.Named(now, r)) > 0 {
			continue
		}
		for _, id := range canon.Named(t.wanted, r) {
			ref := record.Ref{Kind: r.Kind, ID: id}
			t.remark = fmt.Sprintf("Looker has made none of its own for it in place of %s: the access rules of that do not come back", ref)
			if place := t.request.Places[id]; place != "" && r.Kind == catalogue.Folders {
				t.remark += fmt.Sprintf(", and what lay there came into folders/%s", place)
			}
		}
	}
}

// neverMade reports whether an action is about a part of what the server was to make with a document,
// and has not.
func (t *task) neverMade(ctx context.Context) (bool, error) {
	if t.action.Deed != record.DeedCreate || t.action.Target != "" || t.own != nil || t.isCalled(t.action.Ref) {
		return false, nil
	}
	for _, seq := range t.action.Needs {
		owner := t.actionAt(seq)
		if owner.Deed != record.DeedCreate || owner.State == record.ActionSkipped {
			return owner.Deed == record.DeedCreate, nil
		}
		spec := catalogue.Lookup(owner.Kind)
		if owner.Target == "" || !slices.ContainsFunc(spec.Relations, func(r catalogue.Relation) bool { return isMadeWith(&r) }) {
			continue
		}
		now, err := t.getOne(ctx, spec, owner.Target)
		if err != nil {
			return false, fmt.Errorf("read %s/%s, which it belongs to: %w", owner.Kind, owner.Target, err)
		}
		return !slices.ContainsFunc(spec.Relations, func(r catalogue.Relation) bool { return isMadeWith(&r) && len(canon.Named(now, &r)) > 0 }), nil
	}
	return false, nil
}

// isCalled reports whether it is known what a document of the backup is called on the instance.
func (a *applier) isCalled(ref record.Ref) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, known := a.ids[ref]
	return known
}

// actionAt is an action of the plan as it is now.
func (a *applier) actionAt(seq int) record.Action {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.plan.Actions[seq-1]
}

// enterMadeWith enters what the parts are called of something that the server has made together
// with the document, where the plan writes them: the access rules of the personal folder of a
// new user.
func (t *task) enterMadeWith(ctx context.Context, now []byte) error {
	for i := range t.spec.Relations {
		r := &t.spec.Relations[i]
		if !isMadeWith(r) {
			continue
		}
		spec := catalogue.Lookup(r.Kind)
		for j := range spec.Relations {
			part := &spec.Relations[j]
			planned := t.waiting(part.Kind)
			if part.Role != catalogue.Owns || planned.ID == "" {
				continue
			}
			for _, id := range canon.Named(now, r) {
				made, err := t.getOne(ctx, spec, id)
				if err != nil {
					return fmt.Errorf("read %s/%s, which came with it: %w", r.Kind, id, err)
				}
				for _, is := range canon.Named(made, part) {
					t.enter(planned, is, record.MapCreated)
				}
			}
		}
	}
	return nil
}

// waiting is what the plan writes of a kind when this action is done, nothing for none.
func (t *task) waiting(kind record.Kind) record.Ref {
	for _, action := range t.plan.Actions {
		if action.Kind == kind && slices.Contains(action.Needs, t.action.Seq) {
			return action.Ref
		}
	}
	return record.Ref{}
}
