package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// alike finds the document of the instance that has a key which the server gives only
// once, of a document that is not there: somebody made it again by hand, or another one
// took its name.
func (d *draft) alike(ctx context.Context, n *node) (found *vault.Entry, err error) {
	called, err := d.present.called(ctx, n.Kind, n.entry.Name)
	if err != nil {
		return nil, err
	}
	for _, e := range called {
		if e.State == record.Gone || e.ID == n.ID {
			continue
		}
		_, seen, err := d.present.find(ctx, e.Ref)
		if err != nil {
			return nil, err
		}
		if seen == absent {
			continue
		}
		body, err := d.body(ctx, e)
		if err != nil {
			return nil, err
		}
		for i := range n.spec.Write.Keys {
			key := &n.spec.Write.Keys[i]
			if !key.Unique || e.State == record.Trashed && !key.TrashCounts {
				continue
			}
			wanted, ok := canon.KeyOf(n.spec.Write, key, n.body, d.resolver)
			is, has := canon.KeyOf(n.spec.Write, key, body, canon.Itself)
			if ok && has && wanted == is {
				if seen == unseen {
					d.relied[e.Ref] = true
				}
				return &e, nil
			}
		}
	}
	return nil, nil
}

// beside decides about a document that is not there, where another one is that has its
// name. It reports whether the other one takes its place: then they are compared.
func (d *draft) beside(ctx context.Context, n *node) (other *vault.Entry, err error) {
	other, err = d.alike(ctx, n)
	if err != nil || other == nil {
		return nil, err
	}
	if _, was, err := d.past.version(ctx, other.Ref); err != nil || was {
		return nil, d.besideAnother(n, other, err)
	}
	switch policy := d.request.policy(n.Ref, n.named); {
	case policy == Rename && !n.needed:
		d.rename(n)
		return nil, nil
	case policy == Fail:
		n.impossible(fmt.Sprintf("%s has its name, which --conflict fail forbids", other.Ref))
		return nil, nil
	}
	d.present.made[n.Ref] = other.ID
	d.relied[other.Ref] = !d.present.asked[other.Ref] && !d.present.whole[other.Kind]
	if !d.relied[other.Ref] {
		delete(d.relied, other.Ref)
	}
	d.note("%s is taken for the same as %s of the backup: they have the same name", other.Ref, n.Ref)
	return other, nil
}

// besideAnother decides about a document whose name another document of the backup has.
func (d *draft) besideAnother(n *node, other *vault.Entry, err error) error {
	if err != nil {
		return err
	}
	switch policy := d.request.policy(n.Ref, false); {
	case policy == Rename:
		d.rename(n)
	case policy == Skip && !n.named && !n.needed:
		n.settle(record.DeedSkip, fmt.Sprintf("%s has its name now", other.Ref))
	default:
		n.impossible(fmt.Sprintf("%s has its name now; --conflict %s=rename makes it beside that under another name", other.Ref, n.Kind))
	}
	return nil
}

// makeRoom sees to it that a document can come out of the trash: where another one has
// taken its name meanwhile it gets another name, or stays there.
func (d *draft) makeRoom(ctx context.Context, n *node, current []byte) error {
	other, err := d.alike(ctx, n)
	if err != nil || other == nil {
		return err
	}
	if d.request.policy(n.Ref, false) != Rename {
		n.impossible(fmt.Sprintf("%s has its name now; --conflict %s=rename gives it another one", other.Ref, n.Kind))
		return nil
	}
	d.rename(n)
	n.action.Changes, err = canon.Changes(n.spec.Write, current, n.body, d.resolver)
	n.action.Changes = slices.DeleteFunc(n.action.Changes, func(c record.Change) bool { return c.Path == n.spec.Write.Trash.Name })
	return err
}

// rename gives a document that is made beside another one a name of its own.
func (d *draft) rename(n *node) {
	member := n.spec.Fields.Name
	taken := make(map[string]bool)
	for _, e := range d.present.kinds[n.Kind] {
		taken[strings.ToLower(e.Name)] = e.State != record.Gone || taken[strings.ToLower(e.Name)]
	}
	name := fmt.Sprintf("%s (restored %s)", n.entry.Name, d.Now().Format("2006-01-02"))
	for i := 2; taken[strings.ToLower(name)]; i++ {
		name = fmt.Sprintf("%s (restored %s %d)", n.entry.Name, d.Now().Format("2006-01-02"), i)
	}
	d.override(n, member, json.RawMessage(quote(name)))
	n.action.Name, n.action.Reason = name, "beside another one of its name"
}

// override makes a member of what is wanted another one than the backup has.
func (d *draft) override(n *node, member string, value json.RawMessage) {
	if len(value) == 0 {
		value = json.RawMessage("null")
	}
	if d.request.Overrides == nil {
		d.request.Overrides = make(map[string]map[string]json.RawMessage)
	}
	key := n.Ref.String()
	if d.request.Overrides[key] == nil {
		d.request.Overrides[key] = make(map[string]json.RawMessage)
	}
	d.request.Overrides[key][member] = value
	if body, err := d.request.wanted(n.Ref, n.body); err == nil {
		n.body = body
	}
}

// wanted is the body that is wanted of a document, given that of its version.
func (r *Request) wanted(ref record.Ref, body []byte) ([]byte, error) {
	members := r.Overrides[ref.String()]
	if len(members) == 0 {
		return body, nil
	}
	var set []catalogue.Member
	for name, value := range members {
		set = append(set, catalogue.Member{Name: name, Value: string(value)})
	}
	slices.SortFunc(set, func(a, b catalogue.Member) int { return strings.Compare(a.Name, b.Name) })
	return canon.With(body, set...)
}

// freeKeys leaves out what a document of the trash, which stays there, still holds: no
// two documents may have it.
func (d *draft) freeKeys(n *node) {
	for _, key := range n.spec.Write.Keys {
		if key.Unique && key.TrashCounts && len(key.Members) == 1 {
			d.override(n, key.Members[0], json.RawMessage("null"))
			d.note("%s: it gets another %s: the one in the trash still has it", n.Ref, key.Members[0])
		}
	}
}
