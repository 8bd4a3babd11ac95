package vault

import (
	"context"
	"database/sql/driver"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
)

// Query says which documents are asked for.
type Query struct {
	Instance string      // may be empty when the vault holds one
	Kind     record.Kind // every kind when it is empty
	// At asks for what was known at a point; the zero value for what is held now.
	At Point
	// Deleted asks for the documents that are in the trash or gone, instead of
	// those that are present or in the trash.
	Deleted bool
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

// Entries yields documents in the order of kind and id, both bytewise, without
// reading bodies. They are of one state of the vault. An error ends it.
func (r *Reader) Entries(ctx context.Context, query Query) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		more := true
		err := r.eachEntry(ctx, query, func(e Entry) bool {
			more = yield(e, nil)
			return more
		})
		if err != nil && more {
			yield(Entry{}, err)
		}
	}
}

// eachEntry calls fn with entries until it returns false.
func (r *Reader) eachEntry(ctx context.Context, query Query, fn func(Entry) bool) error {
	h, err := r.horizonOf(ctx, query)
	if err != nil {
		return err
	}
	return doing("read documents", r.snapshot(ctx, func(q querier) error {
		if err := h.readLooks(ctx, q, query.Kind); err != nil {
			return err
		}
		statement, args := query.statement(h, false, "")
		for row, err := range rows(ctx, q, statement, args...) {
			if err != nil {
				return err
			}
			e := scanEntry(row)
			if err := h.limit(ctx, q, &e); err != nil {
				return err
			}
			if !fn(e) {
				return nil
			}
		}
		return nil
	}))
}

// Documents yields documents with their bodies in the order of kind and id. A
// body that is damaged is an ErrCorrupt that names the document. An error ends
// it.
func (r *Reader) Documents(ctx context.Context, query Query) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		more := true
		h, err := r.horizonOf(ctx, query)
		if err == nil {
			err = r.eachDocument(ctx, h, query, "", func(d Document) bool {
				more = yield(d, nil)
				return more
			})
		}
		if err != nil && more {
			yield(Document{}, err)
		}
	}
}

// Document returns one document as it was known at a point: now is its newest
// version, also when it is gone. It returns an [AbsentError], which is an
// ErrNotFound, when the vault does not hold it, when nobody had seen it by then,
// and when it was gone by then.
func (r *Reader) Document(ctx context.Context, instance string, ref record.Ref, at Point) (document Document, err error) {
	query := Query{Instance: instance, Kind: ref.Kind, At: at}
	h, err := r.horizonOf(ctx, query)
	if err != nil {
		return document, err
	}
	held := false
	err = r.eachDocument(ctx, h, query, ref.ID, func(d Document) bool {
		document, held = d, true
		return false
	})
	switch {
	case err != nil:
		return Document{}, err
	case !held:
		return Document{}, r.neverSeen(ctx, h, ref)
	case h.run != 0 && document.State == record.Gone:
		return Document{}, &AbsentError{Ref: ref, Run: h.run, Gone: document.GoneRun, LastSeen: document.LastRun, path: r.path}
	}
	return document, nil
}

// neverSeen is the error about a document that nobody had seen at a horizon.
func (r *Reader) neverSeen(ctx context.Context, h horizon, ref record.Ref) error {
	absent := &AbsentError{Ref: ref, Run: h.run, path: r.path}
	for row, err := range rows(ctx, r.db, `SELECT min(first_run) FROM versions WHERE instance = ? AND kind = ? AND item = ?`,
		h.instance, string(ref.Kind), ref.ID) {
		if err != nil {
			return doing("read documents", classify(r.path, err))
		}
		absent.Seen = integer(row[0])
	}
	return absent
}

