// Package plan turns listed rows into asks: which documents have to be fetched, and by
// which of their kind's routes that takes the fewest calls. It is pure: it makes no call and
// reads no vault. A run and its forecast ask it the same questions, so what it says of the
// one holds for the other.
package plan

import (
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
	"github.com/lookervault/lookervault/internal/scope"
)

// Nowhere is the offset of rows that are no part of a list.
const Nowhere = -1

// Rules are what a run has decided before its first call.
type Rules struct {
	PageSize  int   // documents that one ask brings at most
	PageBytes int64 // of small documents one ask brings more, until it has so much; 0: never
	Counted   bool  // calls are dear: a quota counts them
	Full      bool  // stamps are not to be trusted
	Exclude   []record.Ref
	Within    scope.Within
	Refresh   *refresh.Rules // what need not be asked for again; nil: nothing
	Turn      int            // of the runs of this vault, from 0: which ask of a page comes first
	Limits    Limits         // the zero value: the usual ones
}

// Wants reports whether a document is part of the run.
func (r *Rules) Wants(kind record.Kind, id, folder string) bool {
	return r.Within.Has(kind, id, folder) && !slices.Contains(r.Exclude, record.Ref{Kind: kind, ID: id})
}

// Page is some listed rows of one kind and state, and what is stored of them.
type Page struct {
	Kind   *catalogue.Spec
	State  record.State
	Offset int // of the first row in its list, or [Nowhere]
	Rows   []record.Listed
	Known  map[string]record.Known // by id
	// Ages is how old what is known of a document may grow, by id; see [Rules.Ages].
	Ages map[string]time.Duration
	// NotServed is when an earlier run found that the server does not have a document, by id.
	NotServed map[string]time.Time
	// Doubted says that an earlier run found stamps of this kind to be wrong.
	Doubted bool
	// Proven says that what an overview tells of this kind was compared with a document not
	// long ago: none is fetched to compare it again.
	Proven bool
}

// Planned is what a run does with the rows of a page.
type Planned struct {
	Asks     []record.Ask // in the order in which they are made
	Listed   int          // rows that lie within the run's folders
	Settled  int          // rows that an earlier part of this run has settled
	Deferred []Deferral
	// NotServed are those that the server did not have not long ago, and that no run has ever
	// stored: they are not asked for again either.
	NotServed []Deferral
}

// Deferral is a document that a run does not ask for again.
type Deferral struct {
	ID   string
	Seen time.Time // by the run that began then
	// ByDate means that its date has not moved since, and that dates are trusted.
	ByDate bool
}

// Plan plans the rows of a page, of which each document counts once.
func (r *Rules) Plan(page Page) Planned {
	page.Rows = distinct(page.Rows)
	parts := r.sift(page)
	planned := Planned{Deferred: parts.deferred, NotServed: parts.notServed, Settled: len(parts.settled)}
	for _, row := range page.Rows {
		if r.Within.Has(page.Kind.Name, row.ID, row.Folder) {
			planned.Listed++
		}
	}
	asks := r.asks(page, parts)
	for chunk := range slices.Chunk(parts.same, r.PageSize) {
		asks = append(asks, record.Ask{Kind: page.Kind.Name, How: record.Stored, State: page.State, Want: chunk})
	}
	planned.Asks = rotated(asks, r.Turn)
	return planned
}

// rotated begins with another ask in each run. The rows of the first answer are
// compared with a document: over the nights every part of a list has its turn.
func rotated(asks []record.Ask, turn int) []record.Ask {
	if len(asks) == 0 {
		return nil
	}
	first := turn % len(asks)
	return slices.Concat(asks[first:], asks[:first])
}

// distinct leaves out what a page holds again: each document is asked for once,
// and answered once.
func distinct(rows []record.Listed) []record.Listed {
	have := make(map[string]bool, len(rows))
	return slices.DeleteFunc(slices.Clone(rows), func(r record.Listed) bool {
		again := have[r.ID]
		have[r.ID] = true
		return again
	})
}

// sifted are rows, parted by what has to be done for them.
type sifted struct {
	want    []record.Listed // to be fetched
	same    []record.Listed // the stored version is proven to be right
	settled []record.Listed // done by an earlier part of this run
	// deferred need not be asked for again: what is known of them is young enough.
	deferred []Deferral
	// notServed need not be asked for again: the server does not have them.
	notServed []Deferral
}

// sift parts rows. What is left out of the run is in no part.
func (r *Rules) sift(page Page) (parts sifted) {
	kind, full := page.Kind, r.Full || page.Doubted
	for _, row := range page.Rows {
		known, ok := page.Known[row.ID]
		switch {
		case known.Settled:
			parts.settled = append(parts.settled, row)
		case !r.Wants(kind.Name, row.ID, row.Folder):
		case ok && !full && known.State != record.Gone && (kind.Immutable || !row.Stamp.IsZero() && known.Stamp == row.Stamp):
			parts.same = append(parts.same, row)
		case !full && r.rests(kind, row, known, page.Ages[row.ID]):
			parts.deferred = append(parts.deferred, Deferral{ID: row.ID, Seen: known.Observed})
		case !full && r.restsByDate(kind, row, known):
			parts.deferred = append(parts.deferred, Deferral{ID: row.ID, Seen: known.Observed, ByDate: true})
		case !ok && r.NotServedRests(kind, row.ID, page.NotServed[row.ID]):
			parts.notServed = append(parts.notServed, Deferral{ID: row.ID, Seen: page.NotServed[row.ID]})
		default:
			row.Held = ok && known.State != record.Gone
			row.Unseen = !ok && len(page.Known) > 0 && len(kind.Listing.Fixed) > 0
			if known.State == row.State {
				row.Hash, row.Size = known.Hash, known.Size
			}
			row.Fingerprint = known.Fingerprint
			if kind.Dated() {
				row.SeenDate = known.Stamp
			}
			parts.want = append(parts.want, row)
		}
	}
	if kind.Listing.Overview != nil && !page.Proven {
		parts.sample(r.Turn, page.Known)
	}
	return parts
}

// sample takes one of the documents whose stamps say that they did not change to those
// that are fetched: over the runs each has its turn.
func (s *sifted) sample(turn int, known map[string]record.Known) {
	if len(s.same) == 0 {
		return
	}
	i := turn % len(s.same)
	row, k := s.same[i], known[s.same[i].ID]
	row.Sampled, row.Held, row.Fingerprint = true, true, k.Fingerprint
	if k.State == row.State {
		row.Hash, row.Size = k.Hash, k.Size
	}
	s.same, s.want = slices.Delete(s.same, i, i+1), append(s.want, row)
}
