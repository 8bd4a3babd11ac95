package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// create plans to make a document anew.
func (d *draft) create(ctx context.Context, n *node) error {
	switch {
	case n.spec.Owned():
		n.impossible("Looker makes it together with what it is a part of: give that back")
		return nil
	case n.spec.Write.Create.IsZero():
		n.impossible("Looker has no way to make one")
		return nil
	case n.entry.State == record.Trashed && d.request.Trash != Recreate && !n.named:
		n.settle(record.DeedSkip, "it was in the trash")
		return nil
	}
	n.action.Deed = record.DeedCreate
	if !d.present.proves {
		n.impossible(ErrPartialView.Error())
		return nil
	}
	switch why, reused := guarded(n.spec, n.body); {
	case reused:
		n.settle(record.DeedReuse, why)
		return nil
	case why != "":
		n.impossible(why)
		return nil
	}
	var err error
	if n.action.Changes, err = canon.Changes(n.spec.Write, nil, n.body, d.resolver); err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	n.action.PlannedCalls = creationCalls(n.spec, n.body)
	if d.leaveOut(n); n.action.Deed == record.DeedImpossible {
		return nil
	}
	d.tellRedacted(n)
	if len(n.spec.Write.Lost) > 0 && !n.spec.Owned() {
		d.note("%s that are made anew come back without: %s", n.Kind, strings.Join(n.spec.Write.Lost, "; "))
	}
	refs, err := canon.References(n.spec.Write, n.body)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	return d.requireAll(ctx, n, refs)
}

// compare plans to make a document that is there what is wanted of it.
func (d *draft) compare(ctx context.Context, n *node, now vault.Entry) error {
	current, err := d.body(ctx, now)
	if err != nil {
		return err
	}
	if n.action.Expect, err = expectation(n.spec, current); err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	if n.action.Changes, err = canon.Changes(n.spec.Write, current, n.body, d.resolver); err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	if why, reused := guarded(n.spec, current); why != "" {
		n.keepGuarded(why, reused)
		return nil
	}
	had, err := canon.References(n.spec.Write, current)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	refs, err := canon.References(n.spec.Write, n.body)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	n.action.Changes = withoutTrash(n, now)
	d.deed(n, now)
	switch n.action.Deed {
	case record.DeedUpdate, record.DeedMove, record.DeedUndelete:
	default:
		return nil
	}
	n.action.PlannedCalls = updateCalls(n.spec, n.action.Changes)
	if n.action.Deed == record.DeedUndelete {
		if err := d.makeRoom(ctx, n, current); err != nil || n.action.Deed == record.DeedImpossible {
			return err
		}
	}
	if n.action.Deed != record.DeedUndelete { // in the trash it may name what has gone since
		refs = slices.DeleteFunc(refs, func(r canon.Reference) bool {
			return slices.ContainsFunc(had, func(h canon.Reference) bool { return h.Ref == r.Ref })
		})
	}
	if d.request.Undo != 0 {
		if refs, err = d.keepPlaces(ctx, n, refs, current); err != nil {
			return err
		}
	}
	assigned := len(d.request.Assigned)
	if err := d.requireAll(ctx, n, refs); err != nil || n.action.Deed == record.DeedImpossible || len(d.request.Assigned) == assigned {
		return err
	}
	n.action.Changes, err = canon.Changes(n.spec.Write, current, n.body, d.resolver)
	n.action.Changes = withoutTrash(n, now)
	return err
}

// keepGuarded leaves a document as it is that nobody may write.
func (n *node) keepGuarded(why string, reused bool) {
	switch {
	case len(n.action.Changes) == 0, reused:
		n.settle(record.DeedReuse, why)
	case n.named:
		n.impossible(why)
	default:
		n.settle(record.DeedSkip, why)
	}
}

// withoutTrash are the changes but for the member that says where the document is: the
// deed says that.
func withoutTrash(n *node, now vault.Entry) []record.Change {
	if trash := n.spec.Write.Trash; now.State == record.Trashed && n.entry.State == record.Present && !trash.IsZero() {
		return slices.DeleteFunc(n.action.Changes, func(c record.Change) bool { return c.Path == trash.Name })
	}
	return n.action.Changes
}

