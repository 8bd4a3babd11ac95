package restore

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Where a restore was cut off nothing has read back what it left. Then a document is what the restore
// left of it when each member is as the restore found it or as it was to write it: anything else is
// somebody's work.

// written is a restore that is undone, as far as it tells what it was to write.
type written struct {
	Journal // nothing is written to it
	plan    record.Restore
	reader  vault.Reader
}

func (w written) Plan() record.Restore { return w.plan }

func (w written) Steps(ctx context.Context, seq int) (steps []record.Step, err error) {
	all, err := w.reader.Steps(ctx, w.plan.ID)
	return slices.DeleteFunc(all, func(s record.Step) bool { return s.Seq != seq }), err
}

// unreadBy returns what carries out the restore that is undone, without calls.
func (p *planner) unreadBy(ctx context.Context) (*applier, error) {
	if p.undoneBy != nil {
		return p.undoneBy, nil
	}
	of, err := p.reader.Restore(ctx, p.request.Undo)
	if err != nil {
		return nil, err
	}
	p.undoneBy, err = newApplier(ctx, ApplyOptions{Journal: written{plan: of, reader: p.reader}, Reader: p.reader, Caller: p.Caller, Now: p.Now})
	return p.undoneBy, err
}

// changedUnread says what a document has, of which nothing has read back what the restore left, that is
// neither as the restore found it nor as it was to write it; "" for nothing.
func (d *draft) changedUnread(ctx context.Context, n *node, now vault.Entry) (string, error) {
	a, err := d.unreadBy(ctx)
	if err != nil {
		return "", err
	}
	action := a.plan.Actions[n.undoes-1]
	is, err := d.body(ctx, now)
	if err != nil {
		return "", err
	}
	u := unread{is: bytes.Clone(is)}
	if u.task, err = a.taskOf(ctx, action, func(id int64) (vault.Document, error) { return a.Reader.VersionBody(ctx, id) }); err != nil {
		return "", err
	}
	if u.task.wanted == nil {
		u.task.spec = canon.RowFor(catalogue.Lookup(action.Kind), action.ID, u.is)
	}
	if err := u.task.noteParts(u.is); err != nil {
		return "", err
	}
	if action.Before != 0 {
		was, err := a.Reader.VersionBody(ctx, action.Before)
		if err != nil {
			return "", err
		}
		u.was = was.Body
	}
	foreign, err := u.foreign(ctx)
	if err != nil || len(foreign) == 0 {
		return "", err
	}
	return "nothing has read back what the restore left, and somebody may have changed since: " + someOf(foreign), nil
}

// unread compares a document with what a restore has found and was to write.
type unread struct {
	task    *task
	is, was []byte // was is nil of what the restore has made
}

// foreign are the members that have neither of the two values.
func (u unread) foreign(ctx context.Context) (paths []string, err error) {
	unwritten, err := u.unwritten(ctx)
	if err != nil {
		return nil, err
	}
	changed := unwritten
	if u.was != nil {
		if changed, err = u.changed(); err != nil {
			return nil, err
		}
	}
	for _, c := range changed {
		if c.Path == u.task.spec.Write.Trash.Name || canon.IsRedacted(c.Before) || u.isOwn(c) || !slices.ContainsFunc(unwritten, func(w record.Change) bool { return w.Path == c.Path }) {
			continue
		}
		paths = append(paths, c.Path)
	}
	return paths, nil
}

// changed is in what the document is another one than the restore found it.
func (u unread) changed() ([]record.Change, error) {
	was, err := u.task.form(u.was)
	if err != nil {
		return nil, err
	}
	is, err := u.task.form(u.is)
	if err != nil {
		return nil, err
	}
	return canon.Differences(was, is)
}

