package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
)

// Settle makes durable, in one transaction, what became of actions, with the outcomes of
// steps that the journal does not have yet, which documents of the target are which of the
// source, and the calls that were made. Callers at the same time share a transaction, also
// with those of Advance. Of an action only what became of it is taken, and the target of one
// that creates its document; the plan stays what it was. A mapping without a restore, a time
// or a state is this restore's, now, and live; it takes the place of the one that was there.
func (r *Restore) Settle(ctx context.Context, done []record.Step, actions []record.Action, maps []record.Mapping) error {
	if len(done)+len(actions)+len(maps) == 0 {
		return nil
	}
	entry := &journalEntry{done: done, settled: actions, maps: maps}
	return doing("settle actions", r.share(context.WithoutCancel(ctx), entry))
}

// outcome is an action of the plan with what became of it.
func (r *Restore) outcome(given *record.Action) record.Action {
	a := r.row.Actions[given.Seq-1]
	if a.Deed == record.DeedCreate {
		a.Target = given.Target
	}
	a.State, a.Class, a.Status, a.Attempts, a.Message = given.State, given.Class, given.Status, given.Attempts, given.Message
	a.Errors, a.Calls, a.Checked, a.At = slices.Clone(given.Errors), given.Calls, given.Checked, moment(millis(given.At))
	if a.At.IsZero() {
		a.At = moment(millis(r.file.options.Now()))
	}
	return a
}

func (r *Restore) putMapping(m record.Mapping) (err error) {
	f := r.file
	source, target := r.row.source, r.row.target
	if m.Source != "" && m.Source != r.row.Source {
		if source, err = f.instance(m.Source); err != nil {
			return err
		}
	}
	if m.Target != "" && m.Target != r.row.Target {
		if target, err = f.instance(m.Target); err != nil {
			return err
		}
	}
	if m.Restore == 0 && m.How != record.MapGiven {
		m.Restore = r.row.ID
	}
	if m.At.IsZero() {
		m.At = f.options.Now()
	}
	if m.State == "" {
		m.State = record.MapLive
	}
	columns := mappingColumns(source, target, &m)
	_, err = r.queries.putMapping.exec(append(columns, f.sum.row("id_map", columns...))...)
	return err
}

// putCallsMade writes the calls that were made since the last transaction. Those of a
// transaction that failed are kept for the next one.
func (r *Restore) putCallsMade() error {
	f := r.file
	r.uncommitted = slices.Concat(r.uncommitted, r.drain())
	month := f.options.Now().UTC().Format("2006-01")
	r.made = map[callKey]int64{}
	for _, c := range r.uncommitted {
		key := callKey{month, c.Class, c.Route}
		if _, ok := r.made[key]; !ok {
			r.made[key] = r.calls[key]
		}
		r.made[key] += c.N
	}
	for key, n := range r.made {
		columns := callColumns(r.row.ID, key, n)
		if _, err := r.queries.putCalls.exec(append(columns, f.sum.row("restore_calls", columns...))...); err != nil {
			return err
		}
	}
	return nil
}

// Finish ends the restore in a state and returns it as it is stored, with the run that
// read back what was written, 0 for none, and notes, one line each. Later calls of the
// journal are errors. An undo that is complete makes the restore that it took back
// undone. Then the log is written into the file, as at the end of a run.
func (r *Restore) Finish(ctx context.Context, state record.RestoreState, verdictRun int64, notes []string) (record.Restore, error) {
	err := r.finish(context.WithoutCancel(ctx), state, verdictRun, notes)
	if err != nil {
		return record.Restore{}, doing(fmt.Sprintf("finish restore %d", r.row.ID), err)
	}
	return r.file.reader.Restore(context.WithoutCancel(ctx), r.row.ID)
}

func (r *Restore) finish(ctx context.Context, state record.RestoreState, verdictRun int64, notes []string) error {
	f := r.file
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.over {
		return errRestoreOver
	}
	sealed := r.row
	sealed.State, sealed.FinishedAt = state, moment(millis(f.options.Now()))
	sealed.Notes = slices.Clone(sealed.Notes)
	if verdictRun != 0 {
		sealed.Verdict = verdictRun
	}
	for _, line := range notes {
		sealed.Notes = note(sealed.Notes, line)
	}
	err := f.transactHeld(ctx, func() error {
		if err := f.putRestore(&sealed); err != nil {
			return err
		}
		if err := r.takenBack(&sealed); err != nil {
			return err
		}
		return r.putCallsMade()
	})
	if err != nil {
		return err
	}
	r.keep(nil)
	r.mu.Lock()
	r.row, r.over = sealed, true
	r.mu.Unlock()
	f.restoring = nil
	if err := r.queries.close(); err != nil {
		return classify(f.path, err)
	}
	return f.settleLogOf(ctx)
}

// settleLogOf writes the log into the file, or warns that it could not.
func (f *File) settleLogOf(ctx context.Context) error {
	whole, err := f.emptyLog(ctx)
	if err != nil {
		return doing("write the log into the vault", classify(f.path, err))
	}
	if !whole {
		f.told = true
		f.options.Warn(together(f.file) + ": another program was reading it when the restore ended; copy both files")
	}
	return nil
}

// leave ends the use of the journal without an end of the restore: it reads as
// interrupted from then on.
func (r *Restore) leave() error {
	r.file.mu.Lock()
	defer r.file.mu.Unlock()
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	return classify(r.file.path, r.queries.close())
}
