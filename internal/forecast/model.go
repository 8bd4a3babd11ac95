package forecast

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// model works out what a run will plan, from what is known of each kind. It asks
// nothing and reads nothing. Kinds are added wave by wave.
//
// What a kind costs follows from its row in the catalogue:
//
//   - a list in one answer: that call
//   - a paged list: one call for each page of ids, in two passes where there is
//     trash, then what list plans for what is not known to be unchanged: pages,
//     id lists, folders, single documents (see [plan.Rules.Plan]); and calls that
//     look by id for what it does not hold any more
//   - fixed routes: one call each
//   - what follows from others: what list plans for the ids that documents point
//     to; an immutable one that is stored costs nothing
//
// and one call more where an answer of many is compared with a single document.
type model struct {
	rules    plan.Rules           // of the run
	answer   int64                // bytes that one answer may have
	told     []string             // paths of lists that the run has before it lists
	workers  int                  // that may all ask before the first proof has failed
	listed   map[record.Kind]bool // kinds that an earlier run read whole
	stale    bool                 // stamps were made under other rules, so that they prove nothing
	resumes  bool                 // an interrupted run
	proves   bool                 // what a complete listing does not hold is gone, and its parts with it
	unscoped bool                 // it is of the whole instance

	broods      map[record.Kind]*brood
	unavailable map[record.Kind]time.Time // kinds that the server did not have, and when
	notServed   map[record.Ref]time.Time  // documents that the server did not have, and when
	overviews   map[string]bool           // that are asked for, by path
	proven      map[record.Kind]time.Time // when rows were compared last; nil: each run compares
	lengths     plan.Lengths              // of the answers to the lists
	forecasts   []KindForecast
}

// brood is what documents point to in one kind.
type brood struct {
	rows map[string]record.Listed
	more amount // ids that are expected besides
}

// knowledge is what is known of one kind.
type knowledge struct {
	kind   *catalogue.Spec
	glance Glance
	index  map[string]int // of the rows of glance, by id
	held   held
	bin    map[string]Glimpsed // the documents that were seen in the trash
	seen   int                 // how many of the rows of glance the server has shown
	past   past                // what earlier runs found out
	// rates is how many documents of each kind a document points to that nobody
	// has seen yet; only of kinds that follow from others.
	rates map[record.Kind]amount
}

// past is what earlier runs found out about a kind.
type past struct {
	poor     bool // rows of lists are poorer than documents
	dangling int  // documents that others point to and that are not there
	complete bool // a run that came to its end stored the whole kind
	overview bool // a list told what each document holds
}

func newKnowledge(kind *catalogue.Spec, glance Glance, h held, past past) *knowledge {
	if glance.OnlyInPages != nil {
		kind, _ = kind.InPages()
	}
	k := &knowledge{kind: kind, glance: glance, seen: len(glance.Rows), index: make(map[string]int, len(glance.Rows)), held: h, past: past}
	for i, row := range glance.Rows {
		k.index[row.ID] = i
	}
	if glance.Trash != nil {
		k.bin = make(map[string]Glimpsed, len(glance.Trash.Rows))
		for _, row := range glance.Trash.Rows {
			k.bin[row.ID] = row
		}
	}
	return k
}

func newModel(a Ahead) *model {
	c, page := a.Config, max(1, a.Config.Stages.List.PageSize)
	return &model{
		rules: plan.Rules{
			PageSize: page, PageBytes: a.Limits.PageBytes(page, int64(c.Limits.InFlightBytes), c.Looker.Quota.Counted()),
			Counted: c.Looker.Quota.Counted(), Full: a.Full, Exclude: a.Exclude, Limits: a.Limits,
		},
		answer: int64(c.Limits.InFlightBytes) / plan.InFlightShare,
		told:   a.Told, workers: max(1, c.Stages.Fetch.Workers), resumes: a.Resume != 0,
		unscoped: a.Scope.Unscoped(), proves: a.Scope.Unscoped() && a.Caller.KnownAdmin(), broods: make(map[record.Kind]*brood),
		overviews: make(map[string]bool),
	}
}

