package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// wrongCounts are counts of a run that do not agree with what was copied.
type wrongCounts struct {
	run      int64
	c        record.Counts
	observed driver.Value
}

// later are the columns behind the checksum.
func (w *wrongCounts) later() []driver.Value {
	later := laterCounts(&w.c)
	later[2] = w.observed
	return later
}

// selectCounted is selectKinds with what a run observed.
var selectCounted = strings.Replace(selectKinds, " FROM", ", observed FROM", 1)

// countFaults makes the counts of what failed, and of what dangles, those of the faults
// that were copied.
func (s *salvage) countFaults(context.Context) error {
	var found []wrongCounts
	err := s.made.conn.each(selectCounted+` AS k WHERE failed <> `+faultsLeft+` OR dangling <> 0 AND dangling <> `+danglingLeft, func(row []driver.Value) error {
		found = append(found, wrongCounts{integer(row[0]), scanCounts(row), row[len(row)-1]})
		return nil
	})
	for _, w := range found {
		if err != nil {
			return err
		}
		err = s.made.conn.each(`SELECT `+faultsLeft+`, `+danglingLeft+` FROM run_kinds k WHERE run = +? AND kind = +?`, func(row []driver.Value) error {
			w.c.Failed, w.c.Dangling = integer(row[0]), integer(row[1])
			return nil
		}, w.run, string(w.c.Kind))
		if err != nil {
			return err
		}
		s.lost(vault.Finding{Table: "run_kinds", Key: fmt.Sprintf("%d/%s", w.run, w.c.Kind), Problem: fmt.Sprintf("now counts the %d faults that were copied", w.c.Failed+w.c.Dangling)})
		err = s.made.conn.run(`UPDATE run_kinds SET failed = ?, dangling = ?, checksum = ? WHERE run = +? AND kind = +?`,
			w.c.Failed, w.c.Dangling, s.sum.kind(countsColumns(w.run, &w.c), w.later()), w.run, string(w.c.Kind))
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
			add(p, d.intervals[0].First, counted{documents: -1})
			for i, v := range d.intervals {
				end := v.Gone
				if i+1 < len(d.intervals) && end == 0 {
					end = d.intervals[i+1].First
				}
				add(p, v.First, counted{held: -1})
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
	named := slices.ContainsFunc(s.salvaged.LeftOut, func(f vault.Finding) bool {
		return f.Table == "run_kinds" || f.Table == "versions" && (f.Key == "" || strings.HasPrefix(f.Key, "behind")) || f.Document().Kind == kind
	})
	if named {
		return nil
	}
	missing := int64(0)
	for _, c := range by {
		missing += c.documents
	}
	_ = s.old.conn.each(`SELECT * FROM count_corrections WHERE instance = +? AND kind = +?`, func(row []driver.Value) error {
		last := len(row) - 1
		if s.sum.begin("count_corrections", row[:last]...); s.sum.is(row[last]) {
			missing -= integer(row[3])
		}
		return nil
	}, instance, string(kind)) // an older vault has none
	if missing != 0 {
		s.lost(vault.Finding{Table: "heads", Key: fmt.Sprintf("%d/%s/", instance, kind), Problem: fmt.Sprintf("%d documents that the runs counted cannot be found", missing)})
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
	err := s.made.conn.each(`SELECT id, pruned FROM runs WHERE instance = +? ORDER BY id`, func(row []driver.Value) error {
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
