package forecast

import (
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// trashRests reports whether a run will not list the trash of a kind, given what the list of
// the other documents shows: all that the vault holds as present.
func (o *outlook) trashRests(kind *catalogue.Spec, live Glance) bool {
	rules := plan.Rules{Full: o.Full, Refresh: o.rules, Limits: o.Limits}
	if live.Failed != nil || !o.Caller.KnownAdmin() || !rules.TrashRests(kind, false) {
		return false
	}
	k := newKnowledge(kind, live, o.held[kind.Name], past{})
	k.fill()
	for id, d := range k.held {
		if d.state == record.Present && !k.lists(id) {
			return false
		}
	}
	return true
}

// binned is the second pass of a listing, over documents in the trash that a call has shown:
// what it costs, and how many of them are part of the run.
func (m *model) binned(k *knowledge) (c cost, items amount, proof bool) {
	trash := k.glance.Trash
	m.tails(k, trash, record.Trashed)
	var in []Glimpsed
	for _, row := range m.within(k, trash.Rows) {
		if !k.lists(row.ID) {
			in = append(in, row)
		}
	}
	pages, _, proof := m.pages(k, trash, record.Trashed)
	m.follow(in)
	m.follow(m.withoutParts(k.kind.Name, k.held.documents(func(id string) bool { return trash.whole() && m.vanished(k, id) })))
	items = exactly(len(in))
	if unseen := trash.Total - len(trash.Rows); unseen > 0 {
		share := float64(unseen) / float64(max(1, len(trash.Rows)))
		more := amount{share * 0.8, share, share * 1.25}
		items, pages = items.plus(items.times(more)), pages.plus(pages.times(more))
	}
	c.add(k.kind.Listing.Route.Activity, k.enumeration(exactly(trash.Total)))
	return c.plus(pages), items, proof
}
