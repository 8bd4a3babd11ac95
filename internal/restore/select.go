package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
)

// ErrNotWritten says that documents of a kind cannot be given back.
var ErrNotWritten = errors.New("cannot be given back")

// wish is a document that is to be on the instance as one of its versions was.
type wish struct {
	record.Ref
	entry    vault.Entry // the version that is wanted; its id may be another one than the document's
	absent   bool        // it is not to be there at all: a restore that made it is undone
	named    bool        // somebody named it by its id
	needed   bool        // something that is wanted cannot be without it
	attached bool        // to another document that is wanted: it went with that
	// made is of what is undone: the level at which it was made. What was made last is
	// deleted first.
	made   int
	left   vault.Entry // of what is undone: the version that the restore left, see [leftovers]
	undoes int         // of what is undone: the action
	// everTrashed documents lay in the trash in every version that the vault holds: who names
	// one wants it out of there.
	everTrashed bool
	// linked documents showed one that is made anew, and show it again; or have the lists of one
	// that is named.
	linked bool
	// anew documents are made anew although they are there, on what is in the trash.
	anew bool
	// joins are ids of the backup that come into the set of what a document belongs to, all else of
	// which stays as it is.
	joins []string
}

// selected finds the documents that a request names, in the order of kinds and ids.
func (p *planner) selected(ctx context.Context) ([]wish, error) {
	if p.request.Undo != 0 {
		return p.undone(ctx)
	}
	filter, err := p.filter(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.knowsExcluded(ctx); err != nil {
		return nil, err
	}
	chosen := make(map[record.Ref]wish)
	for _, item := range p.items() {
		if item.ID != "" {
			w, err := p.namedItem(ctx, item)
			if err != nil {
				return nil, err
			}
			if w.named && !filter.matches(w.entry) {
				p.note("%s is left out: it is named, and --folder, --owner or --name narrow that", item)
				continue
			}
			chosen[w.Ref] = w
			continue
		}
		if err := allWritable(item.Kind); err != nil && len(p.request.Items) > 0 {
			return nil, err
		}
		p.tellUnfit(item.Kind)
		held, err := p.past.all(ctx, item.Kind)
		if err != nil {
			return nil, err
		}
		for _, e := range held {
			if filter.matches(e) && (writable(item.Kind) || canon.RowFor(catalogue.Lookup(item.Kind), e.ID, nil).Write != nil) {
				chosen[e.Ref] = wish{Ref: e.Ref, entry: e}
			}
		}
	}
	for ref, w := range chosen {
		if w.named && p.request.excluded(ref) {
			p.note("%s is left out: it is named, and --exclude leaves it out", ref)
		}
		if p.request.excluded(ref) || !p.byID(w) && !p.selectable(ref.Kind) {
			delete(chosen, ref)
		}
	}
	p.oneOfEach(chosen)
	if err := p.bySpan(ctx, chosen); err != nil {
		return nil, err
	}
	list := make([]wish, 0, len(chosen))
	for _, w := range chosen {
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b wish) int { return compareRefs(a.Ref, b.Ref) })
	return list, nil
}

// tellUnfit notes that a kind which somebody named has nothing by which the request narrows it, so that none
// of its documents is selected.
func (p *planner) tellUnfit(kind record.Kind) {
	spec, ok := catalogue.Find(kind)
	if !ok || len(p.request.Items) == 0 {
		return
	}
	if len(p.request.Folders) > 0 && spec.Place == catalogue.Nowhere {
		p.note("%s lie in no folder: --folder selects none of them", kind)
	}
	if len(p.request.Owners) > 0 && spec.Fields.Owner == "" {
		p.note("%s have no owner: --owner selects none of them", kind)
	}
}

// knowsExcluded refuses a request that leaves out a document which nobody knows: the one
// that was meant would be touched.
func (p *planner) knowsExcluded(ctx context.Context) error {
	for _, ref := range p.request.Exclude {
		if ref.ID == "" {
			continue
		}
		known, err := p.present.all(ctx, ref.Kind)
		if err != nil {
			return err
		}
		if _, ok := known[ref.ID]; !ok {
			return fmt.Errorf("--exclude %s: never seen: %w in %s", ref, vault.ErrNotFound, p.reader.Path())
		}
	}
	return nil
}

// items are what is named, or every kind where nothing is. Settings, connections and
// integrations hold what belongs to the instance rather than to its content: they are
// given back only when somebody names them.
func (p *planner) items() []record.Ref {
	if len(p.request.Items) > 0 {
		return p.request.Items
	}
	var all []record.Ref
	for _, kind := range catalogue.All() {
		if kind.Write != nil && !kind.Write.OnlyNamed {
			all = append(all, record.Ref{Kind: kind.Name})
		}
	}
	return all
}

// selectable reports whether documents of a kind are given back although nobody named
// them by their ids. What never changes is always there, and parts of other documents are
// neither lost nor copied without these.
func (p *planner) selectable(kind record.Kind) bool {
	spec, _ := catalogue.Find(kind)
	return (writable(kind) || writesSome(spec)) && !spec.Immutable && (!spec.Owned() || !p.request.Lost && p.request.Into == "")
}

// allWritable refuses a kind, named without an id, of which nothing can be given back so.
func allWritable(kind record.Kind) error {
	spec, ok := catalogue.Find(kind)
	switch {
	case !ok:
		return nil
	case spec.Immutable:
		return fmt.Errorf("%s %w: they never change, and come back with what shows them", kind, ErrNotWritten)
	case spec.Write == nil && !writesSome(spec):
		return fmt.Errorf("%s %w: %s", kind, ErrNotWritten, spec.NotWritten)
	}
	return nil
}

