package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// prunedAtOnce bounds a transaction of a prune, in versions that it removes, and in
// versions that it looks at.
const (
	prunedAtOnce = 500
	seenAtOnce   = 20_000
)

// Prune removes the versions of an instance that no kept run and nobody who asks for
// now reads, and bodies that nothing names any more. It works in transactions of
// bounded size, and every one leaves a vault that verifies: when ctx ends or the process
// dies, the next prune goes on. What kept runs hold stays as it is.
//
// It refuses, with an error, to remove the newest complete run of the whole instance,
// and a vault whose rows are damaged: an ErrCorrupt. Progress, when not nil, is told how
// many versions of how many were looked at.
func (w *Writer) Prune(ctx context.Context, p vault.Pruning, progress func(done, total int64)) (pruned vault.Pruned, err error) {
	if w.run != nil {
		return pruned, errHasRun
	}
	job, err := w.reader.pruneJob(ctx, p)
	if err != nil {
		return pruned, err
	}
	job.w = w
	if progress != nil {
		job.progress = progress
	}
	err = job.do(ctx)
	return job.pruned, doing("prune "+p.Instance, classify(w.path, err))
}

// WouldPrune counts what Prune would remove.
func (r *Reader) WouldPrune(ctx context.Context, p vault.Pruning) (vault.Pruned, error) {
	job, err := r.pruneJob(ctx, p)
	if err != nil {
		return vault.Pruned{}, err
	}
	err = r.snapshot(ctx, func(q querier) error { return job.count(ctx, q) })
	return job.pruned, doing("look for what to prune", err)
}

// pruneJob is one prune of one instance.
type pruneJob struct {
	w        *Writer // nil for one that only counts
	instance int64
	drop     []int64 // runs to be marked as pruned
	readers  vault.ReadersLeft
	released time.Time      // restores that were planned before are given up
	held     map[int64]bool // versions that others need
	progress func(done, total int64)
	seen     int64 // versions looked at
	total    int64
	dicts    dictionaries
	pruned   vault.Pruned
}

func (r *Reader) pruneJob(ctx context.Context, p vault.Pruning) (*pruneJob, error) {
	found, err := r.Resolve(ctx, p.Instance)
	if err != nil {
		return nil, err
	}
	if err := r.CheckRows(ctx, vault.RunTables, vault.DocumentTables); err != nil {
		return nil, err
	}
	runs, err := r.Runs(ctx, found.Name)
	if err != nil {
		return nil, err
	}
	job := &pruneJob{instance: found.ID, progress: func(int64, int64) {}, released: p.RestoresBefore}
	heldRuns, err := r.HeldRuns(ctx, p.RestoresBefore)
	if err != nil {
		return nil, err
	}
	if job.held, err = r.neededByRestores(ctx, "version", p.RestoresBefore); err != nil {
		return nil, err
	}
	began := map[int64]time.Time{}
	var left []record.Run
	for _, run := range runs {
		began[run.ID] = run.Started
		switch {
		case run.Pruned:
		case slices.Contains(p.Runs, run.ID) && !heldRuns[run.ID]:
			job.drop = append(job.drop, run.ID)
			left = append(left, run)
		default:
			job.readers.Runs = append(job.readers.Runs, run.ID)
			left = append(left, run)
		}
	}
	slices.Sort(job.readers.Runs)
	job.readers.IsOver = vault.TimeUp(began, p.LostBefore)
	if i := vault.NewestComplete(left); i >= 0 && slices.Contains(job.drop, left[i].ID) {
		return nil, fmt.Errorf("run %d is the newest complete run of %s and cannot be pruned", left[i].ID, found.Name)
	}
	job.pruned.Runs = int64(len(job.drop))
	return job, nil
}

// documentVersions are the versions of one document, in the order of their first run.
type documentVersions struct {
	record.Ref
	ids       []int64
	hashes    []record.Digest
	intervals []vault.Lifespan
}

