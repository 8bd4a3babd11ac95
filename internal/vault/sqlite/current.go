package sqlite

import (
	"context"
	"database/sql/driver"
	"iter"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Current yields what is held now of some kinds, in any order, without reading bodies and
// without LastRun: the versions that no run has ended. That takes half the time of
// [Reader.Entries], as each row is found in passing and no head is read. Each row is
// checked, and that none is missing. An error ends it.
func (r *Reader) Current(ctx context.Context, instance string, kinds ...record.Kind) iter.Seq2[vault.Entry, error] {
	return func(yield func(vault.Entry, error) bool) {
		more := true
		err := r.eachCurrent(ctx, instance, kinds, func(e vault.Entry) bool {
			more = yield(e, nil)
			return more
		})
		if err != nil && more {
			yield(vault.Entry{}, doing("read documents", err))
		}
	}
}

func (r *Reader) eachCurrent(ctx context.Context, instance string, kinds []record.Kind, fn func(vault.Entry) bool) error {
	found, err := r.Resolve(ctx, instance)
	if err != nil || len(kinds) == 0 {
		return err
	}
	args := []any{found.ID}
	for _, kind := range kinds {
		args = append(args, string(kind))
	}
	return r.sideBySide(ctx, func(q querier, conns []*conn) error {
		newest, err := conns[0].number(`SELECT max(id) FROM versions`)
		if err != nil {
			return err
		}
		var readers []partReader
		for _, c := range conns {
			read, done, err := c.currentReader(found.ID, kinds)
			if err != nil {
				return err
			}
			defer done()
			readers = append(readers, read)
		}
		read := tally{}
		whole, err := eachBeside(ctx, readers, partsOf(newest), func(e vault.Entry) bool {
			read[e.Kind]++
			return fn(e)
		})
		if err != nil || !whole {
			return err
		}
		for _, kind := range kinds {
			if err := r.compareTally(ctx, q, horizon{instance: found.ID}, kind, tally{kind: read[kind]}, false); err != nil {
				return err
			}
		}
		return nil
	})
}

// currentReader returns a reader of the versions that no run has ended, and a function
// that ends its use.
func (c *conn) currentReader(instance int64, kinds []record.Kind) (partReader, func(), error) {
	statement, err := c.prepare(`SELECT v.kind, v.item, ` + versionColumns + ` FROM versions v NOT INDEXED
		WHERE v.id > ? AND v.id <= ? AND v.instance = ? AND v.last_run IS NULL AND v.kind IN (` + marks(len(kinds)) + `)`)
	if err != nil {
		return nil, nil, err
	}
	args := []driver.Value{nil, nil, instance}
	for _, kind := range kinds {
		args = append(args, string(kind))
	}
	var sum summer
	whole := make(documentRow, columnBody)
	known := make(words)
	read := func(part entrySpan, emit func(vault.Entry) error) error {
		args[0], args[1] = part.after, part.last
		return statement.each(func(row []driver.Value) error {
			copy(whole, row[:columnHeadState])
			copy(whole[columnVersion:], row[columnHeadState:])
			if err := whole.checkVersion(&sum, instance); err != nil {
				return err
			}
			return emit(known.in(scanEntry(whole, horizon{instance: instance, run: always})))
		}, args...)
	}
	return read, func() { _ = statement.close() }, nil
}

// words are texts that many entries have in common, each held once.
type words map[string]string

// in returns an entry that holds no such text by itself.
func (w words) in(e vault.Entry) vault.Entry {
	e.Kind, e.State = record.Kind(w.one(string(e.Kind))), record.State(w.one(string(e.State)))
	e.Folder, e.Owner, e.Route = w.one(e.Folder), w.one(e.Owner), w.one(e.Route)
	return e
}

func (w words) one(text string) string {
	if held, ok := w[text]; ok {
		return held
	}
	w[text] = text
	return text
}
