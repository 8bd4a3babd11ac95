package restore

import (
	"bytes"
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
	case d.wasTrashed(n):
		n.writeNothing(record.DeedSkip, "it was in the trash then, and is gone now; --trash recreate makes it anew and puts it there")
		return nil
	}
	n.action.Deed = record.DeedCreate
	if err := unproven(d.Caller); err != nil {
		n.impossible(err.Error())
		return nil
	}
	handed, err := d.handOver(ctx, n)
	if err != nil || !n.writes() {
		return err
	}
	if g := canon.Guarded(n.spec.Write, n.body); g != nil && !handed {
		n.leaveGuarded(g)
		return nil
	}
	if err := d.leaveOutGuarded(n, nil); err != nil || !n.writes() {
		return err
	}
	if err := d.withoutUnknownWords(ctx, n, nil); err != nil {
		return err
	}
	if err := d.requireKnown(ctx, n); err != nil || !n.writes() {
		return err
	}
	d.tellRedacted(n)
	if len(n.spec.Write.Lost) > 0 && !d.request.isCopy(n.Ref) && len(d.Secrets.members(n.Ref)) == 0 {
		d.note("%s that are made anew come back without: %s", n.Kind, strings.Join(n.spec.Write.Lost, "; "))
	}
	refs, err := canon.References(n.spec.Write, n.body)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	if err := d.requireAll(ctx, n, refs); err != nil || !n.writes() {
		return err
	}
	if err := d.requireHolders(ctx, n); err != nil || !n.writes() {
		return err
	}
	if err := d.staysAsleep(ctx, n); err != nil {
		return err
	}
	if n.action.Changes, err = canon.Changes(n.spec.Write, nil, n.body, d.resolverOf(n)); err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	n.action.PlannedCalls = creationCalls(n.spec, n.body)
	d.tellMayLack(n)
	return nil
}

// wasTrashed reports whether a document lay in the trash already, so that nothing is missing
// without it.
func (d *draft) wasTrashed(n *node) bool {
	return n.entry.State == record.Trashed && d.request.Trash != Recreate
}

// compare plans to make a document that is there what is wanted of it.
func (d *draft) compare(ctx context.Context, n *node, now vault.Entry) error {
	if takenOver(n, now) {
		n.writeNothing(record.DeedReuse, "")
		return nil
	}
	if err := d.freeKeysOfOriginal(ctx, n, now); err != nil {
		return err
	}
	if err := d.asItWasMade(n, now); err != nil {
		return err
	}
	current, err := d.body(ctx, now)
	if err != nil {
		return err
	}
	current = bytes.Clone(current) // others are read before this one is done with
	onNewPart, err := d.findHolders(ctx, n, current)
	if err != nil {
		return err
	}
	refs, err := d.differ(n, now, current)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	g := canon.Guarded(n.spec.Write, current)
	if g != nil && g.Unmade {
		g = nil // it is there
	}
	if wanted := canon.Guarded(n.spec.Write, n.body); g == nil && wanted != nil && wanted.Skipped {
		g = wanted // it is known by what the backup has of it
	}
	if g != nil {
		n.keepGuarded(g)
		return nil
	}
	d.lackingSecrets(n, current)
	n.action.Changes = withoutTrash(n, now)
	if onNewPart != nil && !slices.ContainsFunc(n.action.Changes, func(c record.Change) bool { return c.Path == onNewPart.Path }) {
		n.action.Changes = append(n.action.Changes, *onNewPart)
	}
	if err := d.keepAsleep(ctx, n, now, current); err != nil {
		return err
	}
	d.deed(n, now)
	switch n.action.Deed {
	case record.DeedUpdate, record.DeedMove, record.DeedUndelete:
		if !d.Caller.KnownAdmin() && canon.Text(canon.Member(canon.Member(current, "can"), "update")) == "false" {
			n.impossible("the user of the API key may not change it")
			return nil
		}
	case record.DeedCreate:
		if n.shares != "" {
			return nil // it is another document, which the caller knows
		}
		return d.duplicate(ctx, n, now)
	default:
		return nil
	}
	return d.change(ctx, n, now, current, refs)
}

