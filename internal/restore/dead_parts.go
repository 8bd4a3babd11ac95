package restore

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// missingParts are the parts of a document that cannot be without what they name, and that the instance
// does not have, or that name something else there. A part that names it there as well is among them where
// that is gone and the part has to be written, where Looker takes no update of it then.
func (d *draft) missingParts(ctx context.Context, n *node, ref canon.Reference) ([]record.Ref, error) {
	named, err := partsNaming(n.spec.Write, n.body, ref.Ref)
	if err != nil || n.current == nil {
		return named, err
	}
	naming, err := partsNaming(n.spec.Write, n.current, ref.Ref)
	if err != nil {
		return nil, err
	}
	isWritten := func(part record.Ref) bool { return d.changesPart(n, part) }
	refused := false
	if ref.By.Checked && slices.ContainsFunc(named, isWritten) {
		_, _, exists, err := d.sees(ctx, ref.Ref)
		if err != nil {
			return nil, err
		}
		refused = !exists
	}
	return slices.DeleteFunc(named, func(part record.Ref) bool {
		return slices.Contains(naming, d.partOnInstance(n, part)) && (!refused || !isWritten(part))
	}), nil
}

// partOnInstance is what a part of a document is called on the instance.
func (d *draft) partOnInstance(n *node, part record.Ref) record.Ref {
	part.ID, _ = d.resolverOf(n)(part.Kind, part.ID)
	return part
}

// changesPart reports whether a part of a document differs from what is wanted of it.
func (d *draft) changesPart(n *node, part record.Ref) bool {
	part = d.partOnInstance(n, part)
	return slices.ContainsFunc(n.action.Changes, func(c record.Change) bool {
		before, behind, found := strings.Cut(c.Path, part.String())
		return found && (before == "" || strings.HasSuffix(before, ".")) && (behind == "" || behind[0] == '.')
	})
}

// withoutDead are parts but for those that are on the instance and name there what they are to name, which
// is gone: they stay as they are.
func (d *draft) withoutDead(n *node, parts []record.Ref, ref record.Ref) ([]record.Ref, error) {
	if n.current == nil {
		return parts, nil
	}
	naming, err := partsNaming(n.spec.Write, n.current, ref)
	return slices.DeleteFunc(slices.Clone(parts), func(part record.Ref) bool {
		return slices.Contains(naming, d.partOnInstance(n, part))
	}), err
}

// partsThere are the parts of a document which the instance has, and which stay there when they are left
// out.
func partsThere(n *node) (map[record.Ref]bool, error) {
	there := make(map[record.Ref]bool)
	if n.current == nil {
		return there, nil
	}
	err := eachPart(n.spec.Write.Parts, n.current, func(part *catalogue.Part, row canon.PartRow) error {
		there[record.Ref{Kind: part.Name, ID: row.ID}] = true
		return nil
	})
	return there, err
}

// withKept adds to the lists of a patch that name parts in their order those that stay as they are, where they
// stand now: Looker takes no order that lacks some.
func (t *task) withKept(w *catalogue.Write, body, now []byte) ([]byte, error) {
	kept := t.request.KeptParts[t.action.Ref.String()]
	for _, name := range w.Late {
		ids := members(canon.Member(body, name))
		if len(kept) == 0 || ids == nil {
			continue
		}
		for i, id := range members(canon.Member(now, name)) {
			if slices.ContainsFunc(kept, func(part record.Ref) bool { return part.ID == id }) && !slices.Contains(ids, id) {
				ids = slices.Insert(ids, min(i, len(ids)), id)
			}
		}
		value, err := json.Marshal(ids)
		if err != nil {
			return nil, err
		}
		if body, err = canon.With(body, catalogue.Member{Name: name, Value: string(value)}); err != nil {
			return nil, err
		}
	}
	return body, nil
}
