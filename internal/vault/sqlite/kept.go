package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"

	"github.com/lookervault/lookervault/internal/record"
)

// kept are the documents that a run keeps without settling them. There may be as many as the vault
// holds, so they are in a table: of a private database that SQLite makes for its connection, has in
// memory as far as it is small, and removes with it.
type kept struct {
	mu        sync.Mutex
	conn      *conn // nil: none was kept yet
	add, find *stmt
}

// open makes the table where there is none yet. The caller holds the lock.
func (k *kept) open() (err error) {
	if k.conn != nil {
		return nil
	}
	c, err := connect("")
	if err != nil {
		return err
	}
	err = c.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
		CREATE TABLE kept (kind TEXT NOT NULL, item TEXT NOT NULL, deferred INTEGER NOT NULL, PRIMARY KEY (kind, item)) STRICT, WITHOUT ROWID`)
	if err != nil {
		return errors.Join(err, c.close())
	}
	if k.add, err = c.prepare(`INSERT OR IGNORE INTO kept VALUES (?,?,?)`); err != nil {
		return errors.Join(err, c.close())
	}
	if k.find, err = c.prepare(`SELECT item, deferred FROM kept WHERE kind = +? AND item IN ` + someIDs); err != nil {
		return errors.Join(err, k.add.close(), c.close())
	}
	k.conn = c
	return nil
}

func (k *kept) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn == nil {
		return nil
	}
	err := errors.Join(k.add.close(), k.find.close(), k.conn.close())
	k.conn, k.add, k.find = nil, nil, nil
	return err
}

// put adds documents, and returns how many were not there.
func (k *kept) put(kind record.Kind, ids []string, deferred int64) (added int, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.open(); err != nil {
		return 0, err
	}
	if err := k.conn.exec("BEGIN"); err != nil {
		return 0, err
	}
	for _, id := range ids {
		n, err := k.add.exec(string(kind), id, deferred)
		if err != nil {
			return 0, errors.Join(err, k.conn.rollback())
		}
		added += int(n)
	}
	return added, k.conn.exec("COMMIT")
}

// among returns those of some documents that are there, and whether they were deferred.
func (k *kept) among(kind record.Kind, ids []string) (map[string]bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn == nil || len(ids) == 0 {
		return nil, nil
	}
	found := make(map[string]bool)
	err := k.find.eachOf(ids, func(row []driver.Value) error {
		found[text(row[0])] = integer(row[1]) != 0
		return nil
	}, string(kind))
	return found, err
}

// Keep records documents of a kind that the run does not settle and that must not become gone, and
// returns how many of them were not kept yet.
func (w *Writer) Keep(_ context.Context, kind record.Kind, ids []string, deferred bool) (int, error) {
	if w.run == nil {
		return 0, errNoRun
	}
	var flag int64
	if deferred {
		flag = 1
	}
	added, err := w.kept.put(kind, ids, flag)
	return added, doing(fmt.Sprintf("keep %s", kind), classify(w.path, err))
}

// Kept returns those of some documents of a kind that are kept, and whether they were deferred.
func (w *Writer) Kept(_ context.Context, kind record.Kind, ids []string) (map[string]bool, error) {
	if w.run == nil {
		return nil, errNoRun
	}
	found, err := w.kept.among(kind, ids)
	return found, doing(fmt.Sprintf("look for kept %s", kind), classify(w.path, err))
}

// spared reports whether a document must not become gone: it was left out on purpose (keep), or is
// kept. When that cannot be told, the answer that changes nothing is yes.
func (tx *transaction) spared(ref record.Ref, keep map[record.Ref]bool) bool {
	found, err := tx.w.kept.among(ref.Kind, []string{ref.ID})
	_, ok := found[ref.ID]
	return keep[ref] || ok || err != nil
}
