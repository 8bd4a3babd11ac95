// Package refresh says which documents a run does not ask for again, because what is known
// of them is young enough. It is pure: it knows no clock, no vault and no server.
package refresh

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// Rules are those of one run. The nil Rules ask for everything. They are safe for use by
// many goroutines.
type Rules struct {
	// Now is when the run began.
	Now time.Time
	// Gap is the time between runs, as far as the last two tell: what would be too old
	// when the next run begins is asked for in this one.
	Gap time.Duration
	// Ages is how old an observation may grow, by kind. 0 means that every run asks. That of
	// [Trash] is of what lies in the trash of any kind that has no age of its own.
	Ages map[record.Kind]time.Duration
	// Listed is when a kind was last listed whole, without a fault.
	Listed map[record.Kind]time.Time
	// Unavailable is when a kind was asked for that the server did not have.
	Unavailable map[record.Kind]time.Time
	// TrashListed is when a kind was last listed with its trash, without a fault.
	TrashListed map[record.Kind]time.Time
	// Dates is what is known of dates, by kind. Nil: they are not trusted.
	Dates map[record.Kind]record.DateHistory
}

// Trash stands among ages for what lies in the trash.
const Trash record.Kind = "trash"

// late is the part of a gap by which a run may begin later than the one before: nightly
// ones an hour.
const late = 24

// defaultGap is the time between runs where there was none before.
const defaultGap = 24 * time.Hour

// Between is a gap that runs at these times leave, [defaultGap] where there was none
// before.
func Between(before, now time.Time) time.Duration {
	if gap := now.Sub(before); !before.IsZero() && gap > 0 {
		return gap
	}
	return defaultGap
}

// Age is how old an observation of a kind may grow, and whether somebody has said so.
func (r *Rules) Age(kind record.Kind) (age time.Duration, said bool) {
	if r == nil {
		return 0, false
	}
	age, said = r.Ages[kind]
	return age, said
}

// Rests reports whether a document need not be asked for in this run: it was seen by a run
// that began at seen, and may grow so old.
//
// Every document has a moment of its own in each period of that length, which hangs on its
// kind and id, and the first run behind it asks. So each run asks for an equal part, also
// where all documents were seen by the same run. For example, of 700 documents that may
// grow 7 days old each night asks for about 100.
func (r *Rules) Rests(ref record.Ref, age time.Duration, seen time.Time) bool {
	if r == nil || age <= 0 || seen.IsZero() || seen.After(r.Now) {
		return false
	}
	gap := min(r.Gap, age/2)
	if r.Now.Add(gap-gap/late).Sub(seen) > age {
		return false
	}
	return turn(ref, age, r.Now) == turn(ref, age, seen)
}

// RestsWhole reports whether a kind need not be listed in this run: it was not long ago, or
// the server did not have it.
func (r *Rules) RestsWhole(kind record.Kind) bool {
	age, _ := r.Age(kind)
	return age > 0 && r.Rests(record.Ref{Kind: kind}, age, r.AskedWhole(kind))
}

// AskedWhole is when a kind was last asked for as a whole: it was listed, or the server did
// not have it.
func (r *Rules) AskedWhole(kind record.Kind) time.Time {
	if missed := r.Unavailable[kind]; missed.After(r.Listed[kind]) {
		return missed
	}
	return r.Listed[kind]
}

// TrashRests reports whether the trash of a kind need not be listed in this run. That of a kind
// with an age of its own is listed whenever the kind is.
func (r *Rules) TrashRests(kind record.Kind) bool {
	age, _ := r.Age(Trash)
	if own, _ := r.Age(kind); age <= 0 || own > 0 {
		return false
	}
	return r.Rests(record.Ref{Kind: kind, ID: string(Trash)}, age, r.TrashListed[kind])
}

// turn numbers the periods of a document.
func turn(ref record.Ref, age time.Duration, at time.Time) int64 {
	sum := sha256.Sum256([]byte(ref.String()))
	phase := int64(binary.BigEndian.Uint64(sum[:8]) % uint64(age))
	// From 2000 on, so that what follows fits into 64 bits.
	since := int64(at.Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)))
	n := (since - phase) / int64(age)
	if since < phase {
		n--
	}
	return n
}