// deed chooses what is done to a document that is there, from how it differs.
func (d *draft) deed(n *node, now vault.Entry) {
	trashed := now.State == record.Trashed && n.entry.State == record.Present
	policy := d.request.policy(n.Ref, n.named)
	if n.needed || n.attached {
		policy = Skip
	}
	switch {
	case n.named:
		policy = d.request.policy(n.Ref, true)
	case n.linked:
		policy = Update
	}
	switch {
	case trashed && d.request.Trash == LeaveThem:
		n.settle(record.DeedSkip, "it is in the trash")
	case trashed:
		n.action.Deed = record.DeedUndelete
		n.action.Reason = "out of the trash, with its id"
	case len(n.action.Changes) == 0:
		n.settle(record.DeedReuse, "")
	case policy == Skip:
		n.settle(record.DeedSkip, fmt.Sprintf("it is there and differs in %s; --conflict update makes it what it was", memberCount(len(n.action.Changes))))
	case policy == Fail:
		n.impossible("it is there and differs, which --conflict fail forbids")
	case onlyMoves(n.spec, n.action.Changes):
		n.action.Deed = record.DeedMove
	default:
		n.action.Deed = record.DeedUpdate
	}
}

// remove plans to take back what a restore made.
func (d *draft) remove(ctx context.Context, n *node, now vault.Entry) error {
	body, err := d.body(ctx, now)
	if err != nil {
		return err
	}
	if n.spec.Write.Delete.IsZero() && n.spec.Write.Trash.IsZero() {
		n.impossible("Looker has no way to delete one")
		return nil
	}
	if now.State == record.Trashed && !d.request.Hard {
		n.settle(record.DeedReuse, "it is in the trash already")
		return nil
	}
	n.action.Deed, n.action.PlannedCalls = record.DeedDelete, 2
	n.action.Expect, err = expectation(n.spec, body)
	return err
}

// impossible says why nothing can be done.
func (n *node) impossible(why string) { n.settle(record.DeedImpossible, why) }

// settle ends the planning of a document of which nothing will be written.
func (n *node) settle(deed record.Deed, why string) {
	n.action.Deed, n.action.Reason, n.action.Changes, n.action.PlannedCalls = deed, why, nil, 0
	n.action.State = record.ActionSkipped
	if deed == record.DeedImpossible {
		n.action.State = record.ActionImpossible
	}
}

// writes reports whether an action will write to the instance.
func (n *node) writes() bool {
	switch n.action.Deed {
	case record.DeedReuse, record.DeedSkip, record.DeedImpossible:
		return false
	}
	return true
}

// leaveOut tells of parts that no route makes: without them a document is not what it
// was, which somebody has to want.
func (d *draft) leaveOut(n *node) {
	for i := range n.spec.Write.Parts {
		part := &n.spec.Write.Parts[i]
		rows, err := canon.PartRows(part, n.body)
		if err != nil {
			continue
		}
		for _, row := range rows {
			guard := canon.Guarded(part.Write, row.Body)
			switch {
			case guard == nil:
			case d.request.Partial:
				d.note("%s comes back without %s/%s: %s", n.Ref, part.Name, row.ID, guard.Why)
			default:
				n.impossible(fmt.Sprintf("%s/%s: %s; --partial gives the rest back", part.Name, row.ID, guard.Why))
				return
			}
		}
	}
}

// tellRedacted tells of members that no backup holds: they were replaced before the
// document was stored.
func (d *draft) tellRedacted(n *node) {
	if paths := canon.Redacted(n.spec.Write, n.body); len(paths) > 0 {
		d.note("%s: %s is in no backup, and is left out", n.Ref, strings.Join(paths, ", "))
	}
}

// onlyMoves reports whether nothing but the place of a document changes.
func onlyMoves(spec *catalogue.Spec, changes []record.Change) bool {
	return len(changes) == 1 && spec.Fields.Folder != "" && changes[0].Path == spec.Fields.Folder
}

func memberCount(n int) string {
	if n == 1 {
		return "one member"
	}
	return fmt.Sprintf("%d members", n)
}
