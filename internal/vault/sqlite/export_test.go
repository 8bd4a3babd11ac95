package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// OneTable makes a database with the settings of a vault and one table, for the
// benchmarks to compare with.
func OneTable(path string) (insert func(record.Batch) error, done func() error, err error) {
	c, err := connect(uri(path, "mode=rwc"))
	if err != nil {
		return nil, nil, err
	}
	err = c.exec(`PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
		CREATE TABLE item (kind TEXT NOT NULL, id TEXT NOT NULL, title TEXT, updated_at TEXT, owner_id TEXT, folder_id TEXT,
		hash BLOB NOT NULL, size INTEGER NOT NULL, fetched_at INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, id))`)
	if err != nil {
		return nil, nil, err
	}
	add, err := c.prepare(`INSERT INTO item VALUES (?,?,?,?,?,?,?,?,?,?)`)
	if err != nil {
		return nil, nil, err
	}
	insert = func(batch record.Batch) error {
		if err := c.exec("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		for i := range batch {
			rec := &batch[i]
			if _, err := add.exec(string(rec.Kind), rec.ID, rec.Name, rec.Updated, rec.Owner, rec.Folder, rec.Hash[:],
				rec.Size, rec.At.UnixMilli(), rec.Body); err != nil {
				return err
			}
		}
		return c.exec("COMMIT")
	}
	return insert, func() error { return errors.Join(add.close(), c.close()) }, nil
}

// Exec runs a statement on the writer's own connection, for tests that must
// narrow or damage what only it can.
func (w *Writer) Exec(sql string) error { return w.conn.exec(sql) }

// Value is the first value of a query on the writer's own connection.
func (w *Writer) Value(query string) (any, error) { return w.conn.value(query) }

// Companions is how many connections see what a snapshot sees, which begins after they
// were opened and before between is called.
func (r *Reader) Companions(ctx context.Context, between func() error) (n int, err error) {
	open, err := r.openCompanions(ctx)
	defer func() { err = errors.Join(err, open.close()) }()
	if err == nil {
		err = between()
	}
	if err != nil {
		return 0, err
	}
	same, err := open.begin()
	return len(same), err
}

// Execute runs statements on the file at path, as another program would.
func Execute(path string, statements ...string) (err error) {
	c, err := connect(uri(path, "mode=rwc", "_busy_timeout=5000"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	for _, s := range statements {
		if err := c.exec(s); err != nil {
			return err
		}
	}
	return nil
}

// Value is the first value of a query on the file at path.
func Value(path, query string) (v any, err error) {
	c, err := connect(uri(path, "mode=rw"))
	if err != nil {
		return nil, err
	}
	v, err = c.value(query)
	return v, errors.Join(err, c.close())
}

// Rows reads every row of a query on the file at path, as text.
func Rows(path, query string) (list []string, err error) {
	c, err := connect(uri(path, "mode=ro"))
	if err != nil {
		return nil, err
	}
	err = c.each(query, func(row []driver.Value) error {
		list = append(list, fmt.Sprintf("%#v", row))
		return nil
	})
	return list, errors.Join(err, c.close())
}

// Migrate brings the file at path to the newest of the given steps.
func Migrate(ctx context.Context, path string, steps []string) error {
	c, err := connect(uri(path, "mode=rwc"))
	if err != nil {
		return err
	}
	return errors.Join(migrate(ctx, c, path, steps, time.Second), c.close())
}

// Recompiled is how many times the writer's queries were compiled again since they
// were prepared.
func (w *Writer) Recompiled() int64 {
	var n int64
	for _, s := range []*stmt{w.q.heads, w.lookup.known, w.q.version, w.q.refs, w.q.body, w.q.fault, w.q.faultsOf} {
		n += reflect.ValueOf(s.s).Elem().FieldByName("repreps").Int()
	}
	return n
}

// Outdated returns a function that makes the writer remember what Known has read
// until now, and nothing newer.
func (w *Writer) Outdated() func() {
	heads := maps.Clone(w.recent.heads)
	return func() { w.recent.heads = maps.Clone(heads) }
}

// MostRecent is how many heads a writer remembers, and Remembered how many it does
// after Known has read n.
const MostRecent = mostRecent

func Remembered(n int) int {
	var r recent
	for i := range n {
		r.add(headRow{kind: "looks", item: strconv.Itoa(i)})
	}
	return len(r.heads)
}

// Statement is the SQL of a query for entries, with or without bodies.
func Statement(q vault.Query, bodies bool) (string, []any) {
	return statementOf(q, horizon{instance: 1, run: q.At.Run}, bodies, "")
}

// SpanStatement is the query for what changed in a span of instance 1.
func SpanStatement(s vault.Span) (string, []any) {
	begun, gone := changedBetween(s, "")
	return begun + " UNION " + gone, spanArgs(s, 1)
}

// Plan is how SQLite answers a query on the file at path.
func Plan(path, query string, args []any) (plan []string, err error) {
	c, err := connect(uri(path, "mode=ro"))
	if err != nil {
		return nil, err
	}
	values := make([]driver.Value, len(args))
	for i, a := range args {
		values[i] = a
	}
	err = c.each("EXPLAIN QUERY PLAN "+query, func(row []driver.Value) error {
		plan = append(plan, text(row[3]))
		return nil
	}, values...)
	return plan, errors.Join(err, c.close())
}

// StepSum is the hash of a step of the schema.
func StepSum(i int) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(steps[i])))[:16] }

