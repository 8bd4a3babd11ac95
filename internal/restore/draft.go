package restore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// draft is a plan under construction: what becomes of each document, and which of them
// wait for which.
type draft struct {
	*planner
	nodes  map[record.Ref]*node
	relied map[record.Ref]bool // what decisions rest on and no look has seen
	notes  []string
	same   int // documents that are as they are wanted
}

// node is an action of a draft.
type node struct {
	wish
	spec   *catalogue.Spec
	body   []byte // of the version that is wanted, nil where none is
	action record.Action
	needs  []*node
	level  int // 0 until it is worked out
}

func newDraft(p *planner) *draft {
	return &draft{planner: p, nodes: make(map[record.Ref]*node), relied: make(map[record.Ref]bool)}
}

// draw decides about everything that is wished for, and what hangs on it.
func (d *draft) draw(ctx context.Context, wishes []wish) error {
	if err := d.assignOwners(ctx); err != nil {
		return err
	}
	for _, w := range wishes {
		if _, err := d.decide(ctx, w); err != nil {
			return err
		}
	}
	if d.request.Only || d.request.Undo != 0 {
		return nil
	}
	return d.attach(ctx)
}

// decide works out what becomes of a document, and of what it cannot be without.
func (d *draft) decide(ctx context.Context, w wish) (*node, error) {
	if n := d.nodes[w.Ref]; n != nil {
		return n, nil
	}
	spec, ok := catalogue.Find(w.Kind)
	if !ok {
		return nil, fmt.Errorf("%s: the vault holds a kind that this program does not know", w.Ref)
	}
	n := &node{wish: w, spec: spec}
	n.action = record.Action{Ref: w.Ref, Version: w.entry.Version, Name: w.entry.Name, State: record.ActionPlanned}
	d.nodes[w.Ref] = n // before what it needs is decided, so that a circle ends here
	if !w.absent {
		body, err := d.body(ctx, w.entry)
		if err != nil {
			return nil, err
		}
		n.body = bytes.Clone(body)
		n.spec = canon.RowFor(spec, w.ID, n.body)
	}
	if n.spec.Write == nil {
		n.impossible(n.spec.NotWritten)
		return n, nil
	}
	return n, d.judge(ctx, n)
}

// judge compares what is wanted of a document with what is there.
func (d *draft) judge(ctx context.Context, n *node) error {
	now, seen, err := d.present.find(ctx, n.Ref)
	if err != nil {
		return err
	}
	if seen == unknown {
		n.impossible(d.present.reason(n.Ref))
		return nil
	}
	if n.spec.Write.Self && now.ID == d.Caller.ID {
		n.settle(record.DeedReuse, "it is the user of the API key, who is left alone")
		return nil
	}
	exists := seen == there
	if seen == unseen {
		d.relied[d.present.target(n.Ref)] = true
		exists = now.Version != 0 && now.State != record.Gone
	}
	if exists {
		n.action.Target, n.action.Before = now.ID, now.Version
	}
	if n.action.Name == "" {
		n.action.Name = now.Name
	}
	if err := d.place(ctx, n, now); err != nil {
		return err
	}
	switch {
	case n.absent && !exists:
		n.settle(record.DeedReuse, "it is not there any more")
		return nil
	case n.absent:
		return d.remove(ctx, n, now)
	case d.request.Lost && d.request.LostSpan == nil && !n.needed && exists && now.State == record.Present && !d.handedOver(n):
		n.settle(record.DeedReuse, "it was not lost")
		return nil
	case exists && now.State == record.Trashed && n.entry.State == record.Present && d.request.Trash == Recreate:
		d.freeKeys(n)
		n.action.Target, n.action.Before = "", 0
		return d.create(ctx, n)
	case exists:
		return d.compare(ctx, n, now)
	}
	other, err := d.beside(ctx, n)
	switch {
	case err != nil || n.action.Deed != "":
		return err
	case other != nil:
		n.action.Target, n.action.Before = other.ID, other.Version
		return d.compare(ctx, n, *other)
	}
	return d.create(ctx, n)
}

// handedOver reports whether a document that was not lost gets another owner, without
// whom it does not run: that of the one who left.
func (d *draft) handedOver(n *node) bool {
	return n.spec.Write.RunsAsOwner && d.request.Assigned[n.entry.Owner] != ""
}

// place says where a document lies, for people.
func (d *draft) place(ctx context.Context, n *node, now vault.Entry) error {
	if n.spec.Place == catalogue.Nowhere {
		return nil
	}
	folder := n.entry.Folder
	if n.entry.Version == 0 {
		folder = now.Folder
	}
	folders, err := d.past.all(ctx, catalogue.Folders)
	if err == nil {
		n.action.Place = folderPath(folders, folder)
	}
	return err
}

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

// keepPlaces leaves members as they are by which a document that is undone named what was
// not there before either: a folder that had gone. It returns the other references.
func (d *draft) keepPlaces(ctx context.Context, n *node, refs []canon.Reference, current []byte) (left []canon.Reference, err error) {
	kept := false
	for _, ref := range refs {
		_, seen, err := d.present.find(ctx, ref.Ref)
		if err != nil {
			return nil, err
		}
		if seen != absent || ref.Part != "" || strings.Contains(ref.By.Path, ".") {
			left = append(left, ref)
			if seen == unseen && d.lookable(ref.Ref) {
				d.relied[ref.Ref] = true
			}
			continue
		}
		kept = true
		d.override(n, ref.By.Path, canon.Member(current, ref.By.Path))
	}
	if kept {
		n.action.Changes, err = canon.Changes(n.spec.Write, current, n.body, d.resolver)
	}
	return left, err
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

// resolver is a [canon.Resolver] of the ids that the instance uses now.
func (p *planner) resolver(kind record.Kind, id string) (string, bool) {
	ref := record.Ref{Kind: kind, ID: id}
	if kind == catalogue.Users && p.request.Assigned[id] != "" {
		return p.request.Assigned[id], true
	}
	return p.present.target(ref).ID, !slices.Contains(p.request.Dropped, ref)
}

// resolver is that of the planner, and tells of what is made anew that it has no id yet.
func (d *draft) resolver(kind record.Kind, id string) (string, bool) {
	if n := d.nodes[record.Ref{Kind: kind, ID: id}]; n != nil && n.action.Deed == record.DeedCreate && !n.spec.Owned() {
		return newID + n.Ref.String(), true
	}
	return d.planner.resolver(kind, id)
}

// expectation is what must be on the instance when an action begins: the normal form
// and the members that nobody knows.
func expectation(spec *catalogue.Spec, body []byte) (record.Digest, error) {
	form, err := canon.Normal(spec, body, canon.Itself)
	if err != nil {
		return record.Digest{}, err
	}
	unknown, err := canon.Unknown(spec, body)
	if err != nil {
		return record.Digest{}, err
	}
	return sha256.Sum256(slices.Concat(form, []byte{0}, unknown)), nil
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

func (d *draft) note(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); !slices.Contains(d.notes, line) {
		d.notes = append(d.notes, line)
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
