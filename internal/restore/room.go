package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A document that is there may have given its name away: somebody has renamed it, and called another one
// so. Where the plan gives that another name as well, the first one waits for it.

// findRoom sees to it that a document can get the keys that it is to have and that it has not now.
func (d *draft) findRoom(ctx context.Context, n *node, current []byte) error {
	shares := n.shares
	defer func() { n.shares = shares }()
	for range n.spec.Write.Keys {
		if !d.takesKey(n, current) {
			return nil
		}
		other, err := d.alike(ctx, n)
		if err != nil || other == nil {
			return err
		}
		if key := n.shares; slices.Contains(keysBesideName(n.spec), key) {
			if err := d.freeKeys(ctx, n, *other); err != nil {
				return err
			}
			continue
		}
		return d.waitForKey(ctx, n, *other)
	}
	return nil
}

// takesKey reports whether a document is to get a key that the server gives only once.
func (d *draft) takesKey(n *node, current []byte) bool {
	for i := range n.spec.Write.Keys {
		key := &n.spec.Write.Keys[i]
		wanted, ok := canon.KeyOf(n.spec.Write, key, n.body, d.resolverOf(n))
		if is, _ := canon.KeyOf(n.spec.Write, key, current, canon.Itself); ok && key.Unique && is != wanted {
			return true
		}
	}
	return false
}

// waitForKey lets a document wait until another one has another name, or says why it cannot get its own.
func (d *draft) waitForKey(ctx context.Context, n *node, other vault.Entry) error {
	d.finding[n] = true
	defer delete(d.finding, n)
	holder, err := d.nodeOn(ctx, other)
	switch {
	case err != nil:
		return err
	case holder != nil && d.finding[holder]:
		n.impossible(fmt.Sprintf("%s has its %s now, and each of them waits for the other: rename one of them by hand", other.Ref, n.shares))
	case holder == nil || !holder.writes() || holder.action.Deed == record.DeedDelete || d.sharedKey(n, other, holder.body) != nil:
		n.impossible(fmt.Sprintf("%s has its %s now: give that one another, or name it as well where the backup has another for it", other.Ref, n.shares))
	default:
		n.needs = append(n.needs, holder)
	}
	return nil
}

// nodeOn is the node of what is on the instance, nil where the plan is not about it. What was selected
// is decided for that.
func (d *draft) nodeOn(ctx context.Context, e vault.Entry) (*node, error) {
	for ref, n := range d.nodes {
		if ref.Kind == e.Kind && n.action.Target == e.ID {
			return n, nil
		}
	}
	for _, ref := range sortedRefs(d.chosen) {
		if ref.Kind == e.Kind && d.nodes[ref] == nil && d.present.target(ref).ID == e.ID {
			return d.decide(ctx, d.chosen[ref])
		}
	}
	return nil, nil
}
