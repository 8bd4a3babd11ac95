package sqlite

import (
	"context"
	"database/sql/driver"

	"github.com/lookervault/lookervault/internal/record"
)

// putLessons writes what the run has learnt since the last transaction. What it
// learnt before a transaction that failed is kept for the next one.
func (tx *transaction) putLessons() error {
	w := tx.w
	if w.start.Lessons != nil {
		w.ledger.unwritten = append(w.ledger.unwritten, w.start.Lessons()...)
	}
	for _, lesson := range w.ledger.unwritten {
		columns := []driver.Value{tx.run, string(lesson.Kind), string(lesson.Code)}
		err := w.conn.run(`INSERT OR REPLACE INTO run_lessons VALUES (?,?,?,?)`, append(columns, w.sum.row("run_lessons", columns...))...)
		if err != nil {
			return err
		}
	}
	return nil
}

// recall reads what the run has learnt before, and which kinds earlier runs have
// left in doubt.
func (tx *transaction) recall(begun *record.Begun) error {
	err := tx.w.conn.each(`SELECT kind, code FROM run_lessons WHERE run = +? ORDER BY kind, code`, func(row []driver.Value) error {
		begun.Lessons = append(begun.Lessons, record.Learnt{Kind: record.Kind(text(row[0])), Code: record.Lesson(text(row[1]))})
		return nil
	}, tx.run)
	if err != nil {
		return err
	}
	if err := tx.recallObservations(begun); err != nil {
		return err
	}
	return tx.w.conn.each(`SELECT DISTINCT l.kind FROM run_lessons l JOIN runs r ON r.id = l.run
		WHERE r.instance = +? AND l.run < ? AND l.code = +? ORDER BY l.kind`, func(row []driver.Value) error {
		begun.Doubted = append(begun.Doubted, record.Kind(text(row[0])))
		return nil
	}, tx.w.run.instance, tx.run, string(record.RowsDoubted))
}

// dispel ends the doubt about documents of a kind: this run has seen all of them. A run
// that proves no absence may have seen fewer, and ends none.
func (tx *transaction) dispel(kind record.Kind) error {
	return tx.w.conn.run(`DELETE FROM run_lessons WHERE kind = +? AND code = +? AND run IN (SELECT id FROM runs WHERE instance = +?)`,
		string(kind), string(record.RowsDoubted), tx.w.run.instance)
}

// Learnt returns what a run has learnt about how the server serves kinds, by kind and
// code.
func (r *Reader) Learnt(ctx context.Context, run int64) (lessons []record.Learnt, err error) {
	for row, err := range rows(ctx, r.db, `SELECT kind, code FROM run_lessons WHERE run = +? ORDER BY kind, code`, run) {
		if err != nil {
			return nil, doing("read what a run has learnt", classify(r.path, err))
		}
		lessons = append(lessons, record.Learnt{Kind: record.Kind(text(row[0])), Code: record.Lesson(text(row[1]))})
	}
	return lessons, nil
}
