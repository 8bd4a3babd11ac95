package sqlite

import (
	"context"
	"os"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Stats counts what the vault holds. It reads every row, but no body.
func (r *Reader) Stats(ctx context.Context) (s vault.Stats, err error) {
	err = r.snapshot(ctx, func(q querier) error {
		for _, c := range []struct {
			sql string
			to  []*int64
		}{
			{`SELECT count(*) FROM runs`, []*int64{&s.Runs}},
			{`SELECT count(*) FROM versions`, []*int64{&s.Versions}},
			{`SELECT count(*), coalesce(sum(size), 0), coalesce(sum(length(data)), 0) FROM bodies`, []*int64{&s.Bodies, &s.BodyBytes, &s.StoredBytes}},
			{`SELECT count(*) FROM refs`, []*int64{&s.Refs}},
			{`SELECT count(*), count(*) FILTER (WHERE resolved_run IS NULL) FROM faults`, []*int64{&s.Faults, &s.OpenFaults}},
			{`SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size`, []*int64{&s.FreeBytes}},
		} {
			for row, err := range rows(ctx, q, c.sql) {
				if err != nil {
					return err
				}
				for i, to := range c.to {
					*to = integer(row[i])
				}
			}
		}
		if err := sizesAgree(ctx, q); err != nil {
			return err
		}
		for row, err := range rows(ctx, q, `SELECT i.name, h.kind, count(*) FILTER (WHERE h.state = 'present'),
			count(*) FILTER (WHERE h.state = 'trashed'), count(*) FILTER (WHERE h.state = 'gone'),
			coalesce(sum(v.size) FILTER (WHERE h.state <> 'gone'), 0)
			FROM heads h JOIN instances i ON i.id = h.instance JOIN versions v ON v.id = h.version
			GROUP BY i.name, h.kind ORDER BY i.name, h.kind`) {
			if err != nil {
				return err
			}
			s.Kinds = append(s.Kinds, vault.KindStats{Instance: text(row[0]), Kind: record.Kind(text(row[1])),
				Present: integer(row[2]), Trashed: integer(row[3]), Gone: integer(row[4]), Bytes: integer(row[5])})
		}
		return nil
	})
	if err == nil {
		// What was counted are members of rows that nobody has checked.
		err = r.CheckRows(ctx, vault.FaultTables, vault.DocumentTables)
	}
	if err != nil {
		return s, doing("count what is stored", err)
	}
	s.FileBytes, s.LogBytes = sizeOf(r.file), sizeOf(r.file+logSuffix)
	return s, nil
}

// sizesAgree checks the sizes of bodies, which no checksum covers, against those that their
// versions have.
func sizesAgree(ctx context.Context, q querier) error {
	for row, err := range rows(ctx, q, `SELECT v.kind, v.item, v.size, b.size FROM versions v JOIN bodies b ON b.hash = v.hash
		WHERE b.size IS NOT v.size LIMIT 1`) {
		if err == nil {
			err = vault.Damaged(nil, "bodies of %s: %d bytes, its version has %d",
				shown(record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}), integer(row[3]), integer(row[2]))
		}
		return err
	}
	return nil
}

// sizeOf is 0 for a file that is not there.
func sizeOf(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}
