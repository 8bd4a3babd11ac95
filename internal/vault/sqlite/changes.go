package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"

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
WHERE v.first_run = +?1
UNION ALL
SELECT v.kind, v.item, v.name, v.size, v.size AS was, v.folder, v.owner, 'gone' FROM versions v WHERE v.gone_run = +?1`

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
func (r *Reader) Largest(ctx context.Context, instance string, limit int) (list []vault.Ranked, err error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, err
	}
	// The version of what is not gone is the one that no run has ended: one pass finds them.
	for row, err := range rows(ctx, r.db, `SELECT kind, item, name, size FROM versions NOT INDEXED
		WHERE instance = +? AND last_run IS NULL ORDER BY size DESC, kind, item LIMIT ?`, found.ID, limit) {
		if err != nil {
			return nil, doing("rank documents", classify(r.path, err))
		}
		list = append(list, vault.Ranked{Ref: record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}, Name: text(row[2]), N: integer(row[3])})
	}
	return list, nil
}

// MostChanged lists the documents of an instance that have the most bodies,
// those with one left out.
func (r *Reader) MostChanged(ctx context.Context, instance string, limit int) (list []vault.Ranked, err error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil || limit <= 0 {
		return nil, err
	}
	err = r.snapshot(ctx, func(q querier) error {
		// No document has more bodies than versions, which an index counts: those with the
		// most are looked at until none of the others can have as many bodies.
		for row, err := range rowsDirect(ctx, q, `SELECT kind, item, count(*) AS versions FROM versions INDEXED BY versions_item
			WHERE instance = +? GROUP BY kind, item HAVING versions > 1 ORDER BY versions DESC`, found.ID) {
			if err != nil {
				return err
			}
			if len(list) == limit && integer(row[2]) < list[limit-1].N {
				return nil
			}
			ref := record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}
			ranked, err := bodiesOf(ctx, q, found.ID, ref)
			if err != nil {
				return err
			}
			if ranked.N > 1 {
				place, _ := slices.BinarySearchFunc(list, ranked, compareRanked)
				list = slices.Insert(list, place, ranked)
				list = list[:min(limit, len(list))]
			}
		}
		return nil
	})
	return list, doing("rank documents", err)
}

// bodiesOf is a document with how many bodies it has, 0 where no head leads to it.
func bodiesOf(ctx context.Context, q querier, instance int64, ref record.Ref) (vault.Ranked, error) {
	ranked := vault.Ranked{Ref: ref}
	for row, err := range rows(ctx, q, `SELECT n.name, (SELECT count(DISTINCT v.fingerprint) FROM versions v
			WHERE v.instance = h.instance AND v.kind = h.kind AND v.item = h.item)
		FROM heads h JOIN versions n ON n.id = h.version WHERE h.instance = +? AND h.kind = +? AND h.item = +?`, instance, string(ref.Kind), ref.ID) {
		if err != nil {
			return ranked, err
		}
		ranked.Name, ranked.N = text(row[0]), integer(row[1])
	}
	return ranked, nil
}

// compareRanked puts what has the most first, and then goes by kind and id.
func compareRanked(a, b vault.Ranked) int {
	return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}
