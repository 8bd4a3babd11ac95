package stages

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// mostMentioned is how many documents of a kind a run remembers that others name: more are no
// better a witness of what a list has left out.
const mostMentioned = 10_000

// NamedByCaller records what the caller's own document names, itself included. It speaks against
// lists without a row alone: of one that has rows nobody knows whether it leaves out a service
// account, or a group that Looker keeps to itself.
func (l *Ledger) NamedByCaller(refs []record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.caller = refs
}

// Mentioned records documents of a kind that stored documents name, and that its list holds
// where it holds everything.
func (l *Ledger) Mentioned(kind record.Kind, ids ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.mentionsOf(kind)
	for _, id := range ids {
		if _, again := known[id]; !again && id != "" && len(known) < mostMentioned {
			known[id] = true
		}
	}
}

// AskedFor records a document that this run has asked for and did not get: nobody asks for it
// once more since others name it.
func (l *Ledger) AskedFor(ref record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.mentionsOf(ref.Kind); len(known) < mostMentioned || known[ref.ID] {
		known[ref.ID] = false
	}
}

// hasAskedFor reports whether this run has asked for a document and did not get it.
func (l *Ledger) hasAskedFor(ref record.Ref) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh, known := l.mentioned[ref.Kind][ref.ID]
	return known && !fresh
}

// mentionsOf returns the documents of a kind that are mentioned, see Ledger.mentioned.
func (l *Ledger) mentionsOf(kind record.Kind) map[string]bool {
	if l.mentioned == nil {
		l.mentioned = make(map[record.Kind]map[string]bool)
	}
	if l.mentioned[kind] == nil {
		l.mentioned[kind] = make(map[string]bool)
	}
	return l.mentioned[kind]
}

// Mentions returns, in order, the documents of a kind that are mentioned and about which nobody
// has asked before.
func (l *Ledger) Mentions(kind record.Kind) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	for _, ref := range l.caller {
		if known := l.mentionsOf(kind); ref.Kind == kind && a != nil && a.listed == 0 {
			if _, again := known[ref.ID]; !again {
				known[ref.ID] = true
			}
		}
	}
	var fresh []string
	for _, id := range slices.Sorted(maps.Keys(l.mentioned[kind])) {
		if l.mentioned[kind][id] {
			fresh = append(fresh, id)
			l.mentioned[kind][id] = false
		}
	}
	return fresh
}

// mentions are the relations by which documents of a kind name others whose list comes in one
// answer: nothing but such a document tells that the list was cut off. Pages tell themselves. What
// lies whole in a document, as the sets do in a role, is there as well.
func mentions(kind *catalogue.Spec) (relations []*catalogue.Relation) {
	named := slices.Collect(kind.Strict())
	for i := range kind.Relations {
		if relation := &kind.Relations[i]; relation.Nested {
			named = append(named, relation)
		}
	}
	for _, relation := range named {
		if kind, ok := catalogue.Find(relation.Kind); ok && kind.Listing.Whole {
			relations = append(relations, relation)
		}
	}
	return relations
}

// mention records what a document names that lies in no trash: what lies there may have
// outlived its folder.
func (s *serializer) mention(rec *record.Record, body []byte) {
	if s.mentions == nil || rec.State != record.Present {
		return
	}
	for _, relation := range s.mentions[rec.Kind] {
		if relation.Path == s.kinds[rec.Kind].Fields.Folder {
			s.ledger.Mentioned(relation.Kind, rec.Folder)
			continue
		}
		s.ledger.Mentioned(relation.Kind, canon.Named(body, relation)...)
	}
}

// mentionFolders records the folders in which listed documents lie.
func (l *lister) mentionFolders(kind *catalogue.Spec, rows []record.Listed) {
	i := slices.IndexFunc(mentions(kind), func(r *catalogue.Relation) bool { return r.Path == kind.Fields.Folder })
	if i < 0 || !l.Admin {
		return
	}
	folders := make([]string, 0, len(rows))
	for _, row := range rows {
		if row.State == record.Present {
			folders = append(folders, row.Folder)
		}
	}
	l.Ledger.Mentioned(mentions(kind)[i].Kind, folders...)
}

// Unlisted returns documents of a kind that stored documents name, that its list, which is
// complete, did not hold, and of which the store holds nothing: what it holds is looked for
// anyhow. It returns each once in a run.
func (o *ListOptions) Unlisted(ctx context.Context, kind record.Kind) ([]string, error) {
	ids := slices.DeleteFunc(o.Ledger.Mentions(kind), func(id string) bool { return !o.Planner.Wants(kind, id, "") })
	known := make(map[string]record.Known)
	for some := range slices.Chunk(ids, o.Planner.Limits.Usual().Followed) {
		held, err := o.Store.Known(ctx, kind, some)
		if err != nil {
			return nil, fmt.Errorf("look up %s: %w", kind, err)
		}
		maps.Copy(known, held)
	}
	return slices.DeleteFunc(ids, func(id string) bool {
		k, held := known[id]
		return k.Settled || held && k.State != record.Gone
	}), nil
}

