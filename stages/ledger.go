package stages

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Ledger keeps the books of each kind of a run: what its listing held, how many
// documents were asked for and how many of them were answered. It is safe for
// use by many goroutines.
type Ledger struct {
	mu    sync.Mutex
	order []record.Kind
	kinds map[record.Kind]*account
	notes []string

	lengths lengths
	shown   map[record.Ref]shown               // of documents that show up in rows of two kinds
	back    map[record.Ref]map[string][]string // what rows name, by the member; see [Ledger.NamesBack]
	naming  map[record.Ref]map[string]bool     // documents that name others, and whom of those in back; see [Ledger.Names]
	// contradictions between rows of two kinds, in the order of their names
	contradictions map[[2]record.Kind]int
	mentioned      map[record.Kind]map[string]bool // documents that others name; true until somebody has asked
	caller         []record.Ref                    // what the caller's own document names

	lessons map[record.Learnt]bool // what the run knows of the server
	fresh   []record.Learnt        // of that, what was not handed to the sink yet
}

type account struct {
	listing         record.Listing
	listed          int64
	reason          string
	told            map[record.State]int64 // documents that the server says its listing holds, by pass
	asked, answered int64
	witnesses       map[record.State][]string // documents that the listing held in a state
	countsMore      bool                      // the server counts more documents than the listing holds
	through         bool                      // every row of the listing was read, bad ones included
	spent           bool                      // the budget of calls ended before everything was asked
	named           int64                     // documents that others name which this run has settled
	withheld        int64                     // of them, parts of listed documents that answered 404
	lost            int64                     // documents that the store holds and whose own route answered 404 or 403
	deferred        int64                     // documents that were not asked for again
	deferredSince   time.Time                 // when the oldest observation of them was made
	trusted         int64                     // of them, those whose dates have not moved
	notThere        int64                     // documents that a list in one answer names and that answered 404
	notServed       []time.Time               // when the server did not have them, of those that are not asked for again
	trashRested     bool                      // the trash was not listed
	trashDeferred   int64                     // documents that lie there
	trashSeen       time.Time                 // when they were
	undated         fewIDs                    // changed in this run, and their dates did not move
	empty           []emptyList               // see [Ledger.CameEmpty]
	emptyBefore     []string                  // documents that came empty in an earlier part of the run, see [Ledger.DoubtEmpty]
	rows            rowDoubts
	dangling        fewIDs
	orphans         fewIDs
	ownerRests      fewIDs
	unserved        fewIDs
	absent          fewIDs
	rowTwice        fewIDs // lists that are documents of their own, and have a row twice
	narrowed        fewIDs // of which this key sees less than is stored
	narrowedChanges fewIDs // of which this run stores less than was stored
}

// BudgetUsedUp is why a kind is not read whole whose turn came when no call was left.
const BudgetUsedUp = "the budget of calls was used up"

// NewLedger opens an account for each kind.
func NewLedger(kinds []record.Kind) *Ledger {
	l := &Ledger{order: slices.Clone(kinds), kinds: make(map[record.Kind]*account), lessons: make(map[record.Learnt]bool)}
	for _, k := range kinds {
		a := &account{listing: record.Open}
		if kind, ok := catalogue.Find(k); ok {
			a.absent.most = len(kind.Listing.Fixed) // each of which has a name
		}
		l.kinds[k] = a
	}
	return l
}

// Listed adds documents that a listing held.
func (l *Ledger) Listed(kind record.Kind, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[kind].listed += int64(n)
}

// mostWitnesses is how many witnesses of searches the ledger keeps by kind and state: one
// more than what is searched for on its own.
const mostWitnesses = 2

// Saw records documents that a listing held: the first ones in each state are witnesses of
// searches, see [Ledger.Witness].
func (l *Ledger) Saw(kind record.Kind, rows []record.Listed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	if a.witnesses == nil {
		a.witnesses = make(map[record.State][]string)
	}
	for _, row := range rows {
		if known := a.witnesses[row.State]; len(known) < mostWitnesses && !slices.Contains(known, row.ID) {
			a.witnesses[row.State] = append(known, row.ID)
		}
	}
}

