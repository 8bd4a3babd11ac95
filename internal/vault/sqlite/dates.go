package sqlite

import (
	"context"
	"database/sql/driver"

	"github.com/lookervault/lookervault/internal/record"
)

// selectDates finds what the runs of an instance on one release of Looker have learnt of
// dates. Runs that were pruned count.
const selectDates = `SELECT k.* FROM runs r CROSS JOIN run_kinds k ON k.run = r.id
	WHERE +r.instance = +? AND r.looker_version = +? AND (k.dates_moved <> 0 OR k.dates_stayed <> 0) ORDER BY k.run`

// selectNoIDs finds kinds whose documents the server does not bring by lists of ids.
const selectNoIDs = `SELECT DISTINCT l.kind FROM run_lessons l JOIN runs r ON r.id = l.run
	WHERE r.instance = +? AND r.looker_version = +? AND l.code = 'ids_off'`

// dateHistories add up what runs have learnt of dates.
type dateHistories map[record.Kind]record.DateHistory

// add adds a row of run_kinds. A row that is damaged is a reason not to trust dates.
func (d *dateHistories) add(row []driver.Value, sum *summer) {
	dates := record.Dates{Moved: integer(row[19]), Stayed: integer(row[20])}
	if !sum.wholeCounts(row) {
		dates = record.Dates{Stayed: 1}
	}
	d.change(record.Kind(text(row[1])), func(h *record.DateHistory) {
		if dates.Stayed > 0 && h.Broken == 0 {
			h.Broken = integer(row[0])
		}
		h.Add(dates)
	})
}

func (d *dateHistories) change(kind record.Kind, with func(*record.DateHistory)) {
	if *d == nil {
		*d = make(dateHistories)
	}
	h := (*d)[kind]
	with(&h)
	(*d)[kind] = h
}

func (d *dateHistories) withoutIDs(row []driver.Value) {
	d.change(record.Kind(text(row[0])), func(h *record.DateHistory) { h.NoIDs = true })
}

// recallDates tells what runs of this release have learnt of the dates of documents.
func (tx *transaction) recallDates(begun *record.Begun) error {
	w := tx.w
	if w.run.looker == "" || w.run.looker != w.start.Looker {
		return nil
	}
	var all dateHistories
	err := w.conn.each(selectDates, func(row []driver.Value) error {
		all.add(row, &w.sum)
		return nil
	}, w.run.instance, w.run.looker)
	if err != nil {
		return err
	}
	err = w.conn.each(selectNoIDs, func(row []driver.Value) error {
		all.withoutIDs(row)
		return nil
	}, w.run.instance, w.run.looker)
	begun.Dates = all
	return err
}

// Dates returns what the runs of an instance on a release of Looker have learnt of whether
// dates of documents move with their changes, by kind.
func (r *Reader) Dates(ctx context.Context, instance, release string) (map[record.Kind]record.DateHistory, error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, err
	}
	var all dateHistories
	var sum summer
	for row, err := range rows(ctx, r.db, selectDates, found.ID, release) {
		if err != nil {
			return nil, doing("read what is known of dates", classify(r.path, err))
		}
		all.add(row, &sum)
	}
	for row, err := range rows(ctx, r.db, selectNoIDs, found.ID, release) {
		if err != nil {
			return nil, doing("read what is known of dates", classify(r.path, err))
		}
		all.withoutIDs(row)
	}
	return all, nil
}
