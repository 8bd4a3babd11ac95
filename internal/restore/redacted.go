package restore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// requireKnown sees to it that the backup has the members without which Looker makes no document, nor any of
// its parts that are to be made.
func (d *draft) requireKnown(n *node) error {
	if lacking := canon.RequiredRedacted(n.spec.Write, n.body); n.action.Deed == record.DeedCreate && len(lacking) > 0 {
		n.impossible(redactedWhy(lacking) + ": make it by hand, or name a run from before that by --run")
		return nil
	}
	lacking := make(map[string][]record.Ref) // parts, by what they lack
	var whys []string
	err := eachPart(n.spec.Write.Parts, n.body, func(part *catalogue.Part, row canon.PartRow) error {
		paths := canon.RequiredRedacted(part.Write, row.Body)
		if ref := (record.Ref{Kind: part.Name, ID: row.ID}); len(paths) > 0 && d.makesPart(n, part, ref) {
			why := redactedWhy(paths)
			whys = appendNew(whys, why)
			lacking[why] = append(lacking[why], ref)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	for _, why := range whys {
		if err := d.withoutUnknown(n, lacking[why], why); err != nil || !n.writes() {
			return err
		}
	}
	return nil
}

// redactedWhy says why something cannot be made.
func redactedWhy(paths []string) string {
	return fmt.Sprintf("Looker makes none without %s, which stages.redact.paths keeps out of the backup", strings.Join(paths, ", "))
}

// makesPart reports whether a part is to be made: the instance does not have it.
func (d *draft) makesPart(n *node, part *catalogue.Part, ref record.Ref) bool {
	if n.action.Deed == record.DeedCreate {
		return true
	}
	path := d.partOnInstance(n, ref).String()
	if part.One {
		path = string(part.Name)
	}
	return slices.ContainsFunc(n.action.Changes, func(c record.Change) bool {
		return c.Before == nil && (c.Path == path || strings.HasSuffix(c.Path, "."+path))
	})
}

// withoutUnknown decides about a document some of whose parts nobody can make.
func (d *draft) withoutUnknown(n *node, parts []record.Ref, why string) error {
	if !d.request.Partial {
		return d.lacksParts(n, parts, fmt.Sprintf("%s: %s", parts[0], why))
	}
	for _, list := range partLists(n.spec.Write.Parts) {
		if list.part.One && list.part.Name == parts[0].Kind {
			d.note("%s comes back without %s: %s", n.Ref, list.part.At, why)
			return d.without(n, list.part.At)
		}
	}
	return d.leaveOut(n, parts, why)
}
