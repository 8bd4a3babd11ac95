package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A Restore is a plan that is being applied: the journal of what is about to be sent,
// and of what became of it. Its methods may be called from any goroutine, while no run
// of the same file is under way.
type Restore struct {
	file    *File
	drain   func() []record.Calls
	queries restoreQueries // used under the file's mutex, like what follows

	calls       map[callKey]int64
	made        map[callKey]int64 // as the transaction that is under way has them
	uncommitted []record.Calls    // were asked for, but the transaction failed

	mu      sync.Mutex // of what follows; taken after the file's
	row     restoreRow
	joining *sharedCommit // transaction that waits for its turn, nil for none
	over    bool
}

type restoreQueries struct{ step, addStep, setStep, setAction, putCalls, putMapping *stmt }

// Apply takes up a plan: it marks it as running, and returns its journal. A plan that
// was interrupted, or ended with actions that were not done, goes on. drain returns
// the calls that were made since it was asked last, and is asked in every transaction,
// so that the counts survive a kill; nil means none.
//
// Apply returns a [vault.PlanError] for a plan that is not what was stored, that a prune
// took something from, or that is over, and ErrNotFound when there is no such plan. A
// restore that another process left running when it died becomes interrupted.
func (f *File) Apply(ctx context.Context, id int64, drain func() []record.Calls) (_ *Restore, err error) {
	if drain == nil {
		drain = func() []record.Calls { return nil }
	}
	r := &Restore{file: f, drain: drain, calls: map[callKey]int64{}}
	err = f.transact(ctx, func() error {
		if f.restoring != nil {
			return errRestoring
		}
		if err := r.load(id); err != nil {
			return err
		}
		if err := f.interruptRestores(id); err != nil {
			return err
		}
		if r.row.StartedAt.IsZero() {
			r.row.StartedAt = moment(millis(f.options.Now()))
		} else {
			r.row.Resumed++
		}
		r.row.State, r.row.FinishedAt = record.RestoreRunning, moment(0)
		if err := f.putRestore(&r.row); err != nil {
			return err
		}
		if err := r.prepare(); err != nil {
			return err
		}
		f.restoring = r
		return nil
	})
	if err != nil {
		if f.restoring == r {
			f.restoring = nil
		}
		return nil, doing(fmt.Sprintf("apply plan %d", id), errors.Join(err, r.queries.close()))
	}
	return r, nil
}

var errRestoring = errors.New("vault: a restore is under way")

// load reads the plan and checks that it may be applied.
func (r *Restore) load(id int64) error {
	f := r.file
	refused := func(kind error, detail string) error { return &vault.PlanError{ID: id, Kind: kind, Detail: detail} }
	row, err := f.restore(id)
	if errors.Is(err, vault.ErrCorrupt) {
		return refused(vault.ErrTampered, err.Error())
	}
	if err != nil {
		return err
	}
	switch {
	case !row.Open():
		return refused(vault.ErrOver, "it is "+string(row.State))
	case row.Released:
		return refused(vault.ErrReleased, "plan anew")
	}
	sum, err := newPlanSum(row)
	if err != nil {
		return err
	}
	err = f.conn.each(`SELECT * FROM restore_actions WHERE restore = +? ORDER BY seq`, func(columns []driver.Value) error {
		a, err := scanAction(columns, &f.sum)
		if err != nil {
			return err
		}
		row.Actions = append(row.Actions, a)
		return sum.add(plannedColumns(columns))
	}, id)
	switch {
	case errors.Is(err, vault.ErrCorrupt):
		return refused(vault.ErrTampered, err.Error())
	case err != nil:
		return err
	case sum.digest() != row.Digest || int64(len(row.Actions)) != row.actions:
		return refused(vault.ErrTampered, "it does not match its digest")
	}
	for i := range row.Actions {
		if err := f.holdsVersions(&row.Actions[i]); errors.Is(err, vault.ErrNotFound) {
			return refused(vault.ErrReleased, err.Error()+"; plan anew")
		} else if err != nil {
			return err
		}
	}
	r.row = *row
	return r.loadSteps()
}

// loadSteps checks the journal of what was sent before, and reads the calls that were
// made.
func (r *Restore) loadSteps() error {
	f := r.file
	err := f.conn.each(`SELECT * FROM restore_steps WHERE restore = +?`, func(row []driver.Value) error {
		_, err := scanStep(row, &f.sum)
		return err
	}, r.row.ID)
	if err != nil {
		return err
	}
	return f.conn.each(`SELECT month, class, route, calls FROM restore_calls WHERE restore = +?`, func(row []driver.Value) error {
		r.calls[callKey{text(row[0]), text(row[1]), text(row[2])}] = integer(row[3])
		return nil
	}, r.row.ID)
}