// recalls takes over what the vault tells of earlier runs.
func (m *model) recalls(o *outlook) {
	m.stale, m.proven, m.notServed, m.rules.Refresh = o.stale, o.proven, o.notServed, o.rules
	m.listed, m.unavailable = make(map[record.Kind]bool), unavailable(o.runs)
	for _, run := range o.runs {
		for _, k := range run.Kinds {
			m.listed[k.Kind] = m.listed[k.Kind] || k.Listing == record.Complete && run.Scope.Folders == nil && run.Scope.Refs == nil
		}
	}
}

// unsaid is for a list without a row of which the server does not say that it has none, and no
// earlier run does either: a run asks again, once another list has shown rows, for which it makes a
// call of its own where no other call of that moment does.
func (m *model) unsaid(k *knowledge) amount {
	if len(k.glance.Rows) == 0 && !k.glance.HasTotal && !m.listed[k.kind.Name] {
		return amount{1, 1, 2}
	}
	return amount{}
}

// add forecasts a kind, and notes what its documents point to.
func (m *model) add(k *knowledge) {
	f := KindForecast{Kind: k.kind.Name, Listing: record.Complete}
	var c cost
	var items amount
	switch failed := k.glance.Failed; {
	case failed != nil:
		c, items = m.refused(k, &f)
	case k.kind.Listing.Whole:
		c, items = m.whole(k)
	case len(k.kind.Listing.Fixed) > 0:
		c, items = m.fixed(k, &f)
	case k.kind.Listing.Followed:
		c, items = m.followed(k, &f)
	default:
		c, items = m.paged(k, &f)
	}
	if failed := k.glance.OnlyInPages; failed != nil {
		c = c.plus(m.onlyInPages(k))
		f.Notes = append(f.Notes, fmt.Sprintf("the list cannot be had in one answer (%s), a run reads it in pages", failed.Message))
	}
	f.Administrative, f.Query, f.Items = c.administrative.span(), c.query.span(), items.span()
	m.forecasts = append(m.forecasts, f)
}

// onlyInPages is what a list costs besides its pages that cannot be had in one answer:
// the call that fails, and what the pages do not name is asked for alone.
func (m *model) onlyInPages(k *knowledge) (c cost) {
	c.add(k.kind.Listing.Route.Activity, exactly(1)) // both routes are drawn from one quota
	if m.proves {
		c.add(k.kind.Detail.Activity, exactly(min(len(m.unlisted(k)), m.rules.Limits.Usual().IDs)))
	}
	return c
}

// refused is a kind whose listing did not answer. One that is denied ends with that
// call, one that is not on this instance with the next, or at once where it was not there
// before; one that failed may work then.
func (m *model) refused(k *knowledge, f *KindForecast) (c cost, items amount) {
	failed := k.glance.Failed
	f.Listing = refusal(k.kind, failed, len(k.held) > 0)
	f.Notes = append(f.Notes, failed.Message)
	calls := 1
	if failed.Class == record.FaultMissing && m.unavailable[k.kind.Name].IsZero() {
		calls = 2 // a run asks again
	}
	c.add(k.kind.Listing.Route.Activity, exactly(calls))
	if f.Listing == record.Incomplete {
		again := newKnowledge(k.kind, Glance{Rows: k.held.documents(nil), Total: len(k.held), HasTotal: true}, k.held, k.past)
		var better cost
		if k.kind.Listing.Whole {
			better, items = m.whole(again)
		} else {
			better, items = m.paged(again, f)
		}
		c.administrative.high = max(c.administrative.high, better.administrative.high)
		c.query.high = max(c.query.high, better.query.high)
		items.low = 0
	}
	return c, items
}

// whole is a list that comes in one answer. Its rows are the documents.
func (m *model) whole(k *knowledge) (c cost, items amount) {
	in := slices.DeleteFunc(slices.Clone(k.glance.Rows), func(row Glimpsed) bool { return !m.rules.Wants(k.kind.Name, row.ID, "") })
	if !slices.Contains(m.told, k.kind.Listing.Route.Path) {
		c.add(k.kind.Listing.Route.Activity, exactly(1))
	}
	c.add(k.kind.Listing.Route.Activity, m.unsaid(k))
	m.lengths.OneAnswer(plan.ListTail{Kind: k.kind.Name, State: record.Present, Rows: len(k.glance.Rows)})
	m.prove(&c, k, len(in) > 0)
	if k.past.poor {
		c.add(k.kind.Detail.Activity, exactly(len(in)))
	}
	m.follow(in)
	m.follow(m.withoutParts(k.kind.Name, k.held.documents(func(id string) bool { return m.vanished(k, id) })))
	if alone, _ := k.kind.Single("1"); plan.CanBeAskedFor(k.kind) {
		most := m.rules.Limits.Usual().IDs
		if m.rules.Within != nil {
			most = stages.Samples
		}
		c.add(alone.Activity, exactly(min(len(m.unlisted(k)), most)))
	}
	return c, exactly(len(in))
}

