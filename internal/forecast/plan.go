package forecast

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// planned is what a run plans for some rows.
type planned struct {
	cost
	documents int     // that the run accounts for
	many      bool    // an answer holds several documents
	pages     float64 // asked for, as likely
}

// plan asks the planner what a run does with the rows of one page of a list.
func (m *model) plan(k *knowledge, state record.State, rows []record.Listed) (p planned) {
	page := plan.Page{Kind: k.kind, State: state, Rows: slices.Clone(rows), Known: make(map[string]record.Known), Ages: make(map[string]time.Duration)}
	page.Proven = m.proven != nil && m.rules.ProofRests(k.kind.Name, m.proven[k.kind.Name])
	page.NotServed = make(map[string]time.Time)
	tells := m.tells(k)
	for i := range page.Rows {
		row := &page.Rows[i]
		if tells {
			row.Stamp = unchanged
		}
		if k.kind.Dated() {
			row.Date = record.DateOf(k.shown(*row, state).Updated)
		}
		d, ok := k.held[row.ID]
		if !ok {
			page.NotServed[row.ID] = m.notServed[record.Ref{Kind: k.kind.Name, ID: row.ID}]
			continue
		}
		known := record.Known{State: d.state, Folder: d.folder, Settled: d.settled, Observed: d.seen, Size: d.size}
		if !m.stale {
			known.Hash = d.hash
			if k.sameRow(*row, d, state) {
				known.Stamp = unchanged
			}
			if k.kind.Dated() {
				known.Stamp = record.DateOf(d.updated)
			}
		}
		page.Known[row.ID], page.Ages[row.ID] = known, d.age
	}
	done := m.rules.Plan(page)
	p.documents = done.Settled
	var want []record.Ask
	for _, ask := range done.Asks {
		if p.documents += len(ask.Want); ask.How != record.Stored {
			want = append(want, ask)
		}
	}
	if k.past.poor {
		m.poor(k, state, want, &p)
		return p
	}
	for _, ask := range want {
		activity, calls := plan.Cost(k.kind, ask)
		n := exactly(calls)
		if ask.Spread {
			n = m.spread(k, len(ask.Want))
		}
		p.add(activity, n)
		p.many = p.many || ask.How != record.Single
		if ask.How == record.Page {
			p.pages += n.likely
		}
	}
	return p
}

// spread is how many pages bring so many documents of a size that nobody knows: one that
// tells, and as many as the rest takes where documents are as large as they are elsewhere.
func (m *model) spread(k *knowledge, documents int) amount {
	high := float64(plan.Chunks(documents, m.rules.PageSize))
	low := float64(plan.Chunks(documents, m.rules.MostPerAsk()))
	rest := max(documents-m.rules.PageSize, 0)
	likely := float64(1 + m.rules.PagesOf(rest, k.kind.Size, m.answer))
	return amount{low, min(max(low, likely), high), high}
}

// unchanged stands for the stamp of a row, which is not known before the run.
var unchanged = record.Digest{1}

// tells reports whether rows of a kind tell of changes: those of its list, or of an
// overview.
func (m *model) tells(k *knowledge) bool {
	return k.kind.Listing.Stamped || k.kind.Listing.Overview != nil && k.past.overview && m.proves
}

// sameRow reports whether the stamp of a row will be the stored one: its document lies in
// the same folder, is as much in the trash as it was, is called the same where rows tell, and
// has not been saved since. What an overview tells of is taken to be the same.
func (k *knowledge) sameRow(row record.Listed, d heldDocument, state record.State) bool {
	list := k.kind.Listing
	if !list.Stamped {
		return true
	}
	seen := k.shown(row, state)
	renamed := seen.Name != d.name && slices.Contains(list.Rows, k.kind.Fields.Name)
	return d.state == state && d.folder == row.Folder && d.updated == seen.Updated && !renamed
}

// shown is what a list shows of a document.
func (k *knowledge) shown(row record.Listed, state record.State) Glimpsed {
	if state == record.Trashed {
		return k.bin[row.ID]
	}
	return k.glance.Rows[k.index[row.ID]]
}

// poor costs asks for a kind whose documents must be fetched one by one: that is found
// out by what each worker asks for first. Of the trash it may be known by then.
func (m *model) poor(k *knowledge, state record.State, asks []record.Ask, p *planned) {
	wasted := 0
	for _, ask := range asks {
		p.add(k.kind.Detail.Activity, exactly(len(ask.Want)))
		if ask.How != record.Single {
			wasted++
		}
	}
	if p.many = wasted > 0; p.many {
		wasted := exactly(min(m.workers, wasted))
		wasted.low, wasted.high = 1, 2*wasted.high // by pages, and then by ids
		if state == record.Trashed {
			wasted.low = 0
		}
		p.add(k.kind.Many[0].Route.Activity, wasted)
	}
}

// perPage is how many rows a page of the enumeration holds. A server that gives
// fewer than asked although there are more gives no more on any page.
func (k *knowledge) perPage() int {
	n := k.seen
	if k.glance.HasTotal && 1 < n && n < min(k.glance.Total, k.kind.Listing.Page) {
		return n
	}
	return k.kind.Listing.Page
}

// enumeration is how many calls list n ids in pages that overlap by one row, and
// one more where only an empty page proves that there are no more.
func (k *knowledge) enumeration(n amount) amount {
	page := float64(k.perPage())
	return n.each(func(n float64) float64 {
		calls := 1.0
		if n > page {
			calls += math.Ceil((n - page) / max(1, page-1))
		}
		if !k.glance.HasTotal && n >= 1 {
			calls++
		}
		return calls
	})
}

// lists reports whether the list holds a document.
func (k *knowledge) lists(id string) bool {
	_, ok := k.index[id]
	return ok
}

// binned reports whether a document was seen in the trash.
func (k *knowledge) binned(id string) bool {
	_, ok := k.bin[id]
	return ok
}

// fill takes documents that the first page does not show to be as the vault holds
// them.
func (k *knowledge) fill() {
	for _, d := range k.held.documents(func(id string) bool { return !k.lists(id) && !k.binned(id) && k.held[id].state == record.Present }) {
		if len(k.glance.Rows) >= k.glance.Total {
			return
		}
		k.index[d.ID] = len(k.glance.Rows)
		k.glance.Rows = append(k.glance.Rows, d)
	}
}

// unordered reports whether the server gave ids in an order of its own although it
// was asked to sort: as numbers and as text both count as sorted.
func (k *knowledge) unordered() bool {
	rows := k.glance.Rows[:k.seen]
	asText := slices.IsSortedFunc(rows, func(a, b Glimpsed) int { return cmp.Compare(a.ID, b.ID) })
	asNumbers := slices.IsSortedFunc(rows, func(a, b Glimpsed) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	return !k.kind.Listing.Unsorted && !asText && !asNumbers
}

// asListed are rows as list sees them.
func asListed(rows []Glimpsed, state record.State) []record.Listed {
	listed := make([]record.Listed, len(rows))
	for i, row := range rows {
		listed[i] = record.Listed{ID: row.ID, Folder: row.Folder, State: state}
	}
	return listed
}

// pagesOf cuts rows as the enumeration does: each page but the first begins with
// a row that was seen already.
func pagesOf(rows []record.Listed, page int) iter.Seq[[]record.Listed] {
	return func(yield func([]record.Listed) bool) {
		for n := page; len(rows) > 0; n = max(1, page-1) {
			n = min(n, len(rows))
			if !yield(rows[:n]) {
				return
			}
			rows = rows[n:]
		}
	}
}
