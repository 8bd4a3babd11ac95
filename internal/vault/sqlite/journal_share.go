package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/lookervault/lookervault/internal/record"
)

// sharedCommit is a transaction of several callers.
type sharedCommit struct {
	entries   []*journalEntry
	committed chan struct{} // closed when err, and that of each entry, is known
	err       error
}

// journalEntry is what one caller adds to a transaction.
type journalEntry struct {
	begins int // seq of an action that is about to be begun; 0 for none
	done   []record.Step
	next   *record.Step
	// settled are actions with what became of them, and maps what they have entered.
	settled []record.Action
	maps    []record.Mapping
	err     error // nothing of the entry was written
}

// share adds an entry to the transaction that waits for its turn, and waits until it is
// committed. Who finds none begins one and leads it: while the one before is written,
// others join.
func (r *Restore) share(ctx context.Context, entry *journalEntry) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.mu.Lock()
	if r.over {
		r.mu.Unlock()
		return errRestoreOver
	}
	shared, leads := r.joining, false
	if shared == nil {
		shared, leads = &sharedCommit{committed: make(chan struct{})}, true
		r.joining = shared
	}
	shared.entries = append(shared.entries, entry)
	r.mu.Unlock()
	if leads {
		r.lead(context.WithoutCancel(ctx), shared)
	}
	// The transaction is not the caller's alone, so it is waited for in any case: what is
	// written must not be taken for unwritten.
	<-shared.committed
	return cmp.Or(shared.err, entry.err)
}

var errRestoreOver = errors.New("vault: the restore is over")

// lead writes a shared transaction.
func (r *Restore) lead(ctx context.Context, shared *sharedCommit) {
	r.file.mu.Lock()
	defer r.file.mu.Unlock()
	defer close(shared.committed)
	r.mu.Lock()
	r.joining = nil // who comes from here on waits for the next one
	over := r.over
	r.mu.Unlock()
	if shared.err = errRestoreOver; over {
		return
	}
	var changed []record.Action
	err := r.file.transactHeld(ctx, func() error {
		for _, entry := range shared.entries {
			if entry.err = r.check(entry); entry.err != nil {
				continue
			}
			of, err := r.write(entry)
			if err != nil {
				return err
			}
			changed = append(changed, of...)
		}
		return r.putCallsMade()
	})
	if err == nil {
		r.keep(changed)
	}
	shared.err = err
}

// check finds what is wrong with an entry, before anything of it is written: one that
// makes no sense must not keep others from their transaction.
func (r *Restore) check(entry *journalEntry) error {
	for i := range entry.done {
		if err := r.checkDone(&entry.done[i]); err != nil {
			return err
		}
	}
	seq := entry.begins
	if next := entry.next; next != nil {
		seq = next.Seq
		held, err := r.storedStep(next)
		if err != nil {
			return err
		}
		if held != nil || next.Step < 1 {
			return fmt.Errorf("step %d of action %d cannot be intended: it is there, or no number", next.Step, next.Seq)
		}
	}
	if seq < 0 || seq > len(r.row.Actions) || seq == 0 && len(entry.done)+len(entry.settled)+len(entry.maps) == 0 {
		return fmt.Errorf("the plan has no action %d", seq)
	}
	for _, a := range entry.settled {
		if a.Seq < 1 || a.Seq > len(r.row.Actions) {
			return fmt.Errorf("the plan has no action %d", a.Seq)
		}
	}
	return nil
}

// checkDone checks that a step may get its outcome.
func (r *Restore) checkDone(done *record.Step) error {
	held, err := r.storedStep(done)
	switch {
	case err != nil:
		return err
	case held == nil:
		return fmt.Errorf("step %d of action %d was never intended", done.Step, done.Seq)
	case held.State == record.StepVoid && done.State == record.StepRefused: // it arrived late, and was taken back
	case held.State != record.StepIntent:
		return fmt.Errorf("step %d of action %d is %s already", done.Step, done.Seq, held.State)
	case done.State == record.StepIntent || done.State == "":
		return fmt.Errorf("step %d of action %d has no outcome", done.Step, done.Seq)
	}
	return nil
}

// storedStep is a step as it is stored, nil when it is not.
func (r *Restore) storedStep(s *record.Step) (*record.Step, error) {
	row, err := r.queries.step.row(r.row.ID, int64(s.Seq), int64(s.Step))
	if err != nil || row == nil {
		return nil, err
	}
	held, err := scanStep(row, &r.file.sum)
	return &held, err
}

// write writes an entry. It returns the actions that it changes.
func (r *Restore) write(entry *journalEntry) (changed []record.Action, err error) {
	f := r.file
	now := moment(millis(f.options.Now()))
	for _, done := range entry.done {
		held, err := r.storedStep(&done)
		if err != nil {
			return nil, err
		}
		held.State, held.Target, held.At = done.State, done.Target, now
		columns := stepColumns(held)
		if _, err := r.queries.setStep.exec(append(columns, f.sum.row("restore_steps", columns...))...); err != nil {
			return nil, err
		}
	}
	seq := entry.begins
	if entry.next != nil {
		seq = entry.next.Seq
		next := *entry.next
		next.Restore, next.State, next.Target, next.At = r.row.ID, record.StepIntent, "", now
		columns := stepColumns(&next)
		if _, err := r.queries.addStep.exec(append(columns, f.sum.row("restore_steps", columns...))...); err != nil {
			return nil, err
		}
	}
	if a := r.row.Actions[max(seq, 1)-1]; seq != 0 && (a.State == record.ActionPlanned || a.State == record.ActionRunning && a.Class != "") {
		a.State, a.Class, a.At = record.ActionRunning, "", now // how it failed before says nothing any more
		return []record.Action{a}, r.putAction(&a)
	}
	for i := range entry.settled {
		a := r.outcome(&entry.settled[i])
		if err := r.putAction(&a); err != nil {
			return nil, err
		}
		changed = append(changed, a)
	}
	for i := range entry.maps {
		if err := r.putMapping(entry.maps[i]); err != nil {
			return nil, err
		}
	}
	return changed, nil
}
