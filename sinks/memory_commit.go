package sinks

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
)

// Commit stores a batch whole or not at all: it looks at every record before it
// changes anything.
func (m *Memory) Commit(ctx context.Context, batch record.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil || m.run.Outcome != record.RunRunning {
		return errNoRun
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	held := map[record.Ref]bool{}
	for i := range batch {
		rec := &batch[i]
		d := m.docs[m.key(rec.Ref)]
		if d != nil && d.settled == m.run.ID {
			continue
		}
		if err := checkRecord(rec, d != nil || held[rec.Ref]); err != nil {
			return fmt.Errorf("store %s: %w", rec.Ref, err)
		}
		held[rec.Ref] = held[rec.Ref] || !rec.Hash.IsZero()
	}
	for i := range batch {
		m.settle(&batch[i])
	}
	m.takeCalls()
	return nil
}

func checkRecord(rec *record.Record, held bool) error {
	switch {
	case rec.Fault != nil:
		return nil
	case rec.ID == "":
		return errors.New("the record has no id")
	case rec.State == record.Gone:
		return nil
	case rec.State != record.Present && rec.State != record.Trashed:
		return fmt.Errorf("the record has state %q", rec.State)
	case rec.Same && !held:
		return errors.New("the record is said to be the same, but none is held")
	case !rec.Same && rec.Hash.IsZero():
		return errors.New("the record has no body")
	}
	return nil
}

func (m *Memory) settle(rec *record.Record) {
	d := m.docs[m.key(rec.Ref)]
	switch {
	case d != nil && d.settled == m.run.ID:
	case rec.Fault != nil:
		m.fail(rec)
	case rec.State == record.Gone && m.start.AbsenceUnproven: // it settles nothing
	case rec.State == record.Gone:
		if d != nil && d.record.State != record.Gone {
			m.bury(rec.Ref, d)
		}
		m.resolve(rec.Ref)
	default:
		m.observe(rec, d)
		m.resolve(rec.Ref)
	}
}

func (m *Memory) observe(rec *record.Record, d *memoryDoc) {
	c := m.run.count(rec.Kind)
	if d == nil {
		d = &memoryDoc{}
		m.docs[m.key(rec.Ref)] = d
		c.New++
		m.replace(rec, d, c)
	} else {
		m.compare(rec, d, c)
	}
	c.Bytes += rec.Size
	if !rec.Same || !rec.Stamp.IsZero() {
		d.record.Stamp, d.stampPolicy = rec.Stamp, rec.Policy
	}
	if rec.State == record.Trashed {
		c.Trashed++
	}
	d.record.State, d.interval, d.settled, d.gone = rec.State, rec.State, m.run.ID, 0
}

func (m *Memory) compare(rec *record.Record, d *memoryDoc, c *record.Counts) {
	if d.record.State == record.Gone {
		if d.gone == m.run.ID {
			c.Gone--
		} else {
			c.Reappeared++
		}
	}
	if rec.Same || m.sameBody(rec, d) {
		c.Same++
		return
	}
	c.Changed++
	m.replace(rec, d, c)
}

func (m *Memory) sameBody(rec *record.Record, d *memoryDoc) bool {
	if d.record.Policy == rec.Policy {
		return d.record.Fingerprint == rec.Fingerprint
	}
	fingerprint := rec.Fingerprint
	if d.record.Hash != rec.Hash {
		body, err := decodeRecord(&d.record)
		if err != nil || m.start.Fingerprint == nil {
			return false
		}
		if fingerprint, err = m.start.Fingerprint(rec.Kind, body); err != nil {
			return false
		}
	}
	d.record.Fingerprint, d.record.Policy = fingerprint, rec.Policy
	same := fingerprint == rec.Fingerprint
	if same {
		d.record.Name, d.record.Folder, d.record.Owner, d.record.Updated = rec.Name, rec.Folder, rec.Owner, rec.Updated
		d.record.Refs = slices.Clone(rec.Refs)
	}
	return same
}

// replace keeps a copy: the batch's bytes are the caller's again afterwards.
func (m *Memory) replace(rec *record.Record, d *memoryDoc, c *record.Counts) {
	if !m.bodies[rec.Hash] {
		m.bodies[rec.Hash] = true
		c.Stored += int64(len(rec.Body))
	}
	d.record = *rec
	d.record.Body = slices.Clone(rec.Body)
	d.record.Refs, d.record.Redacted = slices.Clone(rec.Refs), slices.Clone(rec.Redacted)
}

func (m *Memory) bury(ref record.Ref, d *memoryDoc) {
	d.record.State, d.gone = record.Gone, m.run.ID
	m.run.count(ref.Kind).Gone++
}

func (m *Memory) fail(rec *record.Record) {
	f := m.run.faults[rec.Ref]
	if f != nil && f.Resolved == 0 && f.Failure() {
		m.run.count(rec.Kind).Failed--
	}
	if rec.Fault.Failure() {
		m.run.count(rec.Kind).Failed++
	}
	if f == nil {
		f = &MemoryFault{Ref: rec.Ref, Run: m.run.ID}
		m.run.faults[rec.Ref] = f
	}
	attempts := f.Attempts + rec.Fault.Attempts
	f.Fault, f.Resolved = *rec.Fault, 0
	f.Attempts = attempts
}

func (m *Memory) resolve(ref record.Ref) {
	for _, r := range m.runs {
		if f := r.faults[ref]; r.Instance == m.run.Instance && f != nil && f.Resolved == 0 {
			m.settleFault(r, f)
		}
	}
}

func (m *Memory) settleFault(r *memoryRun, f *MemoryFault) {
	f.Resolved = m.run.ID
	if r == m.run && f.Failure() {
		r.count(f.Kind).Failed--
	}
}

func decodeRecord(rec *record.Record) ([]byte, error) {
	decoder, err := codec.NewDecoder()
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	body, err := decoder.Decode(rec.Codec, rec.Dictionary, rec.Body, nil, rec.Size)
	if err == nil && record.Digest(sha256.Sum256(body)) != rec.Hash {
		err = errors.New("the body is not that of its hash")
	}
	return body, err
}
