package vault

import (
	"context"
	"database/sql/driver"
	"iter"
	"math"
	"slices"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
)

// always is the run of a horizon at which every version is known.
const always = math.MaxInt64

// Versions returns all versions of a document, the oldest first. The state of each is
// present or trashed; GoneRun is the run that found the document gone after it. It
// returns ErrNotFound when the vault never held the document.
func (r *Reader) Versions(ctx context.Context, instance string, ref record.Ref) (list []Entry, err error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, err
	}
	err = r.snapshot(ctx, func(q querier) error {
		list, err = versionsOf(ctx, q, found.ID, ref)
		return err
	})
	if err != nil {
		return nil, doing("read the versions of "+ref.String(), classify(r.path, err))
	}
	if len(list) == 0 {
		return nil, r.neverSeen(ctx, horizon{instance: found.ID}, ref)
	}
	return list, nil
}

func versionsOf(ctx context.Context, q querier, instance int64, ref record.Ref) (list []Entry, err error) {
	var sum summer
	for row, err := range rows(ctx, q, `SELECT v.kind, v.item, `+documentColumns+fromVersions+
		` WHERE v.instance = ? AND v.kind = ? AND v.item = ? ORDER BY v.first_run, v.id`, instance, string(ref.Kind), ref.ID) {
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

// Passage is what became of a document between two moments: an entry is nil where the
// document was not held, or was gone.
type Passage struct {
	record.Ref
	Before, After *Entry
	Run           int64 // that saw the change, 0 where several runs lie between the moments
}

// Entry is the newer of the two entries.
func (p Passage) Entry() Entry {
	if p.After != nil {
		return *p.After
	}
	return *p.Before
}

// Span is a range of documents between two runs. Only documents with a version that
// begins or ends in it are looked at, so its cost hangs on what changed.
type Span struct {
	Instance string
	Kind     record.Kind // every kind when it is empty
	ID       string      // every document of the kind when it is empty
	// After and Until are runs: what happened after the first one, up to and with the
	// second. Until 0 is now.
	After, Until int64
}

const changedBetween = ` FROM versions WHERE instance = ?1 AND (?2 = '' OR kind = ?2) AND (?3 = '' OR item = ?3)
	AND (first_run > ?4 AND first_run <= ?5 OR gone_run > ?4 AND gone_run <= ?5)`

func (s Span) args(instance int64) []any {
	until := s.Until
	if until == 0 {
		until = always
	}
	return []any{instance, string(s.Kind), s.ID, s.After, until}
}

// Between yields the documents of a span of which the vault knew something else at its
// end than at its beginning, in the order of kind and id. An error ends it.
func (r *Reader) Between(ctx context.Context, span Span) iter.Seq2[Passage, error] {
	return r.passages(ctx, span, `SELECT DISTINCT kind, item, ?5`+changedBetween+` ORDER BY kind, item`,
		func(row []driver.Value, versions []Entry) (Passage, bool) {
			p := Passage{Before: heldAt(versions, span.After), After: heldAt(versions, integer(row[2]))}
			return p, p.Before != p.After
		})
}

// Events yields what each run saw change in a span, the newest run first, and within a
// run in the order of kind and id. An error ends it.
func (r *Reader) Events(ctx context.Context, span Span) iter.Seq2[Passage, error] {
	statement := `SELECT kind, item, first_run AS run` + changedBetween + ` AND first_run > ?4 AND first_run <= ?5
		UNION SELECT kind, item, gone_run` + changedBetween + ` AND gone_run > ?4 AND gone_run <= ?5 ORDER BY 3 DESC, 1, 2`
	return r.passages(ctx, span, statement, func(row []driver.Value, versions []Entry) (Passage, bool) {
		run := integer(row[2])
		p := Passage{Run: run, Before: heldAt(versions, run-1), After: heldAt(versions, run)}
		return p, p.Before != p.After
	})
}

// passages yields what pick makes of the rows of a statement, which begin with kind and
// id, and the versions of that document.
func (r *Reader) passages(ctx context.Context, span Span, statement string,
	pick func([]driver.Value, []Entry) (Passage, bool),
) iter.Seq2[Passage, error] {
	return func(yield func(Passage, error) bool) {
		found, err := r.Resolve(ctx, span.Instance)
		more := true
		if err == nil {
			err = r.snapshot(ctx, func(q querier) error {
				for row, err := range rows(ctx, q, statement, span.args(found.ID)...) {
					if err != nil {
						return err
					}
					ref := record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}
					versions, err := versionsOf(ctx, q, found.ID, ref)
					if err != nil {
						return err
					}
					p, ok := pick(row, versions)
					if p.Ref = ref; ok {
						if more = yield(p, nil); !more {
							return nil
						}
					}
				}
				return nil
			})
		}
		if err != nil && more {
			yield(Passage{}, doing("read what changed", classify(r.path, err)))
		}
	}
}

// heldAt is the version that was known by a run, nil where there was none or the
// document was gone by then. The same version gives the same pointer.
func heldAt(versions []Entry, run int64) *Entry {
	for i, e := range slices.Backward(versions) {
		switch {
		case e.FirstRun > run:
			continue
		case e.GoneRun != 0 && e.GoneRun <= run:
			return nil
		}
		return &versions[i]
	}
	return nil
}

// Bodies calls fn with a function that returns the exact bytes of an entry's body. The
// function is for one goroutine and good until fn returns; the bytes are the caller's.
func (r *Reader) Bodies(ctx context.Context, fn func(body func(Entry) ([]byte, error)) error) error {
	decoder, err := codec.NewDecoder()
	if err != nil {
		return err
	}
	defer decoder.Close()
	return r.snapshot(ctx, func(q querier) error {
		dictionaries, err := readDictionaries(ctx, q, decoder)
		if err != nil {
			return doing("read dictionaries", err)
		}
		return fn(func(e Entry) ([]byte, error) {
			for row, err := range rows(ctx, q, `SELECT `+storedColumns+` FROM bodies b WHERE b.hash = ?`, e.Hash[:]) {
				if err != nil {
					return nil, doing("read "+e.String(), err)
				}
				s, err := scanStored(row, dictionaries)
				var body []byte
				if err == nil {
					body, err = decode(decoder, s, nil, e.Hash)
				}
				if err != nil {
					return nil, classify(r.path, damaged(err, "bodies %s", e.Ref))
				}
				return body, nil
			}
			return nil, classify(r.path, damaged(nil, "bodies %s: is missing", e.Ref))
		})
	})
}

// LastComplete returns the newest complete runs of an instance that looked at all of
// it, the newest first; there may be fewer than wanted.
func (r *Reader) LastComplete(ctx context.Context, instance string, wanted int) ([]record.Run, error) {
	all, err := r.Runs(ctx, instance)
	if err != nil {
		return nil, err
	}
	var list []record.Run
	for _, run := range all {
		if run.Outcome == record.RunComplete && run.Scope.All && !run.Pruned && len(list) < wanted {
			list = append(list, run)
		}
	}
	return list, nil
}
