package restore

import (
	"context"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Taken is a document that goes for good when a part is deleted on which it hangs: the alert of
// a tile that somebody has added since.
type Taken struct {
	record.Ref
	Name string     `json:"name,omitempty"`
	Of   record.Ref `json:"of"`   // the document that is changed
	Part record.Ref `json:"part"` // of it, which is deleted
}

// partsMade are the parts that an action makes in a document, by their ids in the backup. A change
// calls one that an earlier restore has made by the id that it had then.
func (d *draft) partsMade(n *node) (parts []record.Ref, err error) {
	made := wholeParts(n, func(c record.Change) bool { return c.Before == nil })
	if len(made) == 0 {
		return nil, nil
	}
	err = eachPart(n.spec.Write.Parts, n.body, func(part *catalogue.Part, row canon.PartRow) error {
		ref := record.Ref{Kind: part.Name, ID: row.ID}
		if slices.Contains(made, d.present.target(ref)) {
			parts = append(parts, ref)
		}
		return nil
	})
	return parts, err
}

// partsDeleted are the parts that an action deletes in a document, by their ids on the instance.
func partsDeleted(n *node) []record.Ref {
	return wholeParts(n, func(c record.Change) bool { return c.After == nil })
}

// wholeParts are the parts of which a change that matches is about all: dashboard_elements/311.
func wholeParts(n *node, matches func(record.Change) bool) (parts []record.Ref) {
	for _, c := range n.action.Changes {
		list, id, found := strings.Cut(c.Path, "/")
		if !found || strings.ContainsAny(id, "./") || !matches(c) {
			continue
		}
		for i := range n.spec.Write.Parts {
			if n.spec.Write.Parts[i].Name == record.Kind(list) {
				parts = append(parts, record.Ref{Kind: n.spec.Write.Parts[i].Name, ID: id})
			}
		}
	}
	return parts
}

// takenAlong finds what goes with the parts that are deleted, whoever made it.
func (d *draft) takenAlong(ctx context.Context) error {
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		if n.action.Deed != record.DeedUpdate {
			continue
		}
		deleted := make(map[record.Ref]bool)
		for _, part := range partsDeleted(n) {
			deleted[part] = true
		}
		if len(deleted) == 0 {
			continue
		}
		for _, spec := range catalogue.All() {
			for i := range spec.Relations {
				if r := &spec.Relations[i]; r.Kind == n.Kind && r.Part != "" && r.Role == catalogue.Parent {
					if err := d.takenOfKind(ctx, n, spec, r, deleted); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// takenOfKind finds the documents of a kind on the instance that hang on parts which are deleted.
func (d *draft) takenOfKind(ctx context.Context, n *node, spec *catalogue.Spec, r *catalogue.Relation, deleted map[record.Ref]bool) error {
	if !d.present.whole[spec.Name] {
		d.lists[spec.Name] = true
		return nil
	}
	if why := d.present.faults[record.Ref{Kind: spec.Name}]; why != "" {
		d.note("%s could not be looked at (%s): those on parts of %s that are deleted go along", spec.Name, why, n.Ref)
	}
	return d.eachSeen(ctx, spec.Name, func(e vault.Entry, body []byte) {
		for _, on := range canon.Named(body, r) {
			if part := (record.Ref{Kind: listOf(r), ID: on}); deleted[part] && !d.isReplaced(e.Ref) {
				d.request.Taken = append(d.request.Taken, Taken{Ref: e.Ref, Name: e.Name, Of: record.Ref{Kind: n.Kind, ID: n.action.Target}, Part: part})
			}
		}
	})
}
