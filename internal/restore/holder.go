package restore

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// requireHolders sees to it that the parts are there on which a document hangs: the tile
// of an alert. They come back with the document that they lie in.
func (d *draft) requireHolders(ctx context.Context, n *node) error {
	for i := range n.spec.Relations {
		r := &n.spec.Relations[i]
		if r.Part == "" || r.Role != catalogue.Parent {
			continue
		}
		require := d.requireHolder
		if d.request.Undo != 0 {
			require = d.requireHolderAgain
		}
		for _, id := range canon.Named(n.body, r) {
			if err := require(ctx, n, r, id); err != nil || !n.writes() {
				return err
			}
		}
	}
	return nil
}

// partPlace is where the part stands on the instance on which a document is to hang.
type partPlace struct {
	holder record.Ref  // of the backup; none where no backup has it
	need   *node       // of the holder, where the plan writes that
	now    vault.Entry // the holder on the instance
	there  bool        // it is there, out of the trash
	has    bool        // it has the part
	unseen bool        // decided when it was looked at
}

// placeOf finds the part on which a document is to hang. Where the plan leaves alone what holds it,
// and somebody has made the part again by hand, that one stands for it.
func (d *draft) placeOf(ctx context.Context, r *catalogue.Relation, id string) (p partPlace, err error) {
	if p.holder, err = d.holderOf(ctx, r, id); err != nil || p.holder.ID == "" {
		return p, err
	}
	if p.holder, err = d.representative(ctx, p.holder); err != nil {
		return p, err
	}
	if p.need = d.nodes[p.holder]; p.need != nil && p.need.writes() {
		return p, nil
	}
	p.need = nil
	now, seen, exists, err := d.sees(ctx, p.holder)
	p.now, p.unseen, p.there = now, seen == unseen || seen == unlisted, exists && now.State == record.Present
	if err != nil || p.unseen || !p.there {
		return p, err
	}
	body, err := d.body(ctx, now)
	if err != nil {
		return p, err
	}
	body = bytes.Clone(body)
	part, ids := record.Ref{Kind: listOf(r), ID: id}, canon.Named(body, &catalogue.Relation{Path: r.Part})
	target, _ := d.resolver(part.Kind, id)
	if !slices.Contains(ids, target) {
		e, held, err := d.past.version(ctx, p.holder)
		if err != nil || !held {
			return p, err
		}
		was, err := d.body(ctx, e)
		if err != nil {
			return p, err
		}
		spec := catalogue.Lookup(r.Kind)
		if _, err := d.pairParts(spec.Write, holder{id: now.ID, wanted: bytes.Clone(was), now: body}, d.resolver); err != nil {
			return p, err
		}
		target, _ = d.resolver(part.Kind, id)
	}
	if p.has = slices.Contains(ids, target); p.has && target != id {
		d.keepPair(part, target)
	}
	return p, nil
}

func (d *draft) requireHolder(ctx context.Context, n *node, r *catalogue.Relation, id string) error {
	place, err := d.placeOf(ctx, r, id)
	switch {
	case err != nil || place.unseen:
		return err
	case place.holder.ID == "":
		return d.requireLostPart(ctx, n, r, id)
	case place.need != nil:
		n.needs = append(n.needs, place.need)
		return nil
	case !place.there:
		return d.require(ctx, n, canon.Reference{Ref: place.holder, By: catalogue.Reference{Path: r.Path, Kind: r.Kind}})
	case !place.has:
		n.impossible(fmt.Sprintf("it needs %s/%s, which %s does not have any more: give that back as well",
			listOf(r), id, (record.Action{Ref: place.holder, Name: place.now.Name}).Title()))
	}
	return nil
}

// requireLostPart says that a document cannot come back whose part the newest backups do not have any
// more, where the document tells what that lay in. Of others the server says whether it has the part.
func (d *draft) requireLostPart(ctx context.Context, n *node, r *catalogue.Relation, id string) error {
	refs, err := canon.References(n.spec.Write, n.body)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	for _, ref := range refs {
		if ref.Kind != r.Kind || ref.Part != "" {
			continue
		}
		now, seen, exists, err := d.sees(ctx, ref.Ref)
		need := d.nodes[ref.Ref]
		comes := need != nil && need.writes()
		if err != nil || !comes && (seen != there || !exists) {
			return err
		}
		var body []byte
		if comes {
			body = need.body
		} else if body, err = d.body(ctx, now); err != nil {
			return err
		}
		if target, _ := d.resolver(listOf(r), id); !slices.Contains(canon.Named(body, &catalogue.Relation{Path: r.Part}), target) {
			n.impossible(fmt.Sprintf("it needs %s/%s, which %s does not have, nor its newest backup: give that back as of a run that had it",
				listOf(r), id, (record.Action{Ref: ref.Ref, Name: now.Name}).Title()))
			return nil
		}
	}
	return nil
}

// requireHolderAgain sees to it that the part is there, or comes back, on which a document hung that is
// undone. One that hung on nothing before either stays away.
func (d *draft) requireHolderAgain(ctx context.Context, n *node, r *catalogue.Relation, id string) error {
	parts := &catalogue.Relation{Path: r.Part}
	for _, ref := range sortedRefs(d.undoing) {
		w := d.undoing[ref]
		if ref.Kind != r.Kind || w.absent {
			continue
		}
		body, err := d.body(ctx, w.entry)
		if err != nil {
			return err
		}
		if !slices.Contains(canon.Named(body, parts), id) {
			continue
		}
		need, err := d.decide(ctx, w)
		if err == nil && need.writes() {
			n.needs = append(n.needs, need)
			return nil
		}
		if err != nil {
			return err
		}
	}
	holder, err := d.holderOf(ctx, r, id)
	if err != nil || holder.ID == "" {
		return err // no backup has it; whether the instance does, the server says
	}
	now, seen, exists, err := d.sees(ctx, holder)
	if err != nil || seen == unseen || seen == unlisted {
		return err // decided when it was looked at
	}
	if exists && now.State == record.Present {
		body, err := d.body(ctx, now)
		if err != nil || slices.Contains(canon.Named(body, parts), id) {
			return err
		}
	}
	n.writeNothing(record.DeedSkip, fmt.Sprintf("it hung on %s/%s, which %s does not have", listOf(r), id, holder))
	return nil
}

// listOf is the list of parts that a relation leads to.
func listOf(r *catalogue.Relation) record.Kind {
	list, _, _ := strings.Cut(r.Part, ".")
	return record.Kind(list)
}

// holderOf finds the document of the backup that a part lies in, none where no backup has it.
func (d *draft) holderOf(ctx context.Context, r *catalogue.Relation, id string) (record.Ref, error) {
	key := string(r.Kind) + "." + r.Part
	if d.holders[key] == nil {
		held, err := d.past.all(ctx, r.Kind)
		if err != nil {
			return record.Ref{}, err
		}
		index := make(map[string]record.Ref)
		for _, e := range d.originalsFirst(held) {
			body, err := d.body(ctx, e)
			if err != nil {
				return record.Ref{}, err
			}
			for _, part := range canon.Named(body, &catalogue.Relation{Path: r.Part}) {
				index[part] = e.Ref
			}
		}
		d.holders[key] = index
	}
	return d.holders[key][id], nil
}
