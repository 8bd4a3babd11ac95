package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Begin begins a run of the instance, or continues its newest run when the start
// asks for that. It returns [vault.ErrNothingOpen] when a resume finds that the newest
// run came to its end. A continued run keeps its own scope, config and caller;
// its listings are open again. A caller that may see less than the first one is
// entered into the run.
//
// Runs that a process left running when it died become interrupted.
func (w *Writer) Begin(ctx context.Context, start record.Start) (begun record.Begun, err error) {
	if w.run != nil {
		return begun, errHasRun
	}
	w.start, w.begunAt = start, time.Now()
	err = w.transact(ctx, func(tx *transaction) error { return tx.begin(ctx, &begun) })
	if err != nil {
		w.run, w.ledger = nil, ledger{}
	}
	return begun, doing("begin a run", err)
}

func (tx *transaction) begin(ctx context.Context, begun *record.Begun) error {
	w := tx.w
	instance, err := w.putInstance()
	if err != nil {
		return err
	}
	newest, counts, err := w.newest(instance)
	if err != nil {
		return err
	}
	open := newest != nil && resumable(newest, counts)
	if w.start.Resume && !open {
		return vault.ErrNothingOpen
	}
	if err := errors.Join(w.interruptRunning(), w.of.interruptDead()); err != nil {
		return err
	}
	if w.start.Resume {
		w.continueRun(newest)
	} else {
		if open {
			begun.Open = newest.id
		}
		if w.run, err = w.newRun(instance); err != nil {
			return err
		}
		counts = nil
	}
	if err := w.putRun(w.run); err != nil {
		return err
	}
	if err := tx.load(counts); err != nil {
		return err
	}
	if err := tx.mend(ctx); err != nil {
		return err
	}
	return tx.describe(begun)
}

// load reads what the run has counted so far and opens its listings.
func (tx *transaction) load(counts []record.Counts) (err error) {
	w, c := tx.w, tx.w.conn
	tx.run = w.run.id
	tx.ledger = ledger{kinds: map[record.Kind]record.Counts{}, calls: map[callKey]int64{}}
	for _, kind := range w.run.scope.Kinds {
		tx.kinds[kind] = record.Counts{Kind: kind}
	}
	for _, c := range counts {
		tx.kinds[c.Kind] = c
	}
	for kind := range tx.kinds {
		tx.count(kind, func(c *record.Counts) {
			c.Listing, c.Reason, c.Deferred, c.Trusted, c.TrashRested, c.TrashDeferred = record.Open, "", 0, 0, false, 0
		})
	}
	err = c.each(`SELECT month, class, route, calls FROM run_calls WHERE run = +?`, func(row []driver.Value) error {
		tx.calls[callKey{text(row[0]), text(row[1]), text(row[2])}] = integer(row[3])
		return nil
	}, tx.run)
	if err != nil {
		return err
	}
	// Also the id of a version that was removed is not given again while the search index or a
	// restore knows it, be that released: an undo would take the other version for what was there.
	if tx.nextVersion, err = c.number(`SELECT max(coalesce((SELECT max(id) FROM versions), 0),
		coalesce((SELECT max(last) FROM search_blocks), 0),
		coalesce((SELECT max(version) FROM restore_actions), 0), coalesce((SELECT max(before) FROM restore_actions), 0)) + 1`); err != nil {
		return err
	}
	if tx.nextFault, err = c.number(`SELECT coalesce(max(id), 0) + 1 FROM faults`); err != nil {
		return err
	}
	if tx.dictionaries, err = w.loadDictionaries(); err != nil {
		return err
	}
	if err := w.readObservations(); err != nil {
		return err
	}
	tx.openFaults, err = c.number(`SELECT count(*) FROM faults WHERE instance = +? AND resolved_run IS NULL`, w.run.instance)
	return err
}

func (tx *transaction) describe(begun *record.Begun) error {
	r := tx.w.run
	begun.Run, begun.Scope, begun.Full, begun.Started = r.id, r.scope, r.full, moment(r.startedAt)
	if tx.w.start.Resume {
		begun.Resumed, begun.Kinds = true, sortedCounts(tx.kinds)
	}
	finished, err := tx.w.conn.number(`SELECT EXISTS (SELECT 1 FROM runs WHERE instance = +? AND id < ?
		AND outcome IN ('complete', 'partial'))`, r.instance, r.id)
	if err != nil {
		return err
	}
	begun.First, begun.Dictionaries = finished == 0, tx.dictionaries.newest()
	return tx.recall(begun)
}

// putInstance finds the instance or makes it, and keeps its newest address. A row that
// is damaged is that of the instance if its name or its address is, and is made anew.
func (w *Writer) putInstance() (int64, error) {
	var id int64
	created, whole := millis(w.start.At), false
	err := w.conn.each(`SELECT id, name, base_url, created_at, checksum FROM instances ORDER BY name <> ?1`, func(row []driver.Value) error {
		w.sum.begin("instances", row[:4]...)
		sound, named, there := w.sum.is(row[4]), text(row[1]) == w.start.Instance, text(row[2]) == w.start.BaseURL
		if !named && (sound || !there) {
			return nil
		}
		id, created, whole = integer(row[0]), integer(row[3]), sound && there
		return errEnough
	}, w.start.Instance)
	if err != nil || whole {
		return id, err
	}
	if id == 0 {
		if id, err = w.lostInstance(); err != nil {
			return 0, err
		}
	}
	columns := []driver.Value{id, w.start.Instance, w.start.BaseURL, created}
	return id, w.conn.run(`INSERT INTO instances VALUES (?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET
		name = excluded.name, base_url = excluded.base_url, checksum = excluded.checksum`,
		append(columns, w.sum.row("instances", columns...))...)
}