// change sees to it that a document which is there can be made what is wanted of it, and works
// out what that takes. refs is all that is named by what is wanted.
func (d *draft) change(ctx context.Context, n *node, now vault.Entry, current []byte, refs []canon.Reference) (err error) {
	decisions, named := d.decisions, slices.Clone(refs)
	if err := d.staysFixed(ctx, n, now, current); err != nil || !n.writes() || n.action.Deed == record.DeedCreate {
		return err
	}
	if err := d.leaveOutGuarded(n, current); err != nil || !n.writes() {
		return err
	}
	if err := d.withoutUnknownWords(ctx, n, current); err != nil {
		return err
	}
	if n.action.Deed == record.DeedUndelete {
		if err := d.makeRoom(ctx, n); err != nil || !n.writes() {
			return err
		}
	} else if refs, err = d.withoutNamed(ctx, n, refs, current); err != nil { // what is in the trash may name what has gone since
		return err
	}
	if d.request.Undo != 0 {
		if refs, err = d.keepPlaces(ctx, n, refs, current); err != nil {
			return err
		}
	}
	if n.action.Deed != record.DeedUndelete {
		if err := d.findRoom(ctx, n, current); err != nil || !n.writes() {
			return err
		}
	}
	if err := d.requireKnown(ctx, n); err != nil || !n.writes() {
		return err
	}
	if err := d.requireAll(ctx, n, refs); err != nil || !n.writes() {
		return err
	}
	d.waitForWhatIsMade(n, named)
	if d.decisions > decisions || d.renames(n, named) { // by now, as what it needs is decided
		if err := d.again(n, now, current); err != nil {
			return err
		}
	}
	if n.writes() {
		n.action.PlannedCalls = updateCalls(n.spec, n.action.Changes)
	}
	if n.action.Deed == record.DeedUpdate && n.entry.State == record.Trashed && onlyChanges(n.action.Changes, n.spec.Write.Trash.Name) {
		n.action.Reason = "into the trash"
	}
	return nil
}

// withoutNamed are references but for those that a document has on the instance already, in
// each of the parts that are to have them.
func (d *draft) withoutNamed(ctx context.Context, n *node, refs []canon.Reference, current []byte) ([]canon.Reference, error) {
	had, err := canon.References(n.spec.Write, current)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Ref, err)
	}
	n.current = current
	return slices.DeleteFunc(refs, func(r canon.Reference) bool {
		if err != nil || !slices.ContainsFunc(had, func(h canon.Reference) bool { return h.Ref == r.Ref }) {
			return false
		}
		if spec, ok := catalogue.Find(r.Kind); r.Part == "" || r.By.Optional || r.By.Loose || ok && spec.Immutable {
			return true
		}
		var missing []record.Ref
		missing, err = d.missingParts(ctx, n, r)
		return err == nil && len(missing) == 0
	}), err
}

// waitForWhatIsMade lets a document wait for all that it names and that is made anew: also
// for what it names now, although that is gone.
func (d *draft) waitForWhatIsMade(n *node, refs []canon.Reference) {
	for _, ref := range refs {
		need := d.relative(ref.Ref)
		if need != nil && need.action.Deed == record.DeedCreate && d.waitsFor(n, need) {
			n.needs = appendNew(n.needs, need)
		}
	}
}

// again compares what is wanted by now of a document with what is there.
func (d *draft) again(n *node, now vault.Entry, current []byte) error {
	current, err := d.request.known(n.Ref, current)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	if n.action.Changes, err = canon.Changes(n.spec.Write, current, n.body, d.resolverOf(n)); err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	d.withoutMembers(n)
	d.withoutLasting(n)
	d.lackingSecrets(n, current)
	n.action.Changes = withoutTrash(n, now)
	if len(n.action.Changes) == 0 && n.action.Deed != record.DeedUndelete {
		n.writeNothing(record.DeedReuse, "")
	}
	return nil
}

