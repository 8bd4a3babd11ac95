package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// transact runs fn in a transaction on the file's own connection, which no run uses
// meanwhile.
func (f *File) transact(ctx context.Context, fn func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.transactHeld(ctx, fn)
}

// transactHeld is transact for who holds f.mu.
func (f *File) transactHeld(ctx context.Context, fn func() error) (err error) {
	switch {
	case f.conn == nil:
		return errClosed
	case f.writer != nil:
		return errInUse
	}
	if err := f.conn.begin(ctx, f.options.Busy); err != nil {
		return classify(f.path, err)
	}
	defer func() {
		if err != nil {
			err = classify(f.path, errors.Join(err, f.conn.rollback()))
		}
	}()
	if err := fn(); err != nil {
		return err
	}
	if err := f.unreplaced(); err != nil {
		return err
	}
	return f.conn.exec("COMMIT")
}

var errClosed = errors.New("vault: the file is closed")

// PutPlan stores a plan with all its actions in one transaction, and returns it as it
// is stored: with its number, its digest and the state of each action. Source and
// target must be instances of the vault, actions numbered from 1 on, and each version
// that one names must be held: nothing is touched whose bytes the vault does not hold.
// An action without a state is planned, or skipped or impossible as its deed says.
func (f *File) PutPlan(ctx context.Context, plan record.Restore) (record.Restore, error) {
	row := &restoreRow{Restore: plan, actions: int64(len(plan.Actions))}
	row.State, row.Digest, row.Calls = record.RestorePlanned, record.Digest{}, nil
	if row.Request == nil {
		row.Request = json.RawMessage("null")
	}
	if row.PlannedAt.IsZero() {
		row.PlannedAt = f.options.Now()
	}
	row.PlannedAt = moment(millis(row.PlannedAt))
	row.Actions = make([]record.Action, len(plan.Actions))
	for i, a := range plan.Actions {
		if a.Seq != i+1 {
			return record.Restore{}, fmt.Errorf("store a plan: action %d is number %d", i+1, a.Seq)
		}
		if a.State == "" {
			a.State = stateOf(a.Deed)
		}
		row.Actions[i] = a
	}
	err := f.transact(ctx, func() error { return f.putPlan(row) })
	if err != nil {
		return record.Restore{}, doing("store a plan", err)
	}
	f.used = true
	return row.Restore, nil
}

// stateOf is the state that an action of a new plan has.
func stateOf(deed record.Deed) record.ActionState {
	switch deed {
	case record.DeedSkip:
		return record.ActionSkipped
	case record.DeedImpossible:
		return record.ActionImpossible
	default:
		return record.ActionPlanned
	}
}

func (f *File) putPlan(row *restoreRow) (err error) {
	if row.source, err = f.instance(row.Source); err != nil {
		return err
	}
	if row.target, err = f.instance(row.Target); err != nil {
		return err
	}
	row.ID, err = f.conn.number(`SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'restores'), 0),
		coalesce((SELECT max(id) FROM restores), 0)) + 1`)
	if err != nil {
		return err
	}
	sum, err := newPlanSum(row)
	if err != nil {
		return err
	}
	// The row comes first: actions refer to it. Its digest is known when they are written.
	if err := f.putRestore(row); err != nil {
		return err
	}
	add, err := f.conn.prepare(`INSERT INTO restore_actions VALUES (` + marks(26) + `)`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, add.close()) }()
	for i := range row.Actions {
		a := &row.Actions[i]
		if err := f.holdsVersions(a); err != nil {
			return err
		}
		columns, err := actionColumns(row.ID, a)
		if err != nil {
			return err
		}
		if err := sum.add(plannedColumns(columns)); err != nil {
			return err
		}
		if _, err := add.exec(append(columns, f.sum.row("restore_actions", columns...))...); err != nil {
			return fmt.Errorf("action %d: %w", a.Seq, err)
		}
	}
	row.Digest = sum.digest()
	return f.putRestore(row)
}

// holdsVersions checks that the versions which an action names are held.
func (f *File) holdsVersions(a *record.Action) error {
	for _, version := range []int64{a.Version, a.Before} {
		if version == 0 {
			continue
		}
		held, err := f.conn.number(`SELECT count(*) FROM versions v JOIN bodies b ON b.hash = v.hash WHERE v.id = +?`, version)
		if err != nil {
			return err
		}
		if held == 0 {
			return fmt.Errorf("action %d (%s): version %d: %w", a.Seq, a.Ref, version, vault.ErrNotFound)
		}
	}
	return nil
}

