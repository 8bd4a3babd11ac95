package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"

	"github.com/lookervault/lookervault/internal/record"
)

var selectKnown = `SELECT h.instance, h.kind, h.item, h.state, h.version, h.stamp, h.policy, h.settled_run, h.checksum,
	v.hash, v.size, v.policy, v.fingerprint, v.folder FROM heads h JOIN versions v ON v.id = h.version WHERE h.instance = +? AND h.kind = +? AND h.item IN ` + someIDs

// lookup is a connection that sees what is committed while the writer's is in a
// transaction. By database/sql, as readers do it, a row takes a third longer.
type lookup struct {
	mu    sync.Mutex
	conn  *conn
	known *stmt
	sum   summer
}

func openLookup(file string) (*lookup, error) {
	c, err := connect(uri(file, "mode=ro", "_query_only=1", "_mutex=no", "_busy_timeout=10000"))
	if err != nil {
		return nil, err
	}
	known, err := c.prepare(selectKnown)
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return &lookup{conn: c, known: known}, nil
}

func (l *lookup) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.known.close(), l.conn.close())
}

// each calls fn with the row of each id that is there. All are read in one
// transaction: whenever one begins, SQLite drops the pages that it has, because
// the writer has changed some.
func (l *lookup) each(ids []string, fn func([]driver.Value) error, args ...driver.Value) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.conn.exec("BEGIN"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.conn.rollback()) }()
	return l.known.eachOf(ids, fn, args...)
}

// recent keeps the heads that Known has read last: most of what is asked for is
// committed next, as being the same, and then need not be looked up again. What it
// holds may be out of date.
type recent struct {
	mu    sync.Mutex
	heads map[record.Ref]headRow
}

// mostRecent is more than what lies between list and write.
const mostRecent = 20_000

func (r *recent) add(h headRow) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.heads == nil || len(r.heads) >= mostRecent {
		r.heads = make(map[record.Ref]headRow)
	}
	r.heads[record.Ref{Kind: h.kind, ID: h.item}] = h
}

// take returns the heads of a batch, nil where there is none, and forgets them: where
// a document is there twice, the first record has its head.
func (r *recent) take(batch record.Batch) []*headRow {
	r.mu.Lock()
	defer r.mu.Unlock()
	heads := make([]*headRow, len(batch))
	for i := range batch {
		if h, ok := r.heads[batch[i].Ref]; ok {
			heads[i] = &h
			delete(r.heads, batch[i].Ref)
		}
	}
	return heads
}

// Known returns what is committed of the given ids of a kind. Ids that were
// never stored are absent from the result, and so are those that are damaged: what is
// fetched of them is stored again. A full run knows all damage, others that of heads.
func (w *Writer) Known(ctx context.Context, kind record.Kind, ids []string) (map[string]record.Known, error) {
	if w.run == nil {
		return nil, errNoRun
	}
	found, policy := make(map[string]record.Known, len(ids)), int64(w.start.PolicyOf(kind))
	err := w.lookup.each(ids, func(row []driver.Value) error {
		h, hash := scanHead(row), digest(row[9])
		if !w.lookup.sum.wholeHead(row[:9]) || w.damage.hurts(h.version, hash) {
			return ctx.Err()
		}
		k := record.Known{State: h.state, Folder: text(row[13]), Settled: w.judge().HasSettled(h.settled, h.state), Fingerprint: digest(row[12]), Observed: w.observed[h.settled]}
		k.Troubled = w.troubled[record.Ref{Kind: kind, ID: h.item}]
		if h.policy == policy {
			k.Stamp = h.stamp
		}
		if integer(row[11]) == policy {
			k.Hash, k.Size = hash, integer(row[10])
		}
		found[h.item] = k
		w.recent.add(h)
		return ctx.Err()
	}, w.run.instance, string(kind))
	if err != nil {
		return nil, doing(fmt.Sprintf("look up %s", kind), classify(w.path, err))
	}
	return found, nil
}

// Unsettled returns ids of a kind that are present or in the trash, and that the
// run has neither settled nor failed to fetch: at most limit of them, sorted
// bytewise, those behind after only.
func (w *Writer) Unsettled(ctx context.Context, kind record.Kind, after string, limit int) ([]string, error) {
	return w.idsOf(ctx, selectUnsettled, kind, after, limit)
}

// Settled returns ids of a kind that are present or in the trash, and that the run has
// settled: at most limit of them, sorted bytewise, those behind after only.
func (w *Writer) Settled(ctx context.Context, kind record.Kind, after string, limit int) ([]string, error) {
	return w.idsOf(ctx, selectSettled, kind, after, limit)
}

// selectSettled finds what a run has settled.
const selectSettled = `SELECT instance, kind, item FROM heads
	WHERE instance = +?1 AND kind = +?2 AND item > +?3 AND state <> 'gone' AND settled_run = +?4 ORDER BY item LIMIT ?5`

// idsOf returns ids of a kind by a statement whose rows begin with the key of a head, in the
// order of their ids.
func (w *Writer) idsOf(ctx context.Context, statement string, kind record.Kind, after string, limit int) (ids []string, err error) {
	if w.run == nil {
		return nil, errNoRun
	}
	for row, err := range rows(ctx, w.reader.db, statement, w.run.instance, string(kind), after, w.run.id, limit) {
		if err != nil {
			return nil, doing(fmt.Sprintf("look for %s by whether the run has seen them", kind), classify(w.path, err))
		}
		// A damaged index gives rows out of order. Whoever asks for the next portion
		// behind the last row would get the same ones for ever.
		if id := text(row[2]); id > after {
			ids, after = append(ids, id), id
		}
	}
	return ids, nil
}

// Holds reports whether a document of a kind is present or in the trash.
func (w *Writer) Holds(ctx context.Context, kind record.Kind) (bool, error) {
	if w.run == nil {
		return false, errNoRun
	}
	for _, err := range rows(ctx, w.reader.db, selectHeld, w.run.instance, string(kind)) {
		if err != nil {
			return false, doing(fmt.Sprintf("look for stored %s", kind), classify(w.path, err))
		}
		return true, nil
	}
	return false, nil
}

// Count returns how many documents of a kind are held in a state.
func (w *Writer) Count(ctx context.Context, kind record.Kind, state record.State) (n int64, err error) {
	if w.run == nil {
		return 0, errNoRun
	}
	for row, err := range rows(ctx, w.reader.db, `SELECT count(*) FROM heads WHERE instance = +? AND kind = +? AND state = +?`,
		w.run.instance, string(kind), string(state)) {
		if err != nil {
			return 0, doing(fmt.Sprintf("count stored %s", kind), classify(w.path, err))
		}
		n = integer(row[0])
	}
	return n, nil
}
