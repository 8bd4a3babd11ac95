package forecast

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// planned is what list will plan for some rows.
type planned struct {
	cost
	many bool // an answer holds several documents
}

// plan costs what list plans for the rows of one page of an enumeration, of which
// want must be fetched: whole pages where everything on them is wanted, folders
// that hold several, id lists, single documents for the rest.
func (m *model) plan(k *knowledge, state record.State, rows, want []record.Listed) (p planned) {
	if len(want) == 0 {
		return p
	}
	if k.past.poor {
		return m.planPoor(k, want)
	}
	if way, ok := k.way(record.Page, state); ok && len(want) == len(rows) {
		p.add(way.Route.Activity, exactly(chunks(len(want), m.perAsk(k))))
		p.many = true
		return p
	}
	if way, ok := k.way(record.Folder, state); ok {
		var rest []record.Listed
		holds := make(map[string]int)
		for _, r := range rows {
			holds[r.Folder]++
		}
		for folder, group := range byFolder(want) {
			if folder == "" || len(group) < 2 || 4*len(group) < holds[folder] {
				rest = append(rest, group...)
				continue
			}
			p.add(way.Route.Activity, exactly(1))
			p.many = true
		}
		want = rest
	}
	if way, ok := k.way(record.IDs, state); ok && len(want) > 0 {
		p.add(way.Route.Activity, exactly(chunks(len(want), m.perAsk(k))))
		p.many = true
		return p
	}
	for _, r := range want {
		route, _ := k.kind.Single(r.ID)
		p.add(route.Activity, exactly(1))
	}
	return p
}

// planPoor is a kind whose documents must be fetched one by one: that is found
// out by what each worker asks for first.
func (m *model) planPoor(k *knowledge, want []record.Listed) (p planned) {
	p.add(k.kind.Detail.Activity, exactly(len(want)))
	if len(k.kind.Many) > 0 {
		wasted := exactly(min(m.workers, chunks(len(want), m.perAsk(k))))
		wasted.low, wasted.high = 1, 2*wasted.high // by pages, and then by ids
		p.add(k.kind.Many[0].Route.Activity, wasted)
		p.many = true
	}
	return p
}

// perAsk is how many documents of a kind one ask brings.
func (m *model) perAsk(k *knowledge) int {
	return plan.PerAsk(m.size, m.bytes, k.kind, func(yield func(int64) bool) {
		for _, d := range k.held {
			if !yield(d.size) {
				return
			}
		}
	})
}

func chunks(n, size int) int { return (n + size - 1) / size }

// byFolder yields rows by their folder.
func byFolder(rows []record.Listed) map[string][]record.Listed {
	groups := make(map[string][]record.Listed)
	for _, r := range rows {
		groups[r.Folder] = append(groups[r.Folder], r)
	}
	return groups
}

// way is the kind's route of a sort for documents in that state.
func (k *knowledge) way(how record.How, state record.State) (catalogue.Many, bool) {
	i := slices.IndexFunc(k.kind.Many, func(w catalogue.Many) bool {
		return w.How == how && (w.Trash || state != record.Trashed)
	})
	if i < 0 {
		return catalogue.Many{}, false
	}
	return k.kind.Many[i], true
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

// lists tells whether the list holds a document.
func (k *knowledge) lists(id string) bool {
	_, ok := k.index[id]
	return ok
}

// binned tells whether a document was seen in the trash.
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

// unordered tells whether the server gave ids in an order of its own although it
// was asked to sort: as numbers and as text both count as sorted.
func (k *knowledge) unordered() bool {
	rows := k.glance.Rows[:k.seen]
	asText := slices.IsSortedFunc(rows, func(a, b Glimpsed) int { return cmp.Compare(a.ID, b.ID) })
	asNumbers := slices.IsSortedFunc(rows, func(a, b Glimpsed) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	return !k.kind.Listing.Unsorted && !asText && !asNumbers
}

// listed are the rows as list sees them.
func (k *knowledge) listed() []record.Listed {
	rows := make([]record.Listed, len(k.glance.Rows))
	for i, row := range k.glance.Rows {
		rows[i] = record.Listed{ID: row.ID, Folder: row.Folder, State: record.Present}
	}
	return rows
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
