package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Restores lists the restores into an instance, or into all when the name is empty, the
// newest first, without their actions. One that is marked as running while nobody holds
// the vault's lock reads as interrupted: its process is dead. A damaged row is an
// ErrCorrupt.
func (r *Reader) Restores(ctx context.Context, instance string) ([]record.Restore, error) {
	if instance == "" {
		return r.restores(ctx, `1 = 1`)
	}
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, err
	}
	return r.restores(ctx, `target = +?`, found.ID)
}

// Restore returns one restore with its actions, or ErrNotFound. One whose plan is not what
// was stored is an ErrCorrupt.
func (r *Reader) Restore(ctx context.Context, id int64) (record.Restore, error) {
	found, err := r.restoreRows(ctx, `id = +?`, id)
	if err != nil {
		return record.Restore{}, err
	}
	if len(found) == 0 {
		return record.Restore{}, fmt.Errorf("restore %d: %w in %s", id, vault.ErrNotFound, r.path)
	}
	whole := found[0]
	plan, err := newPlanSum(&whole)
	if err != nil {
		return record.Restore{}, err
	}
	err = r.snapshot(ctx, func(q querier) error {
		var sum summer
		for row, err := range rowsDirect(ctx, q, `SELECT * FROM restore_actions WHERE restore = +? ORDER BY seq`, id) {
			if err != nil {
				return err
			}
			a, err := scanAction(row, &sum)
			if err != nil {
				return err
			}
			whole.Actions = append(whole.Actions, a)
			if err := plan.add(plannedColumns(row)); err != nil {
				return err
			}
		}
		if plan.digest() != whole.Digest || int64(len(whole.Actions)) != whole.actions {
			return vault.DamageOf("", []vault.Finding{{Table: "restores", Key: fmt.Sprint(id), Problem: "its plan does not match its digest"}})
		}
		return nil
	})
	return whole.Restore, doing(fmt.Sprintf("read restore %d", id), err)
}

func (r *Reader) restores(ctx context.Context, where string, args ...any) (list []record.Restore, err error) {
	found, err := r.restoreRows(ctx, where, args...)
	for i := range found {
		list = append(list, found[i].Restore)
	}
	return list, err
}

func (r *Reader) restoreRows(ctx context.Context, where string, args ...any) (list []restoreRow, err error) {
	// The lock is looked at first: a restore that ends in between is then read with its
	// own state.
	busy := r.written()
	err = r.snapshot(ctx, func(q querier) error {
		var sum summer
		names, err := readInstanceNames(ctx, q)
		if err != nil {
			return err
		}
		index := map[int64]int{}
		for row, err := range rows(ctx, q, `SELECT * FROM restores WHERE `+where+` ORDER BY id DESC`, args...) {
			if err != nil {
				return err
			}
			found, err := scanRestore(row, names, &sum)
			if err != nil {
				return err
			}
			if found.State == record.RestoreRunning && !busy {
				found.State = record.RestoreInterrupted
			}
			index[found.ID] = len(list)
			list = append(list, found)
		}
		for row, err := range rows(ctx, q, `SELECT restore, class, route, sum(calls) FROM restore_calls
			WHERE restore IN (SELECT id FROM restores WHERE `+where+`) GROUP BY restore, class, route ORDER BY restore, class, route`, args...) {
			if err != nil {
				return err
			}
			if i, ok := index[integer(row[0])]; ok {
				list[i].Calls = append(list[i].Calls, record.Calls{Class: text(row[1]), Route: text(row[2]), N: integer(row[3])})
			}
		}
		return nil
	})
	return list, doing("read restores", err)
}

