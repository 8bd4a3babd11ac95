package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
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
		err := r.eachCurrent(ctx, instance, kinds, func(e *vault.Entry) bool {
			more = yield(*e, nil)
			return more
		})
		if err != nil && more {
			yield(vault.Entry{}, doing("read documents", err))
		}
	}
}

func (r *Reader) eachCurrent(ctx context.Context, instance string, kinds []record.Kind, fn func(*vault.Entry) bool) error {
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
		var readers []partReader[entrySpan]
		for _, c := range conns {
			rows, done, err := c.currentRows(found.ID, kinds)
			if err != nil {
				return err
			}
			defer done()
			readers = append(readers, rows.read)
		}
		read := tally{}
		whole, err := eachBeside(ctx, readers, partsOf(newest), func(e *vault.Entry) bool {
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

// currentRows returns what reads the versions that no run has ended, and a function that
// ends its use.
func (c *conn) currentRows(instance int64, kinds []record.Kind) (r *currentRows, done func(), err error) {
	from := ` FROM versions v NOT INDEXED
		WHERE v.id > ? AND v.id <= ? AND v.instance = +? AND v.last_run IS NULL AND v.kind IN (` + marks(len(kinds)) + `)`
	r = &currentRows{instance: instance, args: []driver.Value{nil, nil, instance}, known: newWords()}
	for _, kind := range kinds {
		r.args = append(r.args, string(kind))
	}
	var prepared []*stmt
	done = func() {
		for _, s := range prepared {
			_ = s.close()
		}
	}
	for _, s := range []struct {
		to  **stmt
		sql string
	}{
		{&r.packed, `SELECT ` + packedVersions + from},
		{&r.refs, `SELECT ` + packedRefs + ` FROM refs r WHERE r.version > ? AND r.version <= ?`},
		{&r.whole, `SELECT v.kind, v.item, ` + versionColumns + from},
	} {
		if *s.to, err = c.prepare(s.sql); err != nil {
			done()
			return nil, nil, err
		}
		prepared = append(prepared, *s.to)
	}
	return r, done, nil
}

// currentRows read versions that no run has ended.
type currentRows struct {
	instance     int64
	packed, refs *stmt // all versions of a part as one text, and their refs
	whole        *stmt // of the columns of a documentRow
	args         []driver.Value
	sum          summer
	known        *words
}

// read is a partReader. From the first version on that is damaged, or cannot be told apart
// from the others of a packed text, it reads the same versions in their whole form, in which
// damage is named.
func (r *currentRows) read(entries []vault.Entry, part entrySpan) ([]vault.Entry, error) {
	before := len(entries)
	entries, ok, err := r.unpack(entries, part)
	if err != nil || ok {
		return entries, err
	}
	whole, told := make(documentRow, columnBody), len(entries)-before
	err = r.whole.each(func(row []driver.Value) error {
		if told > 0 {
			told--
			return nil
		}
		copy(whole, row[:columnHeadState])
		copy(whole[columnVersion:], row[columnHeadState:])
		if err := whole.checkVersion(&r.sum, r.instance); err != nil {
			return err
		}
		entries = append(entries, scanEntry(whole, horizon{instance: r.instance, run: always}))
		return nil
	}, r.args...)
	return entries, err
}

// unpack appends the versions of a part. It reports false when it comes to one that cannot
// be told, or where SQLite cannot read them all, or damaged ids make one part of too many.
func (r *currentRows) unpack(entries []vault.Entry, part entrySpan) (_ []vault.Entry, ok bool, err error) {
	r.args[0], r.args[1] = part.after, part.last
	versions, err := r.packed.text(r.args...)
	var refs refList
	if err == nil && versions != "" {
		refs.rest, err = r.refs.text(part.after, part.last)
	}
	if errors.Is(kindOf(err), vault.ErrCorrupt) {
		return entries, false, nil
	}
	if err != nil {
		return entries, false, err
	}
	var row packedRow
	for versions != "" {
		if versions, ok = row.cut(versions); !ok || !row.match(&refs, &r.sum, r.instance) {
			return entries, false, nil
		}
		entries = append(entries, row.entry(r.known))
	}
	return entries, true, nil
}
