package fetch

import (
	"sync"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

const (
	// faultTimeout is the class of a call that was not answered in time.
	faultTimeout = "timeout"
	// A route of many on which so many calls failed in a row, and none brought
	// anything, is not used any more. It takes less to find one bad document in a
	// page of thousands.
	giveUpAfter = 16
	// After so many asks in a row that were as large as they may be, and were
	// answered in time, larger ones are tried again.
	regrowAfter = 8
	unbounded   = 1 << 30
)

// habits is what a run has learnt about how a server serves one kind. It is
// shared by all workers of fetch.
type habits struct {
	kind  *catalogue.Spec
	rules *canon.Rules

	proof  chan struct{} // holds one while a row is compared with a single fetch
	sizing chan struct{} // holds one while a page is asked for that tells how large documents are

	mu       sync.Mutex
	disabled map[record.How]bool // routes that are not used any more in this run
	failing  map[record.How]int  // calls that failed in a row
	size     int64               // bytes of a document, a moving average
	learnt   bool                // size was measured
	chunk    int                 // the most documents that one call may ask for
	streak   int                 // calls for as many that were answered since it changed
	lists    verdict             // on the rows of lists
	untold   map[string]bool     // documents whose comparison told nothing
	shapes   shapes
	lengths  lengths
	disagree uint // rows that disagree with themselves
}

// newHabits begins with what the run knows already, from a part of it before.
func newHabits(kind *catalogue.Spec, ledger *stages.Ledger) *habits {
	h := &habits{
		kind: kind, rules: canon.Compile(kind), proof: make(chan struct{}, 1), sizing: make(chan struct{}, 1), disabled: make(map[record.How]bool), failing: make(map[record.How]int),
		untold: make(map[string]bool),
		shapes: newShapes(), lengths: make(lengths),
		size: max(kind.Size, 1), chunk: unbounded,
	}
	for how, code := range routeOff {
		h.disabled[how] = ledger.Knows(kind.Name, code)
	}
	if ledger.Knows(kind.Name, record.RowsPoor) {
		h.lists = poor
	}
	return h
}

// routeOff is the code of a route that is not used any more.
var routeOff = map[record.How]record.Lesson{
	record.Page: record.PageOff, record.IDs: record.IDsOff, record.Folder: record.FolderOff,
}

// open returns the kind's route of a sort, if it has one that is in use.
func (h *habits) open(how record.How, state record.State) (catalogue.Many, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lists == poor || h.disabled[how] {
		return catalogue.Many{}, false
	}
	for _, m := range h.kind.Many {
		if m.How == how && (m.Trash || state != record.Trashed) {
			return m, true
		}
	}
	return catalogue.Many{}, false
}

// guess is how many bytes n documents will have.
func (h *habits) guess(n int) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.size * int64(n)
}

// expect is how many bytes documents will have: what is stored of them, and a guess
// of the others.
func (h *habits) expect(want []record.Listed) (bytes int64) {
	others := 0
	for _, w := range want {
		if bytes += w.Size; w.Size == 0 {
			others++
		}
	}
	return bytes + h.guess(others)
}

// learn records how large documents are.
func (h *habits) learn(bytes int64, n int) {
	if n == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	size := max(1, bytes/int64(n))
	if h.learnt {
		size = max(1, (3*h.size+size)/4)
	}
	h.size, h.learnt = size, true
}

// sized reports whether it was seen how large documents are.
func (h *habits) sized() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.learnt
}

// atLeast records how large documents are at least.
func (h *habits) atLeast(bytes int64, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.size = max(h.size, bytes/int64(max(1, n)))
}

// shrink makes later asks smaller.
func (h *habits) shrink(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.chunk, h.streak = min(h.chunk, max(1, n)), 0
}

// served records a call for n documents that was answered.
func (h *habits) served(how record.How, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failing[how] = 0
	if n < h.chunk {
		return
	}
	if h.streak++; h.streak >= regrowAfter {
		h.chunk, h.streak = min(2*h.chunk, unbounded), 0
	}
}

// failed records a call that was not answered, and reports whether it is
// hopeless to ask on in that way.
func (h *habits) failed(how record.How) (hopeless bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failing[how]++
	return h.failing[how] >= giveUpAfter
}

// close ends the use of a route, and reports whether it was in use.
func (h *habits) close(how record.How) (was bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	was = !h.disabled[how]
	h.disabled[how] = true
	return was
}

// upTo is how many documents of a size, of which the answers in the air may take so many
// bytes each, one call may ask for.
func (h *habits) upTo(bytes, size int64) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return max(1, min(h.chunk, int(bytes/size)))
}

// known returns what was proven before of the rows of lists.
func (h *habits) known() verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lists
}

// judge records what the comparison of a row with its document told. It reports whether
// comparing is hopeless: none of many documents could be had, and rows count as poor.
func (h *habits) judge(id string, v verdict) (_ verdict, hopeless bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v == unknown {
		h.untold[id] = true
		if hopeless = len(h.untold) >= hopelessAfter; hopeless {
			v = poor
		}
	}
	h.lists = v
	return v, hopeless
}

// noteShape records the members of a row; read reads those of a shape that is new.
func (h *habits) noteShape(of uint64, read func() map[string]canon.Part) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shapes.add(of, read)
}

// spokenFor records of which document, of what shape, a row was compared for all rows.
func (h *habits) spokenFor(id string, of uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shapes.spokenFor(id, of)
}

// hasSpoken reports whether a row that was read was compared for all rows.
func (h *habits) hasSpoken() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.shapes.proven != ""
}

// late returns documents whose rows were taken for right in earlier answers, and lack what most
// rows have that came since. Those of this answer are kept for later ones.
func (h *habits) late(good []matched) []record.Listed {
	h.mu.Lock()
	defer h.mu.Unlock()
	rows := h.shapes.late()
	for _, m := range good {
		if isNew(m) && m.want.ID != h.shapes.proven {
			h.shapes.take(m.doc.Shape, m.want)
		}
	}
	return rows
}

// disagreementDue counts a row that disagrees with itself, and reports whether it is to be compared.
func (h *habits) disagreementDue(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.disagree++
	return powerOf(4, h.disagree) && id != h.shapes.proven
}

// lackedByShape returns the members that other rows have and those of a shape lack.
func (h *habits) lackedByShape(of uint64) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	known, ok := h.shapes.known[of]
	if !ok {
		return nil
	}
	return h.shapes.names(h.shapes.lacks(known.has))
}

// poorerThanOthers returns the members that other rows have and this one lacks, where
// that is a reason to compare it.
func (h *habits) poorerThanOthers(id string, of uint64) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	known, ok := h.shapes.known[of]
	if !ok {
		return nil
	}
	due, lacks := h.shapes.comparisonDue(known)
	if !due || h.shapes.proven == id {
		return nil
	}
	return h.shapes.names(lacks)
}
