package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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

// another finds the document of the instance that takes the place of one that is not there,
// since it has a key of it; nil where none does. The node is settled, or gets another name,
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
	if were, err := d.wereBoth(ctx, n, other.Ref); err != nil || were {
		return nil, d.besideAnother(ctx, n, other, err)
	}
	return other, nil
}

// takeFor lets a document of the instance stand for one that is not there, and compares them.
// Where the policy wants both, the document that is there stays as it is, and is another one.
func (d *draft) takeFor(ctx context.Context, n *node, other vault.Entry) error {
	stood, had := d.present.made[n.Ref]
	d.present.made[n.Ref] = other.ID
	n.action.Target, n.action.Before = other.ID, other.Version
	if err := d.compare(ctx, n, other); err != nil {
		return err
	}
	if n.action.Deed != record.DeedCreate {
		d.note("%s is taken for the same as %s of the backup: they have the same %s", other.Ref, n.Ref, n.shares)
		return nil
	}
	delete(d.present.made, n.Ref)
	if had {
		d.present.made[n.Ref] = stood
	}
	n.action.Target, n.action.Before, n.action.Expect = "", 0, record.Digest{}
	if err := d.rename(ctx, n, other); err != nil || !n.writes() {
		return err
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

// asItWasMade gives a document for which an earlier restore made one under another name, beside
// what had its own, that name: what was made is what is wanted of it since.
func (d *draft) asItWasMade(n *node, now vault.Entry) error {
	made, ok := d.present.renamed[record.Ref{Kind: n.Kind, ID: now.ID}]
	if !ok || d.request.Undo != 0 {
		return nil
	}
	for _, member := range slices.Sorted(maps.Keys(made.overrides)) {
		if err := d.override(n, member, made.overrides[member]); err != nil {
			return err
		}
	}
	for _, member := range made.without {
		if err := d.without(n, member); err != nil {
			return err
		}
	}
	return nil
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

// rename gives a document that is made beside another one names of its own, and takes
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
	nth := 1
	name := d.secondName(n, member, nth)
	for taken[strings.ToLower(name)] {
		nth++
		name = d.secondName(n, member, nth)
	}
	for _, identifier := range n.spec.Write.Identifiers {
		if err := d.override(n, identifier, json.RawMessage(quote(d.secondName(n, identifier, nth)))); err != nil {
			return err
		}
	}
	if err := d.override(n, member, json.RawMessage(quote(name))); err != nil {
		return err
	}
	n.action.Name, n.action.Reason = name, "beside another one of its name"
	return d.freeKeys(ctx, n, other)
}

// secondName is the nth name that a document can have in a member beside another one which has
// its own: "Sales (restored 2026-03-01)", or sales_restored_20260301 for an identifier.
func (d *draft) secondName(n *node, member string, nth int) string {
	base := n.entry.Name
	if member != n.spec.Fields.Name {
		base = canon.Text(canon.Member(n.body, member))
	}
	if slices.Contains(n.spec.Write.Identifiers, member) {
		return base + numbered("_restored_"+d.Now().Format("20060102"), "_", nth)
	}
	return base + numbered(" (restored "+d.Now().Format("2006-01-02"), " ", nth) + ")"
}

// numbered appends a number to a text, but for the first one.
func numbered(text, separator string, nth int) string {
	if nth == 1 {
		return text
	}
	return text + separator + itoa(nth)
}

// freeKeys takes from a document what another one, which stays, has: no two may have it.
func (d *draft) freeKeys(ctx context.Context, n *node, other vault.Entry) error {
	body, err := d.body(ctx, other)
	if err != nil {
		return err
	}
	for _, key := range n.spec.Write.Keys {
		member := key.Members[0]
		if !key.Unique || len(key.Members) > 1 || member == n.spec.Fields.Name || slices.Contains(n.spec.Write.Identifiers, member) {
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