// Witness is the id of a document of a kind that this run has seen listed in a state and that
// is not searched for itself, "" for none: a search in that state that does not bring it finds
// nothing of what is there.
func (l *Ledger) Witness(kind record.Kind, state record.State, searched ...string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range l.kinds[kind].witnesses[state] {
		if !slices.Contains(searched, id) {
			return id
		}
	}
	return ""
}

// countsMore records whether the server counts more documents of a kind than a list of it
// holds, whenever that is read.
func (l *Ledger) countsMore(kind record.Kind, more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[kind].countsMore = l.kinds[kind].countsMore || more
}

// CountsMore reports whether the server counts more documents of a kind than its lists hold:
// what they lack may be there.
func (l *Ledger) CountsMore(kind record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kinds[kind].countsMore
}

// SoFar returns how many documents the listing of a kind held so far.
func (l *Ledger) SoFar(kind record.Kind) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.kinds[kind].listed)
}

// Told records how many documents the server says a pass of a listing holds,
// which is known before they are read. What it said before of that pass is forgotten.
func (l *Ledger) Told(kind record.Kind, pass record.State, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	if a.told == nil {
		a.told = make(map[record.State]int64)
	}
	a.told[pass] = int64(n)
}

// Ended says how the listing of a kind ended. What was said first stays, unless it was complete.
func (l *Ledger) Ended(kind record.Kind, listing record.Listing, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended(kind, listing, reason)
}

func (l *Ledger) ended(kind record.Kind, listing record.Listing, reason string) {
	if a := l.kinds[kind]; a.listing == record.Open || a.listing == record.Complete {
		a.listing, a.reason = listing, reason
	}
}

// Through says that every row of a kind's listing was read, though some cannot be
// stored.
func (l *Ledger) Through(kind record.Kind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[kind].through = true
}

// AddNotThere records a document that a list in one answer names and that answered 404.
func (l *Ledger) AddNotThere(kind record.Kind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[kind].notThere++
}

// NotThere returns how many documents of a kind its list names that answered 404.
func (l *Ledger) NotThere(kind record.Kind) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kinds[kind].notThere
}

// Asked adds documents that are to be accounted for, and Answered those that
// are: as a body, as the same, as gone or as a fault.
func (l *Ledger) Asked(kind record.Kind, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[kind].asked += int64(n)
}

// Answered is explained at Asked.
func (l *Ledger) Answered(kind record.Kind, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[kind].answered += int64(n)
}

// Spent says that the budget of calls ended before everything of a kind was asked
// for.
func (l *Ledger) Spent(kind record.Kind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[kind].spent = true
}

// budgetCut reports whether the budget of calls ended before one of the kinds was
// read whole: what follows from it is not known yet.
func (l *Ledger) budgetCut(kinds []record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(kinds, func(kind record.Kind) bool {
		a := l.kinds[kind]
		return a != nil && (a.spent || a.listing == record.Budget)
	})
}

// Note keeps a sentence with the run: something that an administrator should
// know although nothing was lost.
func (l *Ledger) Note(kind record.Kind, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes = append(l.notes, fmt.Sprintf("%s: %s", kind, text))
}

// Remark keeps a sentence with the run that is about no kind.
func (l *Ledger) Remark(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes = append(l.notes, text)
}

// Named adds followed documents to those that are known to be named.
func (l *Ledger) Named(kind record.Kind, rows []record.Listed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, row := range rows {
		if row.Named {
			l.kinds[kind].named++
		}
	}
}

// Withheld records a part of a listed document that the server does not
// give: its kind is incomplete.
func (l *Ledger) Withheld(ref record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[ref.Kind].withheld++
}

// Lost records a document that the store holds and whose route the server does
// not serve any more, or refuses to an administrator: its kind is incomplete.
func (l *Ledger) Lost(ref record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[ref.Kind].lost++
}

// Dangling records a document that another one points to and that is not
// there. Many of them make their kind incomplete.
func (l *Ledger) Dangling(ref record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[ref.Kind].dangling.add(ref.ID)
}

