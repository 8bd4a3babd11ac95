package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// buryAtOnce bounds a transaction that makes tombstones.
const buryAtOnce = 500

// Finish ends the run and returns it as it is stored. A kind whose listing is
// complete, in a run without a scope, loses the documents that the run neither
// settled nor failed to fetch, except those in Finish.Keep and those that are kept, unless the run is one that
// proves no absence. The outcome is written last,
// in one transaction with the digest: a vault that is left before that has an
// unfinished run, which can be resumed. Then the file is made complete without the
// log beside it, or a note of the run says that it is not.
//
// Without an outcome the run is complete when every kind ended complete, denied
// or unavailable, no fault of it is unresolved, and no key with a part in it is
// known to see less, unless that is wanted; otherwise partial. A kind of the run
// that has no end counts as open.
func (w *Writer) Finish(ctx context.Context, finish record.Finish) (record.Run, error) {
	if err := w.underway(); err != nil {
		return record.Run{}, err
	}
	if err := w.finish(ctx, finish); err != nil {
		return record.Run{}, doing(fmt.Sprintf("finish run %d", w.run.id), err)
	}
	w.catchUp(ctx, w.run.outcome == record.RunInterrupted || w.run.outcome == record.RunFailed)
	if err := w.afterHealing(ctx); err != nil {
		return record.Run{}, err
	}
	if err := w.settleLog(ctx); err != nil {
		return record.Run{}, err
	}
	run, err := w.reader.Run(ctx, w.run.id)
	run.Unhealed = w.unhealed
	return run, err
}

func (w *Writer) finish(ctx context.Context, finish record.Finish) error {
	keep := map[record.Ref]bool{}
	for _, ref := range finish.Keep {
		keep[ref] = true
	}
	for _, end := range finish.Kinds {
		if !w.judge().BuriesUnlisted(end) {
			continue
		}
		if err := w.buryUnlisted(ctx, end, keep); err != nil {
			return fmt.Errorf("find %s that are gone: %w", end.Kind, err)
		}
	}
	sealed := *w.run
	err := w.transact(ctx, func(tx *transaction) error {
		for _, end := range finish.Kinds {
			if err := tx.end(end, keep); err != nil {
				return err
			}
		}
		if err := tx.closeDangling(); err != nil {
			return err
		}
		return tx.seal(&sealed, finish)
	})
	if err == nil {
		w.run = &sealed
	}
	return err
}

// judge is the one of the run that is under way.
func (w *Writer) judge() vault.Judge {
	return vault.Judge{Run: w.run.id, Unscoped: w.run.scope.Unscoped(), AbsenceUnproven: w.start.AbsenceUnproven}
}

func (tx *transaction) judge() vault.Judge { return tx.w.judge() }

