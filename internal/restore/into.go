package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// With [Request.Into] all that is selected comes into one folder instead of its old place, with
// the folders that are selected as well below that. What the instance has is not touched: it is
// copied. What lies in the trash comes out of it, and what is gone is made anew; either is the
// document itself, in a new place.
//
// A copy is known by its action alone: it is in [Decisions.Beside], and never in the map of ids,
// which says what became of the documents themselves. Copies name copies where the plan makes
// some, other documents name documents; only the place of anything is the copy of its folder.

// intoPath is where an [Request.Into] leads, for people.
func (d *draft) intoPath(ctx context.Context) (string, error) {
	folders, err := d.present.all(ctx, catalogue.Folders)
	if err != nil {
		return "", err
	}
	return folderPath(folders, d.request.IntoID), nil
}

// findInto finds the folder of the instance that everything is to come into. The first look of
// such a plan lists all folders, since somebody may just have made it.
func (p *planner) findInto(ctx context.Context) error {
	if p.request.Into == "" {
		return nil
	}
	if why := p.present.faults[record.Ref{Kind: catalogue.Folders}]; why != "" {
		return fmt.Errorf("--into %q: the folders of the instance could not be listed: %s", p.request.Into, why)
	}
	held, err := p.present.all(ctx, catalogue.Folders)
	if err != nil {
		return err
	}
	folders := make(map[string]vault.Entry)
	for id, e := range held {
		if e.State == record.Present && e.LastRun > p.present.before {
			folders[id] = e
		}
	}
	p.request.IntoID, err = findFolder(folders, p.request.Into)
	if errors.Is(err, vault.ErrNotFound) {
		return fmt.Errorf("--into: folder %q is not on the instance: make it there first", p.request.Into)
	}
	if err != nil {
		return fmt.Errorf("--into: %w", err)
	}
	found, err := p.reader.VersionBody(ctx, folders[p.request.IntoID].Version)
	if err == nil && holdsUsersOnly(found.Body) {
		err = fmt.Errorf("--into: nothing but what Looker puts there can lie in folder %q", p.request.Into)
	}
	return err
}

// holdsUsersOnly reports whether a folder is that of all personal ones, those of embed users, or
// LookML dashboards.
func holdsUsersOnly(folder []byte) bool {
	isRoot := func(member string) bool { return canon.Text(canon.Member(folder, member)) == "true" }
	return isRoot("is_users_root") || isRoot("is_embed_users_root") || canon.Text(canon.Member(folder, "id")) == "lookml"
}

// isCopy reports whether a document stays where it is, and what the plan makes of it is a copy.
func (r *Request) isCopy(ref record.Ref) bool { return r.IntoID != "" && r.beside(ref) }

// comesInto gives a document its new place. It reports whether all is decided about it by that.
func (d *draft) comesInto(ctx context.Context, n *node, now vault.Entry, exists bool) (decided bool, err error) {
	_, chosen := d.chosen[n.Ref]
	trashed := exists && now.State == record.Trashed
	if d.request.IntoID == "" || n.spec.Place == catalogue.Nowhere || exists && !chosen || trashed && n.entry.State == record.Trashed {
		return false, nil
	}
	if err := d.load(ctx, n); err != nil {
		return false, err
	}
	if exists && !trashed {
		return true, d.copyInto(ctx, n, now)
	}
	if _, err := d.rePlace(ctx, n); err != nil {
		return false, err
	}
	if other := d.namesake(n); other != nil {
		err = d.besideAnother(ctx, n, other, nil)
	}
	return n.action.Deed != "", err
}

// copyInto plans to copy a document, in the version that is wanted, into the new place.
func (d *draft) copyInto(ctx context.Context, n *node, now vault.Entry) error {
	n.action.Target, n.action.Before = "", 0
	if n.entry.State == record.Trashed {
		n.writeNothing(record.DeedSkip, "it was in the trash then")
		return nil
	}
	if n.spec.Place == catalogue.IsFolder {
		if err := d.copiesFolder(ctx, n); err != nil || n.action.Deed != "" {
			return err
		}
	}
	place, err := d.rePlace(ctx, n)
	if err != nil {
		return err
	}
	if now.Folder == place && d.present.arrived[now.Ref] == d.request.IntoID {
		n.action.Target = now.ID
		n.writeNothing(record.DeedReuse, "it was brought there already")
		return nil
	}
	d.request.Beside = append(d.request.Beside, n.Ref)
	twin, err := d.twin(ctx, n)
	if err != nil {
		return err
	}
	if twin != nil && twin.Folder == place {
		n.action.Target = twin.ID
		n.writeNothing(record.DeedReuse, fmt.Sprintf("%s %q was copied from it already", twin.Ref, twin.Name))
		return nil
	}
	if err := d.withoutKeysOf(n, now); err != nil {
		return err
	}
	if err := d.clearName(ctx, n, now); err != nil || n.action.Deed != "" {
		return err
	}
	if n.action.Reason == "" {
		n.action.Reason = "a copy: what is there stays as it is"
	}
	return d.create(ctx, n)
}

// copiesFolder writes nothing of a folder that cannot be copied: one that only Looker makes, whose content
// comes into the new place itself. A folder that holds that place would be copied into itself.
func (d *draft) copiesFolder(ctx context.Context, n *node) error {
	if g := canon.Guarded(n.spec.Write, n.body); g != nil {
		n.writeNothing(record.DeedSkip, "what lies in it is copied without it: "+g.Why)
		return nil
	}
	folders, err := d.present.all(ctx, catalogue.Folders)
	if err != nil {
		return err
	}
	if below(folders, []string{n.ID})[d.request.IntoID] {
		return fmt.Errorf("--into: folder %q lies in %s %q, which is to be copied there", d.request.Into, n.Ref, n.entry.Name)
	}
	return nil
}