// Unserved records a document that is named and that servers do not serve:
// see [catalogue.Listing].
func (l *Ledger) Unserved(ref record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[ref.Kind].unserved.add(ref.ID)
}

// Orphan records a document that is not there, and that is named only by
// documents which this run has not seen.
func (l *Ledger) Orphan(ref record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[ref.Kind].orphans.add(ref.ID)
}

// Absent records a document that this instance does not have, or does not
// give to this key. What is stored of it is no more and no less right for that.
func (l *Ledger) Absent(ref record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[ref.Kind].absent.add(ref.ID)
}

// Notes returns the notes, one line each. What is missing of a kind is told only
// when all of it was asked for: a run that is resumed would tell it twice.
func (l *Ledger) Notes() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	notes := slices.Clone(l.notes)
	for _, kind := range l.order {
		a := l.kinds[kind]
		notes = append(notes, a.narrowedNotes(kind)...)
		if a.listing != record.Complete || a.answered < a.asked {
			continue
		}
		if n := a.dangling.n; n > 0 {
			notes = append(notes, fmt.Sprintf("%s: %d that stored documents point to are not there (404): %s", kind, n, a.dangling))
		}
		if n := a.unserved.n; n > 0 {
			notes = append(notes, fmt.Sprintf("%s: %d that stored documents point to are not served (404): %s", kind, n, a.unserved))
		}
		if n := a.orphans.n; n > 0 && !l.complete(catalogue.LeadingTo(kind)) {
			notes = append(notes, fmt.Sprintf("%s: %d are not there (404), and what they belong to was not seen in this run: %s", kind, n, a.orphans))
		}
		if n := a.ownerRests.n; n > 0 {
			notes = append(notes, fmt.Sprintf("%s: %d are not there (404), and what they belong to was not asked for again in this run: %s", kind, n, a.ownerRests))
		}
		if n := a.rowTwice.n; n > 0 {
			notes = append(notes, fmt.Sprintf("%s: %d have a row twice: %s", kind, n, a.rowTwice))
		}
		if n := a.absent.n; n > 0 {
			notes = append(notes, fmt.Sprintf("%s: %d are not on this instance, or not for this key: %s", kind, n, a.absent))
		}
	}
	return notes
}

// complete reports whether the listings of all these kinds are complete.
func (l *Ledger) complete(kinds []record.Kind) bool {
	return !slices.ContainsFunc(kinds, func(kind record.Kind) bool {
		a := l.kinds[kind]
		return a == nil || a.listing != record.Complete
	})
}

// has reports whether the run is about a kind.
func (l *Ledger) has(kind record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kinds[kind] != nil
}

// foundOut reports whether the run has found out what there is of a kind, or some of it, or that it
// is not for this key.
func (l *Ledger) foundOut(kind record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	return a != nil && (a.listing != record.Incomplete && a.listing != record.Open || a.asked > 0)
}

// readWhole reports whether the listing of a kind is complete and everything that
// was asked for is answered.
func (l *Ledger) readWhole(kind record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	return a != nil && a.listing == record.Complete && a.answered >= a.asked && a.lacks() == ""
}

// Progress is where a kind stands while a run is under way.
type Progress struct {
	Kind            record.Kind
	Listing         record.Listing
	Listed          int64
	Told            int64 // documents that the server says its listing holds, 0 when it has not said
	Asked, Answered int64
	Absent          int64 // of the answered, those of which there is nothing to commit
}

// Progress returns where each kind stands, in the order of the run.
func (l *Ledger) Progress() []Progress {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]Progress, len(l.order))
	for i, k := range l.order {
		a := l.kinds[k]
		var told int64
		for _, n := range a.told {
			told += n
		}
		all[i] = Progress{Kind: k, Listing: a.listing, Listed: a.listed, Told: told, Asked: a.asked, Answered: a.answered, Absent: int64(a.absent.n + a.orphans.n + a.ownerRests.n + a.unserved.n)}
	}
	return all
}
