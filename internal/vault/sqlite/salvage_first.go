package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/lookervault/lookervault/internal/vault"
)

// A file whose first page is damaged is none for SQLite: that page has the header and the
// schema, which says on which page each table begins. Both are known: the tables of a new
// vault begin on the same pages in every file, as SQLite keeps the first pages of a file
// with incremental vacuum for them. So a copy of the file is read with the first page of a
// new vault. Rows that are found where they should not be do not match their checksums.

// Where the header of a file, which is in its first page, has what differs between files:
// https://www.sqlite.org/fileformat2.html#the_database_header
const (
	headerPages     = 28 // number of pages, 4 bytes
	headerFreePage  = 32 // first page of the list of free ones, 4 bytes
	headerFreePages = 36 // how many are in it, 4 bytes
)

// withOtherFirstPage opens a copy, in a folder beside the new vault, of a vault whose first
// page or schema is damaged. It reports false where nothing can be read in that way.
func withOtherFirstPage(ctx context.Context, path, beside string, lost func(vault.Finding)) (*wreck, bool, error) {
	folder, err := os.MkdirTemp(filepath.Dir(beside), ".salvage-*")
	if err != nil {
		return nil, false, err
	}
	copyOf := filepath.Join(folder, "copy.db")
	layouts := []string{"", "VACUUM"} // as a new vault is made, and as one that was rewritten
	best, most := "", 0
	for _, layout := range layouts {
		w, err := copied(ctx, path, copyOf, layout, lost)
		if err != nil {
			continue // in this way nothing can be read
		}
		if sound := w.soundTables(); sound > most {
			best, most = layout, sound
		}
		if err := w.close(); err != nil {
			return nil, false, errors.Join(err, os.RemoveAll(folder))
		}
	}
	if most == 0 {
		return nil, false, errors.Join(ctx.Err(), os.RemoveAll(folder))
	}
	w, err := copied(ctx, path, copyOf, best, lost)
	if err != nil {
		return nil, false, errors.Join(err, os.RemoveAll(folder))
	}
	w.folder = folder
	lost(vault.Finding{Table: "", Key: "", Problem: "its first page is damaged, and read as that of a new vault"})
	return w, true, nil
}

// copied copies a vault with the first page of a new one, to be opened.
func copied(ctx context.Context, from, to, layout string, lost func(vault.Finding)) (*wreck, error) {
	first, err := firstPage(ctx, filepath.Dir(to), layout)
	if err != nil {
		return nil, err
	}
	file, err := resolve(from)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(first[headerPages:], uint32(sizeOf(file)/pageSize))
	binary.BigEndian.PutUint32(first[headerFreePage:], 0)
	binary.BigEndian.PutUint32(first[headerFreePages:], 0)
	if sizeOf(to) > 0 { // only another beginning is wanted
		file = to
		err = writeBeginning(to, first)
	} else {
		err = copyBehind(file, to, first)
	}
	if err == nil && file != to && sizeOf(file+logSuffix) > 0 {
		err = copyBehind(file+logSuffix, to+logSuffix, nil)
	}
	if err != nil {
		return nil, err
	}
	return openWreck(to, lost)
}

// firstPage is the first page of a vault whose tables begin where those of a new vault do,
// or of one that VACUUM has rewritten. It has tables and their indexes only, which leaves
// room for the whole schema in it.
func firstPage(ctx context.Context, folder, layout string) (page []byte, err error) {
	fresh := filepath.Join(folder, "fresh.db")
	made, err := OpenFile(ctx, fresh, Options{})
	if err != nil {
		return nil, err
	}
	made.used = true
	if err := made.Close(); err != nil {
		return nil, err
	}
	c, err := connect(uri(fresh, "mode=rw"))
	if err != nil {
		return nil, err
	}
	slim := filepath.Join(folder, "slim.db")
	err = errors.Join(c.exec(layout), c.run("ATTACH ? AS slim", uri(slim, "mode=rwc")))
	if err == nil {
		err = c.exec(fmt.Sprintf(`PRAGMA slim.page_size=%d; PRAGMA slim.auto_vacuum=INCREMENTAL;
			CREATE TABLE slim.first (a); PRAGMA writable_schema=ON; DELETE FROM slim.sqlite_schema;
			INSERT INTO slim.sqlite_schema SELECT * FROM main.sqlite_schema WHERE rootpage > 0 ORDER BY rowid;
			PRAGMA slim.application_id=%d; PRAGMA slim.user_version=%d`, pageSize, applicationID, Schema))
	}
	if err = errors.Join(err, c.close()); err != nil {
		return nil, err
	}
	whole, err := os.ReadFile(slim)
	if err != nil || len(whole) < pageSize {
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	return whole[:pageSize], errors.Join(os.Remove(slim), os.Remove(fresh))
}

// writeBeginning overwrites the beginning of a file.
func writeBeginning(path string, beginning []byte) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(beginning, 0)
	return errors.Join(err, file.Close())
}

// copyBehind copies a file with another beginning.
func copyBehind(from, to string, beginning []byte) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if _, err = target.Write(beginning); err == nil {
		_, err = source.Seek(int64(len(beginning)), io.SeekStart)
	}
	if err == nil {
		_, err = io.Copy(target, source)
	}
	return err
}

// soundTables counts the tables of which a row can be read that is as it was written.
func (w *wreck) soundTables() (count int) {
	var sum summer
	for _, table := range []string{"instances", "runs", "run_calls", "run_sessions", "heads", "dictionaries"} {
		_ = w.conn.each(`SELECT * FROM `+table, func(row []driver.Value) error {
			last := len(row) - 1
			if sum.begin(table, row[:last]...); sum.is(row[last]) {
				count++
				return errEnough
			}
			return nil
		}) // what cannot be read is not sound
	}
	_ = w.conn.each(`SELECT 1 FROM versions v JOIN bodies b ON b.hash = v.hash AND b.size = v.size LIMIT 1`, func([]driver.Value) error {
		count++
		return nil
	})
	return count
}

// wholeSchema reports whether the tables that every vault has can be asked.
func (w *wreck) wholeSchema() bool {
	for _, table := range []string{"instances", "runs", "run_kinds", "run_calls", "run_sessions", "bodies", "versions", "heads", "refs", "faults"} {
		question, err := w.conn.prepare(`SELECT * FROM ` + table)
		if err != nil {
			return false
		}
		if question.close() != nil {
			return false
		}
	}
	return true
}
