package sqlite

import (
	"context"
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
	return r.snapshot(ctx, func(q querier) error {
		var sum summer
		read := tally{}
		whole := make(documentRow, columnBody)
		for row, err := range rowsDirect(ctx, q, `SELECT v.kind, v.item, `+versionColumns+` FROM versions v NOT INDEXED
			WHERE v.instance = ? AND v.last_run IS NULL AND v.kind IN (`+marks(len(kinds))+`)`, args...) {
			if err != nil {
				return err
			}
			copy(whole, row[:columnHeadState])
			copy(whole[columnVersion:], row[columnHeadState:])
			if err := whole.checkVersion(&sum, found.ID); err != nil {
				return err
			}
			e := scanEntry(whole, horizon{instance: found.ID, run: always})
			read[e.Kind]++
			if !fn(e) {
				return nil
			}
		}
		for _, kind := range kinds {
			if err := r.compareTally(ctx, q, horizon{instance: found.ID}, kind, tally{kind: read[kind]}, false); err != nil {
				return err
			}
		}
		return nil
	})
}
