package vault

import (
	"errors"
	"fmt"
	"iter"

	"github.com/lookervault/lookervault/internal/record"
)

// A Judge decides what the records of one run do to the documents that a vault holds.
// It reads and writes nothing: every engine asks it, so that the rules of the model
// are in one place.
type Judge struct {
	Run             int64 // number of the run
	Unscoped        bool  // the run looks at all folders
	AbsenceUnproven bool  // what a complete listing of the run does not hold may be there all the same
}

// Standing is what a vault holds of one document: its head, and its newest version.
type Standing struct {
	State       record.State  // of the head
	Settled     int64         // the run that settled the head last
	Interval    record.State  // of the newest version; it differs from State when the document is gone
	GoneRun     int64         // the run that ended the newest version as gone, 0 when none did
	Fingerprint record.Digest // of the newest version
	Policy      int           // version of the rules that Fingerprint was computed by
	Broken      bool          // the head is damaged
}

// Step is what is to be done with a record.
type Step int

// Steps.
const (
	Ignore       Step = iota // the record changes nothing
	KeepFault                // its fault is kept; head and versions stay
	Bury                     // the document is gone: Judge.Bury
	ResolveFault             // it is not there, as the vault knows; open faults of it are resolved
	Settle                   // the document is there: Judge.Observe
	Replace                  // so it is, and takes the place of what the run has settled: Made, then Judge.Observe
)

// HasSettled reports whether the run has settled a document, given which run settled its head last,
// and in which state that is. Not so where it has taken the document for gone after that: one that
// a list holds again when the run is resumed is asked for.
func (j Judge) HasSettled(run int64, state record.State) bool {
	return run == j.Run && state != record.Gone
}

// Step decides what is to be done with a record, given what the vault holds of its
// document, nil when it never held it. A document that this run has settled is left
// alone, whatever comes after, but for a record that replaces what is settled. An error is
// about a record that nobody may send.
func (j Judge) Step(rec *record.Record, held *Standing) (Step, error) {
	switch {
	case held != nil && j.HasSettled(held.Settled, held.State) && !rec.Replaces:
		return Ignore, nil
	case rec.Fault != nil:
		return KeepFault, nil
	case rec.ID == "":
		return Ignore, errors.New("the record has no id")
	case rec.State == record.Gone && j.AbsenceUnproven:
		return Ignore, nil
	case rec.State == record.Gone && held != nil && held.State != record.Gone && !held.Broken:
		return Bury, nil
	case rec.State == record.Gone:
		return ResolveFault, nil
	case rec.State != record.Present && rec.State != record.Trashed:
		return Ignore, fmt.Errorf("the record has state %q", rec.State)
	case rec.Same && held == nil:
		return Ignore, errors.New("the record is said to be the same, but the vault holds none")
	case !rec.Same && rec.Hash.IsZero():
		return Ignore, errors.New("the record has no body")
	}
	if held == nil || held.Settled != j.Run || held.Broken {
		return Settle, nil
	}
	if rec.Same {
		return ResolveFault, nil // it was right
	}
	return Replace, nil
}

// Made is what a run has made of a document that it settled: its newest version, and the one
// before it.
type Made struct {
	Begun bool         // the run began the newest version; else that went on
	State record.State // of the newest version
	Gone  bool         // the run took the document for gone after that
	// Before means that the version which the run began has one before it: BeforeGone that the
	// document was gone after that, BeforeSame that both are the same, apart from what does not
	// matter.
	Before, BeforeGone, BeforeSame bool
}

// Counts is what the run has counted of the document, but for bytes. It is taken from the numbers
// of the kind when the document is settled anew.
func (m Made) Counts() (c record.Counts) {
	if m.State == record.Trashed {
		c.Trashed = 1
	}
	if m.Gone {
		c.Gone = 1
	}
	if m.BeforeGone {
		c.Reappeared = 1
	}
	switch {
	case m.Begun && !m.Before:
		c.New = 1
	case m.Begun && !m.BeforeSame:
		c.Changed = 1
	default:
		c.Same = 1
	}
	return c
}

// SameAs reports whether a record's document is, apart from what does not matter, the
// one that the vault holds. It is not known where the rules have changed since: then
// the fingerprint of the stored body must be computed anew.
func (held *Standing) SameAs(rec *record.Record) (same, known bool) {
	if rec.Same {
		return true, true
	}
	return held.Fingerprint == rec.Fingerprint, held.Policy == rec.Policy
}

