package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// owns reports whether documents of a kind have parts that are documents of their own,
// under ids that the server gives.
func owns(spec *catalogue.Spec) bool {
	return slices.ContainsFunc(spec.Relations, func(r catalogue.Relation) bool { return r.Role == catalogue.Owns && r.Path != spec.Fields.ID })
}

// enterMadeWith enters what the parts are called of something that the server has made together
// with the document, where the plan writes them: the access rules of the personal folder of a
// new user.
func (t *task) enterMadeWith(ctx context.Context, now []byte) error {
	for i := range t.spec.Relations {
		r := &t.spec.Relations[i]
		spec := catalogue.Lookup(r.Kind)
		if r.Role != catalogue.Owns || spec.Owned() {
			continue
		}
		for j := range spec.Relations {
			part := &spec.Relations[j]
			planned := t.waiting(part.Kind)
			if part.Role != catalogue.Owns || planned.ID == "" {
				continue
			}
			for _, id := range canon.Named(now, r) {
				made, err := t.getOne(ctx, spec, id)
				if err != nil {
					return fmt.Errorf("read %s/%s, which came with it: %w", r.Kind, id, err)
				}
				for _, is := range canon.Named(made, part) {
					t.enter(planned, is, record.MapCreated)
				}
			}
		}
	}
	return nil
}

// waiting is what the plan writes of a kind when this action is done, nothing for none.
func (t *task) waiting(kind record.Kind) record.Ref {
	for _, action := range t.plan.Actions {
		if action.Kind == kind && slices.Contains(action.Needs, t.action.Seq) {
			return action.Ref
		}
	}
	return record.Ref{}
}
