package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Naming returns the bodies of the documents that [Writer.Parents] returns.
func (w *Writer) Naming(ctx context.Context, ref record.Ref, limit int) ([][]byte, error) {
	parents, err := w.Parents(ctx, ref, limit)
	if err != nil {
		return nil, err
	}
	var bodies [][]byte
	for _, parent := range parents {
		document, err := w.reader.Document(ctx, w.start.Instance, parent, vault.Point{})
		if err != nil {
			return nil, doing(fmt.Sprintf("read what points to %s", ref), err)
		}
		bodies = append(bodies, document.Body)
	}
	return bodies, nil
}

// Body returns the newest body that is stored of a document, the caller's own, and nil
// when there is none or it is damaged: that is for readers to say, a run fetches the
// document again.
func (w *Writer) Body(ctx context.Context, ref record.Ref) ([]byte, error) {
	if w.run == nil {
		return nil, errNoRun
	}
	document, err := w.reader.Document(ctx, w.start.Instance, ref, vault.Point{})
	if errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrCorrupt) {
		return nil, nil
	}
	return document.Body, err
}

// SeenByAdmin returns the newest body of a document where a run with an administrator's key
// has seen that version, nil otherwise.
func (w *Writer) SeenByAdmin(ctx context.Context, ref record.Ref) ([]byte, error) {
	if w.run == nil {
		return nil, errNoRun
	}
	document, err := w.reader.Document(ctx, w.start.Instance, ref, vault.Point{})
	if errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrCorrupt) {
		return nil, nil
	}
	if err != nil || document.FirstRun > w.byAdmin[ref.Kind] {
		return nil, err
	}
	return document.Body, nil
}

// selectCalled finds documents by their names, which come as a JSON array.
const selectCalled = `
SELECT v.name, min(h.item) FROM heads h JOIN versions v ON v.id = h.version
WHERE h.instance = +?1 AND h.kind = +?2 AND h.state <> 'gone' AND v.name IN (SELECT value FROM json_each(?3))
GROUP BY v.name`

// Called returns the ids of documents of a kind that are not gone, by the names of
// the given ones that they have. Of several with one name, the first by id.
func (w *Writer) Called(ctx context.Context, kind record.Kind, names []string) (map[string]string, error) {
	if w.run == nil {
		return nil, errNoRun
	}
	list, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	query := func() (*sql.Rows, error) {
		return w.reader.db.QueryContext(ctx, selectCalled, w.run.instance, string(kind), string(list))
	}
	called := make(map[string]string)
	for row, err := range rowsOf(query) {
		if err != nil {
			return nil, doing(fmt.Sprintf("look up %s by name", kind), classify(w.path, err))
		}
		called[text(row[0])] = text(row[1])
	}
	return called, nil
}
