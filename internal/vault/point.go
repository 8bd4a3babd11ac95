package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// A Point is a moment in the history of an instance. What a vault holds at a
// point is what was known by then: what the run of that number observed, and for
// what that run did not look at, the newest observation before it. What was gone
// by then is gone.
//
// The zero Point is now: the newest version of each document, also of one that
// is gone.
//
// [AtRun], [Latest], [AtTime] and [ParsePoint] make points; engines read their fields.
type Point struct {
	Run     int64 // a run by its number, 0 for none
	Newest  bool  // counted back from the newest run
	Back    int   // runs before the newest
	Backups bool  // runs that a restore looked by do not count
	// Until means the newest run that ended by then; the zero time for none.
	Until time.Time
}

// AtRun is the point of a run. AtRun(0) is the zero Point.
func AtRun(run int64) Point { return Point{Run: run} }

// Latest is the point of the newest run of an instance, or of the run that many
// runs before it. Runs that were pruned do not count.
func Latest(back int) Point { return Point{Newest: true, Back: back} }

// OfBackups is the point where it counts back from the newest run, and then over backups
// alone: a run that a restore looked at the instance by is none. Other points stay.
func (p Point) OfBackups() Point {
	p.Backups = p.Newest
	return p
}

// AtTime is the point of the newest run that ended by a time.
func AtTime(t time.Time) Point { return Point{Until: t} }

// ParsePoint reads a point as people write it: "12", "latest" or "latest-1".
func ParsePoint(text string) (Point, error) {
	if run, err := strconv.ParseInt(text, 10, 64); err == nil && run > 0 {
		return AtRun(run), nil
	}
	if text == "latest" {
		return Latest(0), nil
	}
	if digits, ok := strings.CutPrefix(text, "latest-"); ok {
		if back, err := strconv.ParseUint(digits, 10, 31); err == nil {
			return Latest(int(back)), nil
		}
	}
	return Point{}, fmt.Errorf("%q is not a run: give its number, latest, or latest-1 for the one before", text)
}

// IsNow reports whether p is the zero Point.
func (p Point) IsNow() bool { return p == Point{} }

// String is the point as [ParsePoint] reads it, "" for now.
func (p Point) String() string {
	switch {
	case !p.Until.IsZero():
		return p.Until.UTC().Format(time.RFC3339)
	case p.Newest && p.Back > 0:
		return fmt.Sprintf("latest-%d", p.Back)
	case p.Newest:
		return "latest"
	case p.Run == 0:
		return ""
	}
	return strconv.FormatInt(p.Run, 10)
}

// RunAt returns the run that a point of the instance means. The instance may be
// empty when the vault holds one, and where the point is a run's number: that
// knows its own. It returns ErrNotFound when there is no such run, and ErrPruned
// when what only that run knew was removed.
func (r *Reader) RunAt(ctx context.Context, instance string, p Point) (record.Run, error) {
	if !p.Until.IsZero() {
		return r.runBy(ctx, instance, p)
	}
	if !p.Newest {
		run, err := r.Run(ctx, p.Run)
		switch {
		case err != nil:
			return run, err
		case instance != "" && instance != run.Instance:
			return run, fmt.Errorf("run %d of instance %q: %w, it is one of %q", run.ID, instance, ErrNotFound, run.Instance)
		case run.Pruned:
			return run, r.pruned(ctx, run)
		}
		return run, nil
	}
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return record.Run{}, err
	}
	runs, err := r.runs(ctx, `id = (SELECT id FROM runs WHERE instance = ? AND pruned = 0 AND (? = 0 OR origin <> ?) ORDER BY id DESC LIMIT 1 OFFSET ?)`,
		found.ID, p.Backups, record.OriginLook, p.Back)
	if err == nil && len(runs) == 0 {
		err = fmt.Errorf("run %s of %s: %w in %s", p, found.Name, ErrNotFound, r.path)
	}
	if err != nil {
		return record.Run{}, err
	}
	return runs[0], nil
}

// runBy returns the newest run that ended by the time of a point.
func (r *Reader) runBy(ctx context.Context, instance string, p Point) (record.Run, error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return record.Run{}, err
	}
	runs, err := r.runs(ctx, `id = (SELECT id FROM runs WHERE instance = ? AND pruned = 0 AND finished_at <= ? ORDER BY id DESC LIMIT 1)`,
		found.ID, millis(p.Until))
	if err != nil || len(runs) > 0 {
		return append(runs, record.Run{})[0], err
	}
	err = fmt.Errorf("by %s no run of %s had ended: %w in %s", p, found.Name, ErrNotFound, r.path)
	if all, failed := r.Runs(ctx, found.Name); failed == nil && len(all) > 0 {
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
			return fmt.Errorf("run %d in %s: %w; there is %s", run.ID, r.path, ErrPruned, instead)
		}
	}
	if instead == "" {
		return fmt.Errorf("run %d in %s: %w", run.ID, r.path, ErrPruned)
	}
	return fmt.Errorf("run %d in %s: %w; there is %s", run.ID, r.path, ErrPruned, instead)
}

// AbsentError says why a document is not held at a point. It matches ErrNotFound.
type AbsentError struct {
	record.Ref
	Run      int64  // that the point means, 0 for now
	Gone     int64  // the run that found it gone by then, or 0
	LastSeen int64  // of one that is gone: the last run that saw it
	Seen     int64  // of one that was never seen by then: the first run that saw it, 0 when none did
	Pruned   bool   // runs before Seen saw it, and what they knew was pruned
	Path     string // of the vault
}

