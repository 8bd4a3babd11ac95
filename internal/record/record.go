package record

import (
	"encoding/hex"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/budget"
)

// Kind is the plural name of a sort of document, as Looker's API spells it:
// "dashboards", "scheduled_plans".
type Kind string

// One is the kind's name for one document: "dashboard", "merge_query".
func (k Kind) One() string {
	name := string(k)
	if strings.HasSuffix(name, "ss") {
		return name
	}
	if stem, ok := strings.CutSuffix(name, "ies"); ok {
		return stem + "y"
	}
	return strings.TrimSuffix(name, "s")
}

// Ref names one document of an instance. An id is never used without its kind.
type Ref struct {
	Kind Kind
	ID   string
}

// String is "dashboards/42", the form that config, errors and logs use.
func (r Ref) String() string { return string(r.Kind) + "/" + r.ID }

// Digest is a sha256 sum. The zero value means that there is none.
type Digest [32]byte

// IsZero reports whether there is no sum.
func (d Digest) IsZero() bool { return d == Digest{} }

// String is the sum in lower-case hexadecimal, or "" when there is none.
func (d Digest) String() string {
	if d.IsZero() {
		return ""
	}
	return hex.EncodeToString(d[:])
}

// State is where a document stands on the server.
type State string

// The states of a document. Trash is content: a trashed dashboard still has a
// body. Gone means that a complete listing no longer holds it.
const (
	Present State = "present"
	Trashed State = "trashed"
	Gone    State = "gone"
)

// Listed is one row of an enumeration: a document that the server says exists.
type Listed struct {
	ID     string
	State  State
	Stamp  Digest // over the row without volatile fields; zero where a row cannot tell of every change
	Folder string // the folder's id, where the row has one
	Alias  string // another name that it is known by, "" when none is known
	Hash   Digest // of the body that is stored in this very state, zero when there is none
	Size   int64  // bytes of the body of that hash
	// Named is of followed kinds: a document that this run has settled points to it.
	// One that is not was named by a document that may be gone itself.
	Named bool
	// Presumed is of Named documents: only documents that this run did not ask for again
	// point to it, which may be gone.
	Presumed bool
	// Dangled is of followed kinds: an open fault says that the server does not have it.
	Dangled bool
	Held    bool // the store holds it, and not as gone
	// Replaces means that this run has settled it, and that what is fetched takes the place of
	// that: see [Record].
	Replaces bool
	// Asked means that nothing listed it: it was asked for by its id, to see whether it
	// is there.
	Asked bool
	// Sampled is of a document whose stamp says that it did not change: it is fetched all
	// the same, to see whether that is so.
	Sampled bool
	// Unseen is of kinds whose documents have a route each: the store holds others of
	// the kind, so an earlier run has asked for this one and did not find it.
	Unseen      bool
	Fingerprint Digest // of the newest body that is stored, in whatever state; zero when there is none
	// Date is over the date in the row, zero where the kind's rows have none, and SeenDate
	// over the one that the document had when a run read it last, zero when nobody knows.
	Date, SeenDate Digest
}

// How says by which of its kind's routes an ask is made.
type How uint8

// The ways to ask, from the cheapest to the most certain.
const (
	// Stored asks nothing: the stamps say that the vault already holds these.
	Stored How = iota
	// Whole is one call that answers with every document of the kind.
	Whole
	// Page is one window of a sorted search: Offset and len(Want).
	Page
	// IDs is one search for a list of ids.
	IDs
	// Folder is one call for everything of the kind in one folder.
	Folder
	// Single is one call for one document.
	Single
)

// String is the word used in logs.
func (h How) String() string {
	return [...]string{"stored", "whole", "page", "ids", "folder", "single"}[h]
}

// Ask is one API call and what it must bring. Every document in Want must come
// out of fetch exactly once: as a body, as same, as gone or as a fault. Whole
// asks have an empty Want, their rows are not known yet; so has the ask that
// only carries the fault of a listing down to the sink.
type Ask struct {
	Kind   Kind
	How    How
	State  State // of the listing pass this ask belongs to; Present or Trashed
	Offset int   // of the first row, for Page
	Folder string
	Want   []Listed
	Fault  *Fault // the listing itself failed, or a row of it; Want is empty
	Row    int    // position of the row that Fault is about, from 1 on; 0: it is about the listing
	// Spread is of a Page ask whose documents are of a size that nobody knows: fetch decides
	// by the first of them how many one call brings, and spreads the calls over its workers.
	Spread bool
	Limit  int // of a Whole ask for a paged list that should fit into one page: rows that the page may hold; 0: the list has no pages
}

