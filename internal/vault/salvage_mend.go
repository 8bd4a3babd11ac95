package vault

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
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
		there, err := c.number(`SELECT count(*) FROM runs WHERE id = ?`, id)
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
	instance, err := c.number(`SELECT coalesce((SELECT instance FROM versions WHERE first_run = ?1 LIMIT 1), (SELECT instance FROM versions WHERE gone_run = ?1 LIMIT 1),
		(SELECT instance FROM faults WHERE run = ?1 LIMIT 1), (SELECT instance FROM runs WHERE id < ?1 ORDER BY id DESC LIMIT 1),
		(SELECT instance FROM runs ORDER BY id LIMIT 1), (SELECT id FROM instances ORDER BY id LIMIT 1), 1)`, id)
	if err != nil {
		return err
	}
	began, err := c.number(`SELECT coalesce((SELECT min(fetched_at) FROM versions WHERE first_run = ?1), (SELECT max(started_at) FROM runs WHERE id < ?1),
		(SELECT min(started_at) FROM runs WHERE id > ?1), 0)`, id)
	if err != nil {
		return err
	}
	s.lost(Finding{"runs", strconv.FormatInt(id, 10), "only its number is left"})
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
		address, _ := c.value(`SELECT base_url FROM runs WHERE instance = ? AND base_url <> '' ORDER BY id DESC LIMIT 1`, id)
		began, _ := c.number(`SELECT min(started_at) FROM runs WHERE instance = ?`, id)
		name := text(address)
		if written, err := s.old.conn.value(`SELECT name FROM instances WHERE id = ?`, id); err == nil && text(written) != "" && visible(text(written)) == text(written) {
			name = text(written)
		}
		if name == "" {
			name = fmt.Sprintf("salvaged-%d", id)
		}
		s.lost(Finding{"instances", strconv.FormatInt(id, 10), fmt.Sprintf("was damaged and is made anew as %q; look whether that is its name", name)})
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
		s.lost(Finding{"heads", refKey(instance, d.Ref), what})
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
	err := s.made.conn.each(selectVersion+` WHERE id = ?`, func(row []driver.Value) error {
		v = scanVersion(row)
		return nil
	}, id)
	if err != nil {
		return nil, err
	}
	return &v, s.made.conn.each(`SELECT kind, item FROM refs WHERE version = ? ORDER BY kind, item`, func(row []driver.Value) error {
		v.refs = append(v.refs, record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])})
		return nil
	}, id)
}

func (s *salvage) setVersion(v *versionRow) error {
	return s.made.conn.run(`UPDATE versions SET last_run = ?, checksum = ? WHERE id = ?`, nullable(v.lastRun), v.checksum(&s.sum), v.id)
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
				s.lost(Finding{l.table, "", "leads to something that is left out"})
				if err := c.exec(`DELETE FROM ` + l.table); err != nil {
					return err
				}
				continue
			}
			s.lost(Finding{l.table, fmt.Sprint(l.rowid), "leads to something that is left out"})
			if err := c.run(`DELETE FROM `+l.table+` WHERE rowid = ?`, l.rowid); err != nil {
				return err
			}
		}
	}
}

// countFaults makes the counts of what failed, and of what dangles, those of the faults
// that were copied.
func (s *salvage) countFaults(context.Context) error {
	type wrong struct {
		run int64
		c   record.Counts
	}
	var found []wrong
	err := s.made.conn.each(selectKinds+` AS k WHERE failed <> `+faultsLeft+` OR dangling <> 0 AND dangling <> `+danglingLeft, func(row []driver.Value) error {
		found = append(found, wrong{integer(row[0]), scanCounts(row)})
		return nil
	})
	for _, w := range found {
		if err != nil {
			return err
		}
		err = s.made.conn.each(`SELECT `+faultsLeft+`, `+danglingLeft+` FROM run_kinds k WHERE run = ? AND kind = ?`, func(row []driver.Value) error {
			w.c.Failed, w.c.Dangling = integer(row[0]), integer(row[1])
			return nil
		}, w.run, string(w.c.Kind))
		if err != nil {
			return err
		}
		s.lost(Finding{"run_kinds", fmt.Sprintf("%d/%s", w.run, w.c.Kind), fmt.Sprintf("now counts the %d faults that were copied", w.c.Failed+w.c.Dangling)})
		err = s.made.conn.run(`UPDATE run_kinds SET failed = ?, dangling = ?, checksum = ? WHERE run = ? AND kind = ?`,
			w.c.Failed, w.c.Dangling, s.sum.kind(countsColumns(w.run, &w.c), w.c.Dangling), w.run, string(w.c.Kind))
	}
	return err
}

// counted is how many documents of a kind there are, of all and of those held.
type counted struct{ documents, held int64 }

