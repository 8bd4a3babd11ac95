package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// stays says why a document is not deleted that the restore made which is undone, "" where it is:
// somebody has used it since, or others would lose with it what belongs to it.
func (t *task) stays(ctx context.Context, now []byte) (why string, err error) {
	stays := &t.spec.Write.Stays
	if stays.Instead.IsZero() {
		return "", nil
	}
	for _, path := range stays.Used {
		if len(canon.Named(now, &catalogue.Relation{Path: path})) > 0 {
			return stays.Says, nil
		}
	}
	for i := range stays.Belongings {
		if why, err = t.belongs(ctx, &stays.Belongings[i]); err != nil || why != "" {
			return why, err
		}
	}
	return t.holds(ctx, now)
}

// belongs says what belongs to the action's document, of those that a list tells.
func (t *task) belongs(ctx context.Context, b *catalogue.Belonging) (why string, err error) {
	query := b.Route.Values()
	if b.Param != "" {
		query.Set(b.Param, t.action.Target)
	}
	spec := catalogue.Lookup(b.Kind)
	err = eachPage(spec, query, b.Param == "", func() ([][]byte, error) { return t.rows(ctx, b.Route, query) }, func(rows [][]byte) (bool, error) {
		for _, row := range rows {
			if canon.Text(canon.Member(row, b.Member)) == t.action.Target {
				why = fmt.Sprintf("%s belongs to it", record.Ref{Kind: b.Kind, ID: canon.Text(canon.Member(row, spec.Fields.ID))})
				return false, nil
			}
		}
		return true, nil
	})
	return why, err
}

// holds says what lies in what Looker has made with the document, and deletes with it.
func (t *task) holds(ctx context.Context, now []byte) (why string, err error) {
	for i := range t.spec.Relations {
		r := &t.spec.Relations[i]
		spec := catalogue.Lookup(r.Kind)
		if r.Role != catalogue.Owns || spec.Place != catalogue.IsFolder {
			continue
		}
		for _, id := range canon.Named(now, r) {
			made, err := t.getOne(ctx, spec, id)
			if err != nil {
				return "", fmt.Errorf("read %s/%s, which goes with it: %w", r.Kind, id, err)
			}
			if what := liesIn(spec, made); what != "" {
				return what + " in the personal folder, which goes with it", nil
			}
		}
	}
	return "", nil
}

// setInstead writes what a document that stays gets instead of its deletion.
func (t *task) setInstead(ctx context.Context, now []byte, why string) error {
	instead := t.spec.Write.Stays.Instead
	t.remark = fmt.Sprintf("it stays, and %s is %s: %s", instead.Name, instead.Value, why)
	if canon.Text(canon.Member(now, instead.Name)) == instead.Value {
		return nil
	}
	update := t.spec.Write.Update
	_, err := t.send(ctx, update, update.Fill(t.action.Target), fmt.Appendf(nil, `{%q:%s}`, instead.Name, instead.Value))
	return err
}

// isInstead reports whether a document that was to be deleted stays on purpose, and adds that to
// what the restore says.
func (a *applier) isInstead(action record.Action, spec *catalogue.Spec, now []byte) bool {
	instead := canon.RowFor(spec, action.Target, now).Write.Stays.Instead
	if instead.IsZero() || action.Message == "" || canon.Text(canon.Member(now, instead.Name)) != instead.Value {
		return false
	}
	if line := fmt.Sprintf("%s: %s", action.Title(), action.Message); !slices.Contains(a.notes, line) {
		a.note("%s", line)
	}
	return true
}
