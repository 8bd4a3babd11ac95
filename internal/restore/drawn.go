package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// drawnWith says, of what lies in a document that the plan changes in place and is named from elsewhere,
// in which one it lies, and of queries which of these they name.
type drawnWith map[record.Ref]*node

// noteDrawn names what is drawn with palettes that the plan changes in place, and that it does not write:
// Looker may give them other ids with that, and then a document names what is not there any more.
func (d *draft) noteDrawn(ctx context.Context) error {
	drawn, err := d.changedInside(ctx)
	if err != nil || len(drawn) == 0 {
		return err
	}
	for _, kind := range catalogue.CreationOrder() {
		if immutable(kind) {
			if _, err := d.drawnOf(ctx, kind, drawn, true); err != nil {
				return err
			}
		}
	}
	var notes []string
	for _, spec := range catalogue.All() {
		if spec.Write == nil || spec.Immutable || len(spec.Write.Inner) > 0 {
			continue
		}
		more, err := d.drawnOf(ctx, spec.Name, drawn, false)
		if err != nil {
			return err
		}
		notes = append(notes, more...)
	}
	if more := len(notes) - linksShown; more > 0 {
		notes = append(notes[:linksShown:linksShown], fmt.Sprintf("%d more documents are drawn with palettes that are changed", more))
	}
	d.notes = append(d.notes, notes...)
	return nil
}

// changedInside is what lies in documents that the plan changes in place, now and in the backup.
func (d *draft) changedInside(ctx context.Context) (drawnWith, error) {
	drawn := make(drawnWith)
	for _, n := range d.nodes {
		if n.action.Deed != record.DeedUpdate || !writesInner(n.spec, n.action.Changes) {
			continue
		}
		now, err := d.present.all(ctx, n.Kind)
		if err != nil {
			return nil, err
		}
		current, err := d.body(ctx, now[n.action.Target])
		if err != nil {
			return nil, err
		}
		for _, body := range [][]byte{n.body, current} {
			inner, err := canon.InnerRefs(n.spec.Write, body)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", n.Ref, err)
			}
			for _, ref := range inner {
				drawn[ref] = n
			}
		}
	}
	return drawn, nil
}

// drawnOf finds the documents of a kind that name any of these. Queries it enters among them; of others that
// are in use, and that the plan does not write, it returns a note each, in the order of ids.
func (d *draft) drawnOf(ctx context.Context, kind record.Kind, drawn drawnWith, queries bool) (notes []string, err error) {
	held, err := d.present.all(ctx, kind)
	if err != nil {
		return nil, err
	}
	for _, id := range sortedKeys(held) {
		e := held[id]
		if n := d.nodes[e.Ref]; e.State != record.Present && !queries || n != nil && n.writes() {
			continue
		}
		body, err := d.body(ctx, e)
		if err != nil {
			return nil, err
		}
		refs, err := canon.References(catalogue.Lookup(kind).Write, body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Ref, err)
		}
		i := slices.IndexFunc(refs, func(r canon.Reference) bool { return drawn[r.Ref] != nil })
		switch {
		case i < 0:
		case queries:
			drawn[e.Ref] = drawn[refs[i].Ref]
		default:
			title, after := record.Action{Ref: e.Ref, Name: e.Name}.Title(), fmt.Sprintf("lookervault restore %s %s afterwards lets it follow", e.Kind, e.ID)
			if immutable(refs[i].Kind) { // what becomes of a query that lies elsewhere, no comparison of the document sees
				after = "choose its colours by hand afterwards"
			}
			notes = append(notes, fmt.Sprintf("%s is drawn with palettes of %s, which may have other ids once they are changed: %s", title, drawn[refs[i].Ref].Ref, after))
		}
	}
	return notes, nil
}
