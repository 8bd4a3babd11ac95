package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/lookervault/lookervault/internal/record"
)

// selectFollowed reads ids that documents point to, from one id on. The second
// column is what the document in the owner's folder points to in the same kind,
// the third whether the run has settled a document that points to it, the fourth
// whether it is known to dangle.
const selectFollowed = `
SELECT r.item, coalesce(min((
	SELECT above.item FROM heads f JOIN refs above ON above.version = f.version
	WHERE f.instance = v.instance AND f.kind = v.kind AND f.item = v.folder AND f.state <> 'gone' AND above.kind = r.kind
)), ''), max(h.settled_run = +?6), EXISTS (
	SELECT 1 FROM faults f WHERE f.instance = v.instance AND f.kind = r.kind AND f.item = r.item AND f.class = +?7 AND f.resolved_run IS NULL)
FROM refs r
JOIN versions v ON v.id = r.version
JOIN heads h ON h.instance = v.instance AND h.kind = v.kind AND h.item = v.item AND h.version = v.id
WHERE r.kind = +?1 AND r.item > ?2 AND v.instance = +?3 AND h.state <> 'gone' AND (?4 = 0 OR h.settled_run = +?4)
GROUP BY r.item ORDER BY r.item LIMIT ?5`

// Followed returns ids of a kind that documents point to which are not gone, at
// most limit of them, sorted bytewise, those behind after only. In a run with a
// scope only documents count that the run has settled. Folder is what the
// document in the owner's folder points to in that kind, "" when there is none.
// Named is set where the run has settled a document that points to it, Dangled
// where an open fault says that it is not there.
func (w *Writer) Followed(ctx context.Context, kind record.Kind, after string, limit int) ([]record.Listed, error) {
	if w.run == nil {
		return nil, errNoRun
	}
	var settledIn int64
	if !w.run.scope.Unscoped() {
		settledIn = w.run.id
	}
	var listed []record.Listed
	query := func() (*sql.Rows, error) {
		return w.reader.db.QueryContext(ctx, selectFollowed, string(kind), after, w.run.instance, settledIn, limit, w.run.id, record.FaultDangling)
	}
	for row, err := range rowsOf(query) {
		if err != nil {
			return nil, doing(fmt.Sprintf("follow references to %s", kind), classify(w.path, err))
		}
		if text(row[0]) <= after {
			continue // the index is damaged: see [Writer.Unsettled]
		}
		after = text(row[0])
		listed = append(listed, record.Listed{ID: text(row[0]), Folder: text(row[1]), State: record.Present, Named: integer(row[2]) == 1, Dangled: integer(row[3]) == 1})
	}
	return listed, nil
}

// selectParents finds documents that point to another one.
const selectParents = `
SELECT h.kind, h.item FROM refs r
JOIN versions v ON v.id = r.version
JOIN heads h ON h.instance = v.instance AND h.kind = v.kind AND h.item = v.item AND h.version = v.id
WHERE r.kind = +?1 AND r.item = +?2 AND v.instance = +?3 AND h.state <> 'gone'
ORDER BY h.settled_run = +?4 DESC, h.kind, h.item LIMIT ?5`

// Parents returns documents that point to a document and are not gone, at most
// limit of them: those first that the run has settled, and of these the first by
// kind and id.
func (w *Writer) Parents(ctx context.Context, ref record.Ref, limit int) ([]record.Ref, error) {
	if w.run == nil {
		return nil, errNoRun
	}
	var parents []record.Ref
	query := func() (*sql.Rows, error) {
		return w.reader.db.QueryContext(ctx, selectParents, string(ref.Kind), ref.ID, w.run.instance, w.run.id, limit)
	}
	for row, err := range rowsOf(query) {
		if err != nil {
			return nil, doing(fmt.Sprintf("find what points to %s", ref), classify(w.path, err))
		}
		parents = append(parents, record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])})
	}
	return parents, nil
}
