package sqlite

import (
	"context"
	"fmt"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// changesOf finds the versions that a run began, each with the one before it, and
// the documents that it found to be gone. Where the one before was pruned, what is left to
// know of it tells a change from a new document.
const changesOf = `
SELECT v.kind, v.item, v.name, v.size, coalesce(o.size, 0), v.folder, v.owner, CASE
	WHEN o.id IS NULL AND p.item IS NULL THEN 'new'
	WHEN o.id IS NULL AND p.gone_run IS NULL THEN 'changed'
	WHEN o.id IS NULL THEN 'back'
	WHEN o.gone_run IS NOT NULL THEN 'back'
	WHEN o.state <> v.state AND v.state = 'trashed' THEN 'trashed'
	WHEN o.state <> v.state THEN 'restored'
	ELSE 'changed' END
FROM versions v LEFT JOIN versions o ON o.id = (SELECT p.id FROM versions p WHERE p.instance = v.instance AND p.kind = v.kind
	AND p.item = v.item AND p.first_run < v.first_run ORDER BY p.first_run DESC LIMIT 1)
LEFT JOIN pruned_versions p ON p.instance = v.instance AND p.kind = v.kind AND p.item = v.item
WHERE v.first_run = ?1
UNION ALL
SELECT v.kind, v.item, v.name, v.size, v.size AS was, v.folder, v.owner, 'gone' FROM versions v WHERE v.gone_run = ?1`

// Changes lists what changed with a run, by what, kind and id: at most limit
// documents of each sort, and how many there are of it.
func (r *Reader) Changes(ctx context.Context, run int64, limit int) (list []vault.Change, counts map[string]int64, err error) {
	counts = make(map[string]int64)
	for row, err := range rows(ctx, r.db, `SELECT * FROM (`+changesOf+`) ORDER BY 8, 1, 2`, run) {
		if err != nil {
			return nil, nil, doing(fmt.Sprintf("read what changed with run %d", run), classify(r.path, err))
		}
		what := text(row[7])
		if counts[what]++; counts[what] <= int64(limit) {
			list = append(list, vault.Change{
				Ref: record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}, Name: text(row[2]),
				Size: integer(row[3]), Was: integer(row[4]), Folder: text(row[5]), Owner: text(row[6]), What: what,
			})
		}
	}
	return list, counts, nil
}

// Largest lists the documents of an instance that are not gone and whose newest
// body is the largest, in bytes.
func (r *Reader) Largest(ctx context.Context, instance string, limit int) ([]vault.Ranked, error) {
	return r.ranked(ctx, `SELECT h.kind, h.item, v.name, v.size FROM heads h JOIN versions v ON v.id = h.version
		WHERE h.instance = ?1 AND h.state <> 'gone' ORDER BY v.size DESC, h.kind, h.item LIMIT ?2`, instance, limit)
}

// MostChanged lists the documents of an instance that have the most bodies,
// those with one left out.
func (r *Reader) MostChanged(ctx context.Context, instance string, limit int) ([]vault.Ranked, error) {
	return r.ranked(ctx, `SELECT v.kind, v.item, n.name, count(DISTINCT v.fingerprint) AS bodies FROM versions v
		JOIN heads h ON h.instance = v.instance AND h.kind = v.kind AND h.item = v.item JOIN versions n ON n.id = h.version
		WHERE v.instance = ?1 GROUP BY v.kind, v.item HAVING bodies > 1 ORDER BY bodies DESC, v.kind, v.item LIMIT ?2`, instance, limit)
}

func (r *Reader) ranked(ctx context.Context, query, instance string, limit int) (list []vault.Ranked, err error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, err
	}
	for row, err := range rows(ctx, r.db, query, found.ID, limit) {
		if err != nil {
			return nil, doing("rank documents", classify(r.path, err))
		}
		list = append(list, vault.Ranked{Ref: record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}, Name: text(row[2]), N: integer(row[3])})
	}
	return list, nil
}
