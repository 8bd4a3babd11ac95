package restore

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

func itoa(n int) string { return strconv.Itoa(n) }

// readBack checks what was written. A second one of something that arrives meanwhile makes its document
// different: it is deleted, and what was different is read once more.
func (a *applier) readBack(ctx context.Context) error {
	for {
		if err := a.check(ctx); err != nil {
			return err
		}
		if !slices.ContainsFunc(a.plan.Actions, func(action record.Action) bool { return action.Checked == record.CheckedDifferent }) {
			return nil
		}
		if err := a.lateTwins(ctx); err != nil || !a.twinned {
			return err
		}
	}
}

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
	scope := scopeOf(lookup{refs: refs}, nil)
	scope.ReadsBack = a.plan.ID
	run, err := a.Look(ctx, scope)
	if err != nil {
		return fmt.Errorf("read back what was written: %w", err)
	}
	a.verdict = run
	if _, err := lookOf(ctx, a.Reader, run); err != nil {
		return fmt.Errorf("read back what was written: %w", err)
	}
	unread, err := unreadIn(ctx, a.Reader, run)
	if err != nil {
		return err
	}
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
			if why := unread[record.Ref{Kind: action.Kind, ID: action.Target}]; why != "" {
				action.Checked, action.Message = record.CheckedMissing, "it could not be read back: "+why
			} else if err := a.compare(ctx, run, &action, held[action.Target], read); err != nil {
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
	return a.Journal.Settle(ctx, nil, checked, nil)
}

// unreadIn are the documents that a look could not bring, and why.
func unreadIn(ctx context.Context, reader vault.Reader, run int64) (map[record.Ref]string, error) {
	faults, err := reader.Faults(ctx, run)
	if err != nil {
		return nil, err
	}
	why := make(map[record.Ref]string)
	for _, f := range faults {
		if f.Class != record.FaultMissing && f.Class != record.FaultDangling {
			why[f.Ref] = f.Message
		}
	}
	return why, nil
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
		if !seen || now.State != record.Present {
			return nil
		}
		is, err := read(now.Version)
		if spec, _ := catalogue.Find(action.Kind); err == nil && !a.isInstead(*action, spec, is.Body) {
			action.Checked, action.Message = record.CheckedDifferent, "it is still there"
		}
		return err
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
	body, err := a.wantedAtLast(action.Ref, wanted.Body)
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
		return a.resolveIn(false), nil
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
// added to a set since the backup, what comes out of the trash, and what names nothing since what it
// named is nowhere, which the plan says.
func (a *applier) expected(spec *catalogue.Spec, d record.Change) bool {
	w := spec.Write
	switch {
	case canon.IsRedacted(d.Before), canon.IsRedacted(d.After): // nobody knows whether it is as it was
		return true
	case isLasting(w, d): // which the plan says
		return true
	case d.Path == w.Asleep.Name && !w.Asleep.IsZero():
		return true
	case d.Path == w.Trash.Name && !w.Trash.IsZero():
		return canon.Text(d.Before) != w.Trash.Value
	case d.Before == nil && canon.Unresolved(canon.Text(d.After)):
		return slices.ContainsFunc(a.request.Dropped, func(ref record.Ref) bool { return canon.Text(d.After) == canon.UnresolvedID(ref.ID) })
	}
	return a.request.staysAsItIs(w, d, a.Caller.ID)
}

func (a *applier) note(format string, args ...any) {
	a.notes = append(a.notes, fmt.Sprintf(format, args...))
}