// lostInstance is the id of an instance that no row has: of the one at this address whose
// row was lost while runs of it are there, or one that no run has.
func (w *Writer) lostInstance() (id int64, err error) {
	id, err = w.conn.number(`SELECT instance FROM runs WHERE base_url = +? AND instance NOT IN (SELECT id FROM instances) ORDER BY id DESC LIMIT 1`, w.start.BaseURL)
	if err != nil || id != 0 {
		return id, err
	}
	return w.conn.number(`SELECT max((SELECT coalesce(max(id), 0) FROM instances), (SELECT coalesce(max(instance), 0) FROM runs)) + 1`)
}

// newest is the instance's newest run with what it counted, or nil.
func (w *Writer) newest(instance int64) (*runRow, []record.Counts, error) {
	// A look at some documents is done or it is not, and one that was refused asked for
	// nothing: nobody continues them.
	runs, err := w.runsWhere(`instance = +? AND instr(scope, '"refs":') = 0
		AND (outcome <> 'failed' OR json_array_length(scope, '$.kinds') > 0) ORDER BY id DESC LIMIT 1`, instance)
	if err != nil || len(runs) == 0 {
		return nil, nil, err
	}
	var counts []record.Counts
	err = w.conn.each(selectKinds+` WHERE run = +? ORDER BY kind`, func(row []driver.Value) error {
		counts = append(counts, scanCounts(row))
		return nil
	}, runs[0].id)
	if err != nil {
		return nil, nil, err
	}
	err = w.conn.each(selectFailedListings+` AND run = +?`, func(row []driver.Value) error {
		markFailedListing(counts, row)
		return nil
	}, runs[0].id)
	return &runs[0], counts, err
}

// runsWhere reads runs. One that is damaged is left out, and as it is: it is no
// reason not to make the next one.
func (w *Writer) runsWhere(where string, args ...driver.Value) (runs []runRow, err error) {
	err = w.conn.each(selectRuns+` WHERE `+where, func(row []driver.Value) error {
		r, err := scanRun(row, &w.sum)
		if errors.Is(err, vault.ErrCorrupt) {
			w.options.Warn(err.Error())
			return nil
		}
		runs = append(runs, r)
		return err
	}, args...)
	return runs, err
}

func resumable(r *runRow, counts []record.Counts) bool {
	return !r.pruned && record.Run{Outcome: r.outcome, Scope: r.scope, Kinds: counts}.Resumable()
}

// interruptRunning ends the runs whose process is dead: it cannot live, as the
// lock is held here.
func (w *Writer) interruptRunning() error {
	runs, err := w.runsWhere(`outcome = +?`, string(record.RunRunning))
	if err != nil {
		return err
	}
	for _, r := range runs {
		r.outcome = record.RunInterrupted
		if err := w.putRun(&r); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) newRun(instance int64) (*runRow, error) {
	// AUTOINCREMENT remembers the highest id ever given in sqlite_sequence.
	id, err := w.conn.number(`SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'runs'), 0),
		coalesce((SELECT max(id) FROM runs), 0)) + 1`)
	if err != nil {
		return nil, err
	}
	s := &w.start
	return &runRow{
		id: id, instance: instance, baseURL: s.BaseURL, origin: s.Origin, startedAt: millis(s.At),
		outcome: record.RunRunning, full: s.Full, scope: s.Scope, callerID: s.Caller.ID, admin: s.Caller.Admin,
		looker: s.Looker, tool: s.Tool, policy: int64(s.Policy), config: s.Config,
	}, nil
}

// continueRun takes up a run; what differs from its beginning is noted.
func (w *Writer) continueRun(r *runRow) {
	for _, change := range []struct{ what, was, is string }{
		{"user", r.callerID, w.start.Caller.ID},
		{"Looker", r.looker, w.start.Looker},
		{"LookerVault", r.tool, w.start.Tool},
	} {
		if change.was != change.is {
			r.notes = note(r.notes, fmt.Sprintf("resumed with %s %q instead of %q", change.what, change.is, change.was))
		}
	}
	r.outcome, r.finishedAt, r.digest = record.RunRunning, 0, record.Digest{}
	r.resumed++
	r.admin = record.Caller{Admin: r.admin}.With(w.start.Caller).Admin
	r.policy = int64(w.start.Policy)
	w.run = r
}

// note adds a line that is not there yet.
func note(notes []string, line string) []string {
	if slices.Contains(notes, line) {
		return notes
	}
	return append(notes, line)
}

func (w *Writer) putRun(r *runRow) error {
	columns, err := r.columns()
	if err != nil {
		return err
	}
	_, err = w.q.putRun.exec(append(columns, w.sum.row("runs", columns...))...)
	return err
}

func sortedCounts(kinds map[record.Kind]record.Counts) []record.Counts {
	var list []record.Counts
	for _, c := range kinds {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b record.Counts) int { return cmp.Compare(a.Kind, b.Kind) })
	return list
}