// unlisted are the stored documents that the list does not hold any more, and that are
// looked for before they count as gone.
func (m *model) unlisted(k *knowledge) []Glimpsed {
	return k.held.documents(func(id string) bool {
		known := k.held[id].state == record.Present || k.glance.Trash.whole()
		return !k.lists(id) && !k.binned(id) && known && m.rules.Wants(k.kind.Name, id, k.held[id].folder)
	})
}

// vanished reports whether a stored document is not in the list any more. Only at
// the end of a run it is found to be gone, so what it points to is followed once
// more, but for its parts: see [model.withoutParts].
func (m *model) vanished(k *knowledge, id string) bool {
	return m.rules.Within == nil && !k.lists(id) && !k.binned(id)
}

// fixed is a kind whose documents have a route each.
func (m *model) fixed(k *knowledge, f *KindForecast) (c cost, items amount) {
	var rows []record.Listed
	for _, route := range k.kind.Listing.Fixed {
		rows = append(rows, record.Listed{ID: route.Path[1:], State: record.Present})
	}
	p := m.plan(k, record.Present, rows)
	c, n := p.cost, p.documents
	if k.past.complete {
		return c, exactly(min(n, len(k.held)))
	}
	f.Notes = append(f.Notes, "which of them this instance has is seen when they are asked for")
	return c, amount{float64(min(n, len(k.held))), float64(n), float64(n)}
}

// paged is a list that is read in pages of ids.
func (m *model) paged(k *knowledge, f *KindForecast) (c cost, items amount) {
	if k.fill(); k.seen < k.glance.Total {
		f.Notes = append(f.Notes, fmt.Sprintf("%d of %d were looked at, the others are taken to be like them", k.seen, k.glance.Total))
	}
	tried, onePage := m.few(k)
	if tried && !onePage {
		c.add(k.kind.Listing.Route.Activity, exactly(1)) // for a page that turns out to be full
	}
	m.tails(k, &k.glance, record.Present)
	present, seen, proof := m.present(k)
	if onePage {
		present = m.rowsAlone(k, seen)
	}
	items = exactly(seen)
	if unseen := k.glance.Total - len(k.glance.Rows); unseen > 0 {
		// What lies behind the first page is like what lies on it.
		share := float64(unseen) / float64(max(1, len(k.glance.Rows)))
		more := amount{share * 0.8, share, share * 1.25}
		present = present.plus(present.times(more))
		items = items.plus(exactly(seen).times(more))
		more.low = 0 // they may all lead to what is known already
		m.multiply(k, more)
	}
	if k.unordered() && k.glance.Total > m.rules.PageSize {
		// A page then brings others than were wanted, which are asked for by id.
		present = present.times(amount{1, 1.5, 3})
		f.Notes = append(f.Notes, "the server does not sort: what pages leave out has to be asked for by id")
	}
	c.add(k.kind.Listing.Route.Activity, k.enumeration(exactly(k.glance.Total)).plus(m.unsaid(k)))
	c = c.plus(present)
	if k.glance.TrashRests {
		m.follow(m.within(k, k.glance.Trash.Rows))
	} else if k.kind.Listing.Trash {
		trash, n, some := m.trash(k, items, f)
		if onePage {
			trash = m.rowsAlone(k, int(n.likely))
			trash.add(k.kind.Listing.Route.Activity, k.enumeration(exactly(k.glance.Trash.Total)))
		}
		c, items, proof = c.plus(trash), items.plus(n), proof || some
	}
	c.add(k.kind.Listing.Route.Activity, m.lookedFor(k))
	m.prove(&c, k, proof)
	return c, items
}

