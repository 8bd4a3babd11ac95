package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Documents whose names, or other keys, somebody has exchanged wait for each other. The one that is written
// first gives the one that has its key another one for a moment; that one is written last.

// Aside is what gets another key for a moment.
type Aside struct {
	ID      string   `json:"id"` // on the instance
	Members []string `json:"members"`
}

// setAside plans that what has a key of a document gets another one for a moment. Holder, which is what
// the plan makes of that, waits for the document. It reports whether there is a way.
func (d *draft) setAside(n, holder *node, other vault.Entry, key *catalogue.Key) bool {
	member := asideMember(n.spec, key, n.body)
	if keeps := d.sharedKeys(n, other, holder.body); member == "" || slices.Contains(keeps, key) {
		return false
	}
	if d.request.Aside == nil {
		d.request.Aside = make(map[string][]Aside)
	}
	asides := d.request.Aside[n.Ref.String()]
	i := slices.IndexFunc(asides, func(a Aside) bool { return a.ID == other.ID })
	if i < 0 {
		i, asides = len(asides), append(asides, Aside{ID: other.ID})
	}
	asides[i].Members = append(asides[i].Members, member)
	d.request.Aside[n.Ref.String()] = asides
	d.rings = append(d.rings, append(slices.Clone(d.finding[slices.Index(d.finding, holder):]), n))
	return true
}

// asideMember is the member of a key that can have another value for a moment, "" for none: not an address
// at which something listens.
func asideMember(spec *catalogue.Spec, key *catalogue.Key, body []byte) string {
	for _, member := range key.Members {
		if member == spec.Fields.Name {
			return member
		}
	}
	if strings.Contains(textAt(body, key.Members[0]), "://") {
		return ""
	}
	return key.Members[0]
}

// textAt is the text of a member, or of a member of one.
func textAt(body []byte, path string) string {
	member, inner, nested := strings.Cut(path, ".")
	value := canon.Member(body, member)
	if nested {
		value = canon.Member(value, inner)
	}
	return canon.Text(value)
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
				n.impossible(fmt.Sprintf("it waits for what %s has now, which does not get another one", ring[i].Ref))
			}
		}
	}
}

// clearKeys gives what has keys of the action's document other ones for a moment.
func (t *task) clearKeys(ctx context.Context) error {
	for _, aside := range t.request.Aside[t.action.Ref.String()] {
		if err := t.clearKeysOf(ctx, aside); err != nil {
			return err
		}
	}
	return nil
}

func (t *task) clearKeysOf(ctx context.Context, aside Aside) error {
	ref := record.Ref{Kind: t.action.Kind, ID: aside.ID}
	now, err := t.getOne(ctx, t.spec, aside.ID)
	if looker.Class(err) == looker.FaultMissing {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s, which has its %s: %w", ref, strings.Join(aside.Members, " and "), err)
	}
	members := slices.DeleteFunc(slices.Clone(aside.Members), func(member string) bool {
		return !strings.EqualFold(textAt(now, member), textAt(t.wanted, member)) // an earlier attempt has done so
	})
	if len(members) == 0 {
		return nil
	}
	asPlanned, err := t.isAsPlanned(ctx, ref, now)
	if err != nil {
		return err
	}
	if !asPlanned {
		return &driftError{fmt.Sprintf("%s, which has its %s, was changed on the instance since the plan", ref, strings.Join(members, " and "))}
	}
	for _, member := range members {
		route, name := t.spec.Write.Update, member
		if at, inner, nested := strings.Cut(member, "."); nested {
			i := slices.IndexFunc(t.spec.Write.Parts, func(p catalogue.Part) bool { return p.At == at })
			route, name = t.spec.Write.Parts[i].Write.Update, inner
		}
		body, err := json.Marshal(map[string]string{name: t.asideValue(member, textAt(now, member), aside.ID)})
		if err != nil {
			return err
		}
		if _, err := t.send(ctx, route, route.Fill(aside.ID), body); err != nil {
			return err
		}
	}
	return nil
}

// isAsPlanned reports whether a document that another action is about is what the plan saw, but for keys that
// it has for a moment.
func (t *task) isAsPlanned(ctx context.Context, ref record.Ref, now []byte) (bool, error) {
	t.mu.Lock()
	i := slices.IndexFunc(t.plan.Actions, func(a record.Action) bool { return a.Kind == ref.Kind && a.Target == ref.ID })
	action := t.plan.Actions[i]
	t.mu.Unlock()
	if expected, err := expectation(t.spec, now); err != nil || expected == action.Expect {
		return err == nil, err
	}
	before, err := t.Reader.VersionBody(ctx, action.Before)
	if err != nil {
		return false, err
	}
	was, err := t.form(before.Body)
	if err != nil {
		return false, err
	}
	is, err := t.form(now)
	if err != nil {
		return false, err
	}
	changes, err := canon.Differences(was, is)
	return len(changes) > 0 && !slices.ContainsFunc(changes, func(c record.Change) bool { return !isAside(canon.Text(c.After), t.plan.ID) }), err
}

// asideValue is what a member of a document says until its own value is free.
func (t *task) asideValue(member, value, id string) string {
	if member == t.spec.Fields.Name && !slices.Contains(t.spec.Write.Identifiers, member) {
		return asideName(value, t.plan.ID, id)
	}
	mailbox, domain, _ := strings.Cut(value, "@")
	value = mailbox + asideSuffix(t.plan.ID) + id
	if domain != "" {
		value += "@" + domain
	}
	return value
}

// asideName is what a document or part is called until its own name is free.
func asideName(name string, plan int64, id string) string { return name + asideMark(plan) + id + ")" }

// asideSuffix is asideMark for what takes letters, digits and underscores alone.
func asideSuffix(plan int64) string { return fmt.Sprintf("_lookervault_%d_", plan) }

// isAside reports whether a restore has given a key for a moment.
func isAside(text string, plan int64) bool {
	return strings.Contains(text, asideMark(plan)) || strings.Contains(text, asideSuffix(plan))
}

// wasSetAside reports whether a restore may have given the document of an action another key for a moment,
// and no more. Asides are its decisions about that.
func wasSetAside(of record.Restore, asides map[string][]Aside, action record.Action) bool {
	return len(asides) > 0 && slices.ContainsFunc(of.Actions, func(a record.Action) bool {
		if a.Kind != action.Kind || !slices.ContainsFunc(asides[a.Ref.String()], func(s Aside) bool { return s.ID == action.Target }) {
			return false
		}
		return a.State == record.ActionDone || a.State == record.ActionFailed || a.State == record.ActionRunning
	})
}

// tellAside names what may still have a key that it was to have for a moment.
func (a *applier) tellAside() {
	for _, action := range a.plan.Actions {
		if action.State != record.ActionDone && action.State != record.ActionSame && wasSetAside(a.plan, a.request.Aside, action) {
			a.note("%s may have a key that ends in %q, or has %q at its end or before its @, since its own is not free: lookervault restore undo %d gives all of them the keys that they had",
				action.Title(), asideName("", a.plan.ID, action.Target), asideSuffix(a.plan.ID)+action.Target, a.plan.ID)
		}
	}
}
