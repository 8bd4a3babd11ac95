package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// always is the run of a horizon at which every version is known.
const always = math.MaxInt64

// Versions returns all versions of a document, the oldest first. The state of each is
// present or trashed; GoneRun is the run that found the document gone after it. It
// returns ErrNotFound when the vault never held the document. That no damaged index hides
// some of them is checked where none is found; [Reader.Events] and [Reader.Between] of a
// document check it always, in one pass over the table.
func (r *Reader) Versions(ctx context.Context, instance string, ref record.Ref) (list []vault.Entry, err error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, err
	}
	err = r.snapshot(ctx, func(q querier) error {
		list, err = versionsOf(ctx, q, found.ID, ref)
		if err != nil || len(list) > 0 {
			return err
		}
		return r.nothingHidden(ctx, q, found.ID, vault.Span{Kind: ref.Kind, ID: ref.ID}, newVersionsRead())
	})
	if err != nil {
		return nil, doing("read the versions of "+ref.String(), classify(r.path, err))
	}
	if len(list) == 0 {
		return nil, r.neverSeen(ctx, horizon{instance: found.ID}, ref)
	}
	return list, nil
}

func versionsOf(ctx context.Context, q querier, instance int64, ref record.Ref) (list []vault.Entry, err error) {
	var sum summer
	for row, err := range rows(ctx, q, `SELECT v.kind, v.item, `+documentColumns+fromVersions+
		` WHERE v.instance = +? AND v.kind = +? AND v.item = +? ORDER BY v.first_run, v.id`, instance, string(ref.Kind), ref.ID) {
		if err == nil {
			err = documentRow(row).check(&sum, instance)
		}
		if err != nil {
			return nil, err
		}
		e := scanEntry(row, horizon{instance: instance, run: always})
		e.State = record.State(text(row[columnState]))
		list = append(list, e)
	}
	return list, nil
}

// changedBetween finds the documents of a span, with the run in which a version of
// them begins, and then that in which one ends because the document was gone.
func changedBetween(s vault.Span, columns string) (begun, gone string) {
	const of = ` FROM versions WHERE instance = +?1 AND `
	which := `(?2 = '' OR kind = +?2) AND ?3 = ''`
	if s.ID != "" {
		which = `kind = +?2 AND item = +?3`
	}
	return `SELECT kind, item` + columns + of + which + ` AND first_run > ?4 AND first_run <= ?5`,
		`SELECT kind, item` + strings.ReplaceAll(columns, "first_run", "gone_run") + of + which + ` AND gone_run > ?4 AND gone_run <= ?5`
}

func spanArgs(s vault.Span, instance int64) []any {
	until := s.Until
	if until == 0 {
		until = always
	}
	return []any{instance, string(s.Kind), s.ID, s.After, until}
}

// Between yields the documents of a span of which the vault knew something else at its
// end than at its beginning, in the order of kind and id. An error ends it.
func (r *Reader) Between(ctx context.Context, span vault.Span) iter.Seq2[vault.Passage, error] {
	begun, gone := changedBetween(span, "")
	return r.passages(ctx, span, func(ctx context.Context, q querier, args []any) iter.Seq2[[]driver.Value, error] {
		return rows(ctx, q, begun+` UNION `+gone+` ORDER BY 1, 2`, args...)
	}, func(row []driver.Value, versions []vault.Entry) (vault.Passage, bool) {
		p := vault.Passage{Before: vault.HeldAt(versions, span.After), After: vault.HeldAt(versions, spanArgs(span, 0)[4].(int64))}
		return p, p.Before != p.After
	})
}

// Events yields what each run saw change in a span, the newest run first, and within a
// run in the order of kind and id. An error ends it.
func (r *Reader) Events(ctx context.Context, span vault.Span) iter.Seq2[vault.Passage, error] {
	begun, gone := changedBetween(span, ", first_run")
	statement := begun + ` UNION ` + gone + ` ORDER BY 3 DESC, 1, 2`
	return r.passages(ctx, span, func(ctx context.Context, q querier, args []any) iter.Seq2[[]driver.Value, error] {
		if span.ID != "" {
			return rows(ctx, q, statement, args...)
		}
		return runByRun(ctx, q, statement, args)
	}, func(row []driver.Value, versions []vault.Entry) (vault.Passage, bool) {
		run := integer(row[2])
		p := vault.Passage{Run: run, Before: vault.HeldAt(versions, run-1), After: vault.HeldAt(versions, run)}
		return p, p.Before != p.After
	})
}