// Document is what was read from a body.
type Document struct {
	ID, Name, Folder, Owner string
	Alias                   string // what it is called besides its id
	Updated                 string // updated_at as the server wrote it
	Trashed                 bool
	Refs                    []Ref    // documents that it points at, in the order in which they appear, each once
	Fingerprint             Digest   // over the document without volatile fields, canonical
	Shape                   uint64   // of its members, see canon.Shape
	Lengths                 []Length // of its arrays, see canon.LongArray
	Disagrees               bool     // parts of it name others that it does not hold, or the other way round
}

// Length is how many elements the longest array at one place of a document has. See
// canon.LongArray for which arrays count.
type Length struct {
	Place    uint64 // tells apart the places of one kind's documents
	Elements int
	Own      bool // the array is a member of the document itself, and counts however short it is
}

// Item is the answer to one document of an ask.
type Item struct {
	Ref
	State State
	Stamp Digest
	Body  []byte        // exact bytes as the server sent them; nil when Same, gone or a fault
	Read  *Document     // what was read from Body already, nil when nothing was
	Route string        // template of the route that brought the body, "GET /dashboards/{dashboard_id}"
	At    time.Time     // when the body arrived
	Same  bool          // the stored version is still right: a stamp proves it, or the same bytes came
	Size  int64         // bytes that came of a body that is the same
	Known Digest        // hash of the stored body: one with the same bytes is the same
	Fault *Fault        // why there is no body, or nil
	Alias string        // see Listed
	Lease *budget.Lease // of the memory of Body; nil without a body, and where none is kept account of
	// Before is the fingerprint of the newest body that is stored, and SeenDate is
	// explained at Listed.
	Before, SeenDate Digest
	Unproven         bool // the body is a row of a list that nobody could compare with its document
	Replaces         bool // see Listed

	Redacted []string // paths that were replaced by the redaction marker
}

// Drop gives the room of an item back that nobody will store. Body must not be
// touched any more.
func (i Item) Drop() { i.Lease.Release() }

// Codec names how a stored body is encoded.
type Codec string

// The codecs a vault may hold, each row names its own.
const (
	Plain Codec = "none"
	Zstd  Codec = "zstd"
)

// Dictionary is text that the documents of a kind have much of: a body that was
// encoded with one holds only what is not in it, and cannot be read without it.
// It never changes.
type Dictionary struct {
	Kind Kind
	Hash Digest // sha256 of Text
	Text []byte // documents of the kind, one behind the other
}

// Record is an item made ready to be stored.
type Record struct {
	Ref
	State State
	Stamp Digest
	Same  bool // nothing to store: Body is empty; Size is what came, if anything did
	Fault *Fault
	// Replaces means that the document was asked for again: the record takes the place of what
	// this very run has settled of it. Where nothing is settled it is like any other.
	Replaces bool

	Fingerprint Digest // over the document without volatile fields, canonical
	Hash        Digest // over the exact bytes
	Policy      int    // version of the rules that made Stamp and Fingerprint
	Codec       Codec
	Body        []byte      // encoded by Codec
	Dictionary  *Dictionary // that Body was encoded with, or nil
	Size        int64       // bytes before encoding
	Name        string
	Folder      string
	Owner       string
	Updated     string // updated_at as the server wrote it
	Refs        []Ref  // documents that must be fetched because this one points at them
	Route       string
	At          time.Time
	Redacted    []string
	Dating      Dating        // whether the date moved with a change
	Lease       *budget.Lease // of the memory of Body; nil where none is kept account of
}

// Drop gives the room of a record back: it is committed, or nobody will.
func (r Record) Drop() { r.Lease.Release() }

// Batch is what one transaction commits.
type Batch []Record

// Drop gives the room of all records back.
func (b Batch) Drop() {
	for i := range b {
		b[i].Lease.Release()
	}
}

// Fault is a document, a listing when the id is empty, or a row of a listing (see
// [RowRef]), that could not be fetched. It is a value that is committed, never an error that is only logged.
type Fault struct {
	Class    string // stable word: denied, missing, throttled, server, network, timeout, ...
	Status   int    // HTTP status of the last attempt, 0 when there was none
	Attempts int
	Message  string // one short line, free of secrets
}

// The classes of faults on which anything but a report depends; the API client
// adds others.
const (
	FaultMissing  = "missing"      // 404, and the listing does not agree that it is gone
	FaultDenied   = "denied"       // 403
	FaultInvalid  = "invalid_json" // an answer that is not what it should be
	FaultMismatch = "mismatch"     // the answer holds another document
	FaultDangling = "dangling"     // stored documents name it, and the server does not have it
	FaultRow      = "bad_row"      // a row of a list that is no document: null, without an id
)

// Failure reports whether a document could not be fetched that is there, which
// makes a run partial. A dangling reference is none: there is nothing to fetch.
func (f Fault) Failure() bool { return f.Class != FaultDangling }

// Count is what an open fault adds to the numbers of its run and kind.
func (f Fault) Count() Counts {
	if f.Failure() {
		return Counts{Failed: 1}
	}
	return Counts{Dangling: 1}
}

