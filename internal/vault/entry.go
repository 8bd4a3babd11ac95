package vault

import (
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// Instance is a Looker whose documents the vault holds.
type Instance struct {
	ID      int64
	Name    string
	BaseURL string // of its newest run
}

// Query says which documents are asked for.
type Query struct {
	Instance string      // may be empty when the vault holds one
	Kind     record.Kind // every kind when it is empty
	// At asks for what was known at a point; the zero value for what is held now.
	At Point
	// Deleted asks for the documents that are in the trash or gone, instead of
	// those that are present or in the trash.
	Deleted bool
	// Sort puts the ids of a kind in order, for Entries; nil leaves them in the order of
	// their bytes.
	Sort func(ids []string)
}

// Entry is a document without its body.
type Entry struct {
	record.Ref
	State     record.State
	Name      string
	Folder    string // id
	Owner     string // id
	Updated   string // as the server wrote it
	Size      int64  // bytes of the body
	Hash      record.Digest
	FirstRun  int64 // first run that saw this version
	LastRun   int64 // last run that saw it; at a point the last one by then that is known to have
	GoneRun   int64 // run that found the document gone, 0 when it is not, or was not by then
	FetchedAt time.Time
	Route     string   // template of the route that brought the body
	Redacted  []string // paths in the body that hold the redaction marker
	Version   int64
}

// Document is an entry with the exact bytes of its body.
type Document struct {
	Entry
	Body []byte // the receiver's own
}

// Fault is a document, or a listing when its id is empty, that could not be
// fetched.
type Fault struct {
	record.Ref
	record.Fault
	Instance string
	Run      int64
	At       time.Time
	Resolved int64 // run that settled it, 0 while it is open
}
