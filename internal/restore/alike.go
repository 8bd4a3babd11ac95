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
// took its name. The node says then which members these are.
func (d *draft) alike(ctx context.Context, n *node) (found *vault.Entry, err error) {
	d.seek(n)
	called, err := d.present.called(ctx, n.Kind, n.entry.Name)
	if err != nil {
		return nil, err
	}
	keyed, err := d.withKeys(ctx, n)
	if err != nil {
		return nil, err
	}
	for _, e := range append(slices.Clone(called), keyed...) {
		if e.State == record.Gone || e.ID == n.ID || e.ID == n.action.Target {
			continue
		}
		_, seen, err := d.present.find(ctx, e.Ref)
		if err != nil {
			return nil, err
		}
		switch seen {
		case absent:
			continue
		case unlisted:
			d.relied[e.Ref] = true
			continue
		}
		body, err := d.body(ctx, e)
		if err != nil {
			return nil, err
		}
		if key := d.sharedKey(n, e, body); key != nil {
			if seen == unseen {
				d.relied[e.Ref] = true
			}
			n.shares = strings.Join(key.Members, " and ")
			return &e, nil
		}
	}
	return nil, nil
}

// sharedKey is a key that the server gives only once, and that a document of the instance has
// as it is wanted of another one, nil for none.
func (d *draft) sharedKey(n *node, e vault.Entry, body []byte) *catalogue.Key {
	for i := range n.spec.Write.Keys {
		key := &n.spec.Write.Keys[i]
		if !key.Unique || e.State == record.Trashed && !key.TrashCounts {
			continue
		}
		wanted, ok := canon.KeyOf(n.spec.Write, key, n.body, d.resolver)
		is, has := canon.KeyOf(n.spec.Write, key, body, canon.Itself)
		if ok && has && wanted == is {
			return key
		}
	}
	return nil
}

// withKeys are documents which the looks saw and that have a key of what is wanted that is no
// name: a slug, a mail address.
func (d *draft) withKeys(ctx context.Context, n *node) (found []vault.Entry, err error) {
	for i := range n.spec.Write.Keys {
		key := &n.spec.Write.Keys[i]
		if !key.Unique || slices.Contains(key.Members, n.spec.Fields.Name) {
			continue
		}
		seen, err := d.seenWith(ctx, n, i)
		if err != nil {
			return nil, err
		}
		found = append(found, seen...)
	}
	return found, nil
}

// seenWith are documents which the looks saw and that have one of the keys as it is wanted.
func (d *draft) seenWith(ctx context.Context, n *node, key int) ([]vault.Entry, error) {
	wanted, ok := canon.KeyOf(n.spec.Write, &n.spec.Write.Keys[key], n.body, d.resolver)
	if !ok {
		return nil, nil
	}
	index, err := d.keysSeen(ctx, n, key)
	return index[wanted], err
}

// keysSeen are the documents of a kind which the looks saw, by the values of a key.
func (d *draft) keysSeen(ctx context.Context, n *node, key int) (map[string][]vault.Entry, error) {
	id := string(n.Kind) + "." + strings.Join(n.spec.Write.Keys[key].Members, ",")
	if index := d.present.keyed[id]; index != nil {
		return index, nil
	}
	held, err := d.present.all(ctx, n.Kind)
	if err != nil {
		return nil, err
	}
	index := make(map[string][]vault.Entry)
	for _, name := range sortedKeys(held) {
		e := held[name]
		if e.State == record.Gone || e.LastRun <= d.present.before {
			continue
		}
		body, err := d.body(ctx, e)
		if err != nil {
			return nil, err
		}
		if value, ok := canon.KeyOf(n.spec.Write, &n.spec.Write.Keys[key], body, canon.Itself); ok {
			index[value] = append(index[value], e)
		}
	}
	d.present.keyed[id] = index
	return index, nil
}

// beside decides about a document that is not there, where another one is that has its
// name. It reports whether the other one takes its place: then they are compared.
func (d *draft) beside(ctx context.Context, n *node) (other *vault.Entry, err error) {
	other, err = d.alike(ctx, n)
	if err != nil {
		return nil, err
	}
	if other == nil {
		if other, err = d.soleAlike(ctx, n); err != nil || other == nil {
			return nil, err
		}
	}
	if were, err := d.wereBoth(ctx, n, other.Ref); err != nil || were {
		return nil, d.besideAnother(ctx, n, other, err)
	}
	switch policy := d.request.policy(n.Ref, n.named); {
	case policy == Rename && !n.needed:
		return nil, d.rename(ctx, n, *other)
	case policy == Fail:
		n.impossible(fmt.Sprintf("%s has its name, which --conflict fail forbids", other.Ref))
		return nil, nil
	}
	d.present.made[n.Ref] = other.ID
	d.note("%s is taken for the same as %s of the backup: they have the same %s", other.Ref, n.Ref, n.shares)
	return other, nil
}

// wereBoth reports whether the backup has seen another document when it saw the wanted one: then
// nobody made it in the place of that.
func (d *draft) wereBoth(ctx context.Context, n *node, other record.Ref) (bool, error) {
	if _, held, err := d.past.version(ctx, other); err != nil || !held {
		return false, err
	}
	versions, err := d.reader.Versions(ctx, d.instance, other)
	if err != nil || len(versions) == 0 {
		return err == nil, err
	}
	return versions[0].FirstRun <= n.entry.LastRun, nil
}