// writesSome reports whether single documents of a kind can be written, each in a way of its own.
func writesSome(spec *catalogue.Spec) bool {
	return slices.ContainsFunc(spec.Variants, func(v catalogue.Variant) bool { return v.Write != nil })
}

func writable(kind record.Kind) bool {
	spec, ok := catalogue.Find(kind)
	return ok && spec.Write != nil
}

// byID reports whether a request holds the id of a document, whoever put it there.
func (p *planner) byID(w wish) bool { return w.named || slices.Contains(p.request.Unnamed, w.Ref) }

// namedItem finds the version of a document that somebody named.
func (p *planner) namedItem(ctx context.Context, ref record.Ref) (wish, error) {
	e, ok, err := p.past.version(ctx, ref)
	if err != nil {
		return wish{}, err
	}
	if !ok {
		if first, made, err := p.madeFor(ctx, ref); err != nil || made {
			return first, err
		}
		// The vault's own words say since when it is gone, or that it was never seen.
		d, err := p.reader.Document(ctx, p.instance, ref, vault.AtRun(p.past.run))
		if err != nil {
			return wish{}, err
		}
		e = d.Entry
	}
	w := wish{Ref: ref, entry: e, named: !slices.Contains(p.request.Unnamed, ref)}
	if w.named && !p.past.exact && e.State == record.Trashed {
		w.everTrashed, w.entry.State = true, record.Present
	}
	return w, nil
}

// bySpan keeps of the documents that were chosen those that were lost, or changed, in
// the span that the request names. Without a span what is lost is found when the
// instance was looked at.
func (p *planner) bySpan(ctx context.Context, chosen map[record.Ref]wish) error {
	span := p.request.Changed
	if p.request.Lost && p.request.LostSpan != nil {
		span = p.request.LostSpan
	}
	if span == nil {
		return nil
	}
	before := make(map[record.Ref]vault.Entry)
	for passage, err := range p.reader.Between(ctx, vault.Span{Instance: p.instance, After: span.From, Until: span.To}) {
		switch {
		case err != nil:
			return err
		case passage.Before == nil: // it was added, which a way back does not undo
		case !p.request.Lost || passage.After == nil || passage.After.State != record.Present:
			before[passage.Ref] = *passage.Before
		}
	}
	for ref, w := range chosen {
		e, ok := before[ref]
		if !ok && !slices.Contains(p.request.Unnamed, ref) {
			p.leaveUnchanged(w)
			delete(chosen, ref)
			continue
		}
		if ok {
			w.entry = e
			chosen[ref] = w
		}
	}
	return nil
}

// leaveUnchanged notes that a document which somebody named is not one of those that were lost, or changed,
// in the span of the request.
func (p *planner) leaveUnchanged(w wish) {
	switch {
	case !w.named:
	case p.request.Lost:
		p.note("%s is left out: it is named, and was not lost from run %d to run %d", w.Ref, p.request.LostSpan.From, p.request.LostSpan.To)
	default:
		p.note("%s is left out: it is named, and did not change from run %d to run %d", w.Ref, p.request.Changed.From, p.request.Changed.To)
	}
}

// filter compiles the filters of the request.
func (p *planner) filter(ctx context.Context) (*filter, error) {
	f := &filter{}
	for _, text := range p.request.Folders {
		folders, err := p.past.all(ctx, catalogue.Folders)
		if err != nil {
			return nil, err
		}
		id, err := findFolder(folders, text)
		if err != nil {
			return nil, err
		}
		if f.folders == nil {
			f.folders = make(map[string]bool)
		}
		maps.Copy(f.folders, below(folders, []string{id}))
	}
	for _, text := range p.request.Owners {
		if f.owners == nil {
			f.owners = make(map[string]bool)
		}
		ids, err := p.usersCalled(ctx, text)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			f.owners[id] = true
		}
	}
	if err := p.homesOf(ctx, f); err != nil {
		return nil, err
	}
	if p.request.Name != "" {
		f.name = patternText(p.request.Name)
		if _, err := path.Match(f.name, ""); err != nil {
			return nil, fmt.Errorf("--name: %q is not a pattern: %w", p.request.Name, err)
		}
	}
	return f, nil
}

// homesOf adds what lay in the personal folders of the owners whose losses are to come back: it
// went along with them, whoever made it.
func (p *planner) homesOf(ctx context.Context, f *filter) error {
	if !p.request.Lost || len(f.owners) == 0 {
		return nil
	}
	folders, err := p.past.all(ctx, catalogue.Folders)
	if err != nil {
		return err
	}
	var homes []string
	for id, e := range folders {
		if !f.owners[e.Owner] {
			continue
		}
		body, err := p.body(ctx, e)
		if err != nil {
			return err
		}
		if isPersonal(body) {
			homes = append(homes, id)
		}
	}
	f.homes = below(folders, homes)
	return nil
}

// compareRefs orders documents by the order in which their kinds can be made, then by
// id as people count.
func compareRefs(a, b record.Ref) int {
	return cmp.Or(creationRank(a.Kind)-creationRank(b.Kind), table.Compare(a.ID, b.ID))
}

func sortedIDs(ids []string) []string {
	slices.SortFunc(ids, table.Compare)
	return slices.Compact(ids)
}
