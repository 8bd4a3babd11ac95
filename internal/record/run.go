package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Scope is what a run set out to back up. A run says nothing about documents
// outside its scope.
type Scope struct {
	Kinds     []Kind   `json:"kinds"`
	Folders   []string `json:"folders,omitempty"` // ids; empty means the whole instance
	Recursive bool     `json:"recursive,omitempty"`
	All       bool     `json:"all,omitempty"` // every kind that is backed up by default, of the whole instance
	// Refs are ids by kind: of these kinds only these documents, asked for by their ids
	// and not listed. A run that has some proves the absence of nothing.
	Refs map[Kind][]string `json:"refs,omitempty"`
	// Find searches kinds of Refs for more documents: those that hold a key already which
	// another one is to get.
	Find map[Kind][]Search `json:"find,omitempty"`
	// ReadsBack is the restore that reads back by the run what it has written; 0: none does.
	ReadsBack int64 `json:"reads_back,omitempty"`
}

// Search is a search for the documents that hold a key.
type Search struct {
	Key    int               `json:"key"`    // which of the kind's keys, from 0 on
	Params map[string]string `json:"params"` // of the request
}

// Unscoped reports whether a complete listing under this scope proves absence.
func (s Scope) Unscoped() bool { return len(s.Folders) == 0 && len(s.Refs) == 0 }

// Names reports whether the scope names single documents of a kind, so that the kind is
// not listed.
func (s Scope) Names(kind Kind) bool {
	_, named := s.Refs[kind]
	return named
}

// kindsNamed is how many kinds a scope names.
const kindsNamed = 4

// String is the scope as people read it: "all", "kinds dashboards, looks", "34
// kinds", "2 dashboards", "folders 5, 6 and below", "folders 5: kinds looks".
func (s Scope) String() string {
	if len(s.Refs) > 0 {
		return s.named()
	}
	kinds := fmt.Sprintf("%d kinds", len(s.Kinds))
	if s.empty() {
		return "nothing"
	}
	if len(s.Kinds) <= kindsNamed {
		kinds = "kinds"
		for i, k := range s.Kinds {
			kinds += [...]string{" ", ", "}[min(i, 1)] + string(k)
		}
	}
	if !s.Unscoped() {
		folders := "folders " + strings.Join(s.Folders, ", ")
		if s.Recursive {
			folders += " and below"
		}
		return folders + ": " + kinds
	}
	if s.All {
		return "all"
	}
	return kinds
}

// empty reports whether a run with this scope looks at nothing.
func (s Scope) empty() bool { return len(s.Kinds) == 0 && !s.All && s.Unscoped() }

// named is the scope of a run that asks for documents by their ids: "2 dashboards, 1
// look, all folders".
func (s Scope) named() string {
	var parts []string
	for _, kind := range s.Kinds {
		switch ids := s.Refs[kind]; {
		case !s.Names(kind):
			parts = append(parts, "all "+string(kind))
		case len(s.Find[kind]) > 0:
			parts = append(parts, "some "+string(kind))
		case len(ids) == 1:
			parts = append(parts, "1 "+kind.One())
		default:
			parts = append(parts, fmt.Sprintf("%d %s", len(ids), kind))
		}
	}
	if len(parts) > kindsNamed {
		return fmt.Sprintf("some documents of %d kinds", len(parts))
	}
	return strings.Join(parts, ", ")
}

// OriginLook is the origin of a run that a restore looked at the instance by. What it saw
// is what a restore may change, not a state that somebody wants back.
const OriginLook = "restore"

// Start describes the run that a sink is to begin or to continue.
type Start struct {
	Instance string // name that keys everything stored
	BaseURL  string
	Origin   string // "api" or "demo"
	Resume   bool   // continue the newest open run of the instance instead of beginning one
	Full     bool   // stamps are not to be trusted in this run
	Scope    Scope  // of a new run; a resumed run keeps its own
	Caller   Caller
	Looker   string          // release version of the server, "" when it did not tell
	Tool     string          // version of LookerVault
	Config   json.RawMessage // effective config, free of secrets
	At       time.Time

	// AbsenceUnproven means that what this caller does not see may still be there:
	// no document becomes gone, whatever the listings and answers say.
	AbsenceUnproven bool

	// Policy names the rules behind stamps and fingerprints of this run, of all kinds
	// together. Those of the kinds in Policies are named there, one by one; those of
	// other kinds have this name, too.
	Policy   int
	Policies map[Kind]int
	// Fingerprint computes the fingerprint of a stored body under its kind's policy;
	// the sink calls it for versions that were made under another one.
	Fingerprint func(kind Kind, body []byte) (Digest, error)
	// TermRules is the version of the rules behind Terms, which a sink with a search
	// index asks what stored bodies can be found by: terms, each with a line break behind
	// it. 0 means that there is to be no index.
	TermRules int
	Terms     func(body []byte) ([]byte, error)
	// Calls returns the calls made since it was called last. The sink asks in
	// every transaction, so that the counts survive a kill. Nil means none.
	Calls func() []Calls
	// Lessons returns what the run has learnt since it was called last. The sink asks
	// in every transaction, like for Calls. Nil means nothing.
	Lessons func() []Learnt
}

