package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/mattn/go-sqlite3"

	"github.com/lookervault/lookervault/internal/vault"
)

// readers is how many questions a Reader answers at the same time.
const readers = 4

// keptStatements is how many compiled statements a connection of a Reader keeps for the next
// question of the same words. A restore's plan asks for hundreds of bodies, and compiled each
// question anew: a sixth of its time. What is kept is compiled anew all the same where a
// condition has a bare parameter, see prepare.
const keptStatements = 64

// A Reader reads a vault, also while a run writes to it. It never changes the
// file and needs no lock. Every call sees one state of the vault, whole batches
// only. It serves any number of goroutines.
type Reader struct {
	path string // as the caller wrote it, for messages
	file string
	db   *sql.DB

	connector *connector // of the connections of db, and others

	descriptor *descriptor // of a reader that belongs to no writer
	ofWriter   bool        // it belongs to the writer of the vault
	alone      bool        // the file is read as one that nobody changes
	warn       func(string)
	indexed    atomic.Bool // the indexes of versions are sound
}

var _ vault.Reader = (*Reader)(nil)

// OpenReader opens the vault at path for reading. Errors are of type [*vault.Error]:
// ErrMissing, ErrNotVault, ErrTooNew, ErrTooOld, ErrCorrupt, [io/fs.ErrPermission]
// and others.
//
// In a folder that cannot be written SQLite cannot share its log, so the file is
// opened as one that nobody changes. That needs a vault whose last writer closed
// it; one with a log beside it is refused with ErrReadOnly.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	return openReader(ctx, path, false)
}

func openReader(ctx context.Context, path string, ofWriter bool) (*Reader, error) {
	file, err := resolve(path)
	if err != nil {
		if e, ok := errors.AsType[*vault.Error](err); ok && e.Kind == vault.ErrMissing {
			e.Hint = "name the vault with --db"
		}
		return nil, classifyRead(path, err)
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
		e := classifyRead(path, err)
		if e, ok := errors.AsType[*vault.Error](e); ok && e.Kind == vault.ErrMissing {
			e.Hint, e.Err = "lookervault run makes it", nil
		}
		return nil, e
	case !info.Mode().IsRegular():
		return nil, vault.Problem(path, vault.ErrNotVault, "not a regular file")
	case info.Size() == 0:
		e := vault.Problem(path, vault.ErrNotVault, "")
		e.Err = vault.ErrEmpty
		return nil, e
	}
	r := &Reader{path: path, file: file, ofWriter: ofWriter}
	if !ofWriter {
		if r.descriptor, err = openDescriptor(file, false); err != nil {
			return nil, classifyRead(path, err)
		}
	}
	if err = r.byThisName(); err == nil {
		err = r.connect(ctx, "mode=ro")
	}
	if unshared(err) {
		err = r.connectAlone(ctx)
	}
	if err != nil {
		return nil, classifyRead(path, errors.Join(unlockable(err, r.descriptor), r.descriptor.close()))
	}
	return r, nil
}

// byThisName refuses a vault that is being written to under another name: SQLite
// looks for the log beside the name that it is given, and what a run has committed
// is in the log beside the other one.
func (r *Reader) byThisName() error {
	if r.ofWriter || !r.descriptor.held() {
		return nil
	}
	if _, err := os.Stat(r.file + "-wal"); err == nil {
		return nil
	}
	if _, held, _ := lockFileHeld(r.file); held {
		return nil
	}
	e := lockedElsewhere(r.path)
	e.Hint = "read it by the name that the run was given, or wait for it to end"
	return e
}

// written reports whether a run is writing to the vault.
func (r *Reader) written() bool {
	if r.ofWriter {
		return true
	}
	_, held, err := lockFileHeld(r.file)
	return held && err == nil || r.descriptor.held()
}

// Holder reports whether a run is writing to the vault at path, and which process
// that is, 0 when it is not known. There need not be a vault. An error of type
// [*vault.Error] says that the lock file is none.
func Holder(path string) (pid int, held bool, err error) {
	file, err := resolve(path)
	if err != nil {
		return 0, false, err
	}
	pid, held, err = lockFileHeld(file)
	if held || err != nil {
		return pid, held, err
	}
	d, err := openDescriptor(file, false)
	if err != nil {
		return 0, false, nil //nolint:nilerr // what cannot be opened is not being written to
	}
	held = d.held()
	return 0, held, d.close()
}

// connect opens the file and reads from it once, as SQLite opens lazily. Each connection
// serves one goroutine at a time, which database/sql sees to, and [Reader.sideBySide] for
// those that it makes: without SQLite's own mutex a row of twenty columns costs a fifth
// less.
func (r *Reader) connect(ctx context.Context, params ...string) error {
	params = append(params, "_query_only=1", "_mutex=no", "_busy_timeout=10000", "_stmt_cache_size="+strconv.Itoa(keptStatements))
	r.connector = &connector{path: r.path, dsn: uri(r.file, params...)}
	r.db = sql.OpenDB(r.connector)
	r.db.SetMaxOpenConns(readers)
	r.db.SetMaxIdleConns(readers)
	var n int
	err := r.db.QueryRowContext(ctx, `SELECT count(*) FROM runs WHERE id = 0`).Scan(&n)
	if err != nil {
		return errors.Join(err, r.db.Close())
	}
	return nil
}

