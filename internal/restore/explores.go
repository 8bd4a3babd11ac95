package restore

import (
	"context"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// tellLoose tells of a reference that Looker takes although what it names is not there, and
// that people will see to be broken: the explore of a query, where its model has it no more.
func (d *draft) tellLoose(ctx context.Context, n *node, ref canon.Reference) error {
	owner, relation := joinedOwner(ref.Kind)
	above, _, joined := strings.Cut(ref.ID, "::")
	if owner == nil || !joined {
		return nil
	}
	model := record.Ref{Kind: owner.Name, ID: above}
	explores, known := d.listed[model]
	if !known {
		now, seen, _, err := d.sees(ctx, model)
		if err != nil || seen != there || now.State != record.Present {
			return err // whether the model is there is another question
		}
		body, err := d.body(ctx, now)
		if err != nil {
			return err
		}
		explores = canon.Named(body, relation)
		d.listed[model] = explores
	}
	if !slices.Contains(explores, ref.ID) {
		d.note("%s names %s, which is not on the instance: Looker takes it, and shows an error in its place", n.Ref, ref.Ref)
	}
	return nil
}

// joinedOwner is the kind whose documents list those of another kind, which are called after
// both, nil where there is none.
func joinedOwner(kind record.Kind) (*catalogue.Spec, *catalogue.Relation) {
	for _, spec := range catalogue.All() {
		for i := range spec.Relations {
			if r := &spec.Relations[i]; r.Role == catalogue.Owns && r.Kind == kind {
				return spec, r
			}
		}
	}
	return nil, nil
}
