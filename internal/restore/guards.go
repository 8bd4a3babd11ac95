package restore

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// leaveGuarded decides about a document that is not there, and that nobody may make.
func (n *node) leaveGuarded(g *catalogue.Guard) {
	switch {
	case g.Reused:
		n.writeNothing(record.DeedReuse, g.Why)
	case g.Skipped:
		n.leftOut = true
		n.writeNothing(record.DeedSkip, g.Why)
	default:
		n.impossible(g.Why)
	}
}

// keepGuarded leaves a document as it is that nobody may write.
func (n *node) keepGuarded(g *catalogue.Guard) {
	switch {
	case len(n.action.Changes) == 0, g.Reused:
		n.writeNothing(record.DeedReuse, g.Why)
	case n.named && !g.Skipped:
		n.impossible(g.Why)
	default:
		n.leftOut = g.Skipped
		n.writeNothing(record.DeedSkip, g.Why)
	}
}

// staysFixed writes nothing of a document that comes with Looker and cannot be changed, and plans to make one
// anew whose difference is in what it was made with.
func (d *draft) staysFixed(ctx context.Context, n *node, now vault.Entry, current []byte) error {
	w := n.spec.Write
	if i := slices.IndexFunc(n.action.Changes, func(c record.Change) bool { return slices.Contains(w.Fixed, c.Path) }); i >= 0 {
		return d.replace(ctx, n, now, current, n.action.Changes[i])
	}
	if w.Standard.Route.IsZero() {
		return nil
	}
	standard, err := d.wordsOf(ctx, &w.Standard)
	if err == nil && slices.Contains(standard, now.ID) {
		n.writeNothing(record.DeedReuse, "it comes with Looker, and cannot be changed")
	}
	return err
}

// leaveOutGuarded finds parts that no route makes and that are not there: without them a
// document is not what it was, which somebody has to want.
func (d *draft) leaveOutGuarded(n *node, current []byte) error {
	is := make(map[record.Ref]bool)
	err := eachPart(n.spec.Write.Parts, current, func(part *catalogue.Part, row canon.PartRow) error {
		is[record.Ref{Kind: part.Name, ID: row.ID}] = true
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	left := make(map[string][]record.Ref)
	err = eachPart(n.spec.Write.Parts, n.body, func(part *catalogue.Part, row canon.PartRow) error {
		ref := record.Ref{Kind: part.Name, ID: row.ID}
		if guard := canon.Guarded(part.Write, row.Body); guard != nil && !is[ref] {
			left[guard.Why] = append(left[guard.Why], ref)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	for _, why := range slices.Sorted(maps.Keys(left)) {
		if !d.request.Partial && !n.spec.Owned() { // what belongs to another document comes back as far as it can
			n.impossible(fmt.Sprintf("%s: %s; --partial gives the rest back", left[why][0], why))
			return nil
		}
		if err := d.leaveOut(n, left[why], why); err != nil {
			return err
		}
	}
	return nil
}
