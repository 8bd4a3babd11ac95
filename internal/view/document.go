package view

import (
	"encoding/json"
	"time"

	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/plain"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Entry is a document without its body, as list shows it.
type Entry struct {
	Kind       record.Kind  `json:"kind"`
	ID         string       `json:"id"`
	State      record.State `json:"state"`
	Name       string       `json:"name"`
	Folder     string       `json:"folder"`
	FolderPath string       `json:"folder_path,omitempty"`
	Owner      string       `json:"owner"`
	OwnerName  string       `json:"owner_name,omitempty"`
	Updated    string       `json:"updated_at"`
	Bytes      int64        `json:"bytes"`
	SHA256     string       `json:"sha256"`
	FirstRun   int64        `json:"first_run"`
	LastRun    int64        `json:"last_run"`
	Observed   int64        `json:"observed_run"`       // the run whose observation this is
	ObservedAt string       `json:"observed,omitempty"` // when that run began
	GoneRun    int64        `json:"gone_run,omitempty"`
	DeletedRun int64        `json:"deleted_run,omitempty"` // that found it in the trash or gone
	DeletedAt  string       `json:"deleted_at,omitempty"`  // when that run began
	Route      string       `json:"route"`
	InPart     InPart       `json:"in_part,omitempty"`
}

// InPart says what of a document may be a part of it, since a run's key saw less than an
// administrator's.
type InPart string

// What may be a part.
const (
	Whole        InPart = ""
	SeenInPart   InPart = "seen"   // what observed_run saw; its body is whole
	StoredInPart InPart = "stored" // the body, as first_run stored it
)

// EntryOf makes it of an entry, with the names that are known.
func EntryOf(e vault.Entry, names *history.Names, part InPart) Entry {
	deleted := history.DeletedRun(e)
	return Entry{
		e.Kind, e.ID, e.State, e.Name, e.Folder, names.Folder(history.FolderOf(e)), e.Owner, names.User(e.Owner), Updated(e), e.Size, e.Hash.String(),
		e.FirstRun, e.LastRun, e.LastRun, stamp(names.RunTime(e.LastRun)), e.GoneRun,
		deleted, stamp(names.RunTime(deleted)), e.Route, part,
	}
}

// Updated is when a document was changed last, as the server tells: RFC 3339 in UTC with the
// fractions that it has; what is no time, as a day alone, is as the server wrote it.
func Updated(e vault.Entry) string {
	at, err := time.Parse(time.RFC3339, e.Updated)
	if err != nil {
		return e.Updated
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// stamp is a time in UTC, "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// DumpedDocument is a line of dump.
type DumpedDocument struct {
	Instance string          `json:"instance"`
	Kind     record.Kind     `json:"kind"`
	ID       string          `json:"id"`
	Run      int64           `json:"run"`
	Observed int64           `json:"observed_run,omitempty"`
	InPart   InPart          `json:"in_part,omitempty"`
	Body     json.RawMessage `json:"body"`
}

// Dumped is the line of dump of a document, which is known at a run; 0 for now. Line breaks
// between the tokens of its body become spaces, in the bytes that it is given; every other
// byte stays as it is.
func Dumped(instance string, run int64, d vault.Document, part InPart) (string, error) {
	observed := int64(0)
	if run != 0 {
		observed = d.LastRun
	}
	// encoding/json would spell the body anew.
	head, err := plain.Encode(DumpedDocument{instance, d.Kind, d.ID, d.LastRun, observed, part, json.RawMessage("0")})
	if err != nil {
		return "", err
	}
	// A line break inside a string is always escaped, so every raw one stands between tokens.
	for i, c := range d.Body {
		if c == '\n' || c == '\r' {
			d.Body[i] = ' '
		}
	}
	return head[:len(head)-len("0}")] + string(d.Body) + "}", nil
}
