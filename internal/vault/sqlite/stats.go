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
	held, err := measureVersions(ctx, q, s)
	if err != nil {
		return err
	}
	for row, err := range rows(ctx, q, `SELECT i.name, h.kind, count(*) FILTER (WHERE h.state = 'present'),
		count(*) FILTER (WHERE h.state = 'trashed'), count(*) FILTER (WHERE h.state = 'gone'), h.instance
		FROM heads h CROSS JOIN instances i ON i.id = h.instance GROUP BY h.instance, h.kind ORDER BY i.name, h.kind`) {
		if err != nil {
			return err
		}
		kind := record.Kind(text(row[1]))
		s.Kinds = append(s.Kinds, vault.KindStats{Instance: text(row[0]), Kind: kind,
			Present: integer(row[2]), Trashed: integer(row[3]), Gone: integer(row[4]), Bytes: held[kindOfInstance{integer(row[5]), kind}]})
	}
	return nil
}

type kindOfInstance struct {
	instance int64
	kind     record.Kind
}

// measureVersions counts versions and their bodies, and adds up how large the versions are
// that no run has ended: those of what is held. SQLite would sort the hashes, and look up the
// version of each head.
func measureVersions(ctx context.Context, q querier, s *vault.Stats) (held map[kindOfInstance]int64, err error) {
	type body struct {
		hash [16]byte // the front of it
		size int64
	}
	bodies := make(map[body]struct{})
	held = make(map[kindOfInstance]int64)
	for row, err := range rowsDirect(ctx, q, `SELECT hash, size, CASE WHEN last_run IS NULL THEN instance END, kind FROM versions NOT INDEXED`) {
		if err != nil {
			return nil, err
		}
		of := body{size: integer(row[1])}
		copy(of.hash[:], blob(row[0]))
		s.Versions++
		if _, ok := bodies[of]; !ok {
			bodies[of] = struct{}{}
			s.BodyBytes += of.size
		}
		if row[2] != nil {
			held[kindOfInstance{integer(row[2]), record.Kind(text(row[3]))}] += of.size
		}
	}
	s.Bodies = int64(len(bodies))
	return held, nil
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
