package sqlite

import (
	"context"
	"database/sql/driver"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// fail records a fault. A second fault of the same document in the same run
// takes the place of the first, with the attempts of both; head and stamp stay.
func (tx *transaction) fail(rec *record.Record) error {
	f := faultRow{instance: tx.w.run.instance, run: tx.run, ref: rec.Ref, fault: *rec.Fault, at: millis(rec.At)}
	if f.at == 0 {
		f.at = millis(tx.w.options.Now())
	}
	row, err := tx.w.q.fault.row(tx.run, string(rec.Kind), rec.ID)
	if err != nil {
		return err
	}
	open, was := false, record.Counts{}
	if row == nil {
		f.id = tx.nextFault
		tx.nextFault++
	} else {
		before := scanFault(row)
		f.id, open = before.id, before.resolved == 0
		f.fault.Attempts += before.fault.Attempts
		if open {
			was = before.fault.Count()
		}
	}
	if !open {
		tx.openFaults++
	}
	if is := f.fault.Count(); is != was {
		tx.count(rec.Kind, func(c *record.Counts) {
			c.Failed += is.Failed - was.Failed
			c.Dangling += is.Dangling - was.Dangling
		})
	}
	return tx.putFault(&f)
}

// resolve marks the open faults of a document, from this run and from earlier
// ones, as resolved by this run.
func (tx *transaction) resolve(ref record.Ref) error {
	if tx.openFaults == 0 {
		return nil
	}
	return tx.resolveAll(tx.w.q.faultsOf, nil, tx.w.run.instance, string(ref.Kind), ref.ID)
}

// resolveAll resolves the faults that a query finds, but those that keep wants.
func (tx *transaction) resolveAll(q *stmt, keep func(record.Ref) bool, args ...driver.Value) error {
	var open []faultRow
	err := q.each(func(row []driver.Value) error {
		open = append(open, scanFault(row))
		return nil
	}, args...)
	if err != nil {
		return err
	}
	if keep != nil {
		open = slices.DeleteFunc(open, func(f faultRow) bool { return keep(f.ref) })
	}
	return tx.resolveThese(open)
}

// resolveThese marks open faults as resolved by this run.
func (tx *transaction) resolveThese(open []faultRow) error {
	for _, f := range open {
		f.resolved = tx.run
		tx.openFaults--
		if f.run == tx.run {
			was := f.fault.Count()
			tx.count(f.ref.Kind, func(c *record.Counts) {
				c.Failed -= was.Failed
				c.Dangling -= was.Dangling
			})
		}
		if err := tx.putFault(&f); err != nil {
			return err
		}
	}
	return nil
}

func (tx *transaction) putFault(f *faultRow) error {
	columns := f.columns()
	_, err := tx.w.q.putFault.exec(append(columns, tx.w.sum.row("faults", columns...))...)
	return err
}

// Faults lists the faults of a run, or of all when run is 0, by run, kind and id.
func (r *Reader) Faults(ctx context.Context, run int64) ([]vault.Fault, error) {
	if run == 0 {
		return r.faults(ctx, `1 = 1`)
	}
	if _, err := r.Run(ctx, run); err != nil {
		return nil, err
	}
	return r.faults(ctx, `run = +?`, run)
}

// OpenFaults lists the unresolved faults of an instance, from all its runs.
func (r *Reader) OpenFaults(ctx context.Context, instance string) ([]vault.Fault, error) {
	i, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, err
	}
	return r.faults(ctx, `instance = +? AND resolved_run IS NULL`, i.ID)
}

func (r *Reader) faults(ctx context.Context, where string, args ...any) (list []vault.Fault, err error) {
	err = r.snapshot(ctx, func(q querier) error {
		names, err := allInstanceNames(ctx, q)
		if err != nil {
			return err
		}
		for row, err := range rows(ctx, q, selectFault+` WHERE `+where+` ORDER BY run, kind, item`, args...) {
			if err != nil {
				return err
			}
			f := scanFault(row)
			list = append(list, vault.Fault{Ref: f.ref, Fault: f.fault, Instance: names[f.instance], Run: f.run,
				At: moment(f.at), Resolved: f.resolved})
		}
		return nil
	})
	return list, doing("read faults", err)
}
