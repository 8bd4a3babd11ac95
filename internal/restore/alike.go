package restore

import (
	"context"
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
	found, _, err = d.alikeBut(ctx, n, nil)
	return found, err
}

// keyHeld says that a document of the instance holds a key which another document is to get: Looker takes
// no two with that key, so the holder has to give it away first.
type keyHeld struct {
	id  string // of the document that holds it
	key *catalogue.Key
}

// alikeBut is alike, and returns the key as well. It leaves out what is known to hold a key.
func (d *draft) alikeBut(ctx context.Context, n *node, known []keyHeld) (found *vault.Entry, key *catalogue.Key, err error) {
	d.seek(n)
	called, err := d.present.called(ctx, n.Kind, n.entry.Name)
	if err != nil {
		return nil, nil, err
	}
	keyed, err := d.withKeys(ctx, n)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range append(slices.Clone(called), keyed...) {
		if e.State == record.Gone || e.ID == n.ID || e.ID == n.action.Target {
			continue
		}
		_, seen, err := d.present.find(ctx, e.Ref)
		if err != nil {
			return nil, nil, err
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
			return nil, nil, err
		}
		shared := slices.DeleteFunc(d.sharedKeys(n, e, body), func(key *catalogue.Key) bool { return slices.Contains(known, keyHeld{e.ID, key}) })
		if len(shared) == 0 {
			continue
		}
		found, key = &e, shared[0]
		if seen != unseen {
			break
		}
		d.relied[e.Ref] = true // as all that nobody has looked at: one look tells of all of them
	}
	if found != nil {
		n.shares = strings.Join(key.Members, " and ")
	}
	return found, key, nil
}

// sharedKey is a key that the server gives only once, and that a document of the instance has
// as it is wanted of another one, nil for none.
func (d *draft) sharedKey(n *node, e vault.Entry, body []byte) *catalogue.Key {
	if keys := d.sharedKeys(n, e, body); len(keys) > 0 {
		return keys[0]
	}
	return nil
}

// sharedKeys are all keys of this sort.
func (d *draft) sharedKeys(n *node, e vault.Entry, body []byte) (keys []*catalogue.Key) {
	for i := range n.spec.Write.Keys {
		key := &n.spec.Write.Keys[i]
		if !key.Unique || e.State == record.Trashed && !key.TrashCounts {
			continue
		}
		wanted, ok := canon.KeyOf(n.spec.Write, key, n.body, d.resolverOf(n))
		is, has := canon.KeyOf(n.spec.Write, key, body, canon.Itself)
		if ok && has && wanted == is {
			keys = append(keys, key)
		}
	}
	return keys
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
	wanted, ok := canon.KeyOf(n.spec.Write, &n.spec.Write.Keys[key], n.body, d.resolverOf(n))
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
	index := make(map[string][]vault.Entry)
	err := d.eachSeen(ctx, n.Kind, func(e vault.Entry, body []byte) {
		if value, ok := canon.KeyOf(n.spec.Write, &n.spec.Write.Keys[key], body, canon.Itself); ok {
			index[value] = append(index[value], e)
		}
	})
	if err != nil {
		return nil, err
	}
	d.present.keyed[id] = index
	return index, nil
}

// another finds the document of the instance that takes the place of one that is not there,
// since it has a key of it; nil where none does. Nothing is written of the node, or it gets another name,
// where the one that has its key is known to be another document.
func (d *draft) another(ctx context.Context, n *node) (other *vault.Entry, err error) {
	other, err = d.alike(ctx, n)
	if err != nil {
		return nil, err
	}
	if other == nil {
		if other, err = d.soleAlike(ctx, n); err != nil || other == nil {
			return nil, err
		}
	}
	were, err := d.wereBoth(ctx, n, other.Ref)
	if _, undone := d.undoing[other.Ref]; err != nil || were || undone {
		return nil, d.besideAnother(ctx, n, other, err)
	}
	return other, nil
}

// takeFor lets a document of the instance stand for one that is not there, and compares them.
// Where the policy wants both, the document that is there stays as it is, and is another one.
func (d *draft) takeFor(ctx context.Context, n *node, other vault.Entry) error {
	n.action.Target, n.action.Before = other.ID, other.Version
	if d.request.Undo != 0 {
		n.since = fmt.Sprintf("somebody has made %s since, which has the same %s", other.Ref, n.shares)
	}
	before, stood := d.present.made[n.Ref]
	d.present.made[n.Ref], n.taken = other.ID, &other // what it needs may name it in its turn
	if err := d.compare(ctx, n, other); err != nil {
		return err
	}
	if n.action.Deed != record.DeedCreate {
		d.note("%s is taken for the same as %s of the backup: they have the same %s", other.Ref, n.Ref, n.shares)
		return nil
	}
	n.action.Target, n.action.Before, n.action.Expect, n.taken = "", 0, record.Digest{}, nil
	if err := d.rename(ctx, n, other); err != nil || !n.writes() {
		n.action.Target = other.ID // nothing can be made beside it: whoever names the one means the other
		return err
	}
	delete(d.present.made, n.Ref)
	if stood {
		d.present.made[n.Ref] = before
	}
	return d.create(ctx, n)
}

// wereBoth reports whether the backup has seen another document when it saw the wanted one: then
// nobody made it in the place of that.
func (d *draft) wereBoth(ctx context.Context, n *node, other record.Ref) (bool, error) {
	if _, held, err := d.past.version(ctx, other); err != nil || !held {
		return false, err
	}
	versions, err := d.reader.Versions(ctx, d.instance, other)
	return err == nil && versions[0].FirstRun <= n.entry.LastRun, err
}

// besideAnother decides about a document whose name another document of the backup has.
func (d *draft) besideAnother(ctx context.Context, n *node, other *vault.Entry, err error) error {
	if err != nil {
		return err
	}
	if waits, _, err := d.waits(ctx, n, *other, nil); err != nil || waits {
		return err
	}
	switch policy := d.request.policy(n.Ref, false); {
	case policy == Rename:
		return d.rename(ctx, n, *other)
	case policy == Skip && !n.named && !n.needed:
		n.writeNothing(record.DeedSkip, fmt.Sprintf("%s has its name now", other.Ref))
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
	if waits, _, err := d.waits(ctx, n, *other, nil); err != nil || waits {
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
		n.writeNothing(record.DeedReuse, fmt.Sprintf("%s %q was made from it already", twin.Ref, twin.Name))
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
func (d *draft) twin(ctx context.Context, n *node) (found *vault.Entry, err error) {
	for _, made := range d.present.beside[n.Ref] {
		if made.Version != n.entry.Version || made.into != d.request.IntoID {
			continue
		}
		now, seen, exists, err := d.sees(ctx, record.Ref{Kind: n.Kind, ID: made.Target})
		switch {
		case err != nil:
			return nil, err
		case !exists || now.State != record.Present:
		case seen == there:
			return &now, nil
		case found == nil: // one look tells of it and of the others
			found = &now
		}
	}
	return found, nil
}
