package restore

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
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
	if err != nil {
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
	since, err := d.ownedSince(ctx, ref, e)
	if err != nil {
		return err
	}
	if since != "" {
		n.since = fmt.Sprintf("%s goes with what it was: %s", ref, since)
		n.leave()
		return nil
	}
	n.action.PlannedCalls++ // to see whether they are still those
	d.note("%s goes with what %s is to be: %d rules, which an undo brings back", ref, n.action.Title(), len(rows))
	return nil
}

// ownedSince says what somebody has changed since the restore that is undone of what this has written along
// with a switch, "" for nothing.
func (d *draft) ownedSince(ctx context.Context, ref record.Ref, now vault.Entry) (string, error) {
	if d.request.Undo == 0 {
		return "", nil
	}
	of, err := d.reader.Restore(ctx, d.request.Undo)
	if err != nil {
		return "", err
	}
	left, err := d.leftoversOf(ctx, of)
	if err != nil {
		return "", err
	}
	for _, a := range of.Actions {
		if a.Kind != ref.Kind || a.Target != ref.ID || a.State != record.ActionDone && a.State != record.ActionSame {
			continue
		}
		n := &node{wish: wish{Ref: ref, undoes: a.Seq}, spec: catalogue.Lookup(ref.Kind)}
		if n.left, err = left.version(ctx, a); err != nil {
			return "", err
		}
		return d.changedSince(ctx, n, now)
	}
	return "", nil
}

// keepsOwned checks, before a switch is turned, that what goes with it is what the plan saw: the vault
// holds that.
func (t *task) keepsOwned(ctx context.Context, now []byte) error {
	for i := range t.spec.Relations {
		r := &t.spec.Relations[i]
		if r.Role != catalogue.Owns || r.Unless == "" {
			continue
		}
		is := canon.Named(now, r)
		if len(is) == 0 || len(canon.Named(t.wanted, r)) > 0 {
			continue
		}
		ref := record.Ref{Kind: r.Kind, ID: is[0]}
		if seen, err := t.isAsSeen(ctx, ref); err != nil || !seen {
			if err == nil {
				err = &driftError{fmt.Sprintf("%s, which goes with what it is to be, was changed on the instance since the plan", ref)}
			}
			return err
		}
	}
	return nil
}

// isAsSeen reports whether a document is what the plan saw.
func (t *task) isAsSeen(ctx context.Context, ref record.Ref) (bool, error) {
	spec := catalogue.Lookup(ref.Kind)
	now, err := t.getOne(ctx, spec, ref.ID)
	if err != nil {
		return false, fmt.Errorf("read %s, which goes with it: %w", ref, err)
	}
	versions, err := t.Reader.Versions(ctx, t.plan.Target, ref)
	if err != nil {
		return false, err
	}
	was, err := t.Reader.VersionBody(ctx, lastBefore(versions, t.plan.Look).Version)
	if err != nil {
		return false, err
	}
	expected, err := expectation(spec, was.Body)
	if err != nil {
		return false, err
	}
	is, err := expectation(spec, now)
	return is == expected, err
}

// switchedByOthers checks that what comes with a switch, and is to be another one, is not somebody's work
// who has turned that since the plan.
func (t *task) switchedByOthers(now []byte) error {
	owner, r := ownerUnless(t.action.Kind)
	if r == nil || t.resumed {
		return nil
	}
	t.mu.Lock()
	turned := slices.ContainsFunc(t.action.Needs, func(seq int) bool {
		need := &t.plan.Actions[seq-1]
		return need.Kind == owner.Name && need.Before != 0 && need.State == record.ActionSame
	})
	t.mu.Unlock()
	if !turned {
		return nil
	}
	changes, err := canon.Changes(t.spec.Write, now, t.wanted, t.resolve)
	if err != nil || len(changes) == 0 {
		return err
	}
	return &driftError{"it was changed on the instance since the plan, which saw none of it"}
}

// comesAgain plans that an undo makes what comes with a switch what it was.
func (d *draft) comesAgain(ctx context.Context, owner *node, ref record.Ref) error {
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
