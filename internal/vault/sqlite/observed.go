package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// readObservations reads what tells how old the observation of a document is: when the
// runs of the instance began, and which documents a run has failed to fetch since. What a
// lesser key saw says nothing to a run with a better one: see [byAsGoodAKey].
func (w *Writer) readObservations() error {
	w.observed, w.troubled = make(map[int64]time.Time), make(map[record.Ref]bool)
	err := w.conn.each(`SELECT r.id, r.started_at FROM runs r WHERE r.instance = +? AND r.id < ? AND `+byAsGoodAKey, func(row []driver.Value) error {
		w.observed[integer(row[0])] = moment(integer(row[1]))
		return nil
	}, w.run.instance, w.run.id, int64(w.start.Caller.Rank()))
	if err != nil {
		return err
	}
	w.byAdmin = make(map[record.Kind]int64)
	err = w.conn.each(`SELECT k.kind, max(r.id) FROM runs r CROSS JOIN run_kinds k ON k.run = r.id
		WHERE r.instance = +? AND r.id < ? AND r.caller_admin = 1 AND k.listing = 'complete'
		AND json_extract(r.scope, '$.folders') IS NULL AND json_extract(r.scope, '$.refs') IS NULL GROUP BY k.kind`,
		func(row []driver.Value) error {
			w.byAdmin[record.Kind(text(row[0]))] = integer(row[1])
			return nil
		}, w.run.instance, w.run.id)
	if err != nil {
		return err
	}
	return w.conn.each(`SELECT kind, item FROM faults WHERE instance = +? AND resolved_run IS NULL`, func(row []driver.Value) error {
		w.troubled[record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}] = true
		return nil
	}, w.run.instance)
}

// byAsGoodAKey holds for runs whose caller saw as much as one of the rank that is bound sees
// ([record.Caller.Rank]): of documents and their members that another key does not show, a list
// that is complete for that key says nothing.
const byAsGoodAKey = `coalesce(2 * r.caller_admin, 1) >= ?`

// recallObservations tells when the run before this one began, and when each kind was
// listed whole for the last time: in a run of the whole instance with as good a key, in which
// nothing of it failed. The same of its trash, which is listed more seldom than the rest perhaps, and
// of which some may be deferred one by one. A kind of which a fault is open is not told of: it is to be listed again.
func (tx *transaction) recallObservations(begun *record.Begun) error {
	w := tx.w
	err := w.conn.each(`SELECT started_at FROM runs WHERE instance = +? AND id < ? AND origin = +? ORDER BY id DESC LIMIT 1`,
		func(row []driver.Value) error {
			begun.Before = moment(integer(row[0]))
			return nil
		}, w.run.instance, w.run.id, w.run.origin)
	if err != nil {
		return err
	}
	if err := errors.Join(tx.recallProofs(begun), tx.recallDates(begun), tx.recallUnavailable(begun), tx.recallNotServed(begun)); err != nil {
		return err
	}
	failing := make(map[record.Kind]bool)
	for ref := range w.troubled {
		failing[ref.Kind] = true
	}
	return w.conn.each(`SELECT k.kind, max(r.started_at) FILTER (WHERE k.deferred = 0), max(r.started_at) FROM runs r CROSS JOIN run_kinds k ON k.run = r.id
		WHERE r.instance = +? AND r.id < ? AND k.listing = 'complete' AND k.failed = 0 AND k.trash_rested = 0
		AND json_extract(r.scope, '$.folders') IS NULL AND json_extract(r.scope, '$.refs') IS NULL AND `+byAsGoodAKey+` GROUP BY k.kind`,
		func(row []driver.Value) error {
			kind := record.Kind(text(row[0]))
			if failing[kind] {
				return nil
			}
			if begun.TrashListed == nil {
				begun.TrashListed = make(map[record.Kind]time.Time)
			}
			begun.TrashListed[kind] = moment(integer(row[2]))
			if row[1] == nil {
				return nil
			}
			if begun.Listed == nil {
				begun.Listed = make(map[record.Kind]time.Time)
			}
			begun.Listed[kind] = moment(integer(row[1]))
			return nil
		}, w.run.instance, w.run.id, int64(w.start.Caller.Rank()))
}

// recallUnavailable tells which kinds the server did not have when they were asked for last,
// with an administrator's key.
func (tx *transaction) recallUnavailable(begun *record.Begun) error {
	w := tx.w
	return w.conn.each(`SELECT kind, started_at FROM (
		SELECT k.kind, k.listing, r.caller_admin, r.started_at, max(r.id) FROM runs r CROSS JOIN run_kinds k ON k.run = r.id
		WHERE r.instance = +? AND r.id < ? AND k.listing NOT IN ('open', 'budget', 'deferred')
		AND json_extract(r.scope, '$.folders') IS NULL AND json_extract(r.scope, '$.refs') IS NULL GROUP BY k.kind)
		WHERE listing = 'unavailable' AND caller_admin = 1`, func(row []driver.Value) error {
		if begun.Unavailable == nil {
			begun.Unavailable = make(map[record.Kind]time.Time)
		}
		begun.Unavailable[record.Kind(text(row[0]))] = moment(integer(row[1]))
		return nil
	}, w.run.instance, w.run.id)
}

