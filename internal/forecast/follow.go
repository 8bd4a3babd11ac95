package forecast

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/stages"
)

// follow notes what documents of one kind point to.
func (m *model) follow(rows []Glimpsed) {
	index := make(map[string]int, len(rows))
	for i, row := range rows {
		index[row.ID] = i
	}
	for _, row := range rows {
		for _, ref := range row.Refs {
			listed := record.Listed{ID: ref.ID, State: record.Present}
			// What the document in the folder points to is the folder of what this
			// one points to.
			if above, ok := index[row.Folder]; ok && row.Folder != "" {
				for _, r := range rows[above].Refs {
					if r.Kind == ref.Kind {
						listed.Folder = r.ID
						break
					}
				}
			}
			b := m.brood(ref.Kind)
			if known, ok := b.rows[ref.ID]; !ok || known.Folder == "" {
				b.rows[ref.ID] = listed
			}
		}
	}
}

// withoutParts returns rows of documents that are gone without what they own: the run
// does not ask for parts of what it has proven to be gone. Those that are left out of
// the run are not gone.
func (m *model) withoutParts(of record.Kind, rows []Glimpsed) []Glimpsed {
	if !m.proves {
		return rows
	}
	kept := slices.Clone(rows)
	for i := range kept {
		if slices.Contains(m.rules.Exclude, record.Ref{Kind: of, ID: kept[i].ID}) {
			continue
		}
		kept[i].Refs = slices.DeleteFunc(slices.Clone(kept[i].Refs), func(ref record.Ref) bool {
			kind, ok := catalogue.Find(ref.Kind)
			return ok && kind.Owned()
		})
	}
	return kept
}

func (m *model) brood(kind record.Kind) *brood {
	b, ok := m.broods[kind]
	if !ok {
		b = &brood{rows: make(map[string]record.Listed)}
		m.broods[kind] = b
	}
	return b
}

// multiply expects as many times more of what the rows of a kind point to.
func (m *model) multiply(k *knowledge, share amount) {
	distinct := make(map[record.Ref]bool)
	for _, row := range k.glance.Rows {
		for _, ref := range row.Refs {
			if m.rules.Wants(k.kind.Name, row.ID, row.Folder) {
				distinct[ref] = true
			}
		}
	}
	count := make(map[record.Kind]int)
	for ref := range distinct {
		count[ref.Kind]++
	}
	for kind, n := range count {
		b := m.brood(kind)
		b.more = b.more.plus(exactly(n).times(share))
	}
}

// ids are what is followed to a kind, in the order in which list follows it.
func (m *model) ids(kind record.Kind) []record.Listed {
	return slices.SortedFunc(maps.Values(m.brood(kind).rows), func(a, b record.Listed) int { return cmp.Compare(a.ID, b.ID) })
}

// mostEmpty is how many lists of a kind whose lists have rows, but for rare ones, are reckoned to come
// without any: most of the roles of a small instance may be held through groups alone, while no folder
// of thousands is without access.
const mostEmpty = 20

// followed is a kind that nothing lists.
func (m *model) followed(k *knowledge, f *KindForecast) (c cost, items amount) {
	rows, more := m.ids(k.kind.Name), m.brood(k.kind.Name).more
	var fresh []record.Listed // never stored
	proof, n := false, 0
	for _, row := range rows {
		if _, known := k.held[row.ID]; !known {
			fresh = append(fresh, row)
		}
	}
	for page := range slices.Chunk(rows, m.rules.Limits.Usual().Followed) {
		p := m.plan(k, record.Present, page)
		c, n, proof = c.plus(p.cost), n+p.documents, proof || p.many
	}
	c = c.plus(m.overview(k, n+int(math.Ceil(more.likely))))
	if more.high > 0 {
		// What is expected besides costs as much a document as what is known.
		unit := cost{}
		if n == 0 {
			unit.add(k.kind.Detail.Activity, exactly(1))
		} else {
			unit = c.times(exactly(1).times(amount{1 / float64(n), 1 / float64(n), 1 / float64(n)}))
		}
		c = c.plus(unit.times(more))
		f.Notes = append(f.Notes, "some are behind documents that were not asked for: guessed")
	}
	if k.kind.Listing.Filled {
		// A list that a run expects to have rows, and that comes without any, is asked for again, after
		// another list has shown some, for which a call may be needed.
		c.add(k.kind.Detail.Activity, amount{high: 2 * min(float64(len(fresh))+more.high, mostEmpty)})
	}
	m.prove(&c, k, proof)
	m.expect(k, fresh[min(k.past.dangling, len(fresh)):], more)
	items = exactly(n).plus(more)
	gone := min(k.past.dangling, len(fresh))
	items = items.plus(exactly(-gone))
	if !hasOwnersID(k.kind.Name) {
		items.low -= math.Ceil(float64(len(fresh)-gone) / 20)
	}
	return c, items
}

