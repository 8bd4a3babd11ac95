package sqlite

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/vault"
)

// Untouched returns the runs, newest first, of which nothing that they hold is damaged,
// given all that Verify found. It reports false where findings are not about documents:
// then nobody can tell.
func (r *Reader) Untouched(ctx context.Context, findings []vault.Finding) (good []int64, known bool, err error) {
	var touched []runRange
	err = r.snapshot(ctx, func(q querier) error {
		for _, f := range findings {
			gaps, ok, err := gapsOf(ctx, q, f)
			if err != nil || !ok {
				return err
			}
			touched = append(touched, gaps...)
		}
		known = true
		for row, err := range rows(ctx, q, `SELECT id FROM runs WHERE pruned = 0 AND outcome IN ('complete', 'partial') ORDER BY id DESC`) {
			if err != nil {
				return err
			}
			run := integer(row[0])
			if !slices.ContainsFunc(touched, func(g runRange) bool { return g.from <= run && run < g.until }) {
				good = append(good, run)
			}
		}
		return nil
	})
	return good, known, doing("look for runs that are not damaged", err)
}

// gapsOf are the runs that read what a finding is about, each as first run and the one
// that does not any more.
func gapsOf(ctx context.Context, q querier, f vault.Finding) (gaps []runRange, ok bool, err error) {
	const readBy = `SELECT v.first_run, min(coalesce(v.gone_run, ?1), coalesce((SELECT min(n.first_run) FROM versions n
		WHERE n.instance = v.instance AND n.kind = v.kind AND n.item = v.item AND n.first_run > v.first_run), ?1)) FROM versions v WHERE `
	where, arg := "", any(nil)
	switch document := f.Document(); {
	case document.ID == "":
		return nil, false, nil
	case f.Table == "bodies":
		hash, err := hex.DecodeString(f.Key[strings.LastIndexByte(f.Key, ' ')+1:])
		if err != nil {
			return nil, false, nil // it is about no body
		}
		where, arg = `v.hash = +?2`, hash
	case f.Table == "versions":
		// The row itself is damaged, its intervals too perhaps; those of its neighbours bound it.
		return []runRange{{0, always}}, true, nil
	case f.Table == "heads":
		where, arg = `v.kind || '/' || v.item = +?2 AND v.last_run IS NULL`, document.String()
	default:
		return nil, false, nil
	}
	for row, err := range rows(ctx, q, readBy+where, int64(always), arg) {
		if err != nil {
			return nil, false, err
		}
		gaps = append(gaps, runRange{integer(row[0]), integer(row[1])})
	}
	return gaps, len(gaps) > 0, nil
}
