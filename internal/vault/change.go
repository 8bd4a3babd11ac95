package vault

import (
	"slices"

	"github.com/lookervault/lookervault/internal/record"
)

// Change is what became of one document in a run.
type Change struct {
	record.Ref
	Name string
	// Folder and Owner are their ids as the body names them, of a document that is gone
	// as its last one did.
	Folder, Owner string
	What          string // "new", "changed", "trashed", "restored", "back" or "gone"
	Size          int64  // bytes of the body, of a document that is gone of its last one
	Was           int64  // bytes of the body before, 0 when there was none, or when it was pruned
}

// Ranked is a document and the number that ranks it.
type Ranked struct {
	record.Ref
	Name string
	N    int64
}

// Deletion is a document that went after the vault had seen it: into the trash, or for good.
type Deletion struct {
	record.Ref
	Name string
	// Folder and Owner are their ids as the last body names them.
	Folder, Owner string
	What          string // "trashed" or "gone"
	Back          bool   // it was there again later
	Run           int64  // the run that noticed
	Version       int64  // what it was then; see [Reader.VersionBody]
}

// Passage is what became of a document between two moments: an entry is nil where the
// document was not held, or was gone.
type Passage struct {
	record.Ref
	Before, After *Entry
	Run           int64 // that saw the change, 0 where several runs lie between the moments
	// Pruned means that Before is nil although the document was held: that version was
	// pruned.
	Pruned bool
}

// Entry is the newer of the two entries.
func (p Passage) Entry() Entry {
	if p.After != nil {
		return *p.After
	}
	return *p.Before
}

// Span is a range of documents between two runs. Only documents with a version that
// begins or ends in it are looked at, so its cost hangs on what changed.
type Span struct {
	Instance string
	Kind     record.Kind // every kind when it is empty
	ID       string      // every document of the kind when it is empty
	// After and Until are runs: what happened after the first one, up to and with the
	// second. Until 0 is now.
	After, Until int64
}

// HeldAt is the version that was known by a run, nil where there was none or the
// document was gone by then. The same version gives the same pointer.
func HeldAt(versions []Entry, run int64) *Entry {
	for i, e := range slices.Backward(versions) {
		switch {
		case e.FirstRun > run:
			continue
		case e.GoneRun != 0 && e.GoneRun <= run:
			return nil
		}
		return &versions[i]
	}
	return nil
}