// hasOwnersID reports whether the documents of a kind have the ids of those that lead
// to them, so that none can be missing.
func hasOwnersID(kind record.Kind) bool {
	for _, k := range catalogue.All() {
		for r := range k.Leads() {
			if r.Kind == kind && r.Path != "id" {
				return false
			}
		}
	}
	return true
}

// expect notes what the documents of a followed kind will point to: the stored
// ones tell, the others are expected to be like those that were seen.
func (m *model) expect(k *knowledge, fresh []record.Listed, more amount) {
	// A run with a scope follows only what it has settled itself.
	named := func(id string) bool {
		_, ok := m.brood(k.kind.Name).rows[id]
		return ok
	}
	m.follow(k.held.documents(named))
	if m.rules.Within == nil {
		m.follow(m.withoutParts(k.kind.Name, k.held.documents(func(id string) bool { return !named(id) })))
	}
	for kind, rate := range k.rates {
		inside, outside := 0, 0
		for _, row := range fresh {
			if row.Folder == "" {
				outside++
			} else {
				inside++
			}
		}
		sum := exactly(inside).plus(more).times(rate)
		if inherits(k.kind, kind) {
			// What lies in nothing has nothing to inherit from.
			sum = sum.plus(exactly(outside))
		} else {
			sum = sum.plus(exactly(outside).times(rate))
		}
		b := m.brood(kind)
		b.more = b.more.plus(sum)
	}
}

// inherits reports whether a document points to one of a kind only unless it takes
// over what lies above it.
func inherits(from *catalogue.Spec, to record.Kind) bool {
	return slices.ContainsFunc(from.Relations, func(r catalogue.Relation) bool { return r.Follow && r.Kind == to && r.Unless != "" })
}

// leads are the relations that lead from a kind to documents of the targets.
func leads(from *catalogue.Spec, targets []record.Kind) (leads []catalogue.Relation) {
	for r := range from.Leads() {
		if slices.Contains(targets, r.Kind) {
			leads = append(leads, r)
		}
	}
	return leads
}

// deepen adds to what is known of a kind what only the vault or a sample tells:
// where documents point to that the list does not hold or that nobody has seen.
func (o *outlook) deepen(ctx context.Context, m *model, k *knowledge) error {
	targets := o.targets()
	leads := leads(k.kind, targets)
	if len(leads) == 0 {
		return nil
	}
	if !k.kind.Listing.Followed {
		return o.missed(ctx, k)
	}
	var sample []Glimpsed
	for _, row := range k.held.documents(nil) {
		if inherits(k.kind, leads[0].Kind) && m.brood(k.kind.Name).rows[row.ID].Folder == "" {
			continue
		}
		sample = append(sample, row)
	}
	unseen := slices.DeleteFunc(m.ids(k.kind.Name), func(r record.Listed) bool { _, ok := k.held[r.ID]; return ok })
	if len(unseen) > 0 && len(sample) == 0 {
		var err error
		if sample, err = o.sample(ctx, k.kind, unseen, targets); err != nil {
			return err
		}
	}
	k.rates = make(map[record.Kind]amount)
	for _, lead := range leads {
		k.rates[lead.Kind] = rate(lead, sample)
	}
	return nil
}

// fewMissing is how many documents are read one by one rather than all in turn.
const fewMissing = 100