// PolicyOf names the rules behind the stamps and fingerprints of a kind.
func (s *Start) PolicyOf(kind Kind) int {
	if policy, ok := s.Policies[kind]; ok {
		return policy
	}
	return s.Policy
}

// Begun is what a sink found when it began or continued a run.
type Begun struct {
	Run     int64
	Scope   Scope
	Full    bool
	Resumed bool
	Started time.Time // of the run, also when it is resumed
	Kinds   []Counts  // of a resumed run: what is settled and what failed, per kind
	Open    int64     // id of an unfinished run that a new run leaves behind, 0 when there is none
	First   bool      // the vault holds no earlier finished run of this instance
	// Dictionaries are the newest of each kind that bodies in the store were
	// encoded with. A sink that does not store encoded bodies has none.
	Dictionaries []*Dictionary
	Lessons      []Learnt // what a resumed run has learnt before
	// Before is when the newest earlier run of this origin began, zero for none.
	Before time.Time
	// Listed is when the newest run began that listed a kind whole, without a fault.
	Listed map[Kind]time.Time
	// TrashListed is when the newest run began that listed a kind and its trash, without a
	// fault.
	TrashListed map[Kind]time.Time
	// Proven is when the newest run of this Looker release began that found rows of a kind's
	// list to be as rich as its documents, see RowsProven.
	Proven map[Kind]time.Time
	// Unavailable is when the newest run with an administrator's key began that listed a kind,
	// of those that the server did not have then.
	Unavailable map[Kind]time.Time
	// NotServed is when the newest run with an administrator's key began that learnt of a document
	// that the server does not have it. One of which a fault is open is not told of.
	NotServed map[Ref]time.Time
	// Untold are kinds of which an earlier run learnt StampsOff.
	Untold []Kind
	// Dates is what the runs of this Looker release, this one included, have learnt of the
	// dates of documents: nothing where the server does not tell its release, or is of
	// another one than the run began with.
	Dates map[Kind]DateHistory
	// Doubted are kinds of which earlier runs have stored rows of lists that may be
	// poorer than the documents, until a complete, unscoped run of the kind.
	Doubted []Kind
}

// Known is what the vault holds of a listed document.
type Known struct {
	Stamp Digest // zero when it was made under another policy
	Hash  Digest // of the newest body; zero when its fingerprint was made under another policy
	Size  int64  // bytes of the body of that hash
	// Fingerprint is of the newest body, under whatever policy it was made.
	Fingerprint Digest
	State       State
	Folder      string // of the newest version
	Settled     bool   // committed in this run already
	// Observed is when the run began that settled it last; zero where nobody knows.
	Observed time.Time
	// Troubled means that a fault of it is open.
	Troubled bool
}

// End is how the enumeration of a kind ended and what it saw.
type End struct {
	Kind    Kind
	Listing Listing
	Listed  int64 // distinct documents that the listing held
	Reason  string
	// Deferred is how many documents were listed, or named, and not asked for again, and
	// Trusted how many of them because their date had not moved.
	Deferred, Trusted int64
	// TrashRested means that the trash was not listed, since what is known of it is young
	// enough, and TrashDeferred is how many documents of Deferred lie there. A complete
	// listing then says nothing of what lies in the trash.
	TrashRested   bool
	TrashDeferred int64
	// Unproven means that a complete listing is no proof that what it does not
	// hold is gone: what it follows from was not read whole in this run.
	Unproven bool
	// Through means that every row of the listing was read, also where the listing
	// is not complete because of some of them: faults of rows that it does not name
	// again are settled. A complete listing was read through.
	Through bool
}

// Finish ends a run.
type Finish struct {
	// Outcome is interrupted or failed when the run was cut short, and empty
	// when it went to its end: then the sink derives complete or partial.
	Outcome Outcome
	Kinds   []End
	// PartialView means that a key which sees less is wanted: its run may be
	// complete, for this key.
	PartialView bool
	// Keep lists documents that were left out on purpose: they never become gone. There are few;
	// what grows with an instance is kept by the writer.
	Keep  []Ref
	Notes []string // one line each: fallbacks and notices worth keeping with the run
	At    time.Time
	// Session is what this process measured, kept with the run; nil for nothing.
	Session *Session
}

// Run is a run as it is stored.
type Run struct {
	ID       int64
	Instance string
	BaseURL  string
	Origin   string
	Started  time.Time
	Finished time.Time // zero while it is open
	Outcome  Outcome
	Full     bool
	Scope    Scope
	Caller   Caller
	Looker   string
	Tool     string
	Config   json.RawMessage
	Kinds    []Counts
	Calls    []Calls
	Month    []Calls // calls of the instance in the calendar month (UTC) in which the run started, all runs, without a route
	Notes    []string
	Sessions []Session // what each process measured that worked on it, in their order; of one that was killed, how long it worked
	Digest   Digest    // over the snapshot that the run ended with
	Pruned   bool
	// Unhealed is what a full run on a damaged vault could not heal, and what to do, on
	// one line. Only Finish sets it; the notes keep it.
	Unhealed string
}