// Listing is how the enumeration of a kind ended.
type Listing string

// The ends of a listing. Open means that it has not ended: the run was stopped
// before, or is under way. Denied and Unavailable are answers, not failures.
const (
	Open        Listing = "open"
	Complete    Listing = "complete"
	Incomplete  Listing = "incomplete"
	Denied      Listing = "denied"
	Unavailable Listing = "unavailable"
	Budget      Listing = "budget"
	// Deferred is of a kind that was not listed: what is known of it is young enough.
	Deferred Listing = "deferred"
)

// InOrder reports whether a listing ended as it should: nothing of the kind is missing that
// this run was to bring.
func (l Listing) InOrder() bool {
	return l == Complete || l == Denied || l == Unavailable || l == Deferred
}

// NotBegun is how a kind of a run that ended before its turn came is shown, see
// [Run.Ends]. It is not stored.
const NotBegun Listing = "not_begun"

// Outcome is how a run ended.
type Outcome string

// The outcomes of a run. A finished run is complete or partial; running,
// interrupted and failed runs can be resumed.
const (
	RunRunning     Outcome = "running"
	RunComplete    Outcome = "complete"
	RunPartial     Outcome = "partial"
	RunInterrupted Outcome = "interrupted"
	RunFailed      Outcome = "failed"
)

// Calls counts requests to the API, retries included, login and versions not.
type Calls struct {
	Route string // template
	Class string // "query" or "administrative": the quota it is drawn from
	N     int64
}

// Counts says what became of the documents of one kind in one run. Each
// document counts once, however often it was seen.
type Counts struct {
	Kind       Kind    `json:"kind"`
	Listing    Listing `json:"listing"`
	Listed     int64   `json:"listed"`     // distinct documents that the server's listing held
	New        int64   `json:"new"`        // never seen before
	Changed    int64   `json:"changed"`    // another fingerprint than the version before
	Same       int64   `json:"same"`       // nothing that matters changed
	Trashed    int64   `json:"trashed"`    // of the above: now in the trash
	Reappeared int64   `json:"reappeared"` // of the above: were gone before
	Gone       int64   `json:"gone"`       // became a tombstone in this run
	Failed     int64   `json:"failed"`     // faults that this run could not resolve
	// FailedListings are those of Failed that are no document: the listing itself.
	FailedListings int64 `json:"failed_listings,omitempty"`
	Dangling       int64 `json:"dangling"` // documents that stored ones name and the server does not have, see FaultDangling
	Bytes          int64 `json:"bytes"`    // of the documents that came, before encoding
	Stored         int64 `json:"stored"`   // bytes of bodies added to the vault, encoded
	// Deferred are documents that this run did not ask for again, since what is known of
	// them is young enough. They are neither the same nor gone.
	Deferred int64 `json:"deferred,omitempty"`
	// Trusted are those of Deferred whose date in the list had not moved since they were
	// read, where dates have proven themselves: see Dates.
	Trusted int64 `json:"trusted,omitempty"`
	// TrashRested means that this run did not list the trash, since what is known of it is
	// young enough. TrashDeferred are those of Deferred that lie there.
	TrashRested   bool  `json:"trash_rested,omitempty"`
	TrashDeferred int64 `json:"trash_deferred,omitempty"`
	// Dates is what the changes of this run tell of the dates of the kind.
	Dates Dates `json:"dates,omitzero"`
	// Observed tells, in JSON, which documents a run saw that did not see all; "" of one that
	// did. It is set while that run is sealed, and not read.
	Observed string `json:"-"`
	Reason   string `json:"reason,omitempty"` // why the listing is not complete
}

// Add adds what became of documents to the numbers of their kind. How the listing ended
// stays.
func (c *Counts) Add(seen Counts) {
	c.New += seen.New
	c.Changed += seen.Changed
	c.Same += seen.Same
	c.Trashed += seen.Trashed
	c.Reappeared += seen.Reappeared
	c.Gone += seen.Gone
	c.Failed += seen.Failed
	c.FailedListings += seen.FailedListings
	c.Dangling += seen.Dangling
	c.Bytes += seen.Bytes
	c.Stored += seen.Stored
	c.Dates.Add(seen.Dates)
}

// Subtract takes what became of documents from the numbers of their kind.
func (c *Counts) Subtract(seen Counts) {
	c.New -= seen.New
	c.Changed -= seen.Changed
	c.Same -= seen.Same
	c.Trashed -= seen.Trashed
	c.Reappeared -= seen.Reappeared
	c.Gone -= seen.Gone
}

// FailedDocuments is how many documents, or rows of the listing, failed.
func (c Counts) FailedDocuments() int64 { return max(c.Failed-c.FailedListings, 0) }

// Settled is how many documents are accounted for by a committed row.
func (c Counts) Settled() int64 { return c.New + c.Changed + c.Same }