// present is what list plans for the documents that were looked at, and how many
// of them are part of the run. proof reports whether any answer holds several.
func (m *model) present(k *knowledge) (c cost, n int, proof bool) {
	c, n, proof = m.pages(k, &k.glance, record.Present)
	m.follow(m.within(k, k.glance.Rows))
	return c, n, proof
}

// pages is what list plans for the rows of a list, page by page.
func (m *model) pages(k *knowledge, list *Glance, state record.State) (c cost, n int, proof bool) {
	parts := 0.0
	for page := range pagesOf(asListed(list.Rows, state), k.perPage()) {
		p := m.plan(k, state, page)
		c, n, proof, parts = c.plus(p.cost), n+p.documents, proof || p.many, parts+p.pages
	}
	if _, onePage := m.few(k); !onePage && parts > 1 && list.HasTotal {
		m.lengths.Counted(k.kind.Name, state, list.Total)
	}
	return c, n, proof
}

// within are the rows that are part of the run.
func (m *model) within(k *knowledge, rows []Glimpsed) []Glimpsed {
	return slices.DeleteFunc(slices.Clone(rows), func(row Glimpsed) bool { return !m.rules.Wants(k.kind.Name, row.ID, row.Folder) })
}

// trashShare are guesses about trash that nobody has seen: none, one
// document in twenty, one in five.
var trashShare = amount{0, 1.0 / 20, 1.0 / 5}

// trash is the second pass of a listing, over documents in the trash: as a call has shown
// them, else estimated.
func (m *model) trash(k *knowledge, present amount, f *KindForecast) (c cost, n amount, proof bool) {
	if seen := k.glance.Trash; seen != nil && seen.Failed == nil {
		return m.binned(k)
	}
	n, want := m.trashed(k, present, f)
	c.add(k.kind.Listing.Route.Activity, k.enumeration(n))
	activity, size := k.kind.Detail.Activity, 1.0
	for _, way := range k.kind.Many {
		// Pages need that everything on them is wanted.
		fits := way.How == record.IDs || way.How == record.Page && m.rules.Within == nil && len(m.rules.Exclude) == 0
		if way.Trash && fits && !k.past.poor {
			activity, size, proof = way.Route.Activity, float64(m.rules.PerPage(k.kind, k.held.sizes)), want.likely >= 1
			break
		}
	}
	c.add(activity, want.each(func(n float64) float64 { return math.Ceil(n / size) }))
	return c, n, proof
}

// trashed is how many documents are in the trash that could not be asked for, and how
// many of them must be fetched: as the vault holds them, else guessed.
func (m *model) trashed(k *knowledge, present amount, f *KindForecast) (n, want amount) {
	guess := present.times(trashShare)
	if len(k.held) == 0 {
		m.multiply(k, trashShare)
		f.Notes = append(f.Notes, "the trash was not seen: guessed")
		return guess, guess
	}
	f.Notes = append(f.Notes, "the trash was not seen: as the vault holds it")
	var settled, stored, left []Glimpsed // in the trash as far as the vault knows; not listed any more
	for _, d := range k.held.documents(func(id string) bool { return !k.lists(id) }) {
		switch {
		case !m.rules.Wants(k.kind.Name, d.ID, d.Folder):
		case k.held[d.ID].settled:
			settled = append(settled, d)
		case k.held[d.ID].state == record.Trashed:
			stored = append(stored, d)
		case k.glance.Total == k.seen:
			left = append(left, d)
		}
	}
	m.follow(slices.Concat(settled, stored, left))
	maybe := amount{0, float64(len(left)), float64(len(left))}
	if !k.past.complete {
		maybe.high += guess.high
	}
	n, want = exactly(len(settled)+len(stored)).plus(maybe), maybe
	if !k.kind.Listing.Stamped || m.rules.Full || m.stale {
		want = want.plus(exactly(len(stored)))
	}
	return n, want
}

// prove adds the single document that an answer of many is compared with. Of documents
// that were never stored more may have to be.
func (m *model) prove(c *cost, k *knowledge, many bool) {
	if !many || k.kind.Detail.IsZero() {
		return
	}
	if m.proven != nil && m.rules.ProofRests(k.kind.Name, m.proven[k.kind.Name]) {
		return
	}
	n := exactly(1)
	if len(k.kind.Many) > 0 {
		n.high += float64(k.compared())
	}
	c.add(k.kind.Detail.Activity, n)
}
