package restore

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// attachLinks gives what is made anew, or comes out of the trash, back to the documents that showed it, or that it belonged
// to: to boards, to dashboards with tiles of looks, to roles and access rules. Where only that
// is missing it comes back; where somebody has changed such a document since, it is left alone,
// and named.
func (d *draft) attachLinks(ctx context.Context, back map[record.Ref]*node) error {
	if _, err := d.noteMoves(ctx); err != nil {
		return err
	}
	moments := make(map[*past]map[record.Kind][]*node)
	for _, ref := range sortedRefs(back) {
		n := back[ref]
		if n.action.Deed == record.DeedImpossible || !n.getsID() && n.taken == nil && n.action.Deed != record.DeedUndelete {
			continue
		}
		then, err := d.pastOf(ctx, n.entry)
		if err != nil {
			return err
		}
		if moments[then] == nil {
			moments[then] = make(map[record.Kind][]*node)
		}
		moments[then][ref.Kind] = append(moments[then][ref.Kind], n)
	}
	newestFirst := func(a, b *past) int { return cmp.Compare(b.run, a.run) }
	for _, then := range slices.SortedFunc(maps.Keys(moments), newestFirst) {
		if err := d.attachLinksOf(ctx, then, moments[then]); err != nil {
			return err
		}
	}
	return nil
}

// attachLinksOf attaches what showed some documents at one moment.
func (d *draft) attachLinksOf(ctx context.Context, then *past, anew map[record.Kind][]*node) error {
	for _, spec := range catalogue.All() {
		if spec.Write == nil || spec.Write.OnlyNamed || spec.Immutable || !d.linksTo(spec, anew) {
			continue
		}
		held, err := then.all(ctx, spec.Name)
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

// linksTo reports whether a kind's documents name documents of some kinds: in parts, in sets, in queries,
// or themselves, where these are not what they lie in.
func (d *draft) linksTo(spec *catalogue.Spec, anew map[record.Kind][]*node) bool {
	moving := make(map[record.Kind]bool)
	for ref := range d.moves {
		moving[ref.Kind] = true
	}
	throughQueries := slices.ContainsFunc(slices.Collect(maps.Keys(anew)), func(kind record.Kind) bool { return queryNames()[kind] })
	names := func(r catalogue.Reference) bool {
		return len(anew[r.Kind]) > 0 || moving[r.Kind] || throughQueries && immutable(r.Kind)
	}
	return slices.ContainsFunc(partLists(spec.Write.Parts), func(l partList) bool { return slices.ContainsFunc(l.part.Write.Refs, names) }) ||
		slices.ContainsFunc(spec.Write.Sets, func(s catalogue.Set) bool { return !s.Turned && len(anew[s.Kind]) > 0 }) ||
		slices.ContainsFunc(spec.Write.Refs, func(r catalogue.Reference) bool { return names(r) && givesBack(spec, r) })
}

// givesBack reports whether what a document itself names is given back to it when it is made anew:
// its owner, its groups, its queries, and what these and others are drawn with. What it lies in or
// hangs on it went with, and comes back with.
func givesBack(spec *catalogue.Spec, r catalogue.Reference) bool {
	return r.People || spec.Write.Update.Array || immutable(r.Kind) || queryNames()[r.Kind] ||
		slices.ContainsFunc(spec.Write.Sets, func(s catalogue.Set) bool { return s.At == r.Path && !s.Turned })
}

// shows reports whether something that is named is one of some documents, or gets another id with one.
func (d *draft) shows(named record.Ref, documents []*node) bool {
	return slices.ContainsFunc(documents, func(n *node) bool { return n.Ref == named || slices.Contains(d.moves[named].with, n) })
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
	wanted := bytes.Clone(body)
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
	current = bytes.Clone(current)
	if shown, err = withoutShown(spec, shown, current, wanted); err != nil || len(shown) == 0 {
		return err
	}
	changes, err := canon.Changes(spec.Write, current, wanted, d.resolver)
	if err != nil || len(changes) == 0 {
		return err
	}
	others, err := d.partsOfOthers(spec.Write, wanted, changes, shown)
	if err != nil {
		return err
	}
	// What somebody has taken away, or went with something else, stays away.
	if wanted, err = canon.WithoutParts(spec.Write, wanted, func(part record.Ref) bool { return slices.Contains(others, part) }); err != nil {
		return err
	}
	if changes, err = canon.Changes(spec.Write, current, wanted, d.resolver); err != nil || len(changes) == 0 {
		return err
	}
	only, err := d.onlyLacks(spec, current, wanted, changes, d.called(shown))
	if err != nil {
		return err
	}
	if !only {
		d.noteChanged(e, shown[0])
		return nil
	}
	return d.linkAgain(ctx, e, others, shown)
}

// noteChanged notes that a document stays as somebody has changed it, and does not show again what
// comes back.
func (d *draft) noteChanged(e vault.Entry, shown *node) {
	why := "gets another id"
	if shown.action.Deed == record.DeedUndelete {
		why = "comes out of the trash"
	}
	d.note("%s showed %s, which %s, and was changed since: lookervault restore %s %s --run %d makes it what it was",
		(record.Action{Ref: e.Ref, Name: e.Name}).Title(), shown.Ref, why, e.Kind, e.ID, min(e.LastRun, d.past.run))
}

// withoutShown leaves out of what comes out of the trash, with its id, what a document shows as often
// as it is to.
func withoutShown(spec *catalogue.Spec, shown []*node, current, wanted []byte) ([]*node, error) {
	is, err := canon.References(spec.Write, current)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", spec.Name, err)
	}
	was, err := canon.References(spec.Write, wanted)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", spec.Name, err)
	}
	count := func(refs []canon.Reference, n *node) (times int) {
		for _, r := range refs {
			if r.Ref == n.Ref {
				times++
			}
		}
		return times
	}
	return slices.DeleteFunc(shown, func(n *node) bool {
		return n.action.Deed == record.DeedUndelete && count(is, n) >= count(was, n)
	}), nil
}

