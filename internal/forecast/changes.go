package forecast

import (
	"cmp"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
)

// The ways in which a document of a list differs from what the vault holds of it.
const (
	New      = "new"
	Changed  = "changed"  // another date of change, name or folder
	Trashed  = "trashed"  // moved to the trash
	Restored = "restored" // taken out of the trash
	Gone     = "gone"
)

// Ways are all of them, in the order in which people are told.
func Ways() []string {
	return []string{New, Changed, Trashed, Restored, Gone}
}

// Changes is what lists tell of the documents of a kind that a run will find otherwise
// than the vault holds them. What changed without a trace in the list is not among them.
type Changes struct {
	// Whole says that the lists were seen to their end: else there may be more, and what
	// is gone is not known.
	Whole     bool
	Documents []Difference // by way, and then by id
}

// Difference is a document that a list shows otherwise than the vault holds it.
type Difference struct {
	Way  string // one of [Ways]
	ID   string
	Name string // "" where neither the list nor the vault knows it
}

// foreseen compares the lists of a kind with what the vault holds. It returns nil where
// nothing can be told: without a vault, and of kinds that are not listed.
func (o *outlook) foreseen(m *model, k *knowledge) *Changes {
	if o.Vault == nil || k.kind.Listing.Followed || len(k.kind.Listing.Fixed) > 0 || k.glance.Failed != nil {
		return nil
	}
	f := &Changes{Whole: k.glance.whole() && (!k.kind.Listing.Trash || k.glance.Trash.whole())}
	add := func(way string, row Glimpsed) {
		if way != "" && m.rules.Wants(k.kind.Name, row.ID, row.Folder) {
			f.Documents = append(f.Documents, Difference{way, row.ID, cmp.Or(row.Name, k.held[row.ID].name)})
		}
	}
	for _, row := range k.glance.Rows {
		add(k.differs(row, record.Present), row)
	}
	for id, row := range k.bin {
		if !k.lists(id) {
			add(k.differs(row, record.Trashed), row)
		}
	}
	if f.Whole && m.rules.Within == nil {
		for _, row := range k.held.documents(func(id string) bool { return !k.lists(id) && !k.binned(id) }) {
			add(Gone, row)
		}
	}
	order := Ways()
	slices.SortFunc(f.Documents, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Way), slices.Index(order, b.Way)), cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	return f
}

// differs is how a row differs from what the vault holds, "" where it tells of no difference.
func (k *knowledge) differs(row Glimpsed, state record.State) string {
	d, ok := k.held[row.ID]
	switch {
	case !ok:
		return New
	case d.state != state && state == record.Trashed:
		return Trashed
	case d.state != state:
		return Restored
	}
	// Rows that are poorer than documents may have other names.
	renamed := row.Name != "" && row.Name != d.name && !k.past.poor
	dated := row.Updated != "" && d.updated != "" && row.Updated != d.updated
	if renamed || dated || row.Folder != d.folder {
		return Changed
	}
	return ""
}