// missed reads what stored documents point to that the list does not hold.
func (o *outlook) missed(ctx context.Context, k *knowledge) error {
	missing := k.held.documents(func(id string) bool { return !k.lists(id) })
	if len(missing) > fewMissing {
		return o.recall(ctx, k.kind, k.held, func(id string) bool { return !k.lists(id) })
	}
	for _, row := range missing {
		d, err := o.Vault.Document(ctx, o.Instance, record.Ref{Kind: k.kind.Name, ID: row.ID}, vault.Point{})
		if err != nil {
			return err
		}
		if rows, err := glimpse(k.kind, d.Body, o.targets()); err == nil && len(rows) == 1 {
			known := k.held[row.ID]
			known.refs = rows[0].Refs
			k.held[row.ID] = known
		}
	}
	return nil
}

// sample asks one call for some of the documents: those of the fullest folder
// where there is such a route, else one.
func (o *outlook) sample(ctx context.Context, kind *catalogue.Spec, unseen []record.Listed, targets []record.Kind) ([]Glimpsed, error) {
	route, path := kind.Single(unseen[0].ID)
	query := route.Values()
	if route.Param != "" {
		query.Set(route.Param, unseen[0].ID)
	}
	if way, ok := folderRoute(kind); ok {
		fullest, most := "", 0
		for folder, group := range byFolder(unseen) {
			if folder != "" && (len(group) > most || len(group) == most && folder < fullest) {
				fullest, most = folder, len(group)
			}
		}
		if most > 0 {
			route, path, query = way.Route, way.Route.Fill(fullest), way.Route.Values([2]string{"fields", fields(kind, targets)})
			if way.Route.Param != "" {
				query.Set(way.Route.Param, fullest)
			}
		}
	}
	g, err := o.api.glance(ctx, kind, stages.Call{Route: route, Path: path, Query: query, Size: 64 << 10}, 1, targets)
	if err != nil {
		return nil, fmt.Errorf("look at one of %s: %w", kind.Name, err)
	}
	return slices.DeleteFunc(g.Rows, func(row Glimpsed) bool {
		return !slices.ContainsFunc(unseen, func(r record.Listed) bool { return r.ID == row.ID })
	}), nil
}

// folderRoute is the route that brings all of a folder.
func folderRoute(kind *catalogue.Spec) (catalogue.Many, bool) {
	for _, way := range kind.Many {
		if way.How == record.Folder {
			return way, true
		}
	}
	return catalogue.Many{}, false
}

// byFolder groups rows by their folder.
func byFolder(rows []record.Listed) map[string][]record.Listed {
	groups := make(map[string][]record.Listed)
	for _, row := range rows {
		groups[row.Folder] = append(groups[row.Folder], row)
	}
	return groups
}

// A rate is made from a sample and from what is usual, which counts as much as
// two documents of the sample.
const usualWeight = 2

// usual is how many documents one document leads to by a relation, where nothing
// is known: a member of a list leads to about three (a merged result joins two or
// more queries), one that something is inherited instead of to one in four.
func usual(p catalogue.Relation) float64 {
	switch {
	case p.Unless != "":
		return 0.25
	case strings.Contains(p.Path, "."):
		return 3
	}
	return 1
}

// rate is how many documents of the relation's kind one document leads to that
// nobody has seen, judged by a sample. Documents that several point to count once.
func rate(p catalogue.Relation, sample []Glimpsed) amount {
	distinct := make(map[string]bool)
	for _, row := range sample {
		for _, ref := range row.Refs {
			if ref.Kind == p.Kind {
				distinct[ref.ID] = true
			}
		}
	}
	n := float64(len(sample))
	likely := (float64(len(distinct)) + usualWeight*usual(p)) / (n + usualWeight)
	if p.Unless != "" {
		// What inherits does so by folder: neighbours are alike, others may not be.
		return amount{likely / 10, likely, min(1, likely+0.4)}
	}
	// The more documents were seen, the closer are the bounds.
	doubt := min(0.5, 2/math.Sqrt(n+usualWeight))
	return amount{likely * (1 - doubt), likely, likely * (1 + doubt)}
}
