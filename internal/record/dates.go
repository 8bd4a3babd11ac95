package record

import "crypto/sha256"

// Dating is what one change of a document tells of its date.
type Dating uint8

// The answers. A change that another document put into the body tells nothing, and neither
// does one of a document whose date nobody has seen before.
const (
	DateUnknown Dating = iota
	DateMoved          // the date moved with the change
	DateStayed         // the document changed and its date did not move
)

// Dates counts what the changes of documents of a kind told of their dates.
type Dates struct {
	Moved  int64 `json:"moved"`  // changes with which the date moved
	Stayed int64 `json:"stayed"` // changes with which it did not
}

// Add adds the counts of other changes.
func (d *Dates) Add(other Dates) {
	d.Moved += other.Moved
	d.Stayed += other.Stayed
}

// Dates is the answer as a count.
func (d Dating) Dates() Dates {
	switch d {
	case DateMoved:
		return Dates{Moved: 1}
	case DateStayed:
		return Dates{Stayed: 1}
	}
	return Dates{}
}

// DateOf is the digest by which a date is recognised, zero for no date. Another spelling of
// the same moment is another date: then the document is read once more.
func DateOf(text string) Digest {
	if text == "" {
		return Digest{}
	}
	return sha256.Sum256([]byte("date " + text))
}

// DateHistory is what the runs of one Looker release have learnt of the dates of a kind.
type DateHistory struct {
	Dates
	// Broken is the first run that saw a change with which the date did not move, 0 for none.
	Broken int64
	// NoIDs means that the server does not bring some documents by their ids.
	NoIDs bool
}
