package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// RunAt returns the run that a point of the instance means. The instance may be
// empty when the vault holds one, and where the point is a run's number: that
// knows its own. It returns ErrNotFound when there is no such run, and ErrPruned
// when what only that run knew was removed.
func (r *Reader) RunAt(ctx context.Context, instance string, p vault.Point) (record.Run, error) {
	return r.runAt(ctx, instance, p, r.runs)
}

// runAt is [Reader.RunAt], of what read reads of the run.
func (r *Reader) runAt(ctx context.Context, instance string, p vault.Point, read runsReader) (record.Run, error) {
	if !p.Until.IsZero() {
		return r.runBy(ctx, instance, p, read)
	}
	if !p.Newest {
		run, err := r.run(ctx, p.Run, read)
		switch {
		case err != nil:
			return run, err
		case instance != "" && instance != run.Instance:
			return run, fmt.Errorf("run %d of instance %q: %w, it is one of %q", run.ID, instance, vault.ErrNotFound, run.Instance)
		case run.Pruned:
			return run, r.pruned(ctx, run)
		}
		return run, nil
	}
	back := p.Back
	run, found, err := r.newestOf(ctx, instance, read, func(run runRow) bool {
		if run.pruned || p.Backups && run.origin == record.OriginLook {
			return false
		}
		back--
		return back < 0
	})
	if err == nil && run.ID == 0 {
		err = fmt.Errorf("run %s of %s: %w in %s", p, found, vault.ErrNotFound, r.path)
	}
	return run, err
}

// newestOf returns the newest run of an instance that one of its rows is wanted of, and what
// the instance is called. The run is zero where there is none.
func (r *Reader) newestOf(ctx context.Context, instance string, read runsReader, wanted func(runRow) bool) (run record.Run, name string, err error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return run, "", err
	}
	var id int64
	err = r.eachNewest(ctx, found.ID, func(run runRow, _ []driver.Value) error {
		if !wanted(run) {
			return nil
		}
		id = run.id
		return errEnough
	})
	if err != nil || id == 0 {
		return run, found.Name, err
	}
	runs, err := read(ctx, `SELECT id FROM runs WHERE id = +?`, id)
	return append(runs, record.Run{})[0], found.Name, err
}

// eachNewest calls fn with the runs of an instance in brief, the newest first, and with their
// rows, until it returns an error, of which errEnough is none. Each row is checked before it counts as one of another instance, and that none is
// missing in front of it: otherwise damage of the newest run would make an older one the newest.
func (r *Reader) eachNewest(ctx context.Context, instance int64, fn func(runRow, []driver.Value) error) error {
	return doing("read runs", r.snapshot(ctx, func(q querier) error {
		newest, err := number(ctx, q, `SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'runs'`)
		if err != nil {
			return err
		}
		var sum summer
		before := newest + 1
		for row, err := range rowsDirect(ctx, q, selectRuns+` ORDER BY id DESC`) {
			if err != nil {
				return err
			}
			run, err := scanRunInBrief(row, &sum)
			if err != nil {
				return err
			}
			if err := noneBetween(ctx, q, run.id, before, newest); err != nil {
				return err
			}
			before = run.id
			if run.instance != instance {
				continue
			}
			if err := fn(run, row); errors.Is(err, errEnough) {
				return nil
			} else if err != nil {
				return err
			}
		}
		return noneBetween(ctx, q, 0, before, newest)
	}))
}

// noneBetween checks that no run is missing between two. Numbers that were never used are no
// runs: of a run there are counts, and the newest one ever is there.
func noneBetween(ctx context.Context, q querier, after, before, newest int64) error {
	if before-after <= 1 {
		return nil
	}
	missing, err := number(ctx, q, `SELECT coalesce(max(run), 0) FROM run_kinds WHERE run > ? AND run < ?`, after, before)
	switch {
	case err != nil:
		return err
	case before > newest:
		return vault.Damaged(nil, "runs %d: is missing, and was the newest", newest)
	case missing != 0:
		return vault.Damaged(nil, "runs %d: is missing, but counts of it are there", missing)
	}
	return nil
}

// runBy returns the newest run that ended by the time of a point.
func (r *Reader) runBy(ctx context.Context, instance string, p vault.Point, read runsReader) (record.Run, error) {
	until := millis(p.Until)
	run, found, err := r.newestOf(ctx, instance, read, func(run runRow) bool {
		return !run.pruned && run.finishedAt != 0 && run.finishedAt <= until
	})
	if err != nil || run.ID != 0 {
		return run, err
	}
	err = fmt.Errorf("by %s no run of %s had ended: %w in %s", p, found, vault.ErrNotFound, r.path)
	if all, failed := r.Runs(ctx, found); failed == nil && len(all) > 0 {
		first, what := all[len(all)-1], "first run"
		for _, run := range slices.Backward(all) {
			if first.Pruned && !run.Pruned {
				first, what = run, "oldest run that was not pruned"
			}
		}
		err = fmt.Errorf("%w, where the %s (%d) began at %s", err, what, first.ID, first.Started.UTC().Format(time.RFC3339))
	}
	return record.Run{}, err
}