// runByRun yields the rows of the statement of [Reader.Events] for one run after the
// other, so that whoever wants the newest changes only does not wait for all of them.
func runByRun(ctx context.Context, q querier, statement string, args []any) iter.Seq2[[]driver.Value, error] {
	return func(yield func([]driver.Value, error) bool) {
		indexes, err := number(ctx, q, `SELECT count(*) FROM main.sqlite_schema WHERE name IN ('versions_begun', 'versions_gone')`)
		if err == nil && indexes < 2 {
			// In an older file one run takes as long as all of them.
			rows(ctx, q, statement, args...)(yield)
			return
		}
		after, until := args[3].(int64), args[4].(int64)
		for err == nil {
			var run int64
			if run, err = number(ctx, q, newestRunWithChanges, args[0], until); err != nil || run <= after {
				break
			}
			for row, err := range rows(ctx, q, statement, args[0], args[1], args[2], run-1, run) {
				if !yield(row, err) || err != nil {
					return
				}
			}
			until = run - 1
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

const newestRunWithChanges = `SELECT max(
	coalesce((SELECT max(first_run) FROM versions WHERE instance = +?1 AND first_run <= ?2), 0),
	coalesce((SELECT max(gone_run) FROM versions WHERE instance = +?1 AND gone_run <= ?2), 0))`

// number is the first column of the first row of a query as an integer; 0 for null and
// where there is no row.
func number(ctx context.Context, q querier, query string, args ...any) (n int64, err error) {
	for row, err := range rows(ctx, q, query, args...) {
		if err != nil {
			return 0, err
		}
		n = integer(row[0])
		break
	}
	return n, nil
}

// passage reads the versions of the document that a row begins with, records them in read, and
// returns what pick makes of both.
func passage(ctx context.Context, q querier, instance int64, span vault.Span, row []driver.Value, read *versionsRead,
	pick func([]driver.Value, []vault.Entry) (vault.Passage, bool),
) (p vault.Passage, ok bool, err error) {
	ref := record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}
	if !areTexts(row[:2]) {
		return p, false, vault.Damaged(nil, "versions %s: its kind and id are no texts, and sorted elsewhere", shown(ref))
	}
	versions, err := versionsOf(ctx, q, instance, ref)
	if err != nil {
		return p, false, err
	}
	if !changedIn(versions, row, span) {
		return p, false, vault.Damaged(nil, "versions %s: the version that a run stored cannot be found", shown(ref))
	}
	read.add(ref, versions)
	if len(row) > 2 {
		read.met(integer(row[2]), changesIn(versions, span))
	}
	p, ok = pick(row, versions)
	p.Ref = ref
	if ok && p.Run != 0 && p.Before == nil && p.After == &versions[0] {
		p.Pruned, err = heldBefore(ctx, q, instance, ref)
	}
	return p, ok, err
}

// passages yields what pick makes of rows, which begin with kind and id, and the
// versions of that document.
func (r *Reader) passages(ctx context.Context, span vault.Span,
	find func(ctx context.Context, q querier, args []any) iter.Seq2[[]driver.Value, error],
	pick func([]driver.Value, []vault.Entry) (vault.Passage, bool),
) iter.Seq2[vault.Passage, error] {
	return func(yield func(vault.Passage, error) bool) {
		found, err := r.Resolve(ctx, span.Instance)
		more := true
		read := newVersionsRead()
		if err == nil {
			err = r.snapshot(ctx, func(q querier) error {
				for row, err := range find(ctx, q, spanArgs(span, found.ID)) {
					if err != nil {
						return err
					}
					p, ok, err := passage(ctx, q, found.ID, span, row, read, pick)
					if err != nil {
						return err
					}
					if ok {
						if more = yield(p, nil); !more {
							return nil
						}
					}
				}
				if ref := (record.Ref{Kind: span.Kind, ID: span.ID}); span.ID != "" && !read.documents[ref] {
					// It did not change, as far as the indexes of changes tell.
					versions, err := versionsOf(ctx, q, found.ID, ref)
					if err != nil {
						return err
					}
					read.add(ref, versions)
					read.expected += len(changesIn(versions, span))
				}
				if !read.inFull() {
					return vault.Damaged(nil, "versions: an index leads past what runs saw change")
				}
				// What an index or a damaged row hides is among nothing that was read.
				return r.nothingHidden(ctx, q, found.ID, span, read)
			})
		}
		if err != nil && more {
			yield(vault.Passage{}, doing("read what changed", classify(r.path, err)))
		}
	}
}

// changedIn reports whether one of the versions of a document begins or ends in the run
// of a row, or, where the row names none, in the span.
func changedIn(versions []vault.Entry, row []driver.Value, span vault.Span) bool {
	after, until := span.After, spanArgs(span, 0)[4].(int64)
	if len(row) > 2 {
		after, until = integer(row[2])-1, integer(row[2])
	}
	within := func(run int64) bool { return run > after && run <= until }
	return slices.ContainsFunc(versions, func(e vault.Entry) bool { return within(e.FirstRun) || e.GoneRun != 0 && within(e.GoneRun) })
}

// changesIn are the runs of a span in which a version of a document begins, or ends because
// it was gone: sorted, each once.
func changesIn(versions []vault.Entry, span vault.Span) (runs []int64) {
	until := spanArgs(span, 0)[4].(int64)
	for _, e := range versions {
		for _, run := range []int64{e.FirstRun, e.GoneRun} {
			if run > span.After && run <= until && run != 0 {
				runs = append(runs, run)
			}
		}
	}
	slices.Sort(runs)
	return slices.Compact(runs)
}

// heldBefore reports whether a document was held before its first version, which then
// is one that others were pruned in front of.
func heldBefore(ctx context.Context, q querier, instance int64, ref record.Ref) (held bool, err error) {
	var sum summer
	for row, err := range rows(ctx, q, `SELECT instance, kind, item, first_run, gone_run, checksum FROM pruned_versions
		WHERE instance = +? AND kind = +? AND item = +?`, instance, string(ref.Kind), ref.ID) {
		if err != nil {
			return false, err
		}
		if sum.begin("pruned_versions", row[:5]...); !sum.is(row[5]) {
			return false, vault.Damaged(nil, "pruned_versions %s: does not match its checksum", shown(ref))
		}
		held = row[4] == nil
	}
	return held, nil
}

// Bodies calls fn with a function that returns the exact bytes of an entry's body. The
// function is for one goroutine and good until fn returns; the bytes are the caller's. An
// error of fn is returned as it is.
func (r *Reader) Bodies(ctx context.Context, fn func(body func(vault.Entry) ([]byte, error)) error) error {
	var own error
	err := r.withBodies(ctx, func(q querier, bodies bodyReader) error {
		own = fn(func(e vault.Entry) ([]byte, error) {
			for row, err := range rows(ctx, q, `SELECT `+storedColumns+` FROM bodies b WHERE b.hash = +?`, e.Hash[:]) {
				if err != nil {
					return nil, doing("read "+e.String(), classify(r.path, err))
				}
				body, err := bodies.read(row, e.Hash)
				if err != nil {
					return nil, classify(r.path, vault.Damaged(err, "bodies %s", e.Ref))
				}
				return body, nil
			}
			return nil, classify(r.path, vault.Damaged(nil, "bodies %s: is missing", e.Ref))
		})
		return nil
	})
	return errors.Join(err, own)
}

// LastComplete returns the newest complete runs of an instance that looked at all of
// it, the newest first; there may be fewer than wanted.
func (r *Reader) LastComplete(ctx context.Context, instance string, wanted int) ([]record.Run, error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, err
	}
	var list []record.Run
	err = r.eachNewest(ctx, found.ID, func(run runRow, row []driver.Value) error {
		if err := run.scanLists(row); err != nil {
			return err
		}
		if run.outcome == record.RunComplete && run.scope.All && !run.pruned {
			list = append(list, run.words(found.Name, false))
		}
		if len(list) == wanted {
			return errEnough
		}
		return nil
	})
	return list, err
}
