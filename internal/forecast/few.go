package forecast

import (
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// rowsAlone is what n documents cost whose rows came in one page: nothing, or a call for each
// where rows are poorer than documents.
func (m *model) rowsAlone(k *knowledge, n int) (c cost) {
	if k.past.poor {
		c.add(k.kind.Detail.Activity, exactly(n))
	}
	return c
}

// few reports whether a run asks for the documents of a paged list in one page, and whether
// that is all of them.
func (m *model) few(k *knowledge) (tried, all bool) {
	if m.resumes || k.glance.OnlyInPages != nil {
		return false, false
	}
	limit := m.rules.Few(k.kind, len(k.held), k.held.sizes)
	if limit == 0 {
		return false, false
	}
	trash := k.glance.Trash
	if k.kind.Listing.Trash && (trash == nil || trash.Failed != nil || trash.Total >= limit || len(trash.Rows) < trash.Total) {
		return true, false
	}
	return true, k.glance.Total < limit && k.seen == k.glance.Total
}

// lookedFor is how many calls look by id for what the list does not hold any
// more. Some of it may turn up in the trash, and is not looked for.
func (m *model) lookedFor(k *knowledge) amount {
	if !plan.CanBeLookedFor(k.kind) {
		return amount{}
	}
	n := len(m.unlisted(k))
	if m.rules.Within != nil {
		n = min(n, m.rules.Limits.Usual().IDs) // a run of some folders looks for no more
	}
	calls := plan.Chunks(n, m.rules.Limits.Usual().IDs)
	switch {
	case k.glance.Trash.whole():
		return exactly(2 * calls) // in both states
	case k.kind.Listing.Trash:
		return amount{0, float64(2 * calls), float64(2 * calls)}
	}
	return exactly(calls)
}

// compared is how many rows may have to be compared besides: those that were never stored,
// or that moved to or from the trash, as they have other members, and a neighbour of each.
func (k *knowledge) compared() (n int) {
	if len(k.held) == 0 {
		return maybeCompared
	}
	moved := func(row Glimpsed, state record.State) {
		if d, ok := k.held[row.ID]; !ok || d.state != state {
			n += 2
		}
	}
	for _, row := range k.glance.Rows {
		moved(row, record.Present)
	}
	for _, row := range k.bin {
		moved(row, record.Trashed)
	}
	return min(n, maybeCompared)
}

// maybeCompared is how many rows more of a kind are expected to be compared at most,
// because they lack members that others have.
const maybeCompared = 8
