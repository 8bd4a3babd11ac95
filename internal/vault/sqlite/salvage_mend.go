package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// mend makes of what was copied a vault that is sound in itself: rows that others lead
// to and that were lost are made anew, with what is known; what leads nowhere goes; and
// counts and digests are those of what is there.
func (s *salvage) mend(ctx context.Context) error {
	for _, step := range []func(context.Context) error{s.fillRuns, s.putHeads, s.mendRestores, s.dropLoose, s.countFaults, s.recount, s.sealRuns} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// salvageNote is noted with runs from which something is missing.
const salvageNote = "salvaged from a damaged vault: not all that this run saw could be copied"

// lostRuns is how many runs at the end can be lost; a number beyond that is damaged.
const lostRuns = 1000

// fillRuns makes a row for every run and instance that is missing: others name them, and
// numbers of runs are not used again.
func (s *salvage) fillRuns(context.Context) error {
	c := s.made.conn
	last, err := c.number(`SELECT max(id) FROM (SELECT 0 AS id UNION SELECT max(id) FROM runs UNION SELECT max(first_run) FROM versions
		UNION SELECT max(last_run) FROM versions UNION SELECT max(gone_run) FROM versions UNION SELECT max(run) FROM run_kinds
		UNION SELECT max(run) FROM run_calls UNION SELECT max(run) FROM run_sessions UNION SELECT max(run) FROM run_lessons
		UNION SELECT max(run) FROM faults UNION SELECT max(resolved_run) FROM faults)`)
	if err != nil {
		return err
	}
	if seq, err := s.old.conn.number(`SELECT seq FROM sqlite_sequence WHERE name = 'runs'`); err == nil && seq < last+lostRuns {
		last = max(last, seq)
	}
	s.lastRun = last
	for id := int64(1); id <= last; id++ {
		there, err := c.number(`SELECT count(*) FROM runs WHERE id = +?`, id)
		if err != nil {
			return err
		}
		if there > 0 {
			continue
		}
		if err := s.putLostRun(id); err != nil {
			return err
		}
	}
	if err := s.fillInstances(); err != nil {
		return err
	}
	return c.run(`UPDATE sqlite_sequence SET seq = ? WHERE name = 'runs'`, last)
}

// putLostRun makes a run of which only the number is left.
func (s *salvage) putLostRun(id int64) error {
	c := s.made.conn
	instance, err := c.number(`SELECT coalesce((SELECT instance FROM versions WHERE first_run = +?1 LIMIT 1), (SELECT instance FROM versions WHERE gone_run = +?1 LIMIT 1),
		(SELECT instance FROM faults WHERE run = +?1 LIMIT 1), (SELECT instance FROM runs WHERE id < ?1 ORDER BY id DESC LIMIT 1),
		(SELECT instance FROM runs ORDER BY id LIMIT 1), (SELECT id FROM instances ORDER BY id LIMIT 1), 1)`, id)
	if err != nil {
		return err
	}
	began, err := c.number(`SELECT coalesce((SELECT min(fetched_at) FROM versions WHERE first_run = +?1), (SELECT max(started_at) FROM runs WHERE id < ?1),
		(SELECT min(started_at) FROM runs WHERE id > ?1), 0)`, id)
	if err != nil {
		return err
	}
	s.lost(vault.Finding{Table: "runs", Key: strconv.FormatInt(id, 10), Problem: "only its number is left"})
	return s.putRun(&runRow{id: id, instance: instance, startedAt: began, outcome: record.RunInterrupted, pruned: true, notes: []string{salvageNote}})
}

func (s *salvage) putRun(r *runRow) error {
	columns, err := r.columns()
	if err != nil {
		return err
	}
	return s.made.conn.run(`INSERT OR REPLACE INTO runs VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		append(columns, s.sum.row("runs", columns...))...)
}

// fillInstances makes anew the instances that runs and versions name and that are
// missing: by the name that can be read, or by the address that a run has.
func (s *salvage) fillInstances() error {
	c := s.made.conn
	var missing []int64
	err := c.each(`SELECT DISTINCT instance FROM (SELECT instance FROM runs UNION SELECT instance FROM versions UNION SELECT instance FROM faults)
		WHERE instance NOT IN (SELECT id FROM instances)`, func(row []driver.Value) error {
		missing = append(missing, integer(row[0]))
		return nil
	})
	for _, id := range missing {
		if err != nil {
			return err
		}
		address, _ := c.value(`SELECT base_url FROM runs WHERE instance = +? AND base_url <> '' ORDER BY id DESC LIMIT 1`, id)
		began, _ := c.number(`SELECT min(started_at) FROM runs WHERE instance = +?`, id)
		name := text(address)
		if written, err := s.old.conn.value(`SELECT name FROM instances WHERE id = +?`, id); err == nil && text(written) != "" && vault.Printable(text(written)) == text(written) {
			name = text(written)
		}
		if name == "" {
			name = fmt.Sprintf("salvaged-%d", id)
		}
		s.lost(vault.Finding{Table: "instances", Key: strconv.FormatInt(id, 10), Problem: fmt.Sprintf("was damaged and is made anew as %q; look whether that is its name", name)})
		columns := []driver.Value{id, name, text(address), began}
		err = c.run(`INSERT INTO instances VALUES (?,?,?,?,?)`, append(columns, s.sum.row("instances", columns...))...)
	}
	return err
}

// putHeads makes the head of every document: the one that it had, or a new one where
// that is lost or leads to a version that is.
func (s *salvage) putHeads(ctx context.Context) error {
	var instances []int64
	err := s.made.conn.each(`SELECT id FROM instances ORDER BY id`, func(row []driver.Value) error {
		instances = append(instances, integer(row[0]))
		return nil
	})
	for _, instance := range instances {
		for kind, item, more := "", "", true; more && err == nil; {
			var some []*documentVersions
			err = group(func(fn func([]driver.Value) error) error {
				return s.made.conn.each(selectIntervals, fn, instance, kind, item)
			}, func(d *documentVersions) error {
				some = append(some, d)
				if len(some) == salvagedAtOnce {
					return errEnough
				}
				return nil
			})
			for _, d := range some {
				if err == nil {
					err = s.putHead(instance, d)
				}
				kind, item = string(d.Kind), d.ID
			}
			more = len(some) == salvagedAtOnce
			err = errors.Join(err, ctx.Err())
		}
	}
	return err
}

func (s *salvage) putHead(instance int64, d *documentVersions) error {
	s.salvaged.Documents++
	newest, err := s.version(d.ids[len(d.ids)-1])
	if err != nil {
		return err
	}
	h := s.old.head(&s.sum, instance, d.Kind, d.ID)
	if h == nil || h.settled > s.lastRun || h.version != newest.id || (h.state == record.Gone) != (newest.goneRun != 0) {
		what := "was damaged and is made anew from its newest version"
		if h != nil {
			what = "its newest version is left out: now it is the one of run " + strconv.FormatInt(newest.firstRun, 10)
		}
		s.lost(vault.Finding{Table: "heads", Key: refKey(instance, d.Ref), Problem: what})
		h = headOf(newest)
	}
	if newest.goneRun == 0 && newest.lastRun != 0 {
		newest.lastRun = 0 // nothing follows it any more
		if err := s.setVersion(newest); err != nil {
			return err
		}
	}
	columns := h.columns()
	return s.made.conn.run(`INSERT INTO heads VALUES (?,?,?,?,?,?,?,?,?)`, append(columns, s.sum.row("heads", columns...))...)
}

// version reads a version of the new vault with its refs.
func (s *salvage) version(id int64) (*versionRow, error) {
	var v versionRow
	err := s.made.conn.each(selectVersion+` WHERE id = +?`, func(row []driver.Value) error {
		v = scanVersion(row)
		return nil
	}, id)
	if err != nil {
		return nil, err
	}
	return &v, s.made.conn.each(`SELECT kind, item FROM refs WHERE version = +? ORDER BY kind, item`, func(row []driver.Value) error {
		v.refs = append(v.refs, record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])})
		return nil
	}, id)
}

func (s *salvage) setVersion(v *versionRow) error {
	return s.made.conn.run(`UPDATE versions SET last_run = ?, checksum = ? WHERE id = +?`, nullable(v.lastRun), v.checksum(&s.sum), v.id)
}

// dropLoose removes rows that lead to what was not copied.
func (s *salvage) dropLoose(context.Context) error {
	c := s.made.conn
	if err := c.exec(`DELETE FROM pruned_versions WHERE NOT EXISTS (SELECT 1 FROM heads h
		WHERE h.instance = pruned_versions.instance AND h.kind = pruned_versions.kind AND h.item = pruned_versions.item)`); err != nil {
		return err
	}
	for {
		type loose struct {
			table string
			rowid driver.Value
		}
		var found []loose
		err := c.each(`PRAGMA foreign_key_check`, func(row []driver.Value) error {
			found = append(found, loose{text(row[0]), row[1]})
			return nil
		})
		if err != nil || len(found) == 0 {
			return err
		}
		for _, l := range found {
			if l.rowid == nil { // SQLite does not say which one
				s.lost(vault.Finding{Table: l.table, Key: "", Problem: "leads to something that is left out"})
				if err := c.exec(`DELETE FROM ` + l.table); err != nil {
					return err
				}
				continue
			}
			s.lost(vault.Finding{Table: l.table, Key: fmt.Sprint(l.rowid), Problem: "leads to something that is left out"})
			if err := c.run(`DELETE FROM `+l.table+` WHERE rowid = +?`, l.rowid); err != nil {
				return err
			}
		}
	}
}

// sealRuns says of runs from which something is missing that they are not complete, and
// gives the newest of each instance the digest of what is there.
func (s *salvage) sealRuns(context.Context) error {
	var all []runRow
	err := s.made.conn.each(selectRuns+` ORDER BY id`, func(row []driver.Value) error {
		r, err := scanRun(row, &s.sum)
		all = append(all, r)
		return err
	})
	if err != nil {
		return err
	}
	newest := map[int64]int64{}
	for _, r := range all {
		newest[r.instance] = r.id
	}
	for _, r := range all {
		if r.pruned || !s.affects(r.id) {
			continue
		}
		if r.outcome == record.RunComplete {
			r.outcome = record.RunPartial
		}
		r.notes = note(r.notes, salvageNote)
		if newest[r.instance] == r.id && !r.digest.IsZero() {
			snapshot := vault.NewSnapshot()
			if err := s.made.conn.each(selectSnapshot, addTo(snapshot), r.instance); err != nil {
				return err
			}
			r.digest = snapshot.Digest()
		}
		if err := s.putRun(&r); err != nil {
			return err
		}
	}
	return nil
}