// pruned is the error about a run that was pruned: it names the runs that can be read
// instead.
func (r *Reader) pruned(ctx context.Context, run record.Run) error {
	var instead string
	all, err := r.Runs(ctx, run.Instance)
	if err != nil {
		return err
	}
	for _, other := range all { // the newest first
		switch {
		case other.Pruned:
		case other.ID > run.ID:
			instead = fmt.Sprintf("run %d after it", other.ID)
		default:
			if instead != "" {
				instead = " and " + instead
			}
			instead = fmt.Sprintf("run %d before it", other.ID) + instead
			return fmt.Errorf("run %d in %s: %w; there is %s", run.ID, r.path, vault.ErrPruned, instead)
		}
	}
	if instead == "" {
		return fmt.Errorf("run %d in %s: %w", run.ID, r.path, vault.ErrPruned)
	}
	return fmt.Errorf("run %d in %s: %w; there is %s", run.ID, r.path, vault.ErrPruned, instead)
}

// horizon is a point that was found in the vault.
type horizon struct {
	instance int64
	run      int64 // the last run that counts, 0 = all
	listings map[record.Kind][]wholeListing
}

// wholeListing is a run that listed all documents of a kind.
type wholeListing struct {
	run    int64
	failed bool // some of them could not be fetched
	// partly means that the run did not see some of them.
	partly bool
	// trashRested means that the run did not list the trash.
	trashRested bool
}

// horizonOf finds the instance and the run of a query. It reads no counts, calls and sessions
// of the run: a restore's plan, which asks many small questions about one moment, spent an
// eighth of its time on them.
func (r *Reader) horizonOf(ctx context.Context, query vault.Query) (horizon, error) {
	if query.At.IsNow() {
		instance, err := r.Resolve(ctx, query.Instance)
		return horizon{instance: instance.ID}, err
	}
	run, err := r.runAt(ctx, query.Instance, query.At, r.runRows)
	if err != nil {
		return horizon{}, err
	}
	instance, err := r.Resolve(ctx, run.Instance)
	return horizon{instance: instance.ID, run: run.ID}, err
}

// RunsListing returns the newest run of an instance up to a run that listed a kind, and the
// first one behind it that did; 0 where there is none. A listing that was refused counts.
func (r *Reader) RunsListing(ctx context.Context, instance string, kind record.Kind, run int64) (before, after int64, err error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return 0, 0, err
	}
	for row, err := range rows(ctx, r.db, `SELECT max(k.run) FILTER (WHERE k.run <= ?3), min(k.run) FILTER (WHERE k.run > ?3)
		FROM runs s CROSS JOIN run_kinds k ON k.run = s.id WHERE +s.instance = +?1 AND k.kind = +?2`, found.ID, string(kind), run) {
		if err != nil {
			return 0, 0, doing("look for runs of "+string(kind), classify(r.path, err))
		}
		before, after = integer(row[0]), integer(row[1])
	}
	return before, after, nil
}

// readListings reads which runs listed all documents of a kind, up to the
// horizon's: their listing of it was complete and of the whole instance.
func (h *horizon) readListings(ctx context.Context, q querier, kind record.Kind) error {
	if h.run == 0 {
		return nil
	}
	h.listings = make(map[record.Kind][]wholeListing)
	for row, err := range rowsDirect(ctx, q, `SELECT k.kind, k.run, k.failed > 0, k.observed IS NOT NULL, k.trash_rested FROM runs s CROSS JOIN run_kinds k ON k.run = s.id
		WHERE +s.instance = +?1 AND s.id <= ?2 AND (?3 = '' OR k.kind = +?3) AND k.listing = 'complete'
		AND json_extract(s.scope, '$.folders') IS NULL AND json_extract(s.scope, '$.refs') IS NULL ORDER BY s.id DESC`, h.instance, h.run, string(kind)) {
		if err != nil {
			return err
		}
		kind := record.Kind(text(row[0]))
		h.listings[kind] = append(h.listings[kind], wholeListing{integer(row[1]), integer(row[2]) != 0, integer(row[3]) != 0, integer(row[4]) != 0})
	}
	return nil
}

// limit takes from an entry what nobody knew at the horizon. An interval tells
// who saw a version first and last; of the runs between them, those are taken to
// have seen it that looked at the whole kind and did not fail to fetch it.
func (h *horizon) limit(ctx context.Context, q querier, e *vault.Entry) error {
	if h.run == 0 {
		return nil
	}
	if e.GoneRun > h.run {
		e.GoneRun = 0
	}
	if e.LastRun <= h.run {
		return nil
	}
	e.LastRun = e.FirstRun
	for _, l := range h.listings[e.Kind] {
		if l.run <= e.FirstRun {
			return nil
		}
		saw, err := l.saw(ctx, q, e)
		if err != nil {
			return err
		}
		if saw {
			e.LastRun = l.run
			return nil
		}
	}
	return nil
}

// saw reports whether a run that looked at a kind saw one version of a document of it.
func (l *wholeListing) saw(ctx context.Context, q querier, e *vault.Entry) (bool, error) {
	ref := e.Ref
	if l.trashRested && e.State == record.Trashed {
		return false, nil
	}
	if l.failed {
		for _, err := range rowsDirect(ctx, q, `SELECT 1 FROM faults WHERE run = +? AND kind = +? AND item = +? AND resolved_run IS NOT run`,
			l.run, string(ref.Kind), ref.ID) {
			return false, err
		}
	}
	if l.partly {
		for row, err := range rowsDirect(ctx, q, `SELECT EXISTS (SELECT 1 FROM json_each(observed, iif(json_type(observed) = 'array', '$', '$.unseen')) WHERE value = +?)
			= (json_type(observed) = 'array') FROM run_kinds WHERE run = +? AND kind = +?`, ref.ID, l.run, string(ref.Kind)) {
			return err == nil && integer(row[0]) != 0, err
		}
		return false, nil
	}
	return true, nil
}
