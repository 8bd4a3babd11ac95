package fetch

import (
	"cmp"
	"context"
	"crypto/sha256"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// askForRows is askAlone for a document that may be a list: one that has a row twice is asked for
// once more, unless it is what is stored. Where it stays so, it is what the server says, and is
// noted.
func (t *task) askForRows(ctx context.Context, want *record.Listed, call stages.Call) (brought, error) {
	b, err := t.askAlone(ctx, want, call)
	if err != nil || !call.Route.Array || !hasRowTwice(b.answer.Body) {
		return b, err
	}
	if want.Hash != sha256.Sum256(b.answer.Body) {
		b.lease.Release()
		if b, err = t.askAlone(ctx, want, call); err != nil || !hasRowTwice(b.answer.Body) {
			return b, err
		}
	}
	t.Ledger.RowTwice(record.Ref{Kind: t.ask.Kind, ID: want.ID})
	return b, nil
}

// hasRowTwice reports whether a list has two rows with one id, or two that are the same where they
// have none.
func hasRowTwice(list []byte) bool {
	rows, err := canon.Rows(list)
	if err != nil {
		return false
	}
	seen := make(map[string]bool, len(rows))
	for _, row := range rows {
		name := cmp.Or(canon.Text(canon.Member(row, "id")), string(row))
		if seen[name] {
			return true
		}
		seen[name] = true
	}
	return false
}
