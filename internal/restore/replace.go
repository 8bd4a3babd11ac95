package restore

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Looker moves no alert to another tile. One that has to hang on another tile is made anew there,
// asleep, and the one that is there is deleted when that is done: a kill leaves more, never less. It
// is woken when the other one is gone, so that nobody is mailed twice.

// replace plans to make a document anew and to delete the one that is there, since no update makes
// that what is wanted.
func (d *draft) replace(ctx context.Context, n *node, now vault.Entry, current []byte, fixed record.Change) error {
	expect := n.action.Expect
	n.action.Deed, n.action.Target, n.action.Before, n.action.Expect = "", "", 0, record.Digest{}
	other, err := d.another(ctx, n) // somebody has set it up there already
	switch {
	case err != nil || n.action.Deed != "":
		return err
	case other != nil:
		return d.takeFor(ctx, n, *other)
	}
	if err := d.create(ctx, n); err != nil || n.action.Deed != record.DeedCreate {
		return err
	}
	why := fmt.Sprintf("no update changes its %s: it is made anew, asleep until %s/%s is deleted, and nobody follows it then", fixed.Path, n.Kind, now.ID)
	if n.action.Reason != "" {
		why += "; " + n.action.Reason
	}
	n.action.Reason = why
	n.action.PlannedCalls++ // the other one is read before
	gone := &node{wish: wish{Ref: now.Ref, absent: true, made: n.made}, spec: n.spec, current: current, needs: []*node{n}}
	gone.action = record.Action{
		Ref: now.Ref, Name: now.Name, Place: n.action.Place, Deed: record.DeedDelete, State: record.ActionPlanned, PlannedCalls: 2,
		Target: now.ID, Before: now.Version, Expect: expect, Reason: fmt.Sprintf("%s is made anew, with another %s", n.Ref, fixed.Path),
	}
	d.replaced[n] = gone
	return nil
}

// replacedNodes are the deletions of what is made anew in another place.
func (d *draft) replacedNodes() (nodes []*node) {
	for n, gone := range d.replaced {
		if d.nodes[n.Ref] == n && n.action.Deed == record.DeedCreate {
			nodes = append(nodes, gone)
		}
	}
	return nodes
}

// isReplaced reports whether the plan makes a document of the instance anew in another place.
func (d *draft) isReplaced(ref record.Ref) bool {
	return slices.ContainsFunc(d.replacedNodes(), func(n *node) bool { return n.Ref == ref })
}

// hangsElsewhere reports whether a document of the instance hangs on another part than the one that
// is to come back, or stands, where it hung: on one that is not there any more.
func (d *draft) hangsElsewhere(ctx context.Context, spec *catalogue.Spec, ref record.Ref, wanted []byte, parent *node) (bool, error) {
	now, _, exists, err := d.sees(ctx, ref)
	if err != nil || !exists {
		return false, err
	}
	made, err := d.partsMade(parent)
	if err != nil {
		return false, err
	}
	body, err := d.body(ctx, now)
	if err != nil {
		return false, err
	}
	for i := range spec.Relations {
		r := &spec.Relations[i]
		if r.Part == "" || r.Role != catalogue.Parent {
			continue
		}
		for _, id := range canon.Named(wanted, r) {
			part := record.Ref{Kind: listOf(r), ID: id}
			if slices.Contains(made, part) || !slices.Contains(canon.Named(body, r), d.present.target(part).ID) {
				return true, nil
			}
		}
	}
	return false, nil
}

// partGone deals with what is there and hangs on a part that is not: nobody sees it, and who looks for
// what was lost gets it back where the part stands now.
func (d *draft) partGone(ctx context.Context, n *node, now vault.Entry, exists bool) error {
	if !exists || !d.request.Lost || d.request.LostSpan != nil || !onPart(n.spec) || now.State != record.Present {
		return nil
	}
	body, err := d.body(ctx, now)
	if err != nil {
		return err
	}
	body = bytes.Clone(body)
	for i := range n.spec.Relations {
		r := &n.spec.Relations[i]
		if r.Part == "" || r.Role != catalogue.Parent {
			continue
		}
		for _, id := range canon.Named(body, r) {
			holder, err := d.holderOf(ctx, r, id)
			if err != nil || holder.ID == "" {
				return err
			}
			is, seen, err := d.present.find(ctx, holder)
			if err != nil || seen != there || is.State != record.Present {
				return err // it is seen with what is lost, or comes back itself
			}
			held, err := d.body(ctx, is)
			if err != nil {
				return err
			}
			n.linked = n.linked || !slices.Contains(canon.Named(held, &catalogue.Relation{Path: r.Part}), id)
		}
	}
	return nil
}

// findHolders finds what stands for the parts on which a document hangs. It returns the change that
// no ids tell: a part which the plan makes anew is another one than the document hangs on.
func (d *draft) findHolders(ctx context.Context, n *node, current []byte) (*record.Change, error) {
	for i := range n.spec.Relations {
		r := &n.spec.Relations[i]
		if r.Part == "" || r.Role != catalogue.Parent || d.request.Undo != 0 {
			continue
		}
		for _, id := range canon.Named(n.body, r) {
			place, err := d.placeOf(ctx, r, id)
			if err != nil || place.need == nil {
				return nil, err
			}
			made, err := d.partsMade(place.need)
			if err != nil {
				return nil, err
			}
			if part := (record.Ref{Kind: listOf(r), ID: id}); slices.Contains(made, part) {
				return &record.Change{Path: r.Path, Before: bytes.Clone(canon.Member(current, r.Path)), After: []byte(quote(newID + part.String()))}, nil
			}
		}
	}
	return nil, nil
}

// replaces reports whether an action deletes what another one makes anew in another place.
func replaces(gone, action record.Action) bool {
	return gone.Deed == record.DeedDelete && action.Deed == record.DeedCreate && gone.Kind == action.Kind && slices.Contains(gone.Needs, action.Seq)
}

// replacedBy is the action that deletes what an action makes anew in another place, nil for none.
func replacedBy(plan record.Restore, action record.Action) *record.Action {
	i := slices.IndexFunc(plan.Actions, func(gone record.Action) bool { return replaces(gone, action) })
	if i < 0 {
		return nil
	}
	return &plan.Actions[i]
}

// stillThere is the action that was to delete what an action has made anew, and has not; nil for none.
func stillThere(plan record.Restore, action record.Action) *record.Action {
	gone := replacedBy(plan, action)
	if gone == nil || gone.State == record.ActionDone || gone.State == record.ActionSame {
		return nil
	}
	return gone
}

// replacedAsPlanned checks that what is made anew is still what the plan saw: what somebody has
// changed of it since would go with it.
func (t *task) replacedAsPlanned(ctx context.Context) error {
	t.mu.Lock()
	gone := replacedBy(t.plan, t.action)
	t.mu.Unlock()
	if gone == nil || len(t.steps) > 0 {
		return nil
	}
	now, err := t.read(ctx, gone.Target)
	if looker.Class(err) == looker.FaultMissing {
		return nil // it went with what it hung on
	}
	if err != nil {
		return err
	}
	is, err := expectation(t.spec, now)
	if err == nil && is != gone.Expect {
		err = &driftError{fmt.Sprintf("%s, whose place it takes, was changed on the instance since the plan", gone.Ref)}
	}
	return err
}
