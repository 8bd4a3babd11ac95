package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A wreck is a vault that is damaged, opened to read what of it can be read. SQLite is
// told to go on where its schema or the size of the file is not what it should be.
type wreck struct {
	path     string
	folder   string // holds the copy that is read in place of the file; "" for none
	conn     *conn
	lost     func(vault.Finding)
	refs     *stmt
	indexed  map[int64][]record.Ref // refs as their index has them; nil before it was read
	readable map[string]bool        // tables that are there
}

// notOurs is a schema that no version will reach soon: more than that is damage.
const notOurs = 1000

// openWreck opens a damaged vault, which nobody may be writing to.
func openWreck(path string, lost func(vault.Finding)) (*wreck, error) {
	if files := FilesOf(path); files.Missing {
		e := vault.Problem(path, vault.ErrMissing, "")
		e.Hint = "name the damaged vault with --db"
		return nil, e
	}
	file, err := resolve(path)
	if err != nil {
		return nil, err
	}
	if pid, held, err := Holder(path); held || err != nil {
		if err != nil {
			return nil, err
		}
		return nil, lockedBy(path, pid)
	}
	if err := readable(file); err != nil {
		return nil, classifyRead(path, err)
	}
	how := []string{"mode=ro"}
	if sizeOf(file+logSuffix) == 0 {
		how = append(how, "immutable=1") // nobody writes, and no file is left beside it
	}
	// The driver reads from a database as soon as it opens one, before it can be told to
	// put up with damage. So it opens an empty one, and the wreck comes beside it.
	c, err := connect("file::memory:")
	if err != nil {
		return nil, err
	}
	w := &wreck{path: path, conn: c, lost: lost, readable: map[string]bool{}}
	err = c.exec("PRAGMA writable_schema=ON; PRAGMA busy_timeout=10000")
	if err == nil {
		err = c.run("ATTACH ? AS wreck", uri(file, how...))
	}
	if err == nil {
		err = w.findTables()
	}
	if err != nil {
		return nil, classifyRead(path, errors.Join(err, c.close()))
	}
	return w, nil
}

// readable says why a file cannot be read, since SQLite does not. Nothing of this process
// holds a lock on the file: closing its descriptor would drop that.
func readable(file string) error {
	if _, err := vaultSize(file); err != nil {
		return err
	}
	d, err := openDescriptor(file, false)
	if err != nil {
		return err
	}
	return d.close()
}

// findTables finds the tables that can be read.
func (w *wreck) findTables() error {
	if err := w.conn.exec("PRAGMA query_only=ON"); err != nil {
		return err
	}
	version, err := w.conn.number("PRAGMA wreck.user_version")
	if err != nil {
		return err
	}
	if version > Schema && version < notOurs {
		return tooNew(w.path, version, Schema)
	}
	err = w.conn.each(`SELECT name FROM wreck.sqlite_schema WHERE type = 'table'`, func(row []driver.Value) error {
		w.readable[text(row[0])] = true
		return nil
	})
	if !w.readable["runs"] || !w.readable["versions"] || !w.readable["bodies"] {
		if err == nil || kindOf(err) == vault.ErrNotVault {
			return vault.Problem(w.path, vault.ErrNotVault, "no table of a vault can be found in it")
		}
		return &vault.Error{Path: w.path, Kind: vault.ErrCorrupt, Detail: "its schema cannot be read, so nothing can be found in it", Hint: "restore a copy of it", Err: err}
	}
	if w.readable["refs"] {
		w.refs, err = w.conn.prepare(`SELECT kind, item FROM refs WHERE version = +? ORDER BY kind, item`)
	} else {
		err = nil
	}
	return err
}

func (w *wreck) close() error {
	var err error
	if w.refs != nil {
		err = w.refs.close()
	}
	err = errors.Join(err, w.conn.close())
	if w.folder != "" {
		err = errors.Join(err, os.RemoveAll(w.folder))
	}
	return err
}

// beyond is how many keys are tried behind the last row that can be read, where nothing
// tells what the last one is.
const beyond = 100_000

// walk calls fn with every row of a table that can be read, in the order of an integer
// key, which is the first column. Where a page cannot be read, the keys that are in it
// are tried one by one, and named as lost.
func (w *wreck) walk(ctx context.Context, table, key, columns string, fn func([]driver.Value) error) error {
	if !w.readable[table] {
		w.lost(vault.Finding{Table: table, Key: "", Problem: "the table cannot be found"})
		return nil
	}
	from, last := int64(0), w.lastKey(table, key)
	for {
		var failed error // of fn
		err := w.conn.each(`SELECT `+key+`, `+columns+` FROM `+table+` WHERE `+key+` >= ? ORDER BY `+key, func(row []driver.Value) error {
			if failed = ctx.Err(); failed != nil {
				return failed
			}
			from = max(from, integer(row[0]))
			failed = fn(row[1:])
			return failed
		}, from)
		if failed != nil || err == nil {
			return failed
		}
		// Keys that several rows share may have been read in part; what was read of them stays.
		lost := from
		next, found := w.nextReadable(table, key, from+1, last)
		w.name(table, lost, next, err)
		if !found {
			return nil
		}
		from = next
	}
}

