package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/lookervault/lookervault/internal/vault"
)

// uri names a file to SQLite, whatever characters its path has.
func uri(path string, params ...string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + strings.Join(params, "&")
}

// conn is one raw connection. It serves one goroutine. Statements run with a
// background context on purpose: with one that can be cancelled the driver
// starts a goroutine for every row.
type conn struct{ raw *sqlite3.SQLiteConn }

func connect(dsn string) (*conn, error) {
	c, err := (&sqlite3.SQLiteDriver{}).Open(dsn)
	if err != nil {
		return nil, err
	}
	return &conn{c.(*sqlite3.SQLiteConn)}, nil
}

func (c *conn) close() error { return c.raw.Close() }

func (c *conn) exec(sql string) error {
	_, err := c.raw.Exec(sql, nil)
	return err
}

// begin begins a write transaction. While another program has one it tries
// again, until ctx ends or busy has passed.
func (c *conn) begin(ctx context.Context, busy time.Duration) error {
	for deadline := time.Now().Add(busy); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := c.exec("BEGIN IMMEDIATE")
		if kindOf(err) != vault.ErrBusy || time.Now().After(deadline) {
			return err
		}
	}
}

// inTransaction reports whether a transaction is open.
func (c *conn) inTransaction() bool { return !c.raw.AutoCommit() }

// rollback ends an open transaction; SQLite itself does so after some errors.
func (c *conn) rollback() error {
	if !c.inTransaction() {
		return nil
	}
	return c.exec("ROLLBACK")
}

// run runs a statement once.
func (c *conn) run(sql string, args ...driver.Value) error {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	_, err = s.exec(args...)
	return errors.Join(err, s.close())
}

// each runs a statement once and calls fn with every row. A connection that keeps statements
// compiles it only if it does not have it.
func (c *conn) each(sql string, fn func([]driver.Value) error, args ...driver.Value) error {
	return c.eachUntil(context.Background(), sql, fn, args...)
}

// eachUntil is each that ctx interrupts, for a goroutine a row.
func (c *conn) eachUntil(ctx context.Context, sql string, fn func([]driver.Value) error, args ...driver.Value) error {
	named := make([]driver.NamedValue, len(args))
	for i, v := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	found, err := c.raw.QueryContext(ctx, sql, named)
	if err != nil {
		return err
	}
	return eachRow(found, make([]driver.Value, len(found.Columns())), fn)
}

// value runs a statement once and returns the first column of its first row.
func (c *conn) value(sql string, args ...driver.Value) (v driver.Value, err error) {
	err = c.each(sql, func(row []driver.Value) error {
		v = row[0]
		return errEnough
	}, args...)
	return v, err
}

// number is value for an integer; null and no row are 0.
func (c *conn) number(sql string, args ...driver.Value) (int64, error) {
	v, err := c.value(sql, args...)
	return integer(v), err
}

// drain runs a statement once and reads all its rows, which some do their work in.
func (c *conn) drain(sql string) error {
	return c.each(sql, func([]driver.Value) error { return nil })
}

// assert checks that a pragma has taken.
func (c *conn) assert(pragma string, want driver.Value) error {
	got, err := c.value("PRAGMA " + pragma)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("PRAGMA %s is %v, not %v", pragma, got, want)
	}
	return nil
}

// stmt is a prepared statement that is used again and again.
type stmt struct {
	s    *sqlite3.SQLiteStmt
	args []driver.NamedValue
	dest []driver.Value
}

func (c *conn) prepare(sql string) (*stmt, error) {
	s, err := c.raw.Prepare(sql)
	if err != nil {
		return nil, err
	}
	st := &stmt{s: s.(*sqlite3.SQLiteStmt), args: make([]driver.NamedValue, s.NumInput())}
	for i := range st.args {
		st.args[i].Ordinal = i + 1
	}
	return st, nil
}

func (s *stmt) close() error { return s.s.Close() }

func (s *stmt) bind(args []driver.Value) error {
	if len(args) != len(s.args) {
		return fmt.Errorf("%d values for a statement with %d", len(args), len(s.args))
	}
	for i, v := range args {
		s.args[i].Value = v
	}
	return nil
}

// exec runs the statement and returns how many rows it changed.
func (s *stmt) exec(args ...driver.Value) (int64, error) {
	if err := s.bind(args); err != nil {
		return 0, err
	}
	res, err := s.s.ExecContext(context.Background(), s.args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// row returns the first row, or nil when there is none. The row is good until
// the statement is used again.
func (s *stmt) row(args ...driver.Value) ([]driver.Value, error) {
	var first []driver.Value
	err := s.each(func(row []driver.Value) error {
		first = row
		return errEnough
	}, args...)
	return first, err
}

// text returns the first column of the first row as a text, "" for null.
func (s *stmt) text(args ...driver.Value) (string, error) {
	row, err := s.row(args...)
	if err != nil || len(row) == 0 {
		return "", err
	}
	return text(row[0]), nil
}

// errEnough ends each early, without an error.
var errEnough = errors.New("enough")

// each calls fn with every row; the row is good until fn returns, the values
// for ever.
func (s *stmt) each(fn func([]driver.Value) error, args ...driver.Value) (err error) {
	if err := s.bind(args); err != nil {
		return err
	}
	rows, err := s.s.QueryContext(context.Background(), s.args)
	if err != nil {
		return err
	}
	if s.dest == nil {
		s.dest = make([]driver.Value, len(rows.Columns()))
	}
	return eachRow(rows, s.dest, fn)
}

// eachRow calls fn with every row, read into dest, and closes them.
func eachRow(found driver.Rows, dest []driver.Value, fn func([]driver.Value) error) (err error) {
	defer func() { err = errors.Join(err, found.Close()) }()
	for {
		switch err := found.Next(dest); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		switch err := fn(dest); {
		case errors.Is(err, errEnough):
			return nil
		case err != nil:
			return err
		}
	}
}

// idsAtOnce is how many ids one statement looks up.
const idsAtOnce = 200

// someIDs is a list of so many ids as SQL.
var someIDs = "(?" + strings.Repeat(",?", idsAtOnce-1) + ")"

// eachOf runs a statement that ends in someIDs until it was run for all of ids, with
// args before them. A list that is too short is filled with its last id.
func (s *stmt) eachOf(ids []string, fn func([]driver.Value) error, args ...driver.Value) error {
	for some := range slices.Chunk(ids, idsAtOnce) {
		all := make([]driver.Value, 0, len(args)+idsAtOnce)
		all = append(all, args...)
		for i := range idsAtOnce {
			all = append(all, some[min(i, len(some)-1)])
		}
		if err := s.each(fn, all...); err != nil {
			return err
		}
	}
	return nil
}

// marks are so many parameters of a statement.
func marks(n int) string { return strings.Repeat("?,", n-1) + "?" }

// text, integer and blob read a column. A damaged row may hold another type
// than its table says: that is for Verify to name, and must not panic here.

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

func integer(v any) int64 {
	i, _ := v.(int64)
	return i
}

func blob(v any) []byte {
	switch v := v.(type) {
	case []byte:
		return v
	case string:
		return []byte(v)
	}
	return nil
}