// Ends are the counts of a run by kind, as they are shown: a kind of which nothing
// came before the run was stopped, or its budget of calls ended, was not begun. Of
// a run whose process died nobody knows that: its kinds are open.
func (r Run) Ends() []Counts {
	ends := slices.Clone(r.Kinds)
	for i := range ends {
		c := &ends[i]
		cut := c.Listing == Open || c.Listing == Budget
		if cut && !r.Finished.IsZero() && c.Listed+c.Settled()+c.Gone+c.Failed == 0 {
			c.Listing = NotBegun
		}
	}
	return ends
}

// ForThisKey reports whether the run saw only what a key may see that is known to
// be no administrator's. Complete then means complete for this key.
func (r Run) ForThisKey() bool { return r.Caller.SeesLess() }

// OutcomeText is the outcome as people read it.
func (r Run) OutcomeText() string { return OutcomeText(r.Outcome, r.ForThisKey()) }

// OutcomeText is an outcome as people read it, of a run that saw everything or
// only what its key may see.
func OutcomeText(outcome Outcome, forThisKey bool) string {
	if outcome == RunComplete && forThisKey {
		return "complete for this key"
	}
	return string(outcome)
}

// Took is how long processes worked on the run, as they measured it themselves: the
// time between two sessions is nobody's. Of a run without measurements it is the
// time from its start to its end.
func (r Run) Took() time.Duration {
	seconds := 0.0
	for _, s := range r.Sessions {
		seconds += s.Seconds
	}
	if seconds > 0 {
		return time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
	}
	return r.Finished.Sub(r.Started)
}

// Refused reports whether the run was refused before it asked for anything: only why is
// kept of it. Nobody continues it, and it hides no run that somebody would.
func (r Run) Refused() bool { return r.Outcome == RunFailed && r.Scope.empty() }

// Continued returns the run that a resume would continue, of all runs of an instance, the
// newest first; false where there is none. A look at some documents is done or it is not.
func Continued(runs []Run) (Run, bool) {
	for _, r := range runs {
		if len(r.Scope.Refs) == 0 && !r.Refused() {
			return r, !r.Pruned && r.Resumable()
		}
	}
	return Run{}, false
}

// Resumable reports whether a run with --resume would continue this one: it did
// not come to its end, or a listing was cut short.
func (r Run) Resumable() bool {
	switch r.Outcome {
	case RunRunning, RunInterrupted:
		return true
	case RunFailed:
		return !r.Refused()
	case RunPartial:
		for _, k := range r.Kinds {
			if k.Listing == Budget || k.Listing == Open {
				return true
			}
		}
	}
	return false
}

// Lesson is what a run has found out about how a server serves a kind: a stable word,
// kept in the vault.
type Lesson string

// The lessons.
const (
	RowsPoor    Lesson = "rows_poor"    // rows of lists lack what documents have: each document is fetched alone
	RowsProven  Lesson = "rows_proven"  // a row, or what a list tells of a document, was compared with the document, and was right
	StampsOff   Lesson = "stamps_off"   // a list that tells of many documents did not tell of a change: it is not asked for in any later run
	RowsStored  Lesson = "rows_stored"  // rows of lists were stored as documents
	RowsDoubted Lesson = "rows_doubted" // both, in this order: some that were stored may be poor
	RowsAssured Lesson = "rows_assured" // what was doubted for that was fetched alone, in the same run
	PageOff     Lesson = "page_off"     // pages are not asked for: refused, or they do not work
	IDsOff      Lesson = "ids_off"      // lists of ids are not asked for: refused, not honoured, or they do not work
	FolderOff   Lesson = "folder_off"   // whole folders are not asked for
	WholeOff    Lesson = "whole_off"    // the list in one answer is not asked for: it cannot be had, and its pages can
)

// What stands before the id in a lesson about one document.
const (
	notServed = "not_served:"
	cameEmpty = "came_empty:"
)

// NotServed is the lesson that the server does not have a document of a kind whose documents
// have a route each, such as a setting that this edition lacks: "not_served:ldap_config".
func NotServed(id string) Lesson { return Lesson(notServed + id) }

// NotServed returns the id of the document that the server does not have, false where the
// lesson is another one.
func (l Lesson) NotServed() (id string, ok bool) { return strings.CutPrefix(string(l), notServed) }

// CameEmpty is the lesson that a document which is a list came without rows, at a time of which
// nothing showed yet that the server answered lists with rows.
func CameEmpty(id string) Lesson { return Lesson(cameEmpty + id) }

// CameEmpty returns the id of the document that came without rows, false where the lesson is
// another one.
func (l Lesson) CameEmpty() (id string, ok bool) { return strings.CutPrefix(string(l), cameEmpty) }

// Learnt is a lesson about one kind.
type Learnt struct {
	Kind Kind
	Code Lesson
}
