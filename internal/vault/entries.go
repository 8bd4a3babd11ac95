package vault

import (
	"context"
	"database/sql/driver"
	"fmt"
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
	// Run asks for what was observed up to that run of the instance: the
	// versions whose interval of runs holds it. 0 asks for what is held now.
	Run int64
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
	LastRun   int64 // last run that saw it
	GoneRun   int64 // run that found the document gone, 0 when it is not
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
// reading bodies. An error ends it.
func (r *Reader) Entries(ctx context.Context, query Query) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		instance, err := r.instanceOf(ctx, query)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		for row, err := range r.find(ctx, r.db, query, instance, false, "") {
			if err != nil {
				yield(Entry{}, doing("read documents", classify(r.path, err)))
				return
			}
			if !yield(scanEntry(row), nil) {
				return
			}
		}
	}
}

// Documents yields documents with their bodies in the order of kind and id. A
// body that is damaged is an ErrCorrupt that names the document. An error ends
// it.
func (r *Reader) Documents(ctx context.Context, query Query) iter.Seq2[Document, error] {
	return r.documents(ctx, query, "")
}

// Document returns one document: as of a run, or the newest version when run is
// 0, also when the document is gone. It returns ErrNotFound when the vault does
// not hold it, or not as of that run.
func (r *Reader) Document(ctx context.Context, instance string, ref record.Ref, run int64) (Document, error) {
	for _, deleted := range []bool{false, true} {
		query := Query{Instance: instance, Kind: ref.Kind, Run: run, Deleted: deleted}
		for d, err := range r.documents(ctx, query, ref.ID) {
			return d, err
		}
	}
	when := ""
	if run != 0 {
		when = fmt.Sprintf(" as of run %d", run)
	}
	return Document{}, fmt.Errorf("%s%s: %w in %s", ref, when, ErrNotFound, r.path)
}

func (r *Reader) documents(ctx context.Context, query Query, id string) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		more := true
		err := r.eachDocument(ctx, query, id, func(d Document) bool {
			more = yield(d, nil)
			return more
		})
		if err != nil && more {
			yield(Document{}, err)
		}
	}
}

// eachDocument calls fn with documents until it returns false. What it reads is
// one state of the vault, so that no body needs a dictionary of later.
func (r *Reader) eachDocument(ctx context.Context, query Query, id string, fn func(Document) bool) error {
	decoder, err := codec.NewDecoder()
	if err != nil {
		return err
	}
	defer decoder.Close()
	instance, err := r.instanceOf(ctx, query)
	if err != nil {
		return err
	}
	return r.snapshot(ctx, func(q querier) error {
		dictionaries, err := readDictionaries(ctx, q, decoder)
		if err != nil {
			return doing("read dictionaries", err)
		}
		for row, err := range r.find(ctx, q, query, instance, true, id) {
			if err != nil {
				return doing("read documents", err)
			}
			d := Document{Entry: scanEntry(row)}
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

// find yields the rows of a query, with the body's columns at the end when they
// are wanted.
func (r *Reader) find(ctx context.Context, from querier, query Query, instance int64, bodies bool, id string) iter.Seq2[[]driver.Value, error] {
	q, args := query.statement(instance, bodies, id)
	return rows(ctx, from, q, args...)
}

// instanceOf finds the instance of a query and checks that its run is one of it.
func (r *Reader) instanceOf(ctx context.Context, query Query) (int64, error) {
	if query.Run == 0 {
		instance, err := r.Resolve(ctx, query.Instance)
		return instance.ID, err
	}
	run, err := r.Run(ctx, query.Run)
	if err != nil {
		return 0, err
	}
	if query.Instance != "" && query.Instance != run.Instance {
		return 0, fmt.Errorf("run %d of instance %q: %w, it is one of %q", query.Run, query.Instance, ErrNotFound, run.Instance)
	}
	instance, err := r.Resolve(ctx, run.Instance)
	return instance.ID, err
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

// asOf is the condition for what was held, or deleted, as of a run.
var asOf = map[bool]string{
	false: lastSeen + ` >= :run`,
	true: `(` + lastSeen + ` >= :run AND v.state = 'trashed' OR v.gone_run <= :run AND NOT EXISTS (
		SELECT 1 FROM versions n WHERE n.instance = v.instance AND n.kind = v.kind AND n.item = v.item
		AND n.first_run > v.first_run AND n.first_run <= :run))`,
}

// statement builds the query. In both forms an index gives the order: nothing is
// sorted, so the first row comes at once and memory does not grow.
func (q Query) statement(instance int64, bodies bool, id string) (string, []any) {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return "?" + strconv.Itoa(len(args))
	}
	key, state, from, where := "h", "h.state", fromHeads, []string{"h.state <> 'gone'"}
	if q.Deleted {
		where = []string{"h.state <> 'present'"}
	}
	if q.Run != 0 {
		run := arg(q.Run)
		key, from = "v", fromVersions
		state = "CASE WHEN " + lastSeen + " >= " + run + " THEN v.state ELSE 'gone' END"
		where = []string{"v.first_run <= " + run, strings.ReplaceAll(asOf[q.Deleted], ":run", run)}
	}
	where = append(where, key+".instance = "+arg(instance))
	if q.Kind != "" {
		where = append(where, key+".kind = "+arg(string(q.Kind)))
	}
	if id != "" {
		where = append(where, key+".item = "+arg(id))
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
