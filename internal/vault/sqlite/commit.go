package sqlite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
)

// A ledger is what a run has counted so far. Its values change only after the
// transaction that holds the same numbers is durable.
type ledger struct {
	kinds       map[record.Kind]record.Counts
	calls       map[callKey]int64
	uncommitted []record.Calls // were asked for, but the transaction failed
	unwritten   []record.Learnt
	nextVersion int64
	nextFault   int64
	session     int64 // number of this process's session, 0 until it is written
	openFaults  int64 // unresolved faults of the instance, from all runs

	dictionaries dictionaries
}

type callKey struct{ month, class, route string }

// clone is a copy that a transaction may change.
func (l *ledger) clone() ledger {
	c := *l
	c.kinds, c.calls, c.dictionaries = maps.Clone(l.kinds), maps.Clone(l.calls), maps.Clone(l.dictionaries)
	return c
}

// A transaction works on a copy of the ledger, which replaces the writer's when
// everything is durable.
type transaction struct {
	w   *Writer
	run int64
	ledger
	touched map[record.Kind]bool
	heads   map[record.Ref]*holding       // of the batch that is stored
	removed map[record.Digest]record.Kind // bodies of versions that were replaced
}

// Commit stores a batch in one transaction: all of it or nothing. Nil means
// that it is durable. ctx is obeyed until the transaction has begun. The batch
// and its bytes are the caller's again when Commit returns.
func (w *Writer) Commit(ctx context.Context, batch record.Batch) error {
	if err := w.underway(); err != nil {
		return err
	}
	return doing("commit a batch", w.transact(ctx, func(tx *transaction) error {
		rest, err := tx.settleAgain(batch)
		if err != nil {
			return err
		}
		if err := tx.lookUp(rest); err != nil {
			return err
		}
		for _, rec := range rest {
			if err := tx.settle(rec); err != nil {
				return fmt.Errorf("store %s: %w", rec.Ref, err)
			}
		}
		if err := tx.dropBodies(); err != nil {
			return err
		}
		return tx.putUnfinished()
	}))
}

// transact runs fn in a transaction together with what belongs into each: the
// counters that fn moved and the calls since the last one.
func (w *Writer) transact(ctx context.Context, fn func(*transaction) error) (err error) {
	if err := w.conn.begin(ctx, w.options.Busy); err != nil {
		return classify(w.path, err)
	}
	tx := &transaction{w: w, ledger: w.ledger.clone(), touched: map[record.Kind]bool{}}
	if w.run != nil {
		tx.run = w.run.id
	}
	defer func() {
		if err != nil {
			err = classify(w.path, errors.Join(err, w.conn.rollback()))
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.putCounts(); err != nil {
		return err
	}
	if err := tx.putCallsMade(); err != nil {
		return err
	}
	if w.run != nil {
		if err := tx.putLessons(); err != nil {
			return err
		}
	}
	if err := w.unreplaced(); err != nil {
		return err
	}
	if err := w.conn.exec("COMMIT"); err != nil {
		return err
	}
	w.ledger = tx.ledger
	w.ledger.uncommitted, w.ledger.unwritten = nil, nil
	return nil
}

// count changes the counters of a kind.
func (tx *transaction) count(kind record.Kind, change func(*record.Counts)) {
	c, ok := tx.kinds[kind]
	if !ok {
		c = record.Counts{Kind: kind, Listing: record.Open}
	}
	change(&c)
	tx.kinds[kind] = c
	tx.touched[kind] = true
}

func (tx *transaction) putCounts() error {
	for kind := range tx.touched {
		c := tx.kinds[kind]
		columns := countsColumns(tx.run, &c)
		if _, err := tx.w.q.putKind.exec(append(append(columns, tx.w.sum.kind(columns, laterCounts(&c))), laterCounts(&c)...)...); err != nil {
			return err
		}
	}
	return nil
}

// putCallsMade writes the calls that were made since the last transaction. Calls
// of a transaction that failed are kept for the next one.
func (tx *transaction) putCallsMade() error {
	if tx.w.start.Calls != nil {
		tx.w.ledger.uncommitted = slices.Concat(tx.w.ledger.uncommitted, tx.w.start.Calls())
	}
	month := tx.w.options.Now().UTC().Format("2006-01")
	touched := map[callKey]bool{}
	for _, c := range tx.w.ledger.uncommitted {
		key := callKey{month, c.Class, c.Route}
		tx.calls[key] += c.N
		touched[key] = true
	}
	for key := range touched {
		columns := callColumns(tx.run, key, tx.calls[key])
		if _, err := tx.w.q.putCalls.exec(append(columns, tx.w.sum.row("run_calls", columns...))...); err != nil {
			return err
		}
	}
	return nil
}
