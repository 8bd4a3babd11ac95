package forecast

import (
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// tails records how many rows the answers to a paged list will have.
func (m *model) tails(k *knowledge, list *Glance, state record.State) {
	tried, _ := m.few(k)
	page := k.perPage()
	switch {
	case list.Total == 0:
	case tried && list.Total < m.rules.Few(k.kind, len(k.held), k.held.sizes) || list.Total <= page:
		m.lengths.Answer(list.Total)
		if list.HasTotal {
			m.lengths.OneAnswer(plan.ListTail{Kind: k.kind.Name, State: state, Rows: list.Total})
		}
	default:
		m.lengths.Answer(page)
	}
}

// behind adds the calls behind the longest lists of the run, where it makes some: a run of some
// folders or documents makes nothing gone, and looks behind no list.
func (m *model) behind() {
	if !m.unscoped {
		return
	}
	for _, witnesses := range m.lengths.Witnesses(func(kind record.Kind) bool { return m.listed[kind] }) {
		tail := witnesses[0]
		i := slices.IndexFunc(m.forecasts, func(f KindForecast) bool { return f.Kind == tail.Kind })
		f, call := &m.forecasts[i], Span{1, 1, 1}
		if plan.Behind(tail.Kind).Listing.Route.Activity == catalogue.Query {
			f.Query = f.Query.plus(call)
		} else {
			f.Administrative = f.Administrative.plus(call)
		}
	}
}
