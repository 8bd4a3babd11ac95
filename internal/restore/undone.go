package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
)

// undone turns what a restore did around: what it made is not to be there, and what it
// changed is to be as the look before it saw it.
func (p *planner) undone(ctx context.Context) ([]wish, error) {
	of, err := p.reader.Restore(ctx, p.request.Undo)
	if err != nil {
		return nil, err
	}
	request, err := RequestOf(of)
	if err != nil {
		return nil, err
	}
	left, err := p.leftoversOf(ctx, of)
	if err != nil {
		return nil, err
	}
	begun, err := p.begun(ctx, of)
	if err != nil {
		return nil, err
	}
	var list []wish
	for _, a := range of.Actions {
		if spec, ok := catalogue.Find(a.Kind); ok && spec.Owned() && a.Before == 0 {
			continue // it goes with what it is a part of
		}
		if a.Target == "" {
			a.Target = begun[a.Seq]
		}
		switch a.State {
		case record.ActionDone, record.ActionFailed, record.ActionRunning: // which may have written something
		case record.ActionSame:
			if a.Deed != record.DeedDelete { // what was to be deleted went with what it hung on
				continue
			}
		default:
			if !wasSetAside(of, request.Aside, a) {
				continue
			}
		}
		if a.Target == "" {
			continue
		}
		w := wish{Ref: record.Ref{Kind: a.Kind, ID: a.Target}, named: true, made: a.Level, undoes: a.Seq}
		if a.Before == 0 {
			w.absent = true
		} else {
			d, err := p.reader.VersionBody(ctx, a.Before)
			if err != nil {
				return nil, err
			}
			w.entry = d.Entry
		}
		if w.left, err = left.version(ctx, a); err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	for _, w := range list {
		p.undoing[w.Ref] = w
	}
	return list, nil
}

// begun is what a restore that was cut off has made of documents that it had not done with, by
// action, as the journal has it. What nobody knows is named.
func (p *planner) begun(ctx context.Context, of record.Restore) (map[int]string, error) {
	made := make(map[int]string)
	if !slices.ContainsFunc(of.Actions, cutOff) {
		return made, nil
	}
	steps, err := p.reader.Steps(ctx, of.ID)
	if err != nil {
		return nil, err
	}
	unknown := make(map[int]bool)
	for _, s := range steps {
		if s.Seq < 1 || s.Seq > len(of.Actions) || s.Part != string(of.Actions[s.Seq-1].Kind) || !cutOff(of.Actions[s.Seq-1]) {
			continue
		}
		unknown[s.Seq] = s.State == record.StepIntent
		if s.Target != "" {
			made[s.Seq] = s.Target
		}
	}
	for _, a := range of.Actions {
		if unknown[a.Seq] && made[a.Seq] == "" {
			p.note("whether %s was made nobody knows, since restore %d was cut off while it was: look for it on the instance, or let lookervault restore apply %d find out, and undo that", a.Title(), of.ID, of.ID)
		}
	}
	return made, nil
}

// cutOff reports whether an action was making a document when its restore ended.
func cutOff(a record.Action) bool {
	return a.State == record.ActionRunning && a.Deed == record.DeedCreate && a.Target == ""
}

// keepPlaces leaves members as they are by which a document that is undone named what was
// not there before either: a folder that had gone. It returns the other references.
func (d *draft) keepPlaces(ctx context.Context, n *node, refs []canon.Reference, current []byte) (left []canon.Reference, err error) {
	var kept []string
	for _, ref := range refs {
		_, seen, err := d.present.find(ctx, ref.Ref)
		if err != nil {
			return nil, err
		}
		if seen == unlisted {
			d.relied[ref.Ref] = true
		}
		comes, err := d.comesAnew(ctx, ref.Ref)
		if err != nil {
			return nil, err
		}
		if comes != nil || seen != absent && seen != unlisted || ref.Part != "" || inList(n.spec.Write, ref) || strings.Contains(ref.By.Path, ".") {
			left = append(left, ref)
			if comes == nil && seen == unseen && d.lookable(ref.Ref) {
				d.relied[ref.Ref] = true
			}
			continue
		}
		kept = append(kept, fmt.Sprintf("keeps its %s: %s was not there before either", ref.By.Path, ref.Ref))
		if err := d.override(n, ref.By.Path, canon.Member(current, ref.By.Path)); err != nil {
			return nil, err
		}
	}
	if len(kept) > 0 {
		n.action.Changes, err = canon.Changes(n.spec.Write, current, n.body, d.resolverOf(n))
		d.tellKept(n, kept)
	}
	return left, err
}

// tellKept says what a document keeps that is undone. One in the trash goes back there, where
// nobody meets it; one in use is not taken back, or not all of it: an alert runs with the rights
// of whoever got it.
func (d *draft) tellKept(n *node, kept []string) {
	inUse := n.entry.State == record.Present
	if inUse && len(n.action.Changes) == 0 {
		n.writeNothing(record.DeedSkip, "it "+strings.Join(kept, ", "))
		return
	}
	if inUse {
		d.request.Kept = append(d.request.Kept, n.Ref)
	}
	for _, why := range kept {
		d.note("%s %s", n.Ref, why)
	}
}

// tellTrashed says of a document that is undone that it is to name again what lies in the trash. A part, as
// the item of a board, may name that.
func (d *draft) tellTrashed(n *node, ref canon.Reference) {
	if ref.Part != "" {
		return
	}
	if d.request.Trashed == nil {
		d.request.Trashed = make(map[string]record.Ref)
	}
	d.request.Trashed[n.Ref.String()] = ref.Ref
	also := ""
	if d.request.Hard {
		also = ", and so does what it is on"
	}
	d.note("%s goes back to %s, which is in the trash: where Looker refuses that it stays as it is%s", n.Ref, ref.Ref, also)
}

// staysOn says what became of an action whose document cannot name again what lies in the trash, and what to
// do, "" for another one.
func (t *task) staysOn(refused *looker.StatusError) string {
	ref, ok := t.request.Trashed[t.action.Ref.String()]
	if !ok || refused.Status >= 500 {
		return ""
	}
	todo := fmt.Sprintf("take that out, then lookervault restore retry %d", t.plan.ID)
	if t.request.Hard { // what it is on has the name of what is in the trash, as a rule
		todo = fmt.Sprintf("lookervault restore undo %d without --hard puts what it is on there as well, and says how to go on", t.plan.Of)
	}
	return fmt.Sprintf("; it stays as it is, since %s is in the trash: %s", ref, todo)
}