// buryUnlisted makes tombstones in transactions of bounded size: what a complete
// listing proved stays true when the rest is cut off.
func (w *Writer) buryUnlisted(ctx context.Context, ended record.End, keep map[record.Ref]bool) error {
	for after, more := "", true; more; {
		err := w.transact(ctx, func(tx *transaction) error {
			heads, err := tx.unsettled(ended.Kind, after)
			if err != nil {
				return err
			}
			more = len(heads) == buryAtOnce
			for i := range heads {
				after = heads[i].item
				if tx.spared(record.Ref{Kind: ended.Kind, ID: after}, keep) || heads[i].broken || !tx.judge().Buries(ended, heads[i].state) {
					continue // what is damaged may be the head of another document
				}
				if err := tx.bury(&heads[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// unsettled lists documents, in the order of their ids, that this run neither
// settled nor failed to fetch.
func (tx *transaction) unsettled(kind record.Kind, after string) (heads []headRow, err error) {
	err = tx.w.q.unsettled.each(func(row []driver.Value) error {
		h := scanHead(row)
		h.broken = !tx.w.sum.wholeHead(row)
		heads = append(heads, h)
		return nil
	}, tx.w.run.instance, string(kind), after, tx.run, int64(buryAtOnce))
	return heads, err
}

// end stores how the listing of a kind ended, and resolves the faults that a
// complete listing settles.
func (tx *transaction) end(end record.End, keep map[record.Ref]bool) error {
	observed, err := tx.observed(end)
	if err != nil {
		return err
	}
	tx.count(end.Kind, func(c *record.Counts) {
		c.Listing, c.Listed, c.Reason, c.Deferred, c.Trusted, c.Observed = end.Listing, end.Listed, end.Reason, end.Deferred, end.Trusted, observed
		c.TrashRested, c.TrashDeferred = end.TrashRested, end.TrashDeferred
	})
	if tx.w.run.scope.Names(end.Kind) {
		return nil // the kind was not listed
	}
	if (end.Listing == record.Complete || end.Through) && tx.openFaults > 0 {
		if err := tx.resolveRows(end); err != nil {
			return err
		}
	}
	if end.Listing != record.Complete {
		return nil
	}
	if tx.judge().EndsDoubt(end, tx.kinds[end.Kind].Failed) {
		if err := tx.dispel(end.Kind); err != nil {
			return err
		}
	}
	if tx.openFaults == 0 {
		return nil
	}
	err = tx.resolveAll(tx.w.q.faultsOf, nil, tx.w.run.instance, string(end.Kind), "")
	if err != nil || !tx.judge().BuriesUnlisted(end) {
		return err
	}
	// What an earlier run could not fetch and this listing does not hold any
	// more needs no other try.
	return tx.resolveAll(tx.w.q.faultsOfListing, func(ref record.Ref) bool {
		return tx.spared(ref, keep) || tx.failed(ref)
	}, tx.w.run.instance, string(end.Kind), tx.run)
}

// selectUnnamed finds open faults of dangling references that no document names
// any more.
const selectUnnamed = selectFault + ` AS f WHERE instance = +?1 AND class = +?2 AND resolved_run IS NULL AND NOT EXISTS (
	SELECT 1 FROM refs r JOIN versions v ON v.id = r.version
	JOIN heads h ON h.instance = v.instance AND h.kind = v.kind AND h.item = v.item AND h.version = v.id
	WHERE r.kind = f.kind AND r.item = f.item AND v.instance = f.instance AND h.state <> 'gone')`

// closeDangling resolves the faults of dangling references that nothing which is
// not gone names any more, whether or not their kind was part of this run.
func (tx *transaction) closeDangling() error {
	if tx.openFaults == 0 {
		return nil
	}
	var unnamed []faultRow
	err := tx.w.conn.each(selectUnnamed, func(row []driver.Value) error {
		unnamed = append(unnamed, scanFault(row))
		return nil
	}, tx.w.run.instance, record.FaultDangling)
	if err != nil {
		return err
	}
	return tx.resolveThese(unnamed)
}

// resolveRows resolves the faults of rows that a listing which was read through
// does not name: all of them where it is complete.
func (tx *transaction) resolveRows(end record.End) error {
	return tx.resolveAll(tx.w.q.faultsOfRows, func(ref record.Ref) bool {
		return !vault.ResolvesRow(end, ref, end.Listing != record.Complete && tx.failed(ref))
	}, tx.w.run.instance, string(end.Kind))
}

// failed reports whether this run has an unresolved fault of the document. When it
// cannot tell, the answer that changes nothing is yes.
func (tx *transaction) failed(ref record.Ref) bool {
	f, err := tx.openFault(ref)
	return err != nil || f != nil
}

// openFault is the unresolved fault that this run has of the document, nil where it has none.
func (tx *transaction) openFault(ref record.Ref) (*faultRow, error) {
	row, err := tx.w.q.fault.row(tx.run, string(ref.Kind), ref.ID)
	if err != nil || row == nil {
		return nil, err
	}
	f := scanFault(row)
	if f.resolved != 0 {
		return nil, nil
	}
	return &f, nil
}

// seal derives the outcome and writes it with the digest.
func (tx *transaction) seal(r *runRow, finish record.Finish) error {
	r.finishedAt = millis(finish.At)
	if err := tx.putSession(finish.Session); err != nil {
		return err
	}
	for _, line := range finish.Notes {
		r.notes = note(r.notes, line)
	}
	r.outcome = vault.OutcomeOf(finish, record.Caller{Admin: r.admin}, maps.Values(tx.kinds))
	r.digest = record.Digest{}
	if r.outcome == record.RunComplete || r.outcome == record.RunPartial {
		snapshot := vault.NewSnapshot()
		if err := tx.w.q.snapshot.each(addTo(snapshot), r.instance); err != nil {
			return err
		}
		r.digest = snapshot.Digest()
	}
	return tx.w.putRun(r)
}
