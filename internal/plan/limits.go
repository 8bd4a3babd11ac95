package plan

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Limits are the numbers that decide how many calls a plan takes. A run and its forecast
// are given the same ones. In the zero value, and where one of them is 0, the usual ones
// count: see [Limits.Usual].
type Limits struct {
	// PerAsk is how many documents one ask brings at most, however small they are; twice as
	// many where calls are counted, see [Rules.MostPerAsk].
	PerAsk int
	// IDs is how many ids one call asks for at most, which keeps them within what servers
	// take as an address.
	IDs int
	// Followed is how many documents that others point to are planned together.
	Followed int
	// FolderShare is the part of a folder that must be wanted for one call to bring it
	// whole: with 4, one document in four.
	FolderShare int
	// Document is the size in bytes of the document that a page is meant for.
	Document int64
	// Thrift is by how much more bytes an ask may bring where calls are counted.
	Thrift int64
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
		Document:    cmp.Or(l.Document, 20<<10), // a dashboard of ten tiles
		// 16 MiB a page of 100: several fit into limits.in_flight_bytes.
		Thrift:    cmp.Or(l.Thrift, 8),
		ProvenFor: cmp.Or(l.ProvenFor, 30*24*time.Hour),
	}
}

// InFlightShare is the part of what may be in flight that one ask may be expected to take,
// so that several fit and none has to wait until all others are done.
const InFlightShare = 4

// PageBytes is how many bytes an ask may bring that holds more documents than a page, since
// they are small: as many as a page of typical documents, and more where a quota makes calls
// dear (counted). inFlight is how many bytes may be in flight.
func (l Limits) PageBytes(page int, inFlight int64, counted bool) int64 {
	l = l.Usual()
	bytes := int64(page) * l.Document
	if counted {
		bytes *= l.Thrift
	}
	return min(bytes, inFlight/InFlightShare)
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
		size = sum / n
	}
	return max(r.PageSize, int(min(r.PageBytes/size, int64(r.MostPerAsk()))))
}

// MostPerAsk is how many documents one ask brings at most, however small they are: a page, or
// [Limits.PerAsk], or twice that where calls are counted. Their bytes bound it as well.
func (r *Rules) MostPerAsk() int {
	most := r.Limits.Usual().PerAsk
	if r.Counted {
		most *= countedAsks
	}
	return max(r.PageSize, most)
}

// countedAsks is how many times as many documents one ask brings where calls are counted.
const countedAsks = 2

// mayBeSmall reports whether nobody knows how large any of some documents is, and one call
// may bring more of them than a page where they are small.
func (r *Rules) mayBeSmall(kind *catalogue.Spec, want []record.Listed) bool {
	if int64(r.PageSize)*kind.Size/smallest >= r.PageBytes || r.PageSize >= r.MostPerAsk() {
		return false
	}
	return !slices.ContainsFunc(want, func(w record.Listed) bool { return w.Size > 0 })
}

// smallest is the part of the size that documents of a kind are expected to have that they
// may have on an instance where they are small.
const smallest = 32

// PagesOf is how many pages bring so many documents of one size, where each may bring
// most bytes: the fewest that are no more than a third larger than a page should be. For
// example, 1820 documents of 7 KiB come in 5 pages of 2.5 MiB, where pages should have 2 MiB.
func (r *Rules) PagesOf(documents int, size, most int64) int {
	bytes := max(1, min(r.PageBytes+r.PageBytes/overfull, most))
	byBytes := (int64(documents)*max(size, 1) + bytes - 1) / bytes
	byPages := Chunks(documents, r.PageSize)
	return max(Chunks(documents, r.MostPerAsk()), int(min(byBytes, int64(byPages))))
}

// overfull is the part by which a page may be larger than it should be, so that there is one
// page less.
const overfull = 3

// Chunks returns how many calls ask for n documents, so many in each.
func Chunks(n, size int) int { return (n + size - 1) / size }

// Few returns how many rows one call for whole documents asks for where that call should
// bring all documents of a paged kind: no page of ids goes before it. It returns 0 where they
// may be too many, where their rows tell of changes or lie in folders, and where documents are
// so large that a page which they overflow is a waste. sizes are those of the documents that
// the vault holds.
func (r *Rules) Few(kind *catalogue.Spec, held int, sizes iter.Seq[int64]) (limit int) {
	list := kind.Listing
	if list.Stamped || kind.Place != catalogue.Nowhere || kind.Size > largestOfFew {
		return 0
	}
	if !Can(kind, record.Page, record.Present) || list.Trash && !Can(kind, record.Page, record.Trashed) {
		return 0
	}
	limit = r.PerPage(kind, sizes)
	if held+held/fewGrow >= limit {
		return 0
	}
	return limit
}

const (
	// largestOfFew is the size in bytes of the largest documents of which nobody knows how
	// many there are and that are asked for whole all the same.
	largestOfFew = 40 << 10
	// fewGrow leaves room for one document more in each so many that are stored.
	fewGrow = 8
)
