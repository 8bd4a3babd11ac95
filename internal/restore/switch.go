package restore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// A folder that inherits its rules has none of its own. Those that it had go when it begins to inherit,
// and Looker copies those of the place above when it ends: whoever turns the switch back has to bring
// the first ones back as well.

// goesAlong finds what comes and goes with what the plan changes, whoever made it.
func (d *draft) goesAlong(ctx context.Context) error {
	if err := d.turnSwitches(ctx); err != nil {
		return err
	}
	return d.takenAlong(ctx)
}

// turnSwitches sees to what comes and goes with the switches that the plan turns: what goes has to be in
// the vault before, and what an undo lets be again has to become what it was.
func (d *draft) turnSwitches(ctx context.Context) error {
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		if n.action.Deed != record.DeedUpdate {
			continue
		}
		for i := range n.spec.Relations {
			r := &n.spec.Relations[i]
			if r.Role != catalogue.Owns || r.Unless == "" {
				continue
			}
			if err := d.turnSwitch(ctx, n, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *draft) turnSwitch(ctx context.Context, n *node, r *catalogue.Relation) error {
	now, _, _, err := d.sees(ctx, n.Ref)
	if err != nil || now.Version == 0 {
		return err
	}
	current, err := d.body(ctx, now)
	if err != nil {
		return err
	}
	is, wanted := canon.Named(bytes.Clone(current), r), canon.Named(n.body, r)
	switch {
	case len(is) > 0 && len(wanted) == 0:
		return d.goes(ctx, n, record.Ref{Kind: r.Kind, ID: is[0]})
	case len(is) == 0 && len(wanted) > 0 && d.request.Undo != 0:
		return d.comesAgain(ctx, n, record.Ref{Kind: r.Kind, ID: wanted[0]})
	}
	return nil
}

// goes has the look see what goes with a switch, and says so.
func (d *draft) goes(ctx context.Context, n *node, ref record.Ref) error {
	e, _, exists, err := d.sees(ctx, ref)
	if err != nil || !exists {
		return err
	}
	body, err := d.body(ctx, e)
	if err != nil {
		return err
	}
	rows, err := canon.Rows(body)
	if err != nil {
		return fmt.Errorf("%s: %w", ref, err)
	}
	d.note("%s goes with what %s is to be: %d rules, which an undo brings back", ref, title(n.action), len(rows))
	return nil
}

// comesAgain plans that an undo makes what comes with a switch what it was.
func (d *draft) comesAgain(ctx context.Context, owner *node, ref record.Ref) error {
	if planned := d.nodes[ref]; planned != nil && planned.writes() {
		return nil
	}
	then, err := d.pastOfOwned(ctx)
	if err != nil {
		return err
	}
	e, held, err := then.version(ctx, ref)
	if err != nil {
		return err
	}
	if !held {
		d.tellNotStored(owner, ref)
		return nil
	}
	spec, _ := catalogue.Find(ref.Kind)
	n := &node{wish: wish{Ref: ref, entry: e, attached: true}, spec: spec, needs: []*node{owner}}
	n.action = record.Action{Ref: ref, Version: e.Version, Name: owner.action.Name, Place: owner.action.Place, State: record.ActionPlanned}
	d.nodes[ref] = n
	return d.planOwned(ctx, n, ref.ID, owner.Ref)
}