// Older copies a vault without dictionaries into a file of schema 1.
func Older(ctx context.Context, from, to string) (err error) { return OlderAs(ctx, 1, from, to) }

// OlderAs is Older for a file of another schema.
func OlderAs(ctx context.Context, schema int, from, to string) (err error) {
	if err := Migrate(ctx, to, steps[:schema]); err != nil {
		return err
	}
	statements := []string{"ATTACH '" + from + "' AS newer"}
	for _, table := range []string{"instances", "runs", "run_calls", "run_sessions", "versions", "heads", "refs", "faults"} {
		statements = append(statements, "INSERT INTO main."+table+" SELECT * FROM newer."+table)
	}
	statements = append(statements, `INSERT INTO main.run_kinds (run, kind, listing, reason, listed, new, changed, same, trashed,
		reappeared, gone, failed, bytes, stored, checksum) SELECT run, kind, listing, reason, listed, new, changed, same, trashed,
		reappeared, gone, failed, bytes, stored, checksum FROM newer.run_kinds`)
	return Execute(to, append(statements, "INSERT INTO main.bodies (hash, codec, size, data) SELECT hash, codec, size, data FROM newer.bodies")...)
}

// ResealRuns makes the checksums of runs those of what the rows hold now.
func ResealRuns(path string) error {
	c, err := connect(uri(path, "mode=rw"))
	if err != nil {
		return err
	}
	var sum summer
	seals := map[int64][]byte{}
	err = c.each(selectRuns, func(row []driver.Value) error {
		seals[integer(row[0])] = sum.row("runs", row[:len(row)-1]...)
		return nil
	})
	for id, seal := range seals {
		err = errors.Join(err, c.run("UPDATE runs SET checksum = ? WHERE id = ?", seal, id))
	}
	return errors.Join(err, c.close())
}

// Reseal makes the checksums of tables those of what the rows hold now.
func Reseal(path string, tables ...string) error {
	c, err := connect(uri(path, "mode=rw"))
	if err != nil {
		return err
	}
	var sum summer
	for _, table := range tables {
		var rows [][]driver.Value
		var columns []string
		err = errors.Join(err, c.each(`SELECT name FROM pragma_table_info('`+table+`')`, func(row []driver.Value) error {
			columns = append(columns, text(row[0]))
			return nil
		}), c.each(`SELECT * FROM `+table, func(row []driver.Value) error {
			rows = append(rows, slices.Clone(row))
			return nil
		}), c.run(`DELETE FROM `+table))
		for _, row := range rows {
			last := len(row) - 1
			row[last] = sum.row(table, row[:last]...)
			err = errors.Join(err, c.run(`INSERT INTO `+table+` VALUES (`+marks(len(columns))+`)`, row...))
		}
	}
	return errors.Join(err, c.close())
}

// Packed is how many versions of some kinds that no run has ended are read from packed
// texts, and how many are not.
func (r *Reader) Packed(ctx context.Context, instance int64, kinds ...record.Kind) (told, untold int, err error) {
	err = r.snapshot(ctx, func(q querier) error {
		c, err := rawOf(q)
		if err != nil {
			return err
		}
		rows, done, err := c.currentRows(instance, kinds)
		if err != nil {
			return err
		}
		defer done()
		newest, err := c.number(`SELECT max(id) FROM versions`)
		for id := int64(1); id <= newest && err == nil; id++ {
			var ok bool
			if _, ok, err = rows.unpack(nil, entrySpan{after: id - 1, last: id}); ok {
				told++
			} else {
				untold++
			}
		}
		return err
	})
	return told, untold, err
}

// Loose reports whether the passes over a vault find that something leads nowhere: those of
// every verification, and those that look up every body, for where there are too many.
func (r *Reader) Loose(ctx context.Context) (passed, lookedUp bool, err error) {
	err = r.snapshot(ctx, func(q querier) error {
		v, err := newVerifier(ctx, q)
		if err != nil {
			return err
		}
		v.passed, _ = newPassedRows(v.c)
		if err := errors.Join(v.links(), v.heads(), v.versions(), v.bodies()); err != nil {
			return err
		}
		links := v.loose || v.passed.current != v.passed.headed
		hold, err := v.bodyLinks()
		v.passedHold()
		passed, lookedUp = v.loose, links || !hold
		return err
	})
	return passed, lookedUp, err
}

// ManyBodies reports what is told of so many bodies, all but one of which versions lead to.
func ManyBodies(n int) (hold, ok bool) {
	var all passedBodies
	hash := make([]byte, sha256.Size)
	for i := range n {
		binary.BigEndian.PutUint64(hash, uint64(i))
		if all.held.add(hash, int64(1)); i > 0 {
			all.led.add(hash, int64(1))
		}
	}
	return all.hold()
}

// BodySetLimit is how many bodies are told apart.
const BodySetLimit = bodySetLimit

// VerifyBeside verifies with so many connections, as many rows would make it.
func (r *Reader) VerifyBeside(ctx context.Context, n int) ([]vault.Finding, error) {
	var conns []*conn
	for range n {
		c, err := r.connector.connect()
		if err != nil {
			return nil, err
		}
		defer c.close()
		conns = append(conns, c)
	}
	return verifyBeside(ctx, conns, verifier{ctx: ctx})
}
