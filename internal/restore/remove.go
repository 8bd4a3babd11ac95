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

// remove takes back what a restore made: into the trash, or for good.
func (t *task) remove(ctx context.Context) error {
	now, err := t.read(ctx, t.action.Target)
	if looker.Class(err) == looker.FaultMissing {
		return nil
	}
	if err != nil {
		return err
	}
	t.spec = canon.RowFor(catalogue.Lookup(t.action.Kind), t.action.Target, now) // no version tells which
	trashed := !t.request.erases(t.spec.Write)
	if trashed && canon.InTrash(t.spec.Write, now) {
		return nil
	}
	if err := t.empty(now); err != nil {
		return err
	}
	if mine := t.spec.Write.Mine; !mine.IsZero() && canon.Text(canon.Member(now, mine.Name)) == mine.Value {
		return &driftError{callerBelongs}
	}
	if asPlanned, err := t.isToBeDeleted(ctx, now); err != nil || !asPlanned {
		if err == nil {
			err = &driftError{"it was changed on the instance since the plan"}
		}
		return err
	}
	if trashed {
		return t.setTrash(ctx, t.spec.Write.Trash.Value)
	}
	if why, err := t.stays(ctx, now); err != nil || why != "" {
		if err == nil {
			err = t.setInstead(ctx, now, why)
		}
		return err
	}
	_, err = t.send(ctx, t.spec.Write.Delete, t.spec.Write.Delete.Fill(t.action.Target), nil)
	return err
}

// isToBeDeleted reports whether a document that is to be deleted is what the look saw, but for what an
// earlier attempt may have set instead.
func (t *task) isToBeDeleted(ctx context.Context, now []byte) (bool, error) {
	is, err := expectation(t.spec, now)
	if err != nil || is == t.action.Expect || !t.resumed || t.spec.Write.Stays.Instead.IsZero() {
		return err == nil && is == t.action.Expect, err
	}
	before, err := t.Reader.VersionBody(ctx, t.action.Before)
	if err != nil {
		return false, err
	}
	members, err := t.foreign(ctx, before.Body, now)
	return err == nil && len(members) == 0, err
}

// empty checks that nothing lies in a folder that is to be deleted: Looker would take it
// along, whoever made it.
func (t *task) empty(now []byte) error {
	if what := liesIn(t.spec, now); what != "" {
		return &driftError{what + " in it that this restore did not make, or did not take back; delete it by hand"}
	}
	return nil
}

// liesIn says what lies in a document, if it is a folder: "there are 2 looks", "" for nothing.
func liesIn(spec *catalogue.Spec, now []byte) string {
	if spec.Place != catalogue.IsFolder {
		return ""
	}
	if n := canon.Text(canon.Member(now, "child_count")); n != "" && n != "0" {
		return "there are folders"
	}
	for _, member := range spec.Copies {
		if rows, err := canon.Rows(canon.Member(now, member)); err == nil && len(rows) > 0 {
			return fmt.Sprintf("there are %d %s", len(rows), member)
		}
	}
	return ""
}

// setTrash writes the one member that says whether the document lies in the trash.
func (t *task) setTrash(ctx context.Context, value string) error {
	w := t.spec.Write
	_, err := t.send(ctx, w.Update, w.Update.Fill(t.action.Target), fmt.Appendf(nil, `{%q:%s}`, w.Trash.Name, value))
	return err
}

// trashChanges are the values of the member that says whether the document lies in the trash:
// what the first write sets, and what is set when all else is done; nil and "" where it stays.
// Looker takes no writes to parts of what lies there.
func (t *task) trashChanges(now []byte) (first []byte, last string) {
	w := t.spec.Write
	wanted, is := canon.InTrash(w, t.wanted) && t.action.Deed != record.DeedUndelete, canon.InTrash(w, now)
	parts := slices.ContainsFunc(t.action.Changes, func(c record.Change) bool { return strings.Contains(c.Path, "/") })
	switch {
	case is && !wanted:
		return []byte("false"), ""
	case wanted && parts:
		return []byte("false"), w.Trash.Value
	case wanted && !is:
		return []byte(w.Trash.Value), ""
	}
	return nil, ""
}
