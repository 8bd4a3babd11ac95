package sqlite

import (
	"context"
	"os"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Stats counts what the vault holds. It reads every row and checks it, and of bodies how
// long they are.
func (r *Reader) Stats(ctx context.Context) (s vault.Stats, err error) {
	err = r.snapshot(ctx, func(q querier) error {
		if err := countRows(ctx, q, &s); err != nil {
			return err
		}
		return measureBodies(ctx, q, &s)
	})
	if err == nil {
		// What was counted are members of rows that nobody has checked.
		err = r.CheckRows(ctx, vault.RunTables, vault.FaultTables, vault.DocumentTables)
	}
	if err != nil {
		return s, doing("count what is stored", err)
	}
	s.FileBytes, s.LogBytes = sizeOf(r.file), sizeOf(r.file+logSuffix)
	return s, nil
}

// countRows counts rows of tables that have checksums, for somebody to check.
func countRows(ctx context.Context, q querier, s *vault.Stats) error {
	for _, c := range []struct {
		sql string
		to  []*int64
	}{
		{`SELECT count(*) FROM runs`, []*int64{&s.Runs}},
		{`SELECT count(*) FROM versions`, []*int64{&s.Versions}},
		{`SELECT count(*), coalesce(sum(size), 0) FROM (SELECT DISTINCT hash, size FROM versions)`, []*int64{&s.Bodies, &s.BodyBytes}},
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
}

// measureBodies adds up how long bodies are as they are stored. No checksum covers that, so
// each is asked where it ends, and all together have to be the bodies of the versions.
func measureBodies(ctx context.Context, q querier, s *vault.Stats) error {
	var bodies, size int64
	for row, err := range rowsDirect(ctx, q, `SELECT hash, codec, size, data FROM bodies`) {
		if err != nil {
			return err
		}
		data := blob(row[3])
		if err := codec.Ends(record.Codec(text(row[1])), data, integer(row[2])); err != nil {
			return vault.Damaged(err, "body %s", digest(row[0]))
		}
		bodies, size, s.StoredBytes = bodies+1, size+integer(row[2]), s.StoredBytes+int64(len(data))
	}
	if bodies != s.Bodies || size != s.BodyBytes {
		return vault.Damaged(nil, "bodies: %d of %d bytes, versions have %d of %d bytes", bodies, size, s.Bodies, s.BodyBytes)
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