// lastKey is the greatest key of a table, as far as anything tells it; 0 for nothing.
func (w *wreck) lastKey(table, key string) int64 {
	if last, err := w.conn.number(`SELECT max(` + key + `) FROM ` + table); err == nil {
		return last
	}
	var indexes []string
	_ = w.conn.each(`SELECT name FROM wreck.sqlite_schema WHERE type = 'index' AND tbl_name = +?`, func(row []driver.Value) error {
		indexes = append(indexes, text(row[0]))
		return nil
	}, table) // what cannot be read tells nothing
	for _, index := range indexes {
		if last, err := w.conn.number(`SELECT max(+` + key + `) FROM ` + table + ` INDEXED BY ` + index); err == nil {
			return last
		}
	}
	return 0
}

// nextReadable finds the first key from one on that can be read; false when there is
// none.
func (w *wreck) nextReadable(table, key string, from, last int64) (int64, bool) {
	if last == 0 {
		last = from + beyond
	}
	seek, err := w.conn.prepare(`SELECT ` + key + ` FROM ` + table + ` WHERE ` + key + ` >= ? ORDER BY ` + key + ` LIMIT 1`)
	if err != nil {
		return last, false
	}
	defer func() { _ = seek.close() }()
	for ; from <= last; from++ {
		row, err := seek.row(from)
		if err == nil && row == nil {
			return from, false
		}
		if err == nil {
			return integer(row[0]), true
		}
	}
	return last, false
}

// name says which keys of a table are lost, with the documents that they are about where
// an index tells.
func (w *wreck) name(table string, from, until int64, cause error) {
	problem := "cannot be read: " + cause.Error()
	behind := vault.Finding{Table: table, Key: fmt.Sprintf("behind %d", from), Problem: problem}
	if table != "versions" {
		w.lost(behind)
		return
	}
	named := false
	err := w.conn.each(`SELECT rowid, kind, item FROM versions INDEXED BY versions_item`, func(row []driver.Value) error {
		if id := integer(row[0]); id > from && id < until {
			named = true
			w.lost(vault.Finding{Table: table, Key: fmt.Sprintf("%d (%s/%s)", id, text(row[1]), text(row[2])), Problem: problem})
		}
		return nil
	})
	if !named || err != nil { // the index cannot be read either, or not all of it
		w.lost(behind)
	}
}

// refsOf returns the references of a version: those of the table, or, when again is
// true, those of its index.
func (w *wreck) refsOf(version int64, again bool) (refs []record.Ref, err error) {
	if !again {
		if w.refs == nil {
			return nil, errors.New("the table refs cannot be found")
		}
		err = w.refs.each(func(row []driver.Value) error {
			refs = append(refs, record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])})
			return nil
		}, version)
		return refs, err
	}
	if w.indexed == nil {
		w.indexed = map[int64][]record.Ref{}
		_ = w.conn.each(`SELECT version, kind, item FROM refs INDEXED BY refs_target`, func(row []driver.Value) error {
			id := integer(row[0])
			w.indexed[id] = append(w.indexed[id], record.Ref{Kind: record.Kind(text(row[1])), ID: text(row[2])})
			return nil
		}) // a part of it is better than nothing: checksums tell what is right
	}
	return sorted(w.indexed[version]), nil
}

// head reads the head of a document, nil when there is none that is sound.
func (w *wreck) head(sum *summer, instance int64, kind record.Kind, item string) *headRow {
	var found *headRow
	_ = w.conn.each(`SELECT * FROM heads WHERE instance = +? AND kind = +? AND item = +?`, func(row []driver.Value) error {
		if sum.wholeHead(row) {
			h := scanHead(row)
			found = &h
		}
		return nil
	}, instance, string(kind), item) // one that cannot be read is made anew
	return found
}

// columnsOf are the columns of a table as the wreck has them.
func (w *wreck) columnsOf(table string) (columns []string) {
	_ = w.conn.each(`SELECT name FROM pragma_table_info(?)`, func(row []driver.Value) error {
		columns = append(columns, text(row[0]))
		return nil
	}, table) // a table without columns is not copied
	return columns
}

func (w *wreck) has(table, column string) bool {
	return strings.Contains(" "+strings.Join(w.columnsOf(table), " ")+" ", " "+column+" ")
}