func (c counted) add(o counted) counted { return counted{c.documents + o.documents, c.held + o.held} }
func (c counted) sub(o counted) counted { return counted{c.documents - o.documents, c.held - o.held} }

// recount writes corrections, so that what runs counted and what is there agree as of
// every run.
func (s *salvage) recount(ctx context.Context) error {
	type place struct {
		instance int64
		kind     record.Kind
	}
	wrong := map[place]map[int64]counted{} // how many too many each run counted
	add := func(p place, run int64, c counted) {
		if wrong[p] == nil {
			wrong[p] = map[int64]counted{}
		}
		wrong[p][run] = wrong[p][run].add(c)
	}
	c := s.made.conn
	err := c.each(`SELECT s.instance, k.kind, k.run, k.new, k.reappeared, k.gone FROM run_kinds k JOIN runs s ON s.id = k.run`, func(row []driver.Value) error {
		isNew := integer(row[3])
		add(place{integer(row[0]), record.Kind(text(row[1]))}, integer(row[2]), counted{isNew, isNew + integer(row[4]) - integer(row[5])})
		return nil
	})
	if err != nil {
		return err
	}
	for _, instance := range slices.Collect(maps.Keys(s.instances())) {
		err := group(func(fn func([]driver.Value) error) error { return c.each(selectIntervals, fn, instance, "", "") }, func(d *documentVersions) error {
			p := place{instance, d.Kind}
			add(p, d.intervals[0].first, counted{documents: -1})
			for i, v := range d.intervals {
				end := v.gone
				if i+1 < len(d.intervals) && end == 0 {
					end = d.intervals[i+1].first
				}
				add(p, v.first, counted{held: -1})
				if end != 0 {
					add(p, end, counted{held: 1})
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	for p, by := range wrong {
		if err := s.missedDocuments(p.instance, p.kind, by); err != nil {
			return err
		}
		if err := s.putCorrections(p.instance, p.kind, by); err != nil {
			return err
		}
	}
	return nil
}

// missedDocuments says of a kind that documents are missing which nothing else names:
// the runs have counted them, and no prune removed them.
func (s *salvage) missedDocuments(instance int64, kind record.Kind, by map[int64]counted) error {
	named := slices.ContainsFunc(s.salvaged.LeftOut, func(f Finding) bool {
		return f.Table == "run_kinds" || f.Table == "versions" && (f.Key == "" || strings.HasPrefix(f.Key, "behind")) || f.Document().Kind == kind
	})
	if named {
		return nil
	}
	missing := int64(0)
	for _, c := range by {
		missing += c.documents
	}
	_ = s.old.conn.each(`SELECT * FROM count_corrections WHERE instance = ? AND kind = ?`, func(row []driver.Value) error {
		last := len(row) - 1
		if s.sum.begin("count_corrections", row[:last]...); s.sum.is(row[last]) {
			missing -= integer(row[3])
		}
		return nil
	}, instance, string(kind)) // an older vault has none
	if missing != 0 {
		s.lost(Finding{"heads", fmt.Sprintf("%d/%s/", instance, kind), fmt.Sprintf("%d documents that the runs counted cannot be found", missing)})
	}
	return nil
}

// instances are those of the new vault.
func (s *salvage) instances() map[int64]bool {
	found := map[int64]bool{}
	_ = s.made.conn.each(`SELECT id FROM instances`, func(row []driver.Value) error {
		found[integer(row[0])] = true
		return nil
	}) // what cannot be read here cannot be read later either
	return found
}

// putCorrections writes the corrections of a kind, given by how many each run counted
// too many. A run of which only the number is left needs none of its own.
func (s *salvage) putCorrections(instance int64, kind record.Kind, by map[int64]counted) error {
	var runs []int64
	readable := map[int64]bool{}
	err := s.made.conn.each(`SELECT id, pruned FROM runs WHERE instance = ? ORDER BY id`, func(row []driver.Value) error {
		id := integer(row[0])
		runs, readable[id] = append(runs, id), integer(row[1]) == 0
		return nil
	}, instance)
	var now, written counted
	for i, run := range runs {
		if err != nil {
			return err
		}
		now = now.add(by[run])
		if now.held != 0 && readable[run] {
			s.missing = append(s.missing, runRange{run, run})
		}
		step := now.sub(written)
		if step == (counted{}) || !readable[run] && i+1 < len(runs) {
			continue
		}
		written = now
		columns := []driver.Value{instance, string(kind), run, step.documents, step.held}
		err = s.made.conn.run(`INSERT INTO count_corrections VALUES (?,?,?,?,?,?)`, append(columns, s.sum.row("count_corrections", columns...))...)
	}
	return err
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
			snapshot := NewSnapshot()
			if err := s.made.conn.each(selectSnapshot, snapshot.addRow, r.instance); err != nil {
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
