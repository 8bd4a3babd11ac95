package sqlite

import (
	"context"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// deletionsOf finds of each document its newest deletion up to a run. What was in the trash
// when the vault saw it first was not deleted in its time.
const deletionsOf = `
WITH went AS (
	SELECT v.id, v.kind, v.item, v.name, v.folder, v.owner, v.gone_run AS run, 'gone' AS what FROM versions v
	WHERE v.instance = +?1 AND v.gone_run <= ?2
	UNION ALL
	SELECT v.id, v.kind, v.item, v.name, v.folder, v.owner, v.first_run, 'trashed' FROM versions v
	LEFT JOIN versions o ON o.id = (SELECT p.id FROM versions p WHERE p.instance = v.instance AND p.kind = v.kind
		AND p.item = v.item AND p.first_run < v.first_run ORDER BY p.first_run DESC LIMIT 1)
	LEFT JOIN pruned_versions p ON p.instance = v.instance AND p.kind = v.kind AND p.item = v.item
	WHERE v.instance = +?1 AND v.state = 'trashed' AND v.first_run <= ?2
		AND (o.id IS NOT NULL AND (o.state <> 'trashed' OR o.gone_run IS NOT NULL) OR o.id IS NULL AND p.item IS NOT NULL)
), newest AS (
	SELECT *, row_number() OVER (PARTITION BY kind, item ORDER BY run DESC, what) AS turn FROM went
)
SELECT w.kind, w.item, w.name, w.folder, w.owner, w.what, w.run, w.id, EXISTS (SELECT 1 FROM versions b WHERE b.instance = +?1
	AND b.kind = w.kind AND b.item = w.item AND b.first_run > w.run AND b.first_run <= ?2), count(*) OVER ()
FROM newest w WHERE w.turn = 1 ORDER BY w.run DESC, w.kind, w.item LIMIT ?3`

// Deletions lists the documents of an instance that were deleted while the vault watched,
// up to a run: of each the newest deletion, the newest of all first, at most limit of them;
// and how many there are.
func (r *Reader) Deletions(ctx context.Context, instance string, until int64, limit int) (list []vault.Deletion, n int64, err error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, 0, err
	}
	for row, err := range rows(ctx, r.db, deletionsOf, found.ID, until, limit) {
		if err != nil {
			return nil, 0, doing("read what was deleted", classify(r.path, err))
		}
		n = integer(row[9])
		list = append(list, vault.Deletion{
			Ref: record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}, Name: text(row[2]), Folder: text(row[3]), Owner: text(row[4]),
			What: text(row[5]), Run: integer(row[6]), Version: integer(row[7]), Back: integer(row[8]) != 0,
		})
	}
	return list, n, nil
}
