package restore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// waitForRemovals has a setting whose rows are taken away wait for what names these now, and will not when
// the plan is done: Looker deletes no server through which a tunnel goes. What is deleted for good waits for
// what hangs on it now and will not then: Looker would delete a schedule with its dashboard.
func (d *draft) waitForRemovals(ctx context.Context) error {
	holders := make(map[record.Ref]*node)
	for _, n := range d.nodes {
		if n.action.Deed != record.DeedUpdate || !n.spec.Write.OnlyNamed {
			continue
		}
		for _, row := range partsDeleted(n) {
			holders[row] = n
		}
	}
	for _, n := range d.nodes {
		if n.action.Deed == record.DeedDelete && d.request.erases(n.spec.Write) {
			holders[record.Ref{Kind: n.Kind, ID: n.action.Target}] = n
		}
	}
	if len(holders) == 0 {
		return nil
	}
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		if !n.writes() || n.action.Before == 0 {
			continue
		}
		now, _, err := d.present.find(ctx, ref)
		if err != nil {
			return err
		}
		current, err := d.body(ctx, now)
		if err != nil {
			return err
		}
		named, err := canon.References(n.spec.Write, bytes.Clone(current))
		if err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
		for _, r := range named {
			holder := holders[r.Ref]
			if holder != nil && holder != n && !n.waitsFor(holder) && (holder.action.Deed != record.DeedDelete || goesWith(n.spec, r.Kind)) {
				holder.needs = appendNew(holder.needs, n)
			}
		}
	}
	return nil
}

// goesWith reports whether Looker deletes documents of a kind with that of another kind on which they hang.
func goesWith(spec *catalogue.Spec, kind record.Kind) bool {
	return spec.Place == catalogue.Nowhere && hangsOn(spec, map[record.Kind]bool{kind: true})
}

// waitsFor reports whether a document waits for another one, also through others.
func (n *node) waitsFor(other *node) bool {
	seen := map[*node]bool{n: true}
	for left := []*node{n}; len(left) > 0; {
		next := left[len(left)-1]
		left = left[:len(left)-1]
		for _, need := range next.needs {
			if need == other {
				return true
			}
			if !seen[need] {
				seen[need] = true
				left = append(left, need)
			}
		}
	}
	return false
}