// selectIntervals names the index whose order it wants, so that nothing is sorted.
const selectIntervals = `SELECT kind, item, id, hash, first_run, gone_run FROM versions INDEXED BY versions_item
	WHERE instance = +?1 AND (kind, item) > (?2, ?3) ORDER BY kind, item, first_run, id`

// group makes documents of the rows of selectIntervals. Fn is called with each document
// whose last row was read; it returns errEnough to end.
func group(each func(func([]driver.Value) error) error, fn func(*documentVersions) error) error {
	var d *documentVersions
	ended := false
	err := each(func(row []driver.Value) error {
		ref := record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}
		if d == nil || d.Ref != ref {
			if d != nil {
				if err := fn(d); err != nil {
					ended = errors.Is(err, errEnough)
					return err
				}
			}
			d = &documentVersions{Ref: ref}
		}
		d.ids, d.hashes = append(d.ids, integer(row[2])), append(d.hashes, digest(row[3]))
		d.intervals = append(d.intervals, vault.Lifespan{First: integer(row[4]), Gone: integer(row[5])})
		return nil
	})
	if err == nil && d != nil && !ended {
		err = fn(d)
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// count counts what would be removed.
func (j *pruneJob) count(ctx context.Context, q querier) error {
	uses, dropped := map[record.Digest]int64{}, map[record.Digest]int64{}
	err := group(func(fn func([]driver.Value) error) error {
		for row, err := range rowsDirect(ctx, q, selectIntervals, j.instance, "", "") {
			if err == nil {
				err = fn(row)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}, func(d *documentVersions) error {
		kept := j.keeps(d)
		for i, stays := range kept {
			if !stays {
				j.pruned.Versions++
				dropped[d.hashes[i]]++
			}
		}
		if !slices.Contains(kept, true) {
			j.pruned.Documents++
		}
		return nil
	})
	if err != nil {
		return err
	}
	for row, err := range rowsDirect(ctx, q, `SELECT hash, count(*) FROM versions GROUP BY hash`) {
		if err != nil {
			return err
		}
		if hash := digest(row[0]); dropped[hash] > 0 {
			uses[hash] = integer(row[1])
		}
	}
	for hash := range maps.Keys(dropped) {
		if dropped[hash] < uses[hash] {
			continue
		}
		j.pruned.Bodies++
		for row, err := range rows(ctx, q, `SELECT length(data) FROM bodies WHERE hash = +?`, hash[:]) {
			if err != nil {
				return err
			}
			j.pruned.Bytes += integer(row[0])
		}
	}
	return nil
}

// keeps decides which versions of a document stay: those that are read, and those that
// restores need.
func (j *pruneJob) keeps(d *documentVersions) []bool {
	stays := j.readers.Keeps(d.intervals)
	for i, id := range d.ids {
		stays[i] = stays[i] || j.held[id]
	}
	return stays
}

// do marks the runs and then removes what nobody reads any more.
func (j *pruneJob) do(ctx context.Context) (err error) {
	if j.total, err = j.w.conn.number(`SELECT count(*) FROM versions WHERE instance = +?`, j.instance); err != nil {
		return err
	}
	if j.dicts, err = j.w.loadDictionaries(); err != nil {
		return err
	}
	// How many versions name a body is counted once: nothing but this prune changes it.
	if err := j.w.conn.exec(`CREATE TEMP TABLE body_uses AS SELECT hash, count(*) AS n FROM main.versions GROUP BY hash;
		CREATE UNIQUE INDEX temp.body_uses_hash ON body_uses (hash)`); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.w.conn.exec(`DROP TABLE temp.body_uses`)) }()
	if err := j.w.transact(ctx, func(tx *transaction) error {
		_, err := tx.w.of.releaseRestores(millis(j.released))
		return errors.Join(err, tx.markPruned(j.drop))
	}); err != nil {
		return err
	}
	for kind, item, more := "", "", true; more; {
		if err := j.w.transact(ctx, func(tx *transaction) (err error) {
			kind, item, more, err = j.removeNext(tx, kind, item)
			return err
		}); err != nil {
			return err
		}
		j.progress(j.seen, j.total)
	}
	return j.w.forgetRemoved(ctx)
}
