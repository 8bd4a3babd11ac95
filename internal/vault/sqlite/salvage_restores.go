package sqlite

import (
	"context"
	"database/sql/driver"
	"strconv"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// mendRestores removes restores whose plan was not copied whole, and releases those that
// name versions which are left out: they cannot be applied or undone any more.
func (s *salvage) mendRestores(context.Context) error {
	c := s.made.conn
	var all []restoreRow
	err := c.each(`SELECT * FROM restores`, func(row []driver.Value) error {
		r, err := scanRestore(row, nil, &s.sum)
		all = append(all, r)
		return err
	})
	if err != nil {
		return err
	}
	for i := range all {
		whole, err := s.planWhole(&all[i])
		if err != nil {
			return err
		}
		if !whole {
			if err := s.dropRestore(all[i].ID); err != nil {
				return err
			}
		}
	}
	if err := c.exec(`DELETE FROM restore_actions WHERE restore NOT IN (SELECT id FROM restores);
		DELETE FROM restore_calls WHERE restore NOT IN (SELECT id FROM restores);
		DELETE FROM restore_steps WHERE NOT EXISTS (SELECT 1 FROM restore_actions a WHERE a.restore = restore_steps.restore AND a.seq = restore_steps.seq);
		DELETE FROM id_map WHERE restore IS NOT NULL AND restore NOT IN (SELECT id FROM restores);
		UPDATE sqlite_sequence SET seq = (SELECT coalesce(max(id), 0) FROM restores) WHERE name = 'restores'`); err != nil {
		return err
	}
	released, err := s.file.release(`id IN (SELECT a.restore FROM restore_actions a WHERE
		a.version IS NOT NULL AND a.version NOT IN (SELECT id FROM versions) OR a.before IS NOT NULL AND a.before NOT IN (SELECT id FROM versions))`)
	if err == nil && released > 0 {
		s.lost(vault.Finding{Table: "restores", Key: "", Problem: plural(released, "restore names a version", "restores name versions") + " left out, and cannot be applied or undone any more"})
	}
	return err
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// planWhole reports whether all actions of a restore were copied.
func (s *salvage) planWhole(r *restoreRow) (bool, error) {
	sum, err := newPlanSum(r)
	if err != nil {
		return false, err
	}
	actions := int64(0)
	err = s.made.conn.each(`SELECT * FROM restore_actions WHERE restore = +? ORDER BY seq`, func(row []driver.Value) error {
		actions++
		return sum.add(plannedColumns(row))
	}, r.ID)
	return sum.digest() == r.Digest && actions == r.actions, err
}

func (s *salvage) dropRestore(id int64) error {
	s.lost(vault.Finding{Table: "restores", Key: strconv.FormatInt(id, 10), Problem: "its plan could not be copied whole"})
	return s.made.conn.run(`DELETE FROM restores WHERE id = +?`, id)
}

// copyKinds copies what runs counted: the one table whose checksum is not its last
// column.
func (s *salvage) copyKinds(ctx context.Context) error {
	return s.old.walk(ctx, "run_kinds", "run", "*", func(row []driver.Value) error {
		const last = 14 // the checksum
		if !s.sum.wholeCounts(row) {
			s.lost(vault.Finding{Table: "run_kinds", Key: keyOf(row[:2]), Problem: "does not match its checksum"})
			return nil
		}
		later := laterCounts(&record.Counts{}) // of older schemas
		copy(later, row[last+1:])
		return s.insert(ctx, "run_kinds", append(row[:last+1:last+1], later...))
	})
}
