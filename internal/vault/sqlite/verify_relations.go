package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/lookervault/lookervault/internal/record"
)

// faultsLeft is how many faults a run left in a kind, for a query of run_kinds as k.
const faultsLeft = `(SELECT count(*) FROM faults f WHERE f.run = k.run AND f.kind = k.kind AND f.class <> '` + record.FaultDangling +
	`' AND (f.resolved_run IS NULL OR f.resolved_run <> f.run))`

// danglingLeft is the same of references that led to nothing.
const danglingLeft = `(SELECT count(*) FROM faults f WHERE f.run = k.run AND f.kind = k.kind AND f.class = '` + record.FaultDangling +
	`' AND (f.resolved_run IS NULL OR f.resolved_run <> f.run))`

// relations are what holds between rows. Each query finds what breaks one: the
// table, the key, and what is wrong.
var relations = []string{
	`SELECT 'pruned_versions', p.instance || '/' || p.kind || '/' || p.item, 'no head leads to its document' FROM pruned_versions p
		WHERE NOT EXISTS (SELECT 1 FROM heads h WHERE h.instance = p.instance AND h.kind = p.kind AND h.item = p.item)`,
	`SELECT 'run_kinds', k.run || '/' || k.kind, 'it counts ' || k.failed || ' failed, not the faults that it left'
		FROM run_kinds k WHERE k.failed <> ` + faultsLeft,
	// Runs of older schemas count none.
	`SELECT 'run_kinds', k.run || '/' || k.kind, 'it counts ' || k.dangling || ' dangling, not the faults that it left'
		FROM run_kinds k WHERE k.dangling <> 0 AND k.dangling <> ` + danglingLeft,
	newestRun,
	`SELECT 'sqlite_sequence', 'restores', 'the highest restore ever is not the newest'
		WHERE coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'restores'), 0) <> (SELECT coalesce(max(id), 0) FROM restores)`,
	`SELECT 'restore_actions', a.restore || '/' || a.seq, 'a version that it names is not held, or its body is not'
		FROM restore_actions a JOIN restores r ON r.id = a.restore WHERE r.released = 0 AND (
		a.version IS NOT NULL AND NOT EXISTS (SELECT 1 FROM versions v JOIN bodies b ON b.hash = v.hash WHERE v.id = a.version) OR
		a.before IS NOT NULL AND NOT EXISTS (SELECT 1 FROM versions v JOIN bodies b ON b.hash = v.hash WHERE v.id = a.before))`,
	`SELECT 'restore_steps', s.restore || '/' || s.seq || '/' || s.step, 'no action has it' FROM restore_steps s
		WHERE NOT EXISTS (SELECT 1 FROM restore_actions a WHERE a.restore = s.restore AND a.seq = s.seq)`,
}

// newestRun is the relation of the newest run, which leaves nothing behind where it is missing.
const newestRun = `SELECT 'sqlite_sequence', 'runs', 'the highest run ever is not the newest run'
	WHERE coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'runs'), 0) <> (SELECT coalesce(max(id), 0) FROM runs)`

// countedRuns is the relation of runs that are missing, of which there are counts.
const countedRuns = `SELECT DISTINCT 'runs', run, 'is missing, but counts of it are there' FROM run_kinds WHERE run NOT IN (SELECT id FROM runs)`

// relationsOf checks some relations.
func (v *verifier) relationsOf(relations []string) func() error {
	return func() error {
		var errs []error
		for _, query := range relations {
			errs = append(errs, v.each(func(row []driver.Value) error {
				v.found(text(row[0]), fmt.Sprint(row[1]), "%s", text(row[2]))
				return nil
			}, query))
		}
		return errors.Join(errs...)
	}
}
