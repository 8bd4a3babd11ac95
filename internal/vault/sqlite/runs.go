package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Runs lists the runs of an instance, or of all when the name is empty, newest
// first. Those that are damaged are left out, and the error that comes with the others
// says so: an ErrCorrupt. A run that is marked as running while nobody holds the vault's lock
// reads as interrupted: its process is dead.
func (r *Reader) Runs(ctx context.Context, instance string) ([]record.Run, error) {
	return r.NewestRuns(ctx, instance, 0)
}

// NewestRuns lists as [Reader.Runs] does so many of the newest runs, all of them where that
// is 0. It reads no others.
func (r *Reader) NewestRuns(ctx context.Context, instance string, limit int) ([]record.Run, error) {
	return r.newestRuns(ctx, instance, limit, r.runs)
}

// RunsInBrief is [Reader.NewestRuns] without the lists of what sessions measured: of their
// stages, of kinds, and in the course of time.
func (r *Reader) RunsInBrief(ctx context.Context, instance string, limit int) ([]record.Run, error) {
	return r.newestRuns(ctx, instance, limit, r.runsInBrief)
}

func (r *Reader) newestRuns(ctx context.Context, instance string, limit int, read runsReader) ([]record.Run, error) {
	if limit == 0 {
		limit = -1 // of SQLite: none
	}
	const newest = `SELECT id FROM runs WHERE ?1 = 0 OR +instance = +?1 ORDER BY id DESC LIMIT ?2`
	var id int64
	if instance != "" {
		found, err := r.Resolve(ctx, instance)
		if err != nil {
			return nil, err
		}
		id = found.ID
	}
	list, err := read(ctx, newest, id, limit)
	if err == nil && id != 0 {
		// A damaged one may name another instance.
		last := int64(0)
		if len(list) == limit {
			last = list[limit-1].ID
		}
		err = r.eachNewest(ctx, id, func(run runRow, _ []driver.Value) error {
			if run.id <= last {
				return errEnough
			}
			return nil
		})
	}
	return list, err
}

// RunStarts returns how the runs of an instance began, by their numbers. Those that are
// damaged are left out, and the error that comes with the others says so: an ErrCorrupt.
// It reads the runs of all instances: damage to the instance of one, or to the index of
// that, takes no run away.
func (r *Reader) RunStarts(ctx context.Context, instance string) (map[int64]vault.RunStart, error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, err
	}
	starts := make(map[int64]vault.RunStart)
	var unreadable error
	err = r.snapshot(ctx, func(q querier) error {
		var sum summer
		for row, err := range rowsDirect(ctx, q, selectRuns) {
			if err != nil {
				return err
			}
			last := len(row) - 1
			if sum.begin("runs", row[:last]...); !sum.is(row[last]) {
				if unreadable == nil {
					unreadable = damagedRun(row)
				}
				continue
			}
			if integer(row[1]) == found.ID {
				starts[integer(row[0])] = vault.RunStart{Began: moment(integer(row[4])), SeesLess: row[10] != nil && integer(row[10]) == 0}
			}
		}
		if err := newestRunThere(ctx, q); unreadable == nil {
			unreadable = err
		}
		return nil
	})
	if err == nil {
		err = classify(r.path, unreadable)
	}
	return starts, doing("read runs", err)
}

// newestRunThere returns an ErrCorrupt where the newest run was lost.
func newestRunThere(ctx context.Context, q querier) error {
	for row, err := range rowsDirect(ctx, q, newestRun) {
		if err != nil {
			return err
		}
		return vault.DamageOf("", []vault.Finding{{Table: text(row[0]), Key: text(row[1]), Problem: text(row[2])}})
	}
	return nil
}

// Run returns one run, or ErrNotFound. Id 0 is the newest run of the vault.
func (r *Reader) Run(ctx context.Context, id int64) (record.Run, error) {
	return r.run(ctx, id, r.runs)
}

// runsReader reads the runs whose ids a query finds, the newest first.
type runsReader func(ctx context.Context, ids string, args ...any) ([]record.Run, error)