// unwritten is in what the document is another one than it was to become. A text may lead to what the
// restore has made, or still to what that stands for.
func (u unread) unwritten(ctx context.Context) (changes []record.Change, err error) {
	t := u.task
	if t.wanted == nil { // it was to be deleted, or to stay with another value of one member
		changes, err = u.changed()
		return slices.DeleteFunc(changes, func(c record.Change) bool { return c.Path == t.spec.Write.Stays.Instead.Name }), err
	}
	if changes, err = u.differences(t.wanted); err != nil {
		return nil, err
	}
	d, err := t.Reader.VersionBody(ctx, t.action.Version)
	if err != nil {
		return nil, err
	}
	last, err := t.wantedAtLast(t.action.Ref, d.Body)
	if err != nil || bytes.Equal(last, t.wanted) {
		return changes, err
	}
	atLast, err := u.differences(last)
	return slices.DeleteFunc(changes, func(c record.Change) bool {
		return !slices.ContainsFunc(atLast, func(l record.Change) bool { return l.Path == c.Path })
	}), err
}

// differences are those of the document from what is wanted of it. What a restore has made may have
// what the server gives by itself and the backup does not hold.
func (u unread) differences(wanted []byte) ([]record.Change, error) {
	if u.was == nil {
		return canon.Changes(u.task.spec.Write, u.is, wanted, u.task.resolve)
	}
	form, err := canon.Normal(u.task.spec, wanted, u.task.resolve)
	if err != nil {
		return nil, err
	}
	is, err := u.task.form(u.is)
	if err != nil {
		return nil, err
	}
	return canon.Differences(is, form)
}

// isOwn reports whether a difference is the restore's own work, or what it had not done yet.
func (u unread) isOwn(c record.Change) bool {
	w := u.task.spec.Write
	if c.Path == w.Asleep.Name && !w.Asleep.IsZero() && u.was == nil {
		return true
	}
	if slices.ContainsFunc(w.Sets, func(s catalogue.Set) bool { return s.At == c.Path }) {
		return u.isMerged(c.Path)
	}
	if u.task.action.State == record.ActionDone {
		return false
	}
	if u.was == nil && (c.Before == nil || slices.Contains(w.Late, c.Path)) {
		return true // of what was being made, the rest
	}
	if isAside(canon.Text(c.After), u.task.plan.ID) {
		return true // until its own name is free
	}
	if slices.Contains(w.Late, c.Path) && keepsOrder(c.Before, c.After) {
		return true // the order of its parts, to which the server adds those that are made
	}
	for _, list := range partLists(w.Parts) {
		at := string(list.part.Name) + "/"
		i := strings.LastIndex(c.Path, at)
		if i < 0 {
			continue
		}
		inside := strings.Contains(c.Path[i+len(at):], ".")
		// Looker makes these by itself, or a request did of which nobody has heard.
		if list.part.About != "" || list.part.Born && u.was == nil || !inside && u.inDoubt(list.part) {
			return true
		}
	}
	return slices.ContainsFunc(partLists(w.Parts), func(l partList) bool {
		return slices.ContainsFunc(l.part.Write.Late, func(name string) bool { return strings.HasSuffix(c.Path, "."+name) })
	})
}

// inDoubt reports whether nobody knows whether the restore has made a part of a list.
func (u unread) inDoubt(part *catalogue.Part) bool {
	return slices.ContainsFunc(u.task.steps, func(s record.Step) bool {
		return s.Part == string(part.Name) && s.State == record.StepIntent
	})
}

// isMerged reports whether a set holds nobody but those whom the restore found there or was to add, and
// all whom it found and was not to take out.
func (u unread) isMerged(path string) bool {
	w := u.task.spec.Write
	set := &w.Sets[slices.IndexFunc(w.Sets, func(s catalogue.Set) bool { return s.At == path })]
	was, err := canon.SetIDs(set, u.was)
	if u.was == nil {
		was, err = nil, nil
	}
	if err != nil {
		return false
	}
	is, err := canon.SetIDs(set, u.is)
	if err != nil {
		return false
	}
	ids, err := canon.SetIDs(set, u.task.wanted)
	if err != nil {
		return false
	}
	var wanted []string
	for _, id := range ids {
		if to, ok := u.task.resolve(set.Kind, id); ok {
			wanted = append(wanted, to)
		}
	}
	foreign := slices.ContainsFunc(is, func(id string) bool { return !slices.Contains(was, id) && !slices.Contains(wanted, id) })
	lacking := slices.ContainsFunc(was, func(id string) bool {
		return !slices.Contains(is, id) && (slices.Contains(wanted, id) || !u.task.request.ExactMembers)
	})
	return !foreign && !lacking
}