// Error is one line: what is not there, since when, and which run had it.
func (e *AbsentError) Error() string {
	switch {
	case e.Gone != 0:
		return fmt.Sprintf("%s as of run %d: gone since run %d, last seen by run %d", e.Ref, e.Run, e.Gone, e.LastSeen)
	case e.Pruned:
		return fmt.Sprintf("%s as of run %d: gone by then, and what was known of it before run %d was pruned", e.Ref, e.Run, e.Seen)
	case e.Seen != 0:
		return fmt.Sprintf("%s as of run %d: never seen by then, run %d saw it first", e.Ref, e.Run, e.Seen)
	case e.Run != 0:
		return fmt.Sprintf("%s as of run %d: never seen: %s in %s", e.Ref, e.Run, ErrNotFound, e.Path)
	}
	return fmt.Sprintf("%s: %s in %s", e.Ref, ErrNotFound, e.Path)
}

// Is makes it an ErrNotFound.
func (e *AbsentError) Is(target error) bool { return target == ErrNotFound }

// ErrPruned means that a run is kept as a number only.
var ErrPruned = errors.New("the run was pruned")

// horizon is a point that was found in the vault.
type horizon struct {
	instance int64
	run      int64 // the last run that counts, 0 = all
	looked   map[record.Kind][]look
}

// look is a run that looked at all documents of a kind.
type look struct {
	run    int64
	failed bool // some of them could not be fetched
	// deferred means that the run did not ask for some of them.
	deferred bool
}

// horizonOf finds the instance and the run of a query.
func (r *Reader) horizonOf(ctx context.Context, query Query) (horizon, error) {
	if query.At.IsNow() {
		instance, err := r.Resolve(ctx, query.Instance)
		return horizon{instance: instance.ID}, err
	}
	run, err := r.RunAt(ctx, query.Instance, query.At)
	if err != nil {
		return horizon{}, err
	}
	instance, err := r.Resolve(ctx, run.Instance)
	return horizon{instance: instance.ID, run: run.ID}, err
}

// Looked returns the newest run of an instance up to a run that looked at a kind, and the
// first one behind it that did; 0 where there is none. A listing that was refused is a
// look.
func (r *Reader) Looked(ctx context.Context, instance string, kind record.Kind, run int64) (before, after int64, err error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return 0, 0, err
	}
	for row, err := range rows(ctx, r.db, `SELECT max(k.run) FILTER (WHERE k.run <= ?3), min(k.run) FILTER (WHERE k.run > ?3)
		FROM runs s CROSS JOIN run_kinds k ON k.run = s.id WHERE s.instance = ?1 AND k.kind = ?2`, found.ID, string(kind), run) {
		if err != nil {
			return 0, 0, doing("look for runs of "+string(kind), classify(r.path, err))
		}
		before, after = integer(row[0]), integer(row[1])
	}
	return before, after, nil
}

// readLooks reads which runs looked at all documents of a kind, up to the
// horizon's: their listing of it was complete and of the whole instance.
func (h *horizon) readLooks(ctx context.Context, q querier, kind record.Kind) error {
	if h.run == 0 {
		return nil
	}
	h.looked = make(map[record.Kind][]look)
	for row, err := range rows(ctx, q, `SELECT k.kind, k.run, k.failed > 0, k.deferred > 0 FROM runs s CROSS JOIN run_kinds k ON k.run = s.id
		WHERE s.instance = ?1 AND s.id <= ?2 AND (?3 = '' OR k.kind = ?3) AND k.listing = 'complete'
		AND json_extract(s.scope, '$.folders') IS NULL AND json_extract(s.scope, '$.refs') IS NULL ORDER BY s.id DESC`, h.instance, h.run, string(kind)) {
		if err != nil {
			return err
		}
		kind := record.Kind(text(row[0]))
		h.looked[kind] = append(h.looked[kind], look{integer(row[1]), integer(row[2]) != 0, integer(row[3]) != 0})
	}
	return nil
}

// limit takes from an entry what nobody knew at the horizon. An interval tells
// who saw a version first and last; of the runs between them, those are taken to
// have seen it that looked at the whole kind and did not fail to fetch it.
func (h *horizon) limit(ctx context.Context, q querier, e *Entry) error {
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
	for _, l := range h.looked[e.Kind] {
		if l.run <= e.FirstRun {
			return nil
		}
		saw, err := l.saw(ctx, q, e.Ref)
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

// saw reports whether a run that looked at a kind saw one document of it.
func (l *look) saw(ctx context.Context, q querier, ref record.Ref) (bool, error) {
	if l.failed {
		for _, err := range rows(ctx, q, `SELECT 1 FROM faults WHERE run = ? AND kind = ? AND item = ? AND resolved_run IS NOT run`,
			l.run, string(ref.Kind), ref.ID) {
			return false, err
		}
	}
	if l.deferred {
		for _, err := range rows(ctx, q, `SELECT 1 FROM run_kinds, json_each(observed) WHERE run = ? AND kind = ? AND value = ?`,
			l.run, string(ref.Kind), ref.ID) {
			return err == nil, err
		}
		return false, nil
	}
	return true, nil
}