// Mappings lists which documents of the target are which of the source, in the order of
// kind and id. An empty name stands for all instances.
func (r *Reader) Mappings(ctx context.Context, source, target string) (list []record.Mapping, err error) {
	err = r.snapshot(ctx, func(q querier) error {
		var sum summer
		names, err := allInstanceNames(ctx, q)
		if err != nil {
			return err
		}
		for row, err := range rowsDirect(ctx, q, `SELECT m.* FROM id_map m JOIN instances s ON s.id = m.source JOIN instances t ON t.id = m.target
			WHERE (?1 = '' OR s.name = +?1) AND (?2 = '' OR t.name = +?2) ORDER BY m.kind, m.item, m.source, m.target`, source, target) {
			if err != nil {
				return err
			}
			m, err := scanMapping(row, names, &sum)
			if err != nil {
				return err
			}
			list = append(list, m)
		}
		return nil
	})
	return list, doing("read the map of ids", err)
}

// Steps lists the POSTs of a restore, those of an action in the order in which they were sent.
func (r *Reader) Steps(ctx context.Context, restore int64) (list []record.Step, err error) {
	err = r.snapshot(ctx, func(q querier) error {
		var sum summer
		for row, err := range rows(ctx, q, `SELECT * FROM restore_steps WHERE restore = +? ORDER BY seq, step`, restore) {
			if err != nil {
				return err
			}
			step, err := scanStep(row, &sum)
			if err != nil {
				return err
			}
			list = append(list, step)
		}
		return nil
	})
	return list, doing("read the journal", err)
}

// VersionBody returns one version of a document by its row id, checked against its
// checksum and its hash, or ErrNotFound. For many see VersionBodies.
func (r *Reader) VersionBody(ctx context.Context, version int64) (document vault.Document, err error) {
	err = r.VersionBodies(ctx, func(read func(int64) (vault.Document, error)) error {
		document, err = read(version)
		return err
	})
	return document, err
}

// VersionBodies calls fn with a function that reads versions by their row ids, all of
// one state of the vault. The function is for one goroutine and good until fn returns;
// bodies are the caller's. An error of fn is returned as it is.
func (r *Reader) VersionBodies(ctx context.Context, fn func(read func(version int64) (vault.Document, error)) error) error {
	var own error
	err := r.withBodies(ctx, func(q querier, bodies bodyReader) error {
		var sum summer
		own = fn(func(version int64) (vault.Document, error) {
			d, err := r.versionByID(ctx, q, version, &sum, bodies)
			return d, doing(fmt.Sprintf("read version %d", version), classify(r.path, err))
		})
		return nil
	})
	return errors.Join(err, own)
}

func (r *Reader) versionByID(ctx context.Context, q querier, version int64, sum *summer, bodies bodyReader) (d vault.Document, err error) {
	query := `SELECT v.instance, v.kind, v.item, ` + documentColumns + `, ` + storedColumns + fromVersions + `
		LEFT JOIN bodies b ON b.hash = v.hash WHERE v.id = +?`
	for row, err := range rows(ctx, q, query, version) {
		if err != nil {
			return d, err
		}
		instance := integer(row[0])
		document := documentRow(row[1:])
		if err := document.check(sum, instance); err != nil {
			return d, err
		}
		d.Entry = scanEntry(document, horizon{instance: instance, run: always})
		d.State = record.State(text(document[columnState]))
		d.Body, err = bodies.ofDocument(document, d.Entry)
		return d, err
	}
	return d, fmt.Errorf("%w in %s", vault.ErrNotFound, r.path)
}

// HeldRuns returns the runs that restores need, to be applied or undone, which were
// planned at a time or later and were not given up before.
func (r *Reader) HeldRuns(ctx context.Context, planned time.Time) (map[int64]bool, error) {
	return r.neededByRestores(ctx, "run", planned)
}

// neededByRestores is HeldRuns for runs or versions.
func (r *Reader) neededByRestores(ctx context.Context, what string, planned time.Time) (map[int64]bool, error) {
	held := map[int64]bool{}
	for row, err := range rows(ctx, r.db, `SELECT h.id FROM restore_holds h JOIN restores r ON r.id = h.restore
		WHERE h.what = +? AND r.planned_at >= ?`, what, millis(planned)) {
		if err != nil {
			return nil, doing("read what restores need", classify(r.path, err))
		}
		held[integer(row[0])] = true
	}
	return held, nil
}
