package vault

import (
	"context"
	"os"

	"github.com/lookervault/lookervault/internal/record"
)

// Stats says what is in a vault and how large it is.
type Stats struct {
	FileBytes   int64 // of the database file
	LogBytes    int64 // of the write-ahead log beside it
	FreeBytes   int64 // of the file: pages that hold nothing
	Runs        int64
	Versions    int64
	Bodies      int64
	BodyBytes   int64 // of the bodies as they came
	StoredBytes int64 // of the bodies as they are stored
	Refs        int64
	Faults      int64
	OpenFaults  int64
	Kinds       []KindStats // by instance and kind
}

// KindStats says what is held of a kind.
type KindStats struct {
	Instance string
	Kind     record.Kind
	Present  int64
	Trashed  int64
	Gone     int64
	Bytes    int64 // of the newest bodies of what is present or trashed, as they came
}

// Stats counts what the vault holds. It reads every row, but no body.
func (r *Reader) Stats(ctx context.Context) (s Stats, err error) {
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
		for row, err := range rows(ctx, q, `SELECT i.name, h.kind, count(*) FILTER (WHERE h.state = 'present'),
			count(*) FILTER (WHERE h.state = 'trashed'), count(*) FILTER (WHERE h.state = 'gone'),
			coalesce(sum(v.size) FILTER (WHERE h.state <> 'gone'), 0)
			FROM heads h JOIN instances i ON i.id = h.instance JOIN versions v ON v.id = h.version
			GROUP BY i.name, h.kind ORDER BY i.name, h.kind`) {
			if err != nil {
				return err
			}
			s.Kinds = append(s.Kinds, KindStats{Instance: text(row[0]), Kind: record.Kind(text(row[1])),
				Present: integer(row[2]), Trashed: integer(row[3]), Gone: integer(row[4]), Bytes: integer(row[5])})
		}
		return nil
	})
	if err == nil {
		// What was counted are members of rows that nobody has checked.
		err = r.CheckRows(ctx, FaultTables, DocumentTables)
	}
	if err != nil {
		return s, doing("count what is stored", err)
	}
	s.FileBytes, s.LogBytes = sizeOf(r.file), sizeOf(r.file+logSuffix)
	return s, nil
}

// sizeOf is 0 for a file that is not there.
func sizeOf(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}
