package view

import "github.com/lookervault/lookervault/internal/record"

// Totals are the counts of all kinds together.
type Totals struct {
	Listed     int64 `json:"listed"`
	New        int64 `json:"new"`
	Changed    int64 `json:"changed"`
	Same       int64 `json:"same"`
	Trashed    int64 `json:"trashed"`
	Reappeared int64 `json:"reappeared"`
	Gone       int64 `json:"gone"`
	Failed     int64 `json:"failed"`
	// FailedListings are those of Failed that are no document but a listing.
	FailedListings int64 `json:"failed_listings,omitempty"`
	Dangling       int64 `json:"dangling"`
	Bytes          int64 `json:"bytes"`
	Stored         int64 `json:"stored"`
	Deferred       int64 `json:"deferred,omitempty"`
}

// FailedDocuments is how many documents, or rows of listings, failed.
func (t Totals) FailedDocuments() int64 { return max(t.Failed-t.FailedListings, 0) }

// Settled is how many documents are accounted for by a committed row.
func (t Totals) Settled() int64 { return t.New + t.Changed + t.Same }

// TotalsOf adds the counts of all kinds.
func TotalsOf(kinds []record.Counts) Totals {
	var t Totals
	for _, k := range kinds {
		t.Add(Totals{
			Listed: k.Listed, New: k.New, Changed: k.Changed, Same: k.Same, Trashed: k.Trashed, Reappeared: k.Reappeared, Gone: k.Gone,
			Failed: k.Failed, FailedListings: k.FailedListings, Dangling: k.Dangling, Bytes: k.Bytes, Stored: k.Stored,
			Deferred: k.Deferred,
		})
	}
	return t
}

// Add adds the counts of others.
func (t *Totals) Add(o Totals) {
	t.Listed += o.Listed
	t.New += o.New
	t.Changed += o.Changed
	t.Same += o.Same
	t.Trashed += o.Trashed
	t.Reappeared += o.Reappeared
	t.Gone += o.Gone
	t.Failed += o.Failed
	t.FailedListings += o.FailedListings
	t.Dangling += o.Dangling
	t.Bytes += o.Bytes
	t.Stored += o.Stored
	t.Deferred += o.Deferred
}

// Calls adds calls of all routes.
func Calls(all []record.Calls) (n int64) {
	for _, c := range all {
		n += c.N
	}
	return n
}

// ByClass adds calls by the quota that they are drawn from.
func ByClass(all []record.Calls) map[string]int64 {
	classes := make(map[string]int64)
	for _, c := range all {
		classes[c.Class] += c.N
	}
	return classes
}
