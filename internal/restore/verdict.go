package restore

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

func itoa(n int) string { return strconv.Itoa(n) }

// check looks at everything that was written, and compares it with what was wanted.
func (a *applier) check(ctx context.Context) error {
	refs := make(map[record.Ref]bool)
	for _, action := range a.plan.Actions {
		if a.checkable(action) {
			refs[record.Ref{Kind: action.Kind, ID: action.Target}] = true
		}
	}
	if len(refs) == 0 {
		return nil
	}
	run, err := a.Look(ctx, scopeOf(lookup{refs: refs}, nil))
	if err != nil {
		return fmt.Errorf("read back what was written: %w", err)
	}
	a.verdict = run
	var checked []record.Action
	now, err := newPresent(ctx, a.Reader, a.plan.Target, 0, true)
	if err != nil {
		return err
	}
	err = a.Reader.VersionBodies(ctx, func(read func(int64) (vault.Document, error)) error {
		for _, action := range a.plan.Actions {
			if !a.checkable(action) {
				continue
			}
			held, err := now.all(ctx, action.Kind)
			if err != nil {
				return err
			}
			if err := a.compare(ctx, run, &action, held[action.Target], read); err != nil {
				return err
			}
			checked = append(checked, action)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, action := range checked {
		a.store(action)
	}
	return a.Journal.Settle(ctx, checked, nil)
}

// checkable reports whether an action has written, and was not read back yet.
func (a *applier) checkable(action record.Action) bool {
	wrote := action.State == record.ActionDone || action.State == record.ActionSame && action.Deed != record.DeedDelete
	return wrote && action.Target != "" && action.Checked != record.CheckedEqual
}

// compare says whether a document that a run has read back is what was wanted.
func (a *applier) compare(ctx context.Context, run int64, action *record.Action, now vault.Entry, read func(int64) (vault.Document, error)) error {
	seen := now.Version != 0 && now.State != record.Gone && now.LastRun >= run
	if action.Deed == record.DeedDelete {
		action.Checked = record.CheckedEqual
		if seen && now.State == record.Present {
			action.Checked, action.Message = record.CheckedDifferent, "it is still there"
		}
		return nil
	}
	if !seen {
		action.Checked, action.Message = record.CheckedMissing, "it was not there when it was read back"
		return nil
	}
	wanted, err := read(action.Version)
	if err != nil {
		return err
	}
	is, err := read(now.Version)
	if err != nil {
		return err
	}
	spec, _ := catalogue.Find(action.Kind)
	body, err := a.request.wanted(action.Ref, wanted.Body)
	if err != nil {
		return err
	}
	found, err := a.request.known(action.Ref, is.Body)
	if err != nil {
		return err
	}
	spec = canon.RowFor(spec, action.ID, body)
	resolve, err := a.resolverOf(ctx, *action, spec, body, found)
	if err != nil {
		return err
	}
	differences, err := canon.Changes(spec.Write, found, body, resolve)
	if err != nil {
		return err
	}
	action.Checked = record.CheckedEqual
	for _, d := range differences {
		if a.expected(spec, d) {
			continue
		}
		action.Checked = record.CheckedDifferent
		action.Message = fmt.Sprintf("%s is %s, not %s", d.Path, orNull(d.Before), orNull(d.After))
		return nil
	}
	return nil
}

// resolverOf tells what the references of a document that was read back are to be. What was
// made beside another one has parts of its own, and only it means these.
func (a *applier) resolverOf(ctx context.Context, action record.Action, spec *catalogue.Spec, wanted, now []byte) (_ canon.Resolver, err error) {
	if !a.request.beside(action.Ref) {
		return a.resolve, nil
	}
	t := a.task(action, spec)
	t.wanted = wanted
	if t.steps, err = a.Journal.Steps(ctx, action.Seq); err != nil {
		return nil, err
	}
	return t.resolve, t.recognize(now)
}

func orNull(value []byte) string {
	if value == nil {
		return "null"
	}
	return string(value)
}

// expected reports whether a difference is meant to be: what was made asleep, what was
// added to a set since the backup, what comes out of the trash.
func (a *applier) expected(spec *catalogue.Spec, d record.Change) bool {
	w := spec.Write
	switch {
	case d.Path == w.Asleep.Name && !w.Asleep.IsZero():
		return true
	case d.Path == w.Trash.Name && !w.Trash.IsZero():
		return canon.Text(d.Before) != w.Trash.Value
	}
	return len(w.Sets) > 0 && !a.request.ExactMembers && len(d.After) == 0
}

// wake sets what was awake, and was made asleep, to what it was, when what it sends is
// done and equal.
func (a *applier) wake(ctx context.Context) error {
	if a.request.Wake == WakeNever {
		return a.tellAsleep(ctx)
	}
	for _, action := range a.plan.Actions {
		if a.waves.Stopped() {
			break
		}
		asleep, err := a.asleep(ctx, action)
		if err != nil {
			return err
		}
		if asleep == nil {
			continue
		}
		if !a.sendsWhatIsEqual(action) {
			a.note("%s stays asleep: what it sends is not as it was", title(action))
			continue
		}
		spec, _ := catalogue.Find(action.Kind)
		t := a.task(action, spec)
		err = t.awaken(ctx, asleep)
		if err != nil && aboutRestore(err) {
			return err
		}
		if err != nil {
			t.conclude(fmt.Errorf("it stays asleep: %w", err))
		}
		if err := a.Journal.Settle(ctx, []record.Action{t.action}, nil); err != nil {
			return err
		}
		a.store(t.action)
	}
	return nil
}

// asleep is the value that the member of a document is to have which was made asleep,
// nil where it is to stay so, or was not made by this restore.
func (a *applier) asleep(ctx context.Context, action record.Action) ([]byte, error) {
	spec, ok := catalogue.Find(action.Kind)
	if !ok || spec.Write == nil || spec.Write.Asleep.IsZero() || action.Deed != record.DeedCreate || action.State != record.ActionDone {
		return nil, nil
	}
	d, err := a.Reader.VersionBody(ctx, action.Version)
	if err != nil {
		return nil, err
	}
	was := canon.Member(d.Body, spec.Write.Asleep.Name)
	if was == nil || canon.Text(was) == spec.Write.Asleep.Value || canon.Text(was) == "" {
		return nil, nil
	}
	return bytes.Clone(was), nil
}

// sendsWhatIsEqual reports whether all that an action needed is done and was read back
// as it was wanted, and the document itself too.
func (a *applier) sendsWhatIsEqual(action record.Action) bool {
	if action.Checked != record.CheckedEqual {
		return false
	}
	for _, other := range a.plan.Actions {
		for _, seq := range action.Needs {
			if other.Seq != seq {
				continue
			}
			done := other.State == record.ActionDone || other.State == record.ActionSame
			if !done || other.Checked != record.CheckedEqual {
				return false
			}
		}
	}
	return true
}

// awaken writes the member that lets a document do what it does.
func (t *task) awaken(ctx context.Context, value []byte) error {
	w := t.spec.Write
	route := w.Update
	if !w.Partly.IsZero() {
		route = w.Partly.Send
	}
	_, err := t.send(ctx, route, route.Fill(t.action.Target), fmt.Appendf(nil, `{%q:%s}`, w.Asleep.Name, value))
	return err
}

// tellAsleep says how many documents were left asleep.
func (a *applier) tellAsleep(ctx context.Context) error {
	n := 0
	for _, action := range a.plan.Actions {
		asleep, err := a.asleep(ctx, action)
		if err != nil {
			return err
		}
		if asleep != nil {
			n++
		}
	}
	if n > 0 {
		a.note("%d are asleep: lookervault restore wake %d", n, a.plan.ID)
	}
	return nil
}

func (a *applier) note(format string, args ...any) {
	a.notes = append(a.notes, fmt.Sprintf(format, args...))
}
