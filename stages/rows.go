package stages

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// maxTitle is how many characters of a title a message shows.
const maxTitle = 60

// BadRow is a row of a list that is no document.
type BadRow struct {
	Position int    // in the list, from 1 on
	Wrong    string // what is wrong with it: "has no id"
}

// Fault is what is stored of the row.
func (b BadRow) Fault() record.Fault {
	return record.Fault{Class: record.FaultRow, Status: 200, Attempts: 1, Message: fmt.Sprintf("row %d of the list %s", b.Position, b.Wrong)}
}

// row is a row of an enumeration.
type row struct {
	record.Listed               // the zero value where it is no document
	wrong         string        // why it is no document, "" where it is one
	key           string        // what it is recognised by, see [KeyOf]
	content       record.Digest // over what matters of it
}

// rows reads what a listing tells of each document.
func (l *lister) rows(kind *catalogue.Spec, state record.State, body []byte) ([]row, error) {
	raw, err := canon.Rows(body)
	if err != nil {
		return nil, Broken(err)
	}
	rules := canon.Compile(stampRules(kind))
	rows := make([]row, 0, len(raw))
	for _, text := range raw {
		id, wrong := RowID(kind, text)
		r := row{wrong: wrong, key: KeyOf(id, text)}
		if wrong == "" {
			doc, err := l.reader.Read(rules, text)
			if err != nil {
				return nil, Broken(err)
			}
			r.content = doc.Fingerprint
			r.Listed = record.Listed{ID: id, State: state, Folder: doc.Folder}
			if kind.Listing.Stamped {
				r.Stamp = doc.Fingerprint
			}
			if kind.Dated() {
				r.Date = record.DateOf(doc.Updated)
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// RowID returns the id of a row of a list, or what is wrong with a row that is no
// document and so has none.
func RowID(kind *catalogue.Spec, row []byte) (id, wrong string) {
	field := kind.Fields.ID
	row = bytes.TrimSpace(row)
	if row[0] != '{' {
		return "", "is " + sortOf(row) + ", not a document"
	}
	raw := canon.Member(row, field)
	id = canon.Text(raw)
	switch {
	case raw == nil:
		wrong = "has no " + field
	case string(raw) == "null":
		wrong = "has null for its " + field
	case id == "":
		wrong = "has an empty " + field
	case raw[0] != '"' && sortOf(raw) != "a number":
		wrong = "has " + sortOf(raw) + " for its " + field
	case len(id) > record.MaxID:
		wrong = fmt.Sprintf("has %d bytes for its %s", len(id), field)
	case id == "." || id == "..":
		wrong = fmt.Sprintf("has %q for its %s, which no address can name", id, field)
	case strings.IndexByte(id, 0) >= 0:
		wrong = fmt.Sprintf("has a NUL in its %s: %q", field, id[:min(len(id), maxTitle)])
	case !utf8.ValidString(id), strings.ContainsRune(id, utf8.RuneError): // half a surrogate pair is read so
		wrong = fmt.Sprintf("has an %s that is no UTF-8 text: %q", field, id[:min(len(id), maxTitle)])
	default:
		return id, ""
	}
	if title := titleOf(kind, row); title != "" {
		wrong += fmt.Sprintf(", titled %q", title)
	}
	return "", wrong
}

// sortOf names the sort of a JSON value.
func sortOf(value []byte) string {
	switch value[0] {
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '"':
		return "a text"
	case '[':
		return "a list"
	case '{':
		return "an object"
	}
	return "a number"
}

// titleOf returns what a row calls its document, "" where it calls it nothing.
func titleOf(kind *catalogue.Spec, row []byte) string {
	for _, member := range []string{kind.Fields.Name, "title", "label", "name", "display_name"} {
		raw := canon.Member(row, member)
		if member == "" || member == kind.Fields.ID || len(raw) == 0 || raw[0] != '"' {
			continue
		}
		title := []rune(strings.TrimSpace(canon.Text(raw)))
		if len(title) > maxTitle {
			title = append(title[:maxTitle], '…')
		}
		if len(title) > 0 {
			return string(title)
		}
	}
	return ""
}

// KeyOf returns what a row is recognised by when pages are joined: its id, or the
// sum of a row that has none.
func KeyOf(id string, row []byte) string {
	if id != "" {
		return id
	}
	sum := sha256.Sum256(row)
	return "\x00" + string(sum[:])
}

func keysOf(rows []row) []string {
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = r.key
	}
	return keys
}

// Tally counts the rows of a list.
type Tally struct {
	Rows int // those that are no documents included
	Bad  int // rows that are no documents
	// Present and Trashed are the documents that the store held in that state before
	// this run.
	Present, Trashed int64
}

// Count counts documents by what the store holds of them.
func (t *Tally) Count(known map[string]record.Known) {
	for _, k := range known {
		switch {
		case k.Settled: // its state is what this run found
		case k.State == record.Present:
			t.Present++
		case k.State == record.Trashed:
			t.Trashed++
		}
	}
}

// Plus is the tally of two lists.
func (t Tally) Plus(o Tally) Tally {
	return Tally{Rows: t.Rows + o.Rows, Bad: t.Bad + o.Bad, Present: t.Present + o.Present, Trashed: t.Trashed + o.Trashed}
}

// Conclude records that a list was read to its end, and whether its kind is
// complete: where rows of it cannot be stored it is not, unless the configuration
// says that such rows are expected ("lookml_models/#").
func (o *ListOptions) Conclude(kind record.Kind, t Tally) {
	reason := fmt.Sprintf("%d of %d rows cannot be stored", t.Bad, t.Rows)
	switch {
	case t.Bad == 0:
		o.Ledger.Ended(kind, record.Complete, "")
	case o.ExpectsBadRows(kind):
		o.Ledger.Note(kind, reason+", as exclude says")
		o.Ledger.Ended(kind, record.Complete, "")
	default:
		o.Log.Warn("rows of the list cannot be stored, the kind is incomplete", "kind", kind, "rows", t.Rows, "bad", t.Bad)
		o.Ledger.Through(kind)
		o.Ledger.Ended(kind, record.Incomplete, reason)
	}
}

// ExpectsBadRows reports whether the configuration says that the lists of a kind
// hold rows that cannot be stored.
func (o *ListOptions) ExpectsBadRows(kind record.Kind) bool {
	return slices.Contains(o.Planner.Exclude, record.Ref{Kind: kind, ID: record.AnyRow})
}

// Doubles is the note about documents that a list holds more than once.
func Doubles(ids []string) string {
	if len(ids) == 1 {
		return "the list holds a document twice, it counts once: " + ids[0]
	}
	return fmt.Sprintf("the list holds %d documents twice, each counts once: %s", len(ids), FirstFew(ids))
}

// RowTwice records a list that is a document of its own and has a row twice, as often as it is
// asked for.
func (l *Ledger) RowTwice(ref record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[ref.Kind].rowTwice.add(ref.ID)
}