// run is [Reader.Run], of what read reads of it.
func (r *Reader) run(ctx context.Context, id int64, read runsReader) (record.Run, error) {
	which := `SELECT id FROM runs WHERE id = +?`
	if id == 0 {
		which = `SELECT id FROM runs WHERE id > ? ORDER BY id DESC LIMIT 1`
	}
	found, err := read(ctx, which, id)
	if err != nil {
		return record.Run{}, err
	}
	if len(found) == 0 {
		// One that was lost to damage is not one that never was.
		if err := r.CheckRows(ctx, vault.RunTables); err != nil {
			return record.Run{}, err
		}
		return record.Run{}, fmt.Errorf("run %d: %w in %s", id, vault.ErrNotFound, r.path)
	}
	return found[0], nil
}

// runs is a [runsReader] of all that is known of them.
func (r *Reader) runs(ctx context.Context, ids string, args ...any) ([]record.Run, error) {
	return r.runsWith(ctx, asWritten, ids, args...)
}

// runsInBrief is a [runsReader] of all that is known of them but the lists of their sessions.
func (r *Reader) runsInBrief(ctx context.Context, ids string, args ...any) ([]record.Run, error) {
	return r.runsWith(ctx, inBrief, ids, args...)
}

// runsWith reads runs, and of what their sessions measured what options of JSON let through.
func (r *Reader) runsWith(ctx context.Context, measured json.Options, ids string, args ...any) ([]record.Run, error) {
	return r.readRuns(ctx, func(q querier, list []record.Run, index map[int64]int) error {
		which := `(` + ids + `)`
		for row, err := range rowsDirect(ctx, q, selectKinds+` WHERE run IN `+which+` ORDER BY run, kind`, args...) {
			if err != nil {
				return err
			}
			if i, ok := index[integer(row[0])]; ok {
				list[i].Kinds = append(list[i].Kinds, scanCounts(row))
			}
		}
		if err := addFailedListings(ctx, q, list, index, which, args); err != nil {
			return err
		}
		if err := addSessions(ctx, q, list, index, measured, which, args); err != nil {
			return err
		}
		return addCalls(ctx, q, list, index, which, args)
	}, ids, args...)
}

// runRows is a [runsReader] of the rows of runs only: without their kinds, calls and sessions.
func (r *Reader) runRows(ctx context.Context, ids string, args ...any) ([]record.Run, error) {
	return r.readRuns(ctx, func(querier, []record.Run, map[int64]int) error { return nil }, ids, args...)
}

// readRuns reads the rows of the runs whose ids a query finds, and calls add in the same
// view of the vault, with the place of each run in the list.
func (r *Reader) readRuns(ctx context.Context, add func(q querier, list []record.Run, index map[int64]int) error, ids string, args ...any) (list []record.Run, err error) {
	// The lock is looked at first: a run that ends in between is then read with
	// its outcome, not as interrupted.
	busy := r.written()
	var unreadable error
	err = r.snapshot(ctx, func(q querier) error {
		var sum summer
		names, err := readInstanceNames(ctx, q)
		if err != nil {
			return err
		}
		index := map[int64]int{}
		for row, err := range rowsDirect(ctx, q, selectRuns+` WHERE id IN (`+ids+`) ORDER BY id DESC`, args...) {
			if err != nil {
				return err
			}
			run, err := scanRun(row, &sum)
			instance := ""
			if err == nil {
				instance, err = names.name(run.instance, fmt.Sprintf("run %d", run.id))
			}
			if errors.Is(err, vault.ErrCorrupt) {
				unreadable = cmp.Or(unreadable, err)
				continue
			}
			if err != nil {
				return err
			}
			index[run.id] = len(list)
			list = append(list, run.words(instance, busy))
		}
		return add(q, list, index)
	})
	if err == nil {
		err = classify(r.path, unreadable)
	}
	return list, doing("read runs", err)
}

// addFailedListings tells which failures of a kind are no document but its listing.
func addFailedListings(ctx context.Context, q querier, list []record.Run, index map[int64]int, which string, args []any) error {
	for row, err := range rowsDirect(ctx, q, selectFailedListings+` AND run IN `+which, args...) {
		if err != nil {
			return err
		}
		if i, ok := index[integer(row[0])]; ok {
			markFailedListing(list[i].Kinds, row)
		}
	}
	return nil
}