// Interval is what begins with an observed document.
type Interval int

// Intervals.
const (
	NoInterval   Interval = iota // the newest version goes on
	SameInterval                 // a new version with the body of the newest one
	NewInterval                  // a new version with the body of the record
)

// Verdict is what an observed document does to its versions and to the numbers of its
// kind. Reopen comes before End, End before Begin.
type Verdict struct {
	Reopen bool // the newest version was ended by this very run; it has no end any more
	End    bool // the newest version ends with the run that settled the head last
	Begin  Interval
	Counts record.Counts
}

// Observe decides what a document does that is present or in the trash: given what the
// vault holds of it, nil when it never held it, and whether that is the same. A new
// interval begins for another fingerprint, for another state, and after the document
// was gone. For example, a document that was gone and comes back unchanged begins a
// version with the body that it had.
func (j Judge) Observe(rec *record.Record, held *Standing, same bool) (v Verdict) {
	if held == nil {
		return Verdict{Begin: NewInterval, Counts: record.Counts{New: 1}}
	}
	back := held.State == record.Gone
	if held.GoneRun == j.Run {
		// An earlier part of this very run took it for gone. It was not.
		v.Reopen, back = true, false
		v.Counts.Gone--
	}
	if back {
		v.Counts.Reappeared++
	}
	if same {
		v.Counts.Same++
	} else {
		v.Counts.Changed++
		v.Counts.Dates = rec.Dating.Dates()
	}
	switch {
	case same && !back && rec.State == held.Interval:
		return v
	case same:
		v.Begin = SameInterval
	default:
		v.Begin = NewInterval
	}
	v.End = !back
	return v
}

// Presence is what every document that is there adds to the numbers of its kind.
func Presence(rec *record.Record) record.Counts {
	c := record.Counts{Bytes: rec.Size}
	if rec.State == record.Trashed {
		c.Trashed = 1
	}
	return c
}

// BringsStamp reports whether a settled record replaces the stamp of its head, also by
// none. One that only says that nothing changed may not know the stamp.
func BringsStamp(rec *record.Record) bool { return !rec.Same || !rec.Stamp.IsZero() }

// ProvesAbsence reports whether what a complete listing of the run does not hold is
// gone.
func (j Judge) ProvesAbsence() bool { return j.Unscoped && !j.AbsenceUnproven }

// BuriesUnlisted reports whether documents of a kind are gone that the run has neither
// settled nor failed to fetch, given how the listing of the kind ended.
func (j Judge) BuriesUnlisted(end record.End) bool {
	return end.Listing == record.Complete && !end.Unproven && j.ProvesAbsence()
}

// Buries is [Judge.BuriesUnlisted] of a document in a state: of what lies in a trash that was
// not listed the listing says nothing.
func (j Judge) Buries(end record.End, state record.State) bool {
	return j.BuriesUnlisted(end) && (!end.TrashRested || state != record.Trashed)
}

// EndsDoubt reports whether the run has seen all documents of a kind, of which so many
// failed: then doubts of earlier runs about them are over.
func (j Judge) EndsDoubt(end record.End, failed int64) bool {
	return end.Listing == record.Complete && failed == 0 && j.ProvesAbsence()
}

// ResolvesRow reports whether the fault of a document is one of a row that the listing
// of its kind, which was read again, does not name any more. Failed says that this run
// has an open fault of it.
func ResolvesRow(end record.End, ref record.Ref, failed bool) bool {
	return ref.IsRow() && (end.Listing == record.Complete || end.Through && !failed)
}

// OutcomeOf derives the outcome of a run that names none when it finishes: it is
// complete when every kind ended in order, no fault is open, and
// the caller is not known to see less, unless that is wanted.
func OutcomeOf(finish record.Finish, caller record.Caller, kinds iter.Seq[record.Counts]) record.Outcome {
	if finish.Outcome != "" {
		return finish.Outcome
	}
	if caller.SeesLess() && !finish.PartialView {
		return record.RunPartial
	}
	for c := range kinds {
		if !c.Listing.InOrder() || c.Failed > 0 {
			return record.RunPartial
		}
	}
	return record.RunComplete
}