// rePlace lets a document lie in what the plan makes of its folder where that is selected as
// well, and else in the folder that everything comes into. It returns the id of the place.
func (d *draft) rePlace(ctx context.Context, n *node) (place string, err error) {
	n.replaced = true
	parent := record.Ref{Kind: catalogue.Folders, ID: n.entry.Folder}
	if w, chosen := d.chosen[parent]; chosen && parent != n.Ref {
		in, err := d.decide(ctx, w)
		if err != nil {
			return "", err
		}
		if in.action.Deed == record.DeedCreate || in.replaced && in.action.Deed == record.DeedReuse && in.action.Target != "" {
			n.action.Place = in.action.Place + "/" + strings.ReplaceAll(in.action.Name, "/", `\/`)
			place, _ = d.resolverOf(n)(parent.Kind, parent.ID)
			return place, nil
		}
	}
	if n.action.Place, err = d.intoPath(ctx); err != nil {
		return "", err
	}
	return d.request.IntoID, d.override(n, n.spec.Fields.Folder, json.RawMessage(quote(d.request.IntoID)))
}

// withoutKeysOf takes from a copy what the document itself has, and no two may: the slug.
func (d *draft) withoutKeysOf(n *node, now vault.Entry) error {
	for _, key := range n.spec.Write.Keys {
		member := key.Members[0]
		if !key.Unique || len(key.Members) > 1 || member == n.spec.Fields.Name {
			continue
		}
		d.note("copies of %s get a %s of their own", n.Kind, member)
		if err := d.without(n, member); err != nil {
			return err
		}
	}
	return nil
}

// clearName decides about a copy whose name another document has in its new place, or gets there.
func (d *draft) clearName(ctx context.Context, n *node, now vault.Entry) error {
	other, err := d.alike(ctx, n)
	if err != nil {
		return err
	}
	if other == nil { // the document itself, where it is copied to the place where it lies
		body, err := d.body(ctx, now)
		if err != nil {
			return err
		}
		if d.sharedKey(n, now, body) != nil {
			other = &now
		}
	}
	if other == nil {
		other = d.namesake(n)
	}
	if other == nil {
		return nil
	}
	return d.besideAnother(ctx, n, other, nil)
}

// namesake is what the plan puts into a new place under the name that a document is to get there,
// nil for none.
func (d *draft) namesake(n *node) *vault.Entry {
	for _, ref := range sortedRefs(d.nodes) {
		if o := d.nodes[ref]; o != n && o.Kind == n.Kind && o.replaced && o.writes() && d.sharesKey(n, o) {
			return &o.entry
		}
	}
	return nil
}

// sharesKey reports whether two documents are to have a key that the server gives only once.
func (d *draft) sharesKey(n, o *node) bool {
	return slices.ContainsFunc(n.spec.Write.Keys, func(key catalogue.Key) bool {
		wanted, ok := canon.KeyOf(n.spec.Write, &key, n.body, d.resolverOf(n))
		is, has := canon.KeyOf(o.spec.Write, &key, o.body, d.resolverOf(o))
		return key.Unique && ok && has && wanted == is
	})
}

// resolverOf is the resolver of a draft for one document: a copy names copies, and the place of
// anything is the copy of its folder.
func (d *draft) resolverOf(n *node) canon.Resolver {
	return func(kind record.Kind, id string) (string, bool) {
		ref := record.Ref{Kind: kind, ID: id}
		if slices.Contains(d.moves[ref].with, n) { // it is told from others by its old id
			return d.planner.resolver(kind, id)
		}
		if d.request.IntoID == "" {
			return d.resolver(kind, id)
		}
		need := d.nodes[ref]
		switch {
		case need == nil || !d.means(n, ref):
			return d.resolver(kind, id)
		case need.action.Deed == record.DeedReuse:
			return need.action.Target, true
		}
		return newID + ref.String(), true
	}
}

// means reports whether a document that names another one means the copy of that.
func (d *draft) means(n *node, ref record.Ref) bool {
	return d.request.isCopy(ref) && (ref.Kind == catalogue.Folders || d.request.isCopy(n.Ref))
}

// waitsFor reports whether a document has to wait for what the plan makes of one that it names.
func (d *draft) waitsFor(n, need *node) bool {
	return !d.request.isCopy(need.Ref) || d.means(n, need.Ref)
}

// resolveIn is [applier.resolve] for a document that is a copy or not. A copy that is not known
// yet is nothing: what it was copied from is another document.
func (a *applier) resolveIn(copied bool) canon.Resolver {
	return func(kind record.Kind, id string) (string, bool) {
		ref := record.Ref{Kind: kind, ID: id}
		if !a.request.isCopy(ref) || !copied && kind != catalogue.Folders {
			return a.resolve(kind, id)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		target, known := a.copies[ref]
		return target, known
	}
}

// learnCopy notes what a copy is called.
func (a *applier) learnCopy(ref record.Ref, target string) {
	if !a.request.isCopy(ref) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.copies[ref] = target
}

// ownedActions are the actions about parts of a copy that are documents of their own, with what
// these are called: the map of ids does not tell whoever goes on after a kill.
func (t *task) ownedActions() (owned []record.Action) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, action := range t.plan.Actions {
		spec, _ := catalogue.Find(action.Kind)
		target := t.own[action.Ref]
		if spec.Owned() && action.Target == "" && target != "" && slices.Contains(action.Needs, t.action.Seq) {
			action.Target = target
			t.plan.Actions[action.Seq-1] = action
			owned = append(owned, action)
		}
	}
	return owned
}
