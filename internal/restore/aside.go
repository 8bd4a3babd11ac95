package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Documents whose names somebody has exchanged wait for each other. The one that is written first gives
// the one that has its name another name for a moment; that one is written last.

// setAside plans that what has the name of a document gets another one for a moment. Holder, which is what
// the plan makes of that, waits for the document.
func (d *draft) setAside(n, holder *node, other vault.Entry) {
	name := n.spec.Fields.Name
	if !slices.Contains(strings.Split(n.shares, " and "), name) || slices.Contains(n.spec.Write.Identifiers, name) || d.sharedKey(n, other, holder.body) != nil {
		n.impossible(fmt.Sprintf("%s has its %s now, and each of them waits for the other: rename one of them by hand", other.Ref, n.shares))
		return
	}
	if d.request.Aside == nil {
		d.request.Aside = make(map[string]string)
	}
	d.request.Aside[n.Ref.String()] = other.ID
	d.rings = append(d.rings, append(slices.Clone(d.finding[slices.Index(d.finding, holder):]), n))
}

// closeRings sees to it that no document gets another name for a moment that would not get its own after it.
func (d *draft) closeRings() {
	for _, ring := range d.rings {
		first := ring[len(ring)-1]
		i := slices.IndexFunc(ring, func(n *node) bool { return !n.writes() })
		if i < 0 {
			first.action.PlannedCalls += 2
			continue
		}
		delete(d.request.Aside, first.Ref.String())
		for _, n := range ring {
			if n.writes() {
				n.impossible(fmt.Sprintf("it waits for a name that %s has now, which does not get another one", ring[i].Ref))
			}
		}
	}
}

// clearName gives what has the name of the action's document another one for a moment.
func (t *task) clearName(ctx context.Context) error {
	id := t.request.Aside[t.action.Ref.String()]
	if id == "" {
		return nil
	}
	ref := record.Ref{Kind: t.action.Kind, ID: id}
	route, _ := t.spec.Single(id)
	request := singleRequest(t.spec, id)
	now, err := t.get(ctx, route, request.Path, request.Query)
	if looker.Class(err) == looker.FaultMissing {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s, which has its name: %w", ref, err)
	}
	name := t.spec.Fields.Name
	is := canon.Text(canon.Member(now, name))
	if !strings.EqualFold(is, canon.Text(canon.Member(t.wanted, name))) {
		return nil // an earlier attempt has done so
	}
	expected, err := expectation(t.spec, now)
	if err != nil {
		return err
	}
	t.mu.Lock()
	planned := slices.ContainsFunc(t.plan.Actions, func(a record.Action) bool {
		return a.Kind == ref.Kind && a.Target == id && a.Expect == expected
	})
	t.mu.Unlock()
	if !planned {
		return &driftError{fmt.Sprintf("%s, which has its name, was changed on the instance since the plan", ref)}
	}
	body, err := json.Marshal(map[string]string{name: asideName(is, t.plan.ID, id)})
	if err != nil {
		return err
	}
	update := t.spec.Write.Update
	_, err = t.send(ctx, update, update.Fill(id), body)
	return err
}

// asideName is what a document or part is called until its own name is free.
func asideName(name string, plan int64, id string) string { return name + asideMark(plan) + id + ")" }

// wasSetAside reports whether a restore may have given the document of an action another name for a moment,
// and no more. Aside are its decisions about that.
func wasSetAside(of record.Restore, aside map[string]string, action record.Action) bool {
	return len(aside) > 0 && slices.ContainsFunc(of.Actions, func(a record.Action) bool {
		if a.Kind != action.Kind || action.Target == "" || aside[a.Ref.String()] != action.Target {
			return false
		}
		return a.State == record.ActionDone || a.State == record.ActionFailed || a.State == record.ActionRunning
	})
}

// tellAside names what may still have the name that it was to have for a moment.
func (a *applier) tellAside() {
	for _, action := range a.plan.Actions {
		if action.State != record.ActionDone && action.State != record.ActionSame && wasSetAside(a.plan, a.request.Aside, action) {
			a.note("%s may have a name that ends in %q, since its own is not free: lookervault restore undo %d gives all of them the names that they had",
				title(action), asideName("", a.plan.ID, action.Target), a.plan.ID)
		}
	}
}