func (r *Restore) prepare() error {
	var errs []error
	for _, p := range []struct {
		to  **stmt
		sql string
	}{
		{&r.queries.step, `SELECT * FROM restore_steps WHERE restore = +? AND seq = +? AND step = +?`},
		{&r.queries.addStep, `INSERT INTO restore_steps VALUES (` + marks(11) + `)`},
		{&r.queries.setStep, `UPDATE restore_steps SET state = ?8, target_item = ?9, at = ?10, checksum = ?11
			WHERE restore = +?1 AND seq = +?2 AND step = +?3`},
		{&r.queries.setAction, `UPDATE restore_actions SET target_item = ?3, state = ?4, class = ?5, status = ?6, attempts = ?7,
			message = ?8, errors = ?9, calls = ?10, checked = ?11, at = ?12, checksum = ?13 WHERE restore = +?1 AND seq = +?2`},
		{&r.queries.putCalls, `INSERT INTO restore_calls VALUES (?,?,?,?,?,?) ON CONFLICT (restore, month, class, route) DO UPDATE SET
			calls = excluded.calls, checksum = excluded.checksum`},
		{&r.queries.putMapping, `INSERT INTO id_map VALUES (` + marks(10) + `) ON CONFLICT (source, target, kind, item) DO UPDATE SET
			target_item = excluded.target_item, how = excluded.how, restore = excluded.restore, at = excluded.at,
			state = excluded.state, checksum = excluded.checksum`},
	} {
		var err error
		*p.to, err = r.file.conn.prepare(p.sql)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (q *restoreQueries) close() error {
	var errs []error
	for _, s := range []*stmt{q.step, q.addStep, q.setStep, q.setAction, q.putCalls, q.putMapping} {
		if s != nil {
			errs = append(errs, s.close())
		}
	}
	*q = restoreQueries{}
	return errors.Join(errs...)
}

// Plan returns the restore with its actions as they stand.
func (r *Restore) Plan() record.Restore {
	r.mu.Lock()
	defer r.mu.Unlock()
	plan := r.row.Restore
	plan.Actions, plan.Notes = slices.Clone(plan.Actions), slices.Clone(plan.Notes)
	return plan
}

// Calls returns the calls that the restore has made, in all its sessions, also those that no
// transaction could make durable.
func (r *Restore) Calls() []record.Calls {
	r.file.mu.Lock()
	defer r.file.mu.Unlock()
	r.uncommitted = slices.Concat(r.uncommitted, r.drain())
	all := slices.Clone(r.uncommitted)
	for key, n := range r.calls {
		all = append(all, record.Calls{Class: key.class, Route: key.route, N: n})
	}
	return all
}

// Begin takes note that an action is about to be carried out, before its first write.
// Nil means that this is durable. Advance does so by itself.
func (r *Restore) Begin(ctx context.Context, seq int) error {
	return doing(fmt.Sprintf("begin action %d", seq), r.share(ctx, &journalEntry{begins: seq}))
}

// Advance makes durable what was learnt of steps that were intended, and which POST
// comes next. Call it before the POST is sent: nil means that whatever happens the
// intent is known. Callers at the same time share a transaction; each waits for it, also
// when ctx ends meanwhile. done are intents with the state and the target that they
// have got; of next all but Restore, State, Target and At is given, and its number is
// new to the action.
func (r *Restore) Advance(ctx context.Context, done []record.Step, next *record.Step) error {
	if len(done) == 0 && next == nil {
		return nil
	}
	return doing("write the journal", r.share(ctx, &journalEntry{done: done, next: next}))
}

// putAction writes what became of an action.
func (r *Restore) putAction(a *record.Action) error {
	columns, err := actionColumns(r.row.ID, a)
	if err != nil {
		return err
	}
	outcome := append([]driver.Value{columns[0], columns[1], columns[actionTarget]}, columns[actionPlanned:]...)
	_, err = r.queries.setAction.exec(append(outcome, r.file.sum.row("restore_actions", columns...))...)
	return err
}

// keep takes over actions, and the calls that were written with them, which are durable.
func (r *Restore) keep(actions []record.Action) {
	maps.Copy(r.calls, r.made)
	r.uncommitted = nil
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range actions {
		r.row.Actions[a.Seq-1] = a
	}
}

// Steps returns the steps of an action in their order.
func (r *Restore) Steps(ctx context.Context, seq int) (list []record.Step, err error) {
	var sum summer
	for row, err := range rows(ctx, r.file.reader.db, `SELECT * FROM restore_steps WHERE restore = +? AND seq = +? ORDER BY step`, r.row.ID, seq) {
		if err != nil {
			return nil, doing("read the journal", classify(r.file.path, err))
		}
		step, err := scanStep(row, &sum)
		if err != nil {
			return nil, classify(r.file.path, err)
		}
		list = append(list, step)
	}
	return list, nil
}
