package refresh

import (
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// ChangesToTrust is how many changes with which the date moved, and none with which it
// stayed, make the dates of a kind trustworthy, on one release of Looker.
const ChangesToTrust = 30

// Rotation is how old an observation grows at most where dates are trusted: of documents
// whose dates do not move every night reads the fourteenth part.
const Rotation = 14 * 24 * time.Hour

// Proven reports whether what was learnt of dates is enough to trust them.
func Proven(h record.DateHistory) bool { return h.Moved >= ChangesToTrust && h.Stayed == 0 }

// TrustsDates reports whether documents of a kind whose dates have not moved rest in this
// run. They do not where somebody has said how old observations of the kind may grow, nor
// on a server that brings many documents in pages and not by their ids: reading a part of
// a page would cost more calls than reading it whole.
func (r *Rules) TrustsDates(kind record.Kind) bool {
	if _, said := r.Age(kind); r == nil || said {
		return false
	}
	h := r.Dates[kind]
	return Proven(h) && !h.NoIDs
}

// RestsByDate reports whether a document need not be asked for that a run which began at
// seen read when it had the date before, and that has the date now.
func (r *Rules) RestsByDate(ref record.Ref, now, before record.Digest, seen time.Time) bool {
	return r.TrustsDates(ref.Kind) && !now.IsZero() && now == before && r.Rests(ref, Rotation, seen)
}