// linkAgain plans to let a document show again what comes back, without parts of others.
func (d *draft) linkAgain(ctx context.Context, e vault.Entry, others []record.Ref, shown []*node) error {
	delete(d.nodes, e.Ref) // it was to be left as it is
	if len(others) > 0 && d.request.Away == nil {
		d.request.Away = make(map[string][]record.Ref)
	}
	if len(others) > 0 {
		d.request.Away[e.Ref.String()] = others
	}
	n, err := d.decide(ctx, wish{Ref: e.Ref, entry: e, linked: true})
	if err != nil {
		return err
	}
	if n.writes() {
		n.needs = appendNew(n.needs, shown...)
	}
	return nil
}

// partsOfOthers are the parts of a document that it lacks and that have nothing to do with what comes
// back: they name none of it, and are not about a part that does.
func (d *draft) partsOfOthers(w *catalogue.Write, wanted []byte, changes []record.Change, shown []*node) (others []record.Ref, err error) {
	related := make(map[string]bool) // ids of parts that name it
	err = eachPart(w.Parts, wanted, func(part *catalogue.Part, row canon.PartRow) error {
		refs, err := canon.References(part.Write, row.Body)
		if slices.ContainsFunc(refs, func(r canon.Reference) bool { return d.shows(r.Ref, shown) }) {
			related[row.ID] = true
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	lacks := func(part record.Ref) bool {
		return slices.ContainsFunc(changes, func(c record.Change) bool {
			return c.Before == nil && (strings.HasSuffix(c.Path, string(part.Kind)+"/"+part.ID) || strings.HasSuffix(c.Path, string(part.Kind)+"."+part.ID) || strings.HasSuffix(c.Path, string(part.Kind)))
		})
	}
	err = eachPart(w.Parts, wanted, func(part *catalogue.Part, row canon.PartRow) error {
		if ref := (record.Ref{Kind: part.Name, ID: row.ID}); !related[row.ID] && lacks(ref) {
			others = append(others, ref)
		}
		return nil
	})
	return others, err
}

// manyIDs is from how many ids on a body is read rather than searched for each.
const manyIDs = 100

// shownIn are the documents that are made anew and that parts of a body show.
func (d *draft) shownIn(spec *catalogue.Spec, body []byte, anew map[record.Kind][]*node) (shown []*node, err error) {
	var refs []canon.Reference
	many, isRead := 0, false
	for _, nodes := range anew {
		many += len(nodes)
	}
	for _, nodes := range anew {
		for _, n := range nodes {
			// To search a body for many ids takes longer than to read what it names.
			if many < manyIDs && !d.mayShow(body, n) {
				continue
			}
			if !isRead {
				if refs, err = canon.References(spec.Write, body); err != nil {
					return nil, fmt.Errorf("%s: %w", spec.Name, err)
				}
				isRead = true
			}
			if slices.ContainsFunc(refs, func(r canon.Reference) bool {
				return (r.Part != "" || givesBack(spec, r.By)) && d.shows(r.Ref, []*node{n})
			}) {
				shown = append(shown, n)
			}
		}
	}
	slices.SortFunc(shown, func(a, b *node) int { return compareRefs(a.Ref, b.Ref) })
	return shown, nil
}

// mayShow reports whether a body holds the id of a document, or of what gets another id with it.
func (d *draft) mayShow(body []byte, n *node) bool {
	if bytes.Contains(body, []byte(n.ID)) {
		return true
	}
	for ref, m := range d.moves {
		if slices.Contains(m.with, n) && bytes.Contains(body, []byte(ref.ID)) {
			return true
		}
	}
	return false
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

// called are what documents, and what gets another id with these, were called, in the backup and since,
// by what they are to be called.
func (d *draft) called(shown []*node) map[string][]string {
	called := make(map[string][]string, len(shown))
	for _, n := range shown {
		id, _ := d.resolver(n.Kind, n.ID)
		called[id] = []string{n.ID, d.present.target(n.Ref).ID}
	}
	for ref := range d.moves {
		if d.shows(ref, shown) {
			id, _ := d.resolver(ref.Kind, ref.ID)
			called[id] = []string{ref.ID, d.present.target(ref).ID}
		}
	}
	return called
}

// onlyLacks reports whether a document differs from what is wanted of it in nothing but what it
// has lost with what is made anew, or was.
func (d *draft) onlyLacks(spec *catalogue.Spec, current, wanted []byte, changes []record.Change, called map[string][]string) (bool, error) {
	if spec.Write.Update.Array {
		is, err := canon.Normal(spec, current, canon.Itself)
		if err != nil {
			return false, err
		}
		was, err := canon.Normal(spec, wanted, d.resolver)
		if err != nil {
			return false, err
		}
		return addsRows(is, was, called)
	}
	return !slices.ContainsFunc(changes, func(c record.Change) bool {
		return !addsPart(spec, c) && !addsMember(spec, c, called) && !leads(c, called)
	}), nil
}

// leads reports whether a change is that of a reference to what comes back, which nobody has set
// to something else since.
func leads(c record.Change, called map[string][]string) bool {
	were := called[canon.Text(c.After)]
	before := canon.Text(c.Before)
	return were != nil && (before == "" || slices.Contains(were, before))
}

// addsMember reports whether a change is that of a set which lacks nothing but what comes back.
func addsMember(spec *catalogue.Spec, c record.Change, called map[string][]string) bool {
	is := members(c.Before)
	return slices.ContainsFunc(spec.Write.Sets, func(s catalogue.Set) bool { return s.At == c.Path }) &&
		!slices.ContainsFunc(members(c.After), func(id string) bool { return !slices.Contains(is, id) && called[id] == nil })
}

// addsRows reports whether two normal forms, of arrays, are the same but for rows that name what
// comes back.
func addsRows(is, wanted []byte, called map[string][]string) (bool, error) {
	have, err := canon.Rows(is)
	if err != nil {
		return false, err
	}
	rows, err := canon.Rows(wanted)
	rows = slices.DeleteFunc(rows, func(row []byte) bool {
		for id := range called {
			if bytes.Contains(row, []byte(quote(id))) && !slices.ContainsFunc(have, func(h []byte) bool { return bytes.Equal(h, row) }) {
				return true
			}
		}
		return false
	})
	return slices.EqualFunc(have, rows, bytes.Equal), err
}

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
		if i >= 0 && c.Before == nil && (strings.Contains(c.Path[i+len(name):], newID) || !strings.ContainsAny(c.Path[i+len(name):], "./")) {
			return true
		}
		if strings.HasSuffix(c.Path, string(list.part.Name)) && c.Before == nil {
			return true
		}
	}
	return false
}