// besideAnother decides about a document whose name another document of the backup has.
func (d *draft) besideAnother(ctx context.Context, n *node, other *vault.Entry, err error) error {
	if err != nil {
		return err
	}
	switch policy := d.request.policy(n.Ref, false); {
	case policy == Rename:
		return d.rename(ctx, n, *other)
	case policy == Skip && !n.named && !n.needed:
		n.settle(record.DeedSkip, fmt.Sprintf("%s has its name now", other.Ref))
	default:
		n.impossible(fmt.Sprintf("%s has its name now; --conflict %s=rename makes it beside that under another name", other.Ref, n.Kind))
	}
	return nil
}

// makeRoom sees to it that a document can come out of the trash: where another one has
// taken its name meanwhile it gets another name, or stays there.
func (d *draft) makeRoom(ctx context.Context, n *node) error {
	other, err := d.alike(ctx, n)
	if err != nil || other == nil {
		return err
	}
	if d.request.policy(n.Ref, false) != Rename {
		n.impossible(fmt.Sprintf("%s has its name now; --conflict %s=rename gives it another one", other.Ref, n.Kind))
		return nil
	}
	return d.rename(ctx, n, *other)
}

// duplicate plans to make what the backup has of a document beside the document itself,
// which stays as it is. What an earlier restore has made so is not made once more.
func (d *draft) duplicate(ctx context.Context, n *node, now vault.Entry) error {
	n.action.Target, n.action.Before, n.action.Expect = "", 0, record.Digest{}
	if n.spec.Owned() {
		n.impossible("it is a part of another document, and nothing can be made beside it")
		return nil
	}
	twin, err := d.twin(ctx, n)
	if err != nil {
		return err
	}
	if twin != nil {
		n.settle(record.DeedReuse, fmt.Sprintf("%s %q was made from it already", twin.Ref, twin.Name))
		return nil
	}
	d.request.Beside = append(d.request.Beside, n.Ref)
	if err := d.rename(ctx, n, now); err != nil || n.action.Deed != record.DeedCreate {
		return err
	}
	return d.create(ctx, n)
}

// twin is what an earlier restore made beside a document from the version that is wanted,
// nil where it is not there.
func (d *draft) twin(ctx context.Context, n *node) (*vault.Entry, error) {
	for _, made := range d.present.beside[n.Ref] {
		if made.Version != n.entry.Version {
			continue
		}
		now, _, exists, err := d.sees(ctx, record.Ref{Kind: n.Kind, ID: made.Target})
		if err != nil {
			return nil, err
		}
		if exists && now.State == record.Present {
			return &now, nil
		}
	}
	return nil, nil
}

// rename gives a document that is made beside another one a name of its own, and takes
// from it what only one of the two can have.
func (d *draft) rename(ctx context.Context, n *node, other vault.Entry) error {
	member := n.spec.Fields.Name
	if !slices.Contains(n.spec.Write.Fields, member) {
		n.impossible(fmt.Sprintf("%s are known by more than a name, so that none can be made beside another one", n.Kind))
		return nil
	}
	held, err := d.present.all(ctx, n.Kind)
	if err != nil {
		return err
	}
	taken := make(map[string]bool)
	for _, e := range held {
		taken[strings.ToLower(e.Name)] = e.State != record.Gone || taken[strings.ToLower(e.Name)]
	}
	for _, o := range d.nodes {
		taken[strings.ToLower(o.action.Name)] = o.Kind == n.Kind || taken[strings.ToLower(o.action.Name)]
	}
	name := fmt.Sprintf("%s (restored %s)", n.entry.Name, d.Now().Format("2006-01-02"))
	for i := 2; taken[strings.ToLower(name)]; i++ {
		name = fmt.Sprintf("%s (restored %s %d)", n.entry.Name, d.Now().Format("2006-01-02"), i)
	}
	if err := d.override(n, member, json.RawMessage(quote(name))); err != nil {
		return err
	}
	n.action.Name, n.action.Reason = name, "beside another one of its name"
	return d.freeKeys(ctx, n, other)
}

// freeKeys takes from a document what another one, which stays, has: no two may have it.
func (d *draft) freeKeys(ctx context.Context, n *node, other vault.Entry) error {
	body, err := d.body(ctx, other)
	if err != nil {
		return err
	}
	for _, key := range n.spec.Write.Keys {
		member := key.Members[0]
		if !key.Unique || len(key.Members) > 1 || member == n.spec.Fields.Name {
			continue
		}
		if has := canon.Text(canon.Member(body, member)); has == "" || has != canon.Text(canon.Member(n.body, member)) {
			continue
		}
		d.note("%s gets another %s: %s still has it", n.Ref, member, other.Ref)
		if err := d.without(n, member); err != nil {
			return err
		}
	}
	return nil
}

// freeKeysOfOriginal takes from a document for which another one stands what the first one
// still has: it lies in the trash, and what stands for it was made without.
func (d *draft) freeKeysOfOriginal(ctx context.Context, n *node, now vault.Entry) error {
	held, err := d.present.all(ctx, n.Kind)
	if err != nil {
		return err
	}
	original, ok := held[n.ID]
	if !ok || now.ID == n.ID || original.State == record.Gone {
		return nil
	}
	return d.freeKeys(ctx, n, original)
}
