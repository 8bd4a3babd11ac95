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

// attachLinks gives what is made anew back to the documents that showed it: to boards,
// to dashboards with tiles of looks. Where only the parts are missing that showed it they
// come back; where somebody has changed such a document since, it is left alone, and named.
func (d *draft) attachLinks(ctx context.Context, back map[record.Ref]*node) error {
	anew := make(map[record.Kind][]*node)
	for _, ref := range sortedRefs(back) {
		if n := back[ref]; n.getsID() {
			anew[ref.Kind] = append(anew[ref.Kind], n)
		}
	}
	for _, spec := range catalogue.All() {
		if spec.Write == nil || spec.Write.OnlyNamed || spec.Listing.Followed || !linksTo(spec, anew) {
			continue
		}
		held, err := d.past.all(ctx, spec.Name)
		if err != nil {
			return err
		}
		for _, e := range d.originalsFirst(held) {
			if err := d.attachLink(ctx, spec, e, anew); err != nil {
				return err
			}
		}
	}
	return nil
}

// linksTo reports whether parts of a kind's documents show documents of some kinds.
func linksTo(spec *catalogue.Spec, anew map[record.Kind][]*node) bool {
	return slices.ContainsFunc(partLists(spec.Write.Parts), func(l partList) bool {
		return slices.ContainsFunc(l.part.Write.Refs, func(r catalogue.Reference) bool { return len(anew[r.Kind]) > 0 })
	})
}

func (d *draft) attachLink(ctx context.Context, spec *catalogue.Spec, e vault.Entry, anew map[record.Kind][]*node) error {
	planned := d.relative(e.Ref)
	if planned != nil && (planned.Ref != e.Ref || planned.writes() || planned.named) || d.request.excluded(e.Ref) {
		return nil
	}
	body, err := d.body(ctx, e)
	if err != nil {
		return err
	}
	shown, err := d.shownIn(spec, body, anew)
	if err != nil || len(shown) == 0 {
		return err
	}
	wanted := slices.Clone(body)
	now, seen, err := d.present.find(ctx, e.Ref)
	switch {
	case err != nil:
		return err
	case seen == unseen, seen == unlisted:
		d.relied[d.present.target(e.Ref)] = true
		return nil // decided when it was looked at
	case seen != there || now.State != record.Present:
		return nil
	}
	current, err := d.body(ctx, now)
	if err != nil {
		return err
	}
	changes, err := canon.Changes(spec.Write, bytes.Clone(current), wanted, d.resolver)
	if err != nil || len(changes) == 0 {
		return err
	}
	if slices.ContainsFunc(changes, func(c record.Change) bool { return !addsPart(spec, c) && !leadsAnew(c) }) {
		d.note("%s showed %s, which gets another id, and was changed since: lookervault restore %s %s --run N makes it what it was", title(record.Action{Ref: e.Ref, Name: e.Name}), shown[0].Ref, e.Kind, e.ID)
		return nil
	}
	delete(d.nodes, e.Ref) // it was to be left as it is
	n, err := d.decide(ctx, wish{Ref: e.Ref, entry: e, linked: true})
	if err != nil {
		return err
	}
	for _, need := range shown {
		if n.writes() && !slices.Contains(n.needs, need) {
			n.needs = append(n.needs, need)
		}
	}
	return nil
}

// shownIn are the documents that are made anew and that parts of a body show.
func (d *draft) shownIn(spec *catalogue.Spec, body []byte, anew map[record.Kind][]*node) (shown []*node, err error) {
	var refs []canon.Reference
	for _, nodes := range anew {
		for _, n := range nodes {
			if !bytes.Contains(body, fmt.Appendf(nil, "%q", n.ID)) && !bytes.Contains(body, []byte(n.ID)) {
				continue
			}
			if refs == nil {
				if refs, err = canon.References(spec.Write, body); err != nil {
					return nil, fmt.Errorf("%s: %w", spec.Name, err)
				}
			}
			if slices.ContainsFunc(refs, func(r canon.Reference) bool { return r.Part != "" && r.Ref == n.Ref }) {
				shown = append(shown, n)
			}
		}
	}
	slices.SortFunc(shown, func(a, b *node) int { return compareRefs(a.Ref, b.Ref) })
	return shown, nil
}

// newID stands in a plan for the id that a document will get.
const newID = "new id of "

// getsID reports whether a document is made anew, under an id that the server gives it. Models
// and connections are known by their names, and keep these.
func (n *node) getsID() bool {
	return n.action.Deed == record.DeedCreate && !n.spec.Owned() && !keepsID(n.spec)
}

// keepsID reports whether documents of a kind that are made anew have the id that they had: their
// names.
func keepsID(spec *catalogue.Spec) bool {
	return spec.Write != nil && slices.Contains(spec.Write.Fields, spec.Fields.ID)
}

// leadsAnew reports whether a change is that of a reference to what is made anew.
func leadsAnew(c record.Change) bool { return bytes.HasPrefix(c.After, []byte(`"`+newID)) }

// addsPart reports whether a change is a part that comes back, or where it stands.
func addsPart(spec *catalogue.Spec, c record.Change) bool {
	if slices.Contains(spec.Write.Late, c.Path) {
		return true
	}
	for _, list := range partLists(spec.Write.Parts) {
		if slices.ContainsFunc(list.part.Write.Late, func(name string) bool { return strings.HasSuffix(c.Path, "."+name) }) {
			return true
		}
		name := string(list.part.Name) + "/"
		i := strings.LastIndex(c.Path, name)
		if i >= 0 && !strings.ContainsAny(c.Path[i+len(name):], "./") && c.Before == nil {
			return true
		}
		if strings.HasSuffix(c.Path, string(list.part.Name)) && c.Before == nil {
			return true
		}
	}
	return false
}
