package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// requireHolders sees to it that the parts are there on which a document hangs: the tile
// of an alert. They come back with the document that they lie in.
func (d *draft) requireHolders(ctx context.Context, n *node) error {
	for i := range n.spec.Relations {
		r := &n.spec.Relations[i]
		if r.Part == "" || r.Role != catalogue.Parent || d.request.Undo != 0 {
			continue
		}
		for _, id := range canon.Named(n.body, r) {
			if err := d.requireHolder(ctx, n, r, id); err != nil || !n.writes() {
				return err
			}
		}
	}
	return nil
}

func (d *draft) requireHolder(ctx context.Context, n *node, r *catalogue.Relation, id string) error {
	part := record.Ref{Kind: listOf(r), ID: id}
	holder, err := d.holderOf(ctx, r, id)
	if err != nil || holder.ID == "" {
		return err // no backup has it; whether the instance does, the server says
	}
	if holder, err = d.representative(ctx, holder); err != nil {
		return err
	}
	if need := d.nodes[holder]; need != nil && need.writes() {
		n.needs = append(n.needs, need)
		return nil
	}
	now, seen, exists, err := d.sees(ctx, holder)
	if err != nil || seen == unseen || seen == unlisted {
		return err // decided when it was looked at
	}
	if !exists || now.State != record.Present {
		return d.require(ctx, n, canon.Reference{Ref: holder, By: catalogue.Reference{Path: r.Path, Kind: r.Kind}})
	}
	body, err := d.body(ctx, now)
	if err != nil {
		return err
	}
	target, _ := d.resolver(part.Kind, id)
	if !slices.Contains(canon.Named(body, &catalogue.Relation{Path: r.Part}), target) {
		n.impossible(fmt.Sprintf("it needs %s, which %s does not have any more: give that back as well", part, title(record.Action{Ref: holder, Name: now.Name})))
	}
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