// mentioned asks alone for documents that others name and the list of their kind did not hold.
// Where they are there, and the list does not hold them when it is asked for once more either,
// it leaves something out, and the kind is incomplete. Else they came while it was read: of
// a list in pages that is empty only the caller's own document names some, which were there before.
func (l *lister) mentioned(ctx context.Context, kind *catalogue.Spec, emit pipeline.Emit[record.Ask]) error {
	found, err := l.stillThere(ctx, kind, l.Mentioned[kind.Name], Samples)
	if err != nil {
		return l.notProven(kind, record.Present, err, emit)
	}
	if len(found) == 0 {
		return nil
	}
	if !kind.Listing.Whole {
		l.leavesOut(kind, found, "the caller's document names")
		return l.planAlone(ctx, kind, record.Present, found, emit)
	}
	route := kind.Listing.Route
	answer, err := l.Looker.Get(ctx, Call{
		Kind: kind.Name, Route: route, Path: route.Path, Query: route.Values([2]string{"fields", kind.Fields.ID}), Size: 64 << 10, Check: IsArray,
	})
	var rows []row
	if err == nil {
		rows, err = l.rows(kind, record.Present, answer.Body)
	}
	if err != nil {
		return l.notProven(kind, record.Present, err, emit)
	}
	out := slices.DeleteFunc(slices.Clone(found), func(f record.Listed) bool {
		return slices.ContainsFunc(rows, func(r row) bool { return r.ID == f.ID })
	})
	l.leavesOut(kind, out, "other documents name")
	others, err := l.unseen(ctx, kind, rows, found)
	if err != nil {
		return err
	}
	found = append(found, others...)
	if n := len(found) - len(out); n > 0 {
		l.Ledger.Note(kind.Name, fmt.Sprintf("%d came while the list was read: %s", n, FirstFew(idsOf(found))))
	}
	return l.planAlone(ctx, kind, record.Present, found, emit)
}

// unseen returns the documents of rows of a list that is read once more which this run has not
// seen, but for those that were found: the list may have been cut short for once.
func (l *lister) unseen(ctx context.Context, kind *catalogue.Spec, rows []row, found []record.Listed) (others []record.Listed, err error) {
	for _, r := range rows {
		known := func(f record.Listed) bool { return f.ID == r.ID }
		ref := record.Ref{Kind: kind.Name, ID: r.ID}
		if r.wrong == "" && l.Planner.Wants(kind.Name, r.ID, "") && !l.Ledger.hasAskedFor(ref) && !slices.ContainsFunc(slices.Concat(found, others), known) {
			others = append(others, record.Listed{ID: r.ID, State: record.Present})
		}
	}
	held, err := l.Store.Known(ctx, kind.Name, idsOf(others))
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", kind.Name, err)
	}
	return slices.DeleteFunc(others, func(o record.Listed) bool { return held[o.ID].Settled }), nil
}

// CheckFolders finds out whether the list of folders, which there holds and from which a run
// knows what lies below the folders of its scope, leaves out some in which listed documents lie.
// Then kinds whose documents lie in folders are incomplete.
func (o *ListOptions) CheckFolders(ctx context.Context, folders *catalogue.Spec, there map[string]bool) error {
	ids := slices.DeleteFunc(o.Ledger.Mentions(folders.Name), func(id string) bool { return there[id] })
	l := &lister{ListOptions: *o, reader: canon.NewReader()}
	l.Planner.Within = nil
	found, err := l.askFor(ctx, folders, spread(ids, Samples))
	if errors.Is(err, ErrBudget) || errors.As(err, new(*Failed)) {
		o.inFolders(fmt.Sprintf("%s does not hold folders in which documents lie, and nobody knows whether they are there: %v", folders.Listing.Route, err))
		return nil
	}
	if len(found) > 0 {
		o.inFolders(fmt.Sprintf("%s leaves out folders in which documents lie, %d of them at least: %s", folders.Listing.Route, len(found), FirstFew(idsOf(found))))
	}
	return err
}

// inFolders records that kinds whose documents lie in folders are incomplete.
func (o *ListOptions) inFolders(reason string) {
	for _, p := range o.Ledger.Progress() {
		if kind, ok := catalogue.Find(p.Kind); ok && kind.Place != catalogue.Nowhere {
			o.Log.Warn("the folders of the scope are not proven to be all, the kind is incomplete", "kind", p.Kind, "reason", reason)
			o.Ledger.Ended(p.Kind, record.Incomplete, reason)
		}
	}
}
