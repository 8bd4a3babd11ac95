package vault

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
)

// knownAtOnce is how many ids one statement looks up; shorter lists are filled.
const knownAtOnce = 200

var selectKnown = `SELECT h.item, h.state, h.stamp, h.policy, h.settled_run, v.hash, v.policy
	FROM heads h JOIN versions v ON v.id = h.version
	WHERE h.instance = +? AND h.kind = +? AND h.item IN (?` + strings.Repeat(",?", knownAtOnce-1) + `)`

// Known returns what is committed of the given ids of a kind. Ids that were
// never stored are absent from the result.
func (w *Writer) Known(ctx context.Context, kind record.Kind, ids []string) (map[string]record.Known, error) {
	if w.run == nil {
		return nil, errNoRun
	}
	found := make(map[string]record.Known, len(ids))
	args := make([]any, 2+knownAtOnce)
	args[0], args[1] = w.run.instance, string(kind)
	for len(ids) > 0 {
		n := min(knownAtOnce, len(ids))
		for i := range knownAtOnce {
			args[2+i] = ids[min(i, n-1)]
		}
		ids = ids[n:]
		for row, err := range rowsOf(func() (*sql.Rows, error) { return w.known.QueryContext(ctx, args...) }) {
			if err != nil {
				return nil, doing(fmt.Sprintf("look up %s", kind), classify(w.path, err))
			}
			k := record.Known{State: record.State(text(row[1])), Settled: integer(row[4]) == w.run.id}
			if integer(row[3]) == int64(w.start.Policy) {
				k.Stamp = digest(row[2])
			}
			if integer(row[6]) == int64(w.start.Policy) {
				k.Hash = digest(row[5])
			}
			found[text(row[0])] = k
		}
	}
	return found, nil
}

// Unsettled returns ids of a kind that are present or in the trash, and that the
// run has neither settled nor failed to fetch: at most limit of them, sorted
// bytewise, those behind after only.
func (w *Writer) Unsettled(ctx context.Context, kind record.Kind, after string, limit int) ([]string, error) {
	if w.run == nil {
		return nil, errNoRun
	}
	var ids []string
	for row, err := range rows(ctx, w.reader.db, selectUnsettled, w.run.instance, string(kind), after, w.run.id, limit) {
		if err != nil {
			return nil, doing(fmt.Sprintf("look for %s that were not seen", kind), classify(w.path, err))
		}
		ids = append(ids, text(row[2]))
	}
	return ids, nil
}
