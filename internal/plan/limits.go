package plan

import (
	"cmp"
	"iter"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
)

// Limits are the numbers that decide how many calls a plan takes. A run and its forecast
// are given the same ones. In the zero value, and where one of them is 0, the usual ones
// count: see [Limits.Usual].
type Limits struct {
	// PerAsk is how many documents one ask brings at most, however small they are.
	PerAsk int
	// IDs is how many ids one call asks for at most, which keeps them within what servers
	// take as an address.
	IDs int
	// Followed is how many documents that others point to are planned together.
	Followed int
	// FolderShare is the part of a folder that must be wanted for one call to bring it
	// whole: with 4, one document in four.
	FolderShare int
	// ThriftyPage is how many bytes one answer may have where calls are counted.
	ThriftyPage int64
	// ProvenFor is how long a row that was as rich as its document speaks for the rows of
	// its kind, where calls are counted.
	ProvenFor time.Duration
}

// Usual are the limits with the usual numbers in place of those that are 0.
func (l Limits) Usual() Limits {
	return Limits{
		PerAsk: cmp.Or(l.PerAsk, 1000),
		// 250 ids of 22 characters make an address of 5.5 KB.
		IDs:         cmp.Or(l.IDs, 250),
		Followed:    cmp.Or(l.Followed, 1000),
		FolderShare: cmp.Or(l.FolderShare, 4),
		// A page of a hundred large dashboards has more.
		ThriftyPage: cmp.Or(l.ThriftyPage, 8<<20),
		ProvenFor:   cmp.Or(l.ProvenFor, 30*24*time.Hour),
	}
}

// PageBytes is how many bytes an ask for small documents may bring: 0 where calls need not
// be saved.
func (l Limits) PageBytes(counted bool) int64 {
	if !counted {
		return 0
	}
	return l.Usual().ThriftyPage
}

// PerPage is how many of some documents of a kind one ask brings: a page, and of small ones
// more, until it has so many bytes. sizes are those of the documents of which that is known;
// one that is 0 says nothing.
func (r *Rules) PerPage(kind *catalogue.Spec, sizes iter.Seq[int64]) int {
	n, sum := int64(0), int64(0)
	for size := range sizes {
		if size > 0 {
			n, sum = n+1, sum+size
		}
	}
	size := max(kind.Size, 1)
	if n > 0 {
		size = max(sum/n, 1)
	}
	return max(r.PageSize, int(min(r.PageBytes/size, int64(r.Limits.Usual().PerAsk))))
}
