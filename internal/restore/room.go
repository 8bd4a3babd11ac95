package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A document that is there may have given its name away: somebody has renamed it, and called another one
// so. Where the plan gives that another name as well, or deletes it, the first one waits for it. So does what
// is made anew, or comes out of the trash.

// findRoom sees to it that a document can get the keys that it is to have and that it has not now.
func (d *draft) findRoom(ctx context.Context, n *node, current []byte) error {
	shares := n.shares
	defer func() { n.shares = shares }()
	var known []keyHeld
	for d.takesKey(n, current) {
		other, key, err := d.alikeBut(ctx, n, known)
		if err != nil || other == nil {
			return err
		}
		if err := d.waitForKey(ctx, n, *other, key); err != nil || !n.writes() {
			return err
		}
		known = append(known, keyHeld{other.ID, key})
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

// waitForKey lets a document wait until another one has another key, or come back without that key, or says
// why it cannot get its own.
func (d *draft) waitForKey(ctx context.Context, n *node, other vault.Entry, key *catalogue.Key) error {
	waits, holder, err := d.waits(ctx, n, other, key)
	switch {
	case err != nil || waits:
		return err
	case holder != nil && slices.Contains(d.finding, holder) && d.setAside(n, holder, other, key):
		return nil
	case slices.Contains(keysBesideName(n.spec), n.shares):
		return d.freeKeys(ctx, n, other)
	case holder != nil && slices.Contains(d.finding, holder):
		n.impossible(fmt.Sprintf("%s has its %s now, and each of them waits for the other, since what is sent to an address goes to no other one for a moment: change that of one of them by hand", other.Ref, n.shares))
	default:
		n.impossible(fmt.Sprintf("%s has its %s now: give that one another, or name it as well where the backup has another for it", other.Ref, n.shares))
	}
	return nil
}

// waits lets a document wait for what has a key of it on the instance, or any where key is nil, if the plan
// takes that from the other one. It returns what the plan makes of that, nil for nothing.
func (d *draft) waits(ctx context.Context, n *node, other vault.Entry, key *catalogue.Key) (bool, *node, error) {
	d.finding = append(d.finding, n)
	defer func() { d.finding = d.finding[:len(d.finding)-1] }()
	holder, err := d.nodeOn(ctx, other)
	if err != nil || holder == nil || slices.Contains(d.finding, holder) {
		return false, holder, err
	}
	frees, err := d.frees(ctx, n, other, holder, key)
	if frees {
		n.needs = appendNew(n.needs, holder)
	}
	return frees, holder, err
}

// frees reports whether the plan takes from a document of the instance a key that another one is to get, or
// all where key is nil.
func (d *draft) frees(ctx context.Context, n *node, other vault.Entry, holder *node, key *catalogue.Key) (bool, error) {
	if !holder.writes() {
		return false, nil
	}
	body := holder.body
	if holder.action.Deed == record.DeedDelete {
		if d.request.erases(holder.spec.Write) {
			return true, nil
		}
		var err error
		if body, err = d.body(ctx, other); err != nil {
			return false, err
		}
		other.State = record.Trashed
	} else if canon.InTrash(holder.spec.Write, body) {
		other.State = record.Trashed
	}
	keeps := d.sharedKeys(n, other, body)
	return len(keeps) == 0 || key != nil && !slices.Contains(keeps, key), nil
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