// recallNotServed tells when an administrator's run learnt last of documents that the server
// does not have them.
func (tx *transaction) recallNotServed(begun *record.Begun) error {
	w := tx.w
	return w.conn.each(`SELECT l.kind, l.code, max(r.started_at) FROM run_lessons l JOIN runs r ON r.id = l.run
		WHERE r.instance = +? AND r.id < ? AND r.caller_admin = 1 AND l.code GLOB ? GROUP BY l.kind, l.code`, func(row []driver.Value) error {
		id, ok := record.Lesson(text(row[1])).NotServed()
		ref := record.Ref{Kind: record.Kind(text(row[0])), ID: id}
		if !ok || w.troubled[ref] {
			return nil
		}
		if begun.NotServed == nil {
			begun.NotServed = make(map[record.Ref]time.Time)
		}
		begun.NotServed[ref] = moment(integer(row[2]))
		return nil
	}, w.run.instance, w.run.id, string(record.NotServed("*")))
}

// recallProofs tells when rows of lists were last compared with their documents, on a
// server of this release, and which lists that tell of many documents are not believed.
func (tx *transaction) recallProofs(begun *record.Begun) error {
	w := tx.w
	err := w.conn.each(`SELECT l.kind, max(r.started_at) FROM run_lessons l JOIN runs r ON r.id = l.run
		WHERE r.instance = +? AND r.id < ? AND l.code = +? AND r.looker_version = +? GROUP BY l.kind`, func(row []driver.Value) error {
		if begun.Proven == nil {
			begun.Proven = make(map[record.Kind]time.Time)
		}
		begun.Proven[record.Kind(text(row[0]))] = moment(integer(row[1]))
		return nil
	}, w.run.instance, w.run.id, string(record.RowsProven), w.run.looker)
	if err != nil {
		return err
	}
	return w.conn.each(`SELECT DISTINCT l.kind FROM run_lessons l JOIN runs r ON r.id = l.run
		WHERE r.instance = +? AND l.run < ? AND l.code = +? ORDER BY l.kind`, func(row []driver.Value) error {
		begun.Untold = append(begun.Untold, record.Kind(text(row[0])))
		return nil
	}, w.run.instance, w.run.id, string(record.StampsOff))
}

// Oldest returns when the run began that made the oldest observation of a kind, of the
// documents that are not gone.
func (r *Reader) Oldest(ctx context.Context, instance string) (map[record.Kind]time.Time, error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, err
	}
	oldest := make(map[record.Kind]time.Time)
	for row, err := range rows(ctx, r.db, `SELECT h.kind, min(r.started_at) FROM heads h JOIN runs r ON r.id = h.settled_run
		WHERE h.instance = +? AND h.state <> 'gone' GROUP BY h.kind`, found.ID) {
		if err != nil {
			return nil, doing("look for the oldest observations", classify(r.path, err))
		}
		oldest[record.Kind(text(row[0]))] = moment(integer(row[1]))
	}
	return oldest, nil
}

// observed tells which documents of a kind this run saw, where its listing was complete and
// it did not see all that are there: it deferred some, its key may not see them, they were
// excluded, or what leads to them was not read whole. It is the JSON array of the ids, or
// {"unseen": [...]} with the others where those are fewer; "" where the run saw all. What
// it failed to fetch, and a trash that it did not list, are told of elsewhere.
func (tx *transaction) observed(end record.End) (string, error) {
	if end.Listing != record.Complete || !tx.w.run.scope.Unscoped() || tx.w.run.scope.Names(end.Kind) {
		return "", nil
	}
	seen, unseen := 0, []string(nil)
	err := tx.eachPresent(end.Kind, func(id string, state record.State, settled bool) {
		switch {
		case settled:
			seen++
		case end.TrashRested && state == record.Trashed, tx.countsAsFailed(record.Ref{Kind: end.Kind, ID: id}):
		default:
			unseen = append(unseen, id)
		}
	})
	switch {
	case err != nil || len(unseen) == 0:
		return "", err
	case seen > len(unseen):
		return `{"unseen":` + idsText(unseen) + "}", nil
	}
	var ids []string
	err = tx.eachPresent(end.Kind, func(id string, _ record.State, settled bool) {
		if settled {
			ids = append(ids, id)
		}
	})
	return idsText(ids), err
}

// countsAsFailed reports whether this run counts the document as one that it failed to fetch. One
// that it took for a dangling reference is none: a fault of that may yet be resolved by this run,
// and is not looked for where nothing failed. Nor is one of which it cannot tell.
func (tx *transaction) countsAsFailed(ref record.Ref) bool {
	f, err := tx.openFault(ref)
	return err == nil && f != nil && f.fault.Failure()
}

// eachPresent calls fn with the documents of a kind that are not gone, in the order of their
// ids, and whether this run has settled them.
func (tx *transaction) eachPresent(kind record.Kind, fn func(id string, state record.State, settled bool)) error {
	return tx.w.conn.each(`SELECT item, state, settled_run = +?1 FROM heads WHERE instance = +?2 AND kind = +?3 AND state <> 'gone' ORDER BY item`,
		func(row []driver.Value) error {
			fn(text(row[0]), record.State(text(row[1])), integer(row[2]) != 0)
			return nil
		}, tx.run, tx.w.run.instance, string(kind))
}
