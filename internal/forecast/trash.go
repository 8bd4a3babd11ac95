package forecast

import (
	"github.com/lookervault/lookervault/internal/record"
)

// binned is how many documents are in the trash, and how many of them must be fetched,
// where a call has shown it.
func (m *model) binned(k *knowledge) (n, want amount) {
	trash := k.glance.Trash
	if trash == nil || trash.Failed != nil {
		return n, want
	}
	var in []Glimpsed
	fetched := 0
	for _, row := range trash.Rows {
		if k.lists(row.ID) || !m.wanted(k.kind.Name, row.ID, row.Folder) {
			continue
		}
		in = append(in, row)
		if !m.sameInTrash(k, row) {
			fetched++
		}
	}
	m.follow(in)
	m.follow(m.withoutParts(k.kind.Name, k.held.documents(func(id string) bool { return trash.whole() && m.vanished(k, id) })))
	n, want = exactly(len(in)), exactly(fetched)
	if unseen := trash.Total - len(trash.Rows); unseen > 0 {
		share := float64(unseen) / float64(max(1, len(trash.Rows)))
		more := amount{share * 0.8, share, share * 1.25}
		n, want = n.plus(n.times(more)), want.plus(want.times(more))
	}
	return n, want
}

// sameInTrash tells whether a document in the trash needs no call: the run that is resumed
// has settled it, or its stamp will be the stored one.
func (m *model) sameInTrash(k *knowledge, row Glimpsed) bool {
	d, ok := k.held[row.ID]
	switch {
	case !ok:
		return false
	case d.settled:
		return true
	case m.restsByDate(k, record.Listed{ID: row.ID, Folder: row.Folder, State: record.Trashed}, row.Updated):
		return true
	case !k.kind.Listing.Stamped || m.full:
		return false
	}
	return d.state == record.Trashed && d.folder == row.Folder && d.updated == row.Updated
}