// selectFailedListings finds the listings that a run failed to read and did not read
// later. A run has one fault of each. No index is used: a damaged one would lead past some.
const selectFailedListings = `SELECT run, kind FROM faults NOT INDEXED WHERE item = '' AND class <> '` + record.FaultDangling + `' AND resolved_run IS NOT run`

func markFailedListing(kinds []record.Counts, row []driver.Value) {
	for i := range kinds {
		if kinds[i].Kind == record.Kind(text(row[1])) {
			kinds[i].FailedListings = 1
		}
	}
}

func addCalls(ctx context.Context, q querier, list []record.Run, index map[int64]int, which string, args []any) error {
	for row, err := range rowsDirect(ctx, q, `SELECT run, class, route, sum(calls) FROM run_calls WHERE run IN `+which+`
		GROUP BY run, class, route ORDER BY run, class, route`, args...) {
		if err != nil {
			return err
		}
		if i, ok := index[integer(row[0])]; ok {
			list[i].Calls = append(list[i].Calls, record.Calls{Class: text(row[1]), Route: text(row[2]), N: integer(row[3])})
		}
	}
	// The sums are made once a month, not once a run.
	for row, err := range rowsDirect(ctx, q, `WITH months AS MATERIALIZED (
			SELECT instance, month, class, sum(calls) AS calls FROM (
				SELECT s.instance, c.month, c.class, c.calls FROM run_calls c JOIN runs s ON s.id = c.run
				UNION ALL SELECT s.target, c.month, c.class, c.calls FROM restore_calls c JOIN restores s ON s.id = c.restore)
			GROUP BY 1, 2, 3)
		SELECT r.id, m.class, m.calls FROM runs r JOIN months m ON m.instance = r.instance
			AND m.month = strftime('%Y-%m', r.started_at / 1000, 'unixepoch')
		WHERE r.id IN `+which+` ORDER BY r.id, m.class`, args...) {
		if err != nil {
			return err
		}
		if i, ok := index[integer(row[0])]; ok {
			list[i].Month = append(list[i].Month, record.Calls{Class: text(row[1]), N: integer(row[2])})
		}
	}
	return nil
}

// CallsIn returns the calls that runs of an instance made in the calendar month (UTC) of a
// time, and restores of which it was the target, by class; whichever runs they belong to.
func (r *Reader) CallsIn(ctx context.Context, instance string, at time.Time) (calls map[string]int64, err error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, err
	}
	calls = make(map[string]int64)
	for row, err := range rows(ctx, r.db, `SELECT class, sum(calls) FROM (
			SELECT c.class, c.calls FROM run_calls c JOIN runs s ON s.id = c.run WHERE s.instance = +?1 AND c.month = +?2
			UNION ALL SELECT c.class, c.calls FROM restore_calls c JOIN restores s ON s.id = c.restore WHERE s.target = +?1 AND c.month = +?2)
		GROUP BY class`, found.ID, at.UTC().Format("2006-01")) {
		if err != nil {
			return nil, doing("read the calls of a month", classify(r.path, err))
		}
		calls[text(row[0])] = integer(row[1])
	}
	return calls, r.CheckRows(ctx, vault.RunTables)
}

// words is the run as the rest of the program knows it.
func (r *runRow) words(instance string, locked bool) record.Run {
	run := record.Run{
		ID: r.id, Instance: instance, BaseURL: r.baseURL, Origin: r.origin, Started: moment(r.startedAt),
		Finished: moment(r.finishedAt), Outcome: r.outcome, Full: r.full, Scope: r.scope,
		Caller: record.Caller{ID: r.callerID, Admin: r.admin}, Looker: r.looker, Tool: r.tool,
		Config: r.config, Notes: r.notes, Digest: r.digest, Pruned: r.pruned,
	}
	if run.Outcome == record.RunRunning && !locked {
		run.Outcome = record.RunInterrupted
	}
	if len(run.Notes) == 0 {
		run.Notes = nil
	}
	return run
}