// unshared reports whether a log cannot be shared because the folder is read-only.
func unshared(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrCantOpen || e.Code == sqlite3.ErrReadonly)
}

func (r *Reader) connectAlone(ctx context.Context) error {
	log, err := os.Stat(r.file + "-wal")
	if err == nil && log.Size() > 0 {
		e := vault.Problem(r.path, vault.ErrReadOnly, "it has a log beside it, which cannot be read in a read-only folder")
		e.Hint = "copy the vault together with its -wal file into a folder that can be written"
		return e
	}
	r.alone = true
	return r.connect(ctx, "mode=ro", "immutable=1")
}

// connector makes connections that are checked before they are used.
type connector struct{ path, dsn string }

func (c *connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	made, err := c.connect()
	if err != nil {
		return nil, err
	}
	return made.raw, nil
}

func (c *connector) connect() (*conn, error) {
	made, err := connect(c.dsn)
	if err != nil {
		return nil, err
	}
	if err := c.check(made); err != nil {
		return nil, errors.Join(err, made.close())
	}
	return made, nil
}

func (c *connector) check(made *conn) error {
	if err := identify(made, c.path); err != nil {
		return err
	}
	version, err := made.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	switch {
	case version < 1:
		return vault.Problem(c.path, vault.ErrTooOld, fmt.Sprintf("its schema is %d, this version reads 1 to %d", version, Schema))
	case version < Schema:
		steps := strings.Join(stepsForReaders[version:], "")
		if err := made.exec("PRAGMA query_only=0;" + steps + "PRAGMA query_only=1"); err != nil {
			return fmt.Errorf("read a vault of schema %d: %w", version, err)
		}
	}
	return made.assert("query_only", int64(1))
}

// Close gives back the file.
func (r *Reader) Close() error {
	err := r.db.Close()
	r.tidy()
	err = errors.Join(err, r.descriptor.close())
	r.descriptor = nil
	return doing("close the vault", classify(r.path, err))
}

// Path is where the vault is, as the caller named it.
func (r *Reader) Path() string { return r.path }

// querier is a database, or a transaction where several answers must agree.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// rows yields every row of a query. A row is good until the next one.
func rows(ctx context.Context, q querier, query string, args ...any) iter.Seq2[[]driver.Value, error] {
	return rowsOf(func() (*sql.Rows, error) { return q.QueryContext(ctx, query, args...) })
}

// rowsOf is rows for any way to ask.
func rowsOf(ask func() (*sql.Rows, error)) iter.Seq2[[]driver.Value, error] {
	return func(yield func([]driver.Value, error) bool) {
		found, err := ask()
		if err != nil {
			yield(nil, err)
			return
		}
		defer found.Close()
		columns, err := found.Columns()
		if err != nil {
			yield(nil, err)
			return
		}
		row, cells, to := make([]driver.Value, len(columns)), make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &cells[i]
		}
		for found.Next() {
			if err := found.Scan(to...); err != nil {
				yield(nil, err)
				return
			}
			for i, cell := range cells {
				row[i] = cell
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := found.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// snapshot runs fn with a view that does not change in between.
func (r *Reader) snapshot(ctx context.Context, fn func(querier) error) error {
	c, err := r.db.Conn(ctx)
	if err != nil {
		return classify(r.path, err)
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "BEGIN"); err != nil {
		return classify(r.path, err)
	}
	defer func() {
		if _, err := c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
			// Nobody else is to read in a view that did not end.
			_ = c.Raw(func(any) error { return driver.ErrBadConn })
		}
	}()
	return classify(r.path, fn(c))
}

// rowsDirect is rows for many rows of a snapshot, past database/sql, by which each row
// costs a goroutine and a copy of every value.
func rowsDirect(ctx context.Context, q querier, query string, args ...any) iter.Seq2[[]driver.Value, error] {
	if _, ok := q.(*sql.Conn); !ok {
		return rows(ctx, q, query, args...)
	}
	return func(yield func([]driver.Value, error) bool) {
		raw, err := rawOf(q)
		if err != nil {
			yield(nil, err)
			return
		}
		values := make([]driver.Value, len(args))
		for i, arg := range args {
			// As database/sql does it: the driver itself refuses an int.
			if values[i], err = driver.DefaultParameterConverter.ConvertValue(arg); err != nil {
				yield(nil, err)
				return
			}
		}
		err = raw.each(query, func(row []driver.Value) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !yield(row, nil) {
				return errEnough
			}
			return nil
		}, values...)
		if err != nil {
			yield(nil, err)
		}
	}
}

// rawOf is the connection of a snapshot itself. It is the snapshot's alone, also when Raw
// is over.
func rawOf(q querier) (*conn, error) {
	var raw conn
	c, ok := q.(*sql.Conn)
	if !ok {
		return nil, errors.New("vault: no snapshot")
	}
	err := c.Raw(func(made any) error {
		raw.raw = made.(*sqlite3.SQLiteConn)
		return nil
	})
	return &raw, err
}
