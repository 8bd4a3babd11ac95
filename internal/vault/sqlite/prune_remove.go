package sqlite

import (
	"database/sql/driver"
	"errors"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// markPruned makes runs numbers only. It is the first thing that a prune commits: what
// those runs knew is removed piece by piece afterwards.
func (tx *transaction) markPruned(runs []int64) error {
	for _, id := range runs {
		found, err := tx.w.runsWhere(`id = +?`, id)
		if err != nil {
			return err
		}
		for _, r := range found {
			r.pruned = true
			columns, err := r.columns()
			if err != nil {
				return err
			}
			if err := tx.w.conn.run(`UPDATE runs SET pruned = 1, checksum = ? WHERE id = +?`, tx.w.sum.row("runs", columns...), id); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeNext removes what is to go of the documents behind the given one, until the
// transaction is large enough. It returns the document that it came to, and whether
// there are more.
func (j *pruneJob) removeNext(tx *transaction, kind, item string) (string, string, bool, error) {
	var found []*documentVersions
	removed, seen, more := 0, 0, false
	err := group(func(fn func([]driver.Value) error) error {
		return j.w.conn.each(selectIntervals, fn, j.instance, kind, item)
	}, func(d *documentVersions) error {
		kind, item = string(d.Kind), d.ID
		seen += len(d.ids)
		if stays := j.keeps(d); slices.Contains(stays, false) {
			found = append(found, d)
			removed += len(d.ids)
		}
		if more = removed >= prunedAtOnce || seen >= seenAtOnce; more {
			return errEnough
		}
		return nil
	})
	for _, d := range found {
		if err == nil {
			err = j.remove(tx, d)
		}
	}
	j.seen += int64(seen)
	return kind, item, more, err
}

// remove removes the versions of a document that do not stay, and notes what is left to
// know of them.
func (j *pruneJob) remove(tx *transaction, d *documentVersions) error {
	stays := j.keeps(d)
	first := slices.Index(stays, true)
	if first >= 0 {
		whole, err := j.newestWhole(tx, d)
		if err != nil {
			return err
		}
		if !whole {
			j.pruned.HeldBack++
			return nil
		}
	}
	for i, id := range d.ids {
		if stays[i] {
			continue
		}
		if err := j.removeVersion(tx, id, d.hashes[i]); err != nil {
			return err
		}
	}
	if first < 0 {
		j.pruned.Documents++
		return j.forget(tx, d)
	}
	if first == 0 {
		return nil
	}
	return j.noteFirst(tx, d, first)
}

// newestWhole reports whether the newest body of a document is as it was stored. Where
// it is not, an older version may be all that is left of the document.
func (j *pruneJob) newestWhole(tx *transaction, d *documentVersions) (bool, error) {
	tx.dictionaries = j.dicts
	_, err := tx.bodyOf(d.hashes[len(d.hashes)-1])
	if errors.Is(err, vault.ErrCorrupt) {
		return false, nil
	}
	return err == nil, err
}

// removeVersion removes a version, and its body where no other version has it.
func (j *pruneJob) removeVersion(tx *transaction, id int64, hash record.Digest) error {
	if err := tx.dropVersion(id); err != nil {
		return err
	}
	j.pruned.Versions++
	if err := tx.w.conn.run(`UPDATE temp.body_uses SET n = n - 1 WHERE hash = +?`, hash[:]); err != nil {
		return err
	}
	left, err := tx.w.conn.number(`SELECT n FROM temp.body_uses WHERE hash = +?`, hash[:])
	if err != nil || left > 0 {
		return err
	}
	size, err := tx.w.conn.number(`SELECT length(data) FROM bodies WHERE hash = +?`, hash[:])
	if err != nil {
		return err
	}
	j.pruned.Bodies++
	j.pruned.Bytes += size
	return tx.w.conn.run(`DELETE FROM bodies WHERE hash = +?`, hash[:])
}

// forget removes what is left of a document without versions. Runs have counted it, and
// a correction says that it is not there any more.
func (j *pruneJob) forget(tx *transaction, d *documentVersions) error {
	for _, table := range []string{"heads", "pruned_versions"} {
		if err := tx.w.conn.run(`DELETE FROM `+table+` WHERE instance = +? AND kind = +? AND item = +?`, j.instance, string(d.Kind), d.ID); err != nil {
			return err
		}
	}
	return j.correct(tx, d.Kind, j.readers.Next(d.intervals[0].First), 1)
}

// noteFirst notes which run saw a document first, whose first version is not there any
// more, and whether it was gone before the one that is now the first.
func (j *pruneJob) noteFirst(tx *transaction, d *documentVersions, first int) error {
	from, until := d.intervals[0].First, d.intervals[first].First
	if j.readers.Within(from, until) {
		// A kept run knew of it that it was gone, and does not any more.
		if err := errors.Join(j.correct(tx, d.Kind, j.readers.Next(from), 1), j.correct(tx, d.Kind, j.readers.Next(until), -1)); err != nil {
			return err
		}
	}
	key := []driver.Value{j.instance, string(d.Kind), d.ID}
	before, err := tx.w.conn.number(`SELECT first_run FROM pruned_versions WHERE instance = +? AND kind = +? AND item = +?`, key...)
	if err != nil {
		return err
	}
	if before != 0 {
		from = before
	}
	columns := append(key, from, nullable(d.intervals[first-1].Gone))
	return tx.w.conn.run(`INSERT OR REPLACE INTO pruned_versions VALUES (?,?,?,?,?,?)`,
		append(columns, tx.w.sum.row("pruned_versions", columns...))...)
}

// correct adds to the correction of the documents that runs counted, as of a run.
func (j *pruneJob) correct(tx *transaction, kind record.Kind, run, documents int64) error {
	return tx.correct(correction{j.instance, kind, run, documents, 0})
}

// correction is by how many documents the runs counted too many, as of a run.
type correction struct {
	instance  int64
	kind      record.Kind
	run       int64
	documents int64 // of all
	held      int64 // of those that were not gone by then
}

// correct adds a correction to the one that is there of the same run.
func (tx *transaction) correct(c correction) error {
	err := tx.w.conn.each(`SELECT documents, held FROM count_corrections WHERE instance = +? AND kind = +? AND run = +?`, func(row []driver.Value) error {
		c.documents += integer(row[0])
		c.held += integer(row[1])
		return nil
	}, c.instance, string(c.kind), c.run)
	if err != nil {
		return err
	}
	if c.documents == 0 && c.held == 0 {
		return tx.w.conn.run(`DELETE FROM count_corrections WHERE instance = +? AND kind = +? AND run = +?`, c.instance, string(c.kind), c.run)
	}
	columns := []driver.Value{c.instance, string(c.kind), c.run, c.documents, c.held}
	return tx.w.conn.run(`INSERT OR REPLACE INTO count_corrections VALUES (?,?,?,?,?,?)`,
		append(columns, tx.w.sum.row("count_corrections", columns...))...)
}
