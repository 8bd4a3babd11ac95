package sqlite

import (
	"database/sql/driver"
	"fmt"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A holding is a head with what is needed of its version to judge a record.
type holding struct {
	headRow
	intervalState record.State // of the version; differs from the head's when that is gone
	fingerprint   record.Digest
	rules         int64 // policy of the fingerprint
	goneRun       int64
	hash          record.Digest
}

// standing is what a [vault.Judge] needs of a head, nil for none.
func (h *holding) standing() *vault.Standing {
	if h == nil {
		return nil
	}
	return &vault.Standing{State: h.state, Settled: h.settled, Interval: h.intervalState, GoneRun: h.goneRun,
		Fingerprint: h.fingerprint, Policy: int(h.rules), Broken: h.broken}
}

// wholeHead reports whether a row of heads, whose last column is the checksum, is as
// it was written.
func (s *summer) wholeHead(row []driver.Value) bool {
	last := len(row) - 1
	s.begin("heads", row[:last]...)
	return s.is(row[last])
}

// settleAgain settles what is the same, by what Known has read of it, and returns
// the other records. What it settles comes before them, which changes nothing: it is
// the first that the batch holds of its document.
func (tx *transaction) settleAgain(batch record.Batch) (rest []*record.Record, err error) {
	heads := tx.w.recent.take(batch)
	for i := range batch {
		rec, h := &batch[i], heads[i]
		if h != nil && rec.Same && rec.Fault == nil && rec.State == h.state && h.state != record.Gone {
			if done, err := tx.again(rec, h); err != nil {
				return nil, fmt.Errorf("store %s: %w", rec.Ref, err)
			} else if done {
				continue
			}
		}
		rest = append(rest, rec)
	}
	return rest, nil
}

// again settles a document of which nothing changed, and reports whether it did: not
// when its head is not what it is said to be any more.
func (tx *transaction) again(rec *record.Record, h *headRow) (bool, error) {
	before := h.settled
	if before == tx.run {
		return false, nil
	}
	h.settleBy(rec, tx.run)
	columns := h.columns()
	changed, err := tx.w.q.settleHead.exec(append(columns, tx.w.sum.row("heads", columns...), before)...)
	if err != nil || changed == 0 {
		return false, err
	}
	tx.saw(rec, record.Counts{Same: 1})
	return true, tx.resolve(rec.Ref)
}

// settleBy makes a head what it is after a record of its document.
func (h *headRow) settleBy(rec *record.Record, run int64) {
	if vault.BringsStamp(rec) {
		h.stamp, h.policy = rec.Stamp, int64(rec.Policy)
	}
	h.state, h.settled = rec.State, run
}

// saw counts a document that is there.
func (tx *transaction) saw(rec *record.Record, seen record.Counts) {
	seen.Add(vault.Presence(rec))
	tx.count(rec.Kind, func(c *record.Counts) { c.Add(seen) })
}

// lookUp reads the heads of records into tx.heads, where those that are added or
// changed are kept up to date.
func (tx *transaction) lookUp(batch []*record.Record) error {
	tx.heads = make(map[record.Ref]*holding, len(batch))
	ids := map[record.Kind][]string{}
	for _, rec := range batch {
		ids[rec.Kind] = append(ids[rec.Kind], rec.ID)
	}
	for kind, ids := range ids {
		err := tx.w.q.heads.eachOf(ids, func(row []driver.Value) error {
			h := &holding{
				headRow: headRow{
					instance: tx.w.run.instance, kind: kind, item: text(row[0]), state: record.State(text(row[1])),
					version: integer(row[2]), stamp: digest(row[3]), policy: integer(row[4]), settled: integer(row[5]),
				},
				intervalState: record.State(text(row[7])), fingerprint: digest(row[8]), rules: integer(row[9]),
				goneRun: integer(row[10]), hash: digest(row[11]),
			}
			tx.w.sum.begin("heads", tx.w.run.instance, string(kind))
			tx.w.sum.addAll(row[:6])
			h.broken = !tx.w.sum.is(row[6]) || row[7] == nil
			tx.heads[record.Ref{Kind: kind, ID: h.item}] = h
			return nil
		}, tx.w.run.instance, string(kind))
		if err != nil {
			return err
		}
	}
	return nil
}

// putHead writes a head by a statement that takes its columns and their checksum,
// and returns how many rows that changed.
func (tx *transaction) putHead(by *stmt, h *headRow) (int64, error) {
	columns := h.columns()
	return by.exec(append(columns, tx.w.sum.row("heads", columns...))...)
}

// setHead changes a head that is there.
func (tx *transaction) setHead(h *headRow) error {
	changed, err := tx.putHead(tx.w.q.setHead, h)
	if err == nil && changed != 1 {
		err = vault.Damaged(nil, "the head of %s/%s is missing", h.kind, h.item)
	}
	return err
}