// withoutTrash are the changes but for the member that says where the document is: the
// deed says that.
func withoutTrash(n *node, now vault.Entry) []record.Change {
	if trash := n.spec.Write.Trash; now.State == record.Trashed && n.entry.State == record.Present {
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
	case n.since != "" && (trashed || len(n.action.Changes) > 0):
		n.leave()
	case trashed && d.request.Trash == LeaveThem:
		n.writeNothing(record.DeedSkip, "it is in the trash")
	case trashed:
		n.action.Deed = record.DeedUndelete
		n.action.Reason = "out of the trash, with its id"
	case len(n.action.Changes) == 0 && n.keeps != "":
		d.keepsOnly(n)
	case len(n.action.Changes) == 0:
		n.writeNothing(record.DeedReuse, "")
	case policy == Skip:
		deed := record.DeedSkip
		if n.spec.Write.Reused {
			deed = record.DeedReuse
		}
		n.differs = true
		n.writeNothing(deed, fmt.Sprintf("it is there and differs in %s; --conflict update makes it what it was", memberCount(len(n.action.Changes))))
	case policy == Fail:
		n.impossible("it is there and differs, which --conflict fail forbids")
	case policy == Rename:
		n.action.Deed = record.DeedCreate
	case d.takesWhatWasNotSeen(n):
		n.impossible(fmt.Sprintf("run %d, which stored that version, had a key that is no administrator's: what it did not see is missing there and would be taken away; --run names another version", n.entry.FirstRun))
	case onlyMoves(n.spec, n.action.Changes):
		n.action.Deed = record.DeedMove
	default:
		n.action.Deed = record.DeedUpdate
	}
}

// takesWhatWasNotSeen reports whether changes take away what the version that is wanted does not
// show, where the key of the run that stored it may only not have seen that.
func (d *draft) takesWhatWasNotSeen(n *node) bool {
	return n.spec.Narrowed && d.keys.StoredInPart(n.entry) && slices.ContainsFunc(n.action.Changes, func(c record.Change) bool {
		return canon.Says(c.Before, c.After)
	})
}

// remove plans to take back what a restore made.
func (d *draft) remove(ctx context.Context, n *node, now vault.Entry) error {
	body, err := d.body(ctx, now)
	if err != nil {
		return err
	}
	n.spec = canon.RowFor(n.spec, now.ID, body)
	if n.spec.Write == nil || n.spec.Write.Delete.IsZero() && n.spec.Write.Trash.IsZero() {
		n.impossible("Looker has no way to delete one")
		return nil
	}
	if now.State == record.Trashed && !d.request.erases(n.spec.Write) {
		n.writeNothing(record.DeedReuse, "it is in the trash already")
		return nil
	}
	if n.since != "" {
		n.leave()
		return nil
	}
	if d.callers[now.Ref] {
		n.writeNothing(record.DeedSkip, callerBelongs)
		return nil
	}
	n.action.Deed, n.action.PlannedCalls = record.DeedDelete, 2
	switch erases := d.request.erases(n.spec.Write); {
	case erases:
		n.action.Reason = "for good"
	case d.request.Hard:
		n.action.Reason = "into the trash: Looker has no way to delete one for good"
	default:
		n.action.Reason = "into the trash"
	}
	if stays := &n.spec.Write.Stays; !stays.Instead.IsZero() {
		n.action.PlannedCalls += len(stays.Belongings) + 1
		n.action.Reason = fmt.Sprintf("if nobody has used it and nothing belongs to it; else %s becomes %s", stays.Instead.Name, stays.Instead.Value)
	}
	n.action.Expect, err = expectation(n.spec, body)
	return err
}

// impossible says why nothing can be done.
func (n *node) impossible(why string) { n.writeNothing(record.DeedImpossible, why) }

// writeNothing ends the planning of a document of which nothing will be written.
func (n *node) writeNothing(deed record.Deed, why string) {
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

// tellRedacted tells of members that no backup holds: they were replaced before the
// document was stored.
func (d *draft) tellRedacted(n *node) {
	if paths := canon.Redacted(n.spec.Write, n.body); len(paths) > 0 {
		d.note("%s: %s is in no backup, and is left out", n.Ref, strings.Join(paths, ", "))
	}
	d.tellRedactedQueries(n)
}

// onlyMoves reports whether nothing but the place of a document changes.
func onlyMoves(spec *catalogue.Spec, changes []record.Change) bool {
	return onlyChanges(changes, spec.Fields.Folder)
}

// onlyChanges reports whether nothing but one member changes.
func onlyChanges(changes []record.Change, member string) bool {
	return len(changes) == 1 && member != "" && changes[0].Path == member
}

func memberCount(n int) string {
	if n == 1 {
		return "one member"
	}
	return fmt.Sprintf("%d members", n)
}