// eachDocument calls fn with documents until it returns false. What it reads is
// one state of the vault, so that no body needs a dictionary of later.
func (r *Reader) eachDocument(ctx context.Context, h horizon, query Query, id string, fn func(Document) bool) error {
	decoder, err := codec.NewDecoder()
	if err != nil {
		return err
	}
	defer decoder.Close()
	return r.snapshot(ctx, func(q querier) error {
		dictionaries, err := readDictionaries(ctx, q, decoder)
		if err != nil {
			return doing("read dictionaries", err)
		}
		if err := h.readLooks(ctx, q, query.Kind); err != nil {
			return doing("read runs", err)
		}
		statement, args := query.statement(h, true, id)
		for row, err := range rows(ctx, q, statement, args...) {
			if err != nil {
				return doing("read documents", err)
			}
			d := Document{Entry: scanEntry(row)}
			if err := h.limit(ctx, q, &d.Entry); err != nil {
				return doing("read documents", err)
			}
			s, err := scanStored(row[bodyColumn:], dictionaries)
			if err == nil {
				d.Body, err = decode(decoder, s, nil, d.Hash)
			}
			if err != nil {
				return damaged(err, "%s", d.Ref)
			}
			if !fn(d) {
				return nil
			}
		}
		return nil
	})
}

// lastSeen is the last run that saw a version: while it is the current one, the
// run that settled its head last.
const lastSeen = `coalesce(v.last_run, h.settled_run)`

const entryColumns = `h.kind, h.item, v.name, v.folder, v.owner, v.updated_at, v.size, v.hash, v.first_run, ` + lastSeen + `,
	v.gone_run, v.fetched_at, v.route, v.redacted, v.id`

// bodyColumn is where the columns of the body begin: after the state and those of
// the entry.
const bodyColumn = 16

// The order of a CROSS JOIN is not changed by SQLite: the first table's index is
// the order of the result.
const (
	fromHeads    = ` FROM heads h CROSS JOIN versions v ON v.id = h.version`
	fromVersions = ` FROM versions v CROSS JOIN heads h ON h.instance = v.instance AND h.kind = v.kind AND h.item = v.item`
)

// statement builds the query for what is held, or deleted, at a horizon; with an
// id for that document in whatever state. In both forms an index gives the
// order: nothing is sorted, so the first row comes at once and memory does not
// grow.
func (q Query) statement(h horizon, bodies bool, id string) (string, []any) {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return "?" + strconv.Itoa(len(args))
	}
	key, state, from := "h", "h.state", fromHeads
	var where []string
	if h.run != 0 {
		run := arg(h.run)
		key, from = "v", fromVersions
		state = "CASE WHEN v.gone_run <= " + run + " THEN 'gone' ELSE v.state END"
		where = []string{"v.first_run <= " + run, `NOT EXISTS (SELECT 1 FROM versions n WHERE n.instance = v.instance
			AND n.kind = v.kind AND n.item = v.item AND n.first_run > v.first_run AND n.first_run <= ` + run + ")"}
	}
	switch {
	case id != "":
		where = append(where, key+".item = "+arg(id))
	case q.Deleted:
		where = append(where, state+" <> 'present'")
	default:
		where = append(where, state+" <> 'gone'")
	}
	where = append(where, key+".instance = "+arg(h.instance))
	if q.Kind != "" {
		where = append(where, key+".kind = "+arg(string(q.Kind)))
	}
	columns := entryColumns
	if bodies {
		columns, from = columns+", "+storedColumns, from+" CROSS JOIN bodies b ON b.hash = v.hash"
	}
	return "SELECT " + state + " AS state, " + columns + from + " WHERE " + strings.Join(where, " AND ") +
		" ORDER BY " + key + ".kind, " + key + ".item", args
}

func scanEntry(row []driver.Value) Entry {
	return Entry{
		State: record.State(text(row[0])),
		Ref:   record.Ref{Kind: record.Kind(text(row[1])), ID: text(row[2])},
		Name:  text(row[3]), Folder: text(row[4]), Owner: text(row[5]), Updated: text(row[6]),
		Size: integer(row[7]), Hash: digest(row[8]), FirstRun: integer(row[9]), LastRun: integer(row[10]),
		GoneRun: integer(row[11]), FetchedAt: moment(integer(row[12])), Route: text(row[13]),
		Redacted: redacted(row[14]), Version: integer(row[15]),
	}
}