// instance is the row id of an instance.
func (f *File) instance(name string) (int64, error) {
	id, err := f.conn.number(`SELECT id FROM instances WHERE name = +?`, name)
	if err == nil && id == 0 {
		err = fmt.Errorf("instance %q: %w", name, vault.ErrNotFound)
	}
	return id, err
}

// putRestore writes the row of a restore, new or changed.
func (f *File) putRestore(row *restoreRow) error {
	columns, err := row.columns()
	if err != nil {
		return err
	}
	return f.conn.run(`INSERT INTO restores VALUES (`+marks(22)+`) ON CONFLICT (id) DO UPDATE SET
		verdict_run = excluded.verdict_run, digest = excluded.digest, state = excluded.state, started_at = excluded.started_at,
		finished_at = excluded.finished_at, resumed = excluded.resumed, notes = excluded.notes, released = excluded.released,
		checksum = excluded.checksum`, append(columns, f.sum.row("restores", columns...))...)
}

// restoresWhere reads the rows of restores. One that is damaged is an ErrCorrupt.
func (f *File) restoresWhere(where string, args ...driver.Value) (list []restoreRow, err error) {
	names := instanceNames{}
	err = f.conn.each(`SELECT id, name FROM instances`, func(row []driver.Value) error {
		names[integer(row[0])] = text(row[1])
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = f.conn.each(`SELECT * FROM restores WHERE `+where, func(row []driver.Value) error {
		r, err := scanRestore(row, names, &f.sum)
		list = append(list, r)
		return err
	}, args...)
	return list, err
}

// Discard takes note that a plan will not be applied. One that was begun is refused
// with ErrOver.
func (f *File) Discard(ctx context.Context, id int64) error {
	return doing(fmt.Sprintf("discard plan %d", id), f.transact(ctx, func() error {
		row, err := f.restore(id)
		switch {
		case err != nil:
			return err
		case row.State == record.RestoreDiscarded:
			return nil
		case row.State != record.RestorePlanned:
			return &vault.PlanError{ID: id, Kind: vault.ErrOver, Detail: "it is " + string(row.State)}
		}
		row.State = record.RestoreDiscarded
		return f.putRestore(row)
	}))
}

// restore reads the row of one restore.
func (f *File) restore(id int64) (*restoreRow, error) {
	found, err := f.restoresWhere(`id = +?`, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("plan %d: %w in %s", id, vault.ErrNotFound, f.path)
	}
	return &found[0], nil
}

// interruptDead is interruptRestores for a run, which may be the look or the check of
// the restore that is under way.
func (f *File) interruptDead() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.restoring != nil {
		return nil // it has done so
	}
	return f.interruptRestores(0)
}

// interruptRestores ends the restores whose process is dead: it cannot live, as the
// lock is held here. One that this process applies is spared.
func (f *File) interruptRestores(but int64) error {
	running, err := f.restoresWhere(`state = 'running' AND id <> ?`, but)
	for i := range running {
		running[i].State = record.RestoreInterrupted
		err = errors.Join(err, f.putRestore(&running[i]))
	}
	return err
}

// releaseRestores takes note that versions may be removed which restores name that were
// planned before a time, and that were not released yet: none of them can be applied or
// undone any more. It is called in the transaction that begins to remove them, and
// returns how many restores it released. View restore_holds is what must be kept for the
// others.
func (f *File) releaseRestores(before int64) (int, error) {
	return f.release(`planned_at < ?`, before)
}

// releaseNaming releases the restores that name a version which was lost.
func (f *File) releaseNaming(version int64) error {
	_, err := f.release(`id IN (SELECT restore FROM restore_actions WHERE version = +?1 OR before = +?1)`, version)
	return err
}

func (f *File) release(which string, args ...driver.Value) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old, err := f.restoresWhere(`released = 0 AND `+which, args...)
	for i := range old {
		old[i].Released = true
		err = errors.Join(err, f.putRestore(&old[i]))
	}
	return len(old), err
}
