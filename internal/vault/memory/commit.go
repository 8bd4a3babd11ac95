package memory

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Commit stores a batch whole or not at all: it looks at every record before it
// changes anything.
func (m *Vault) Commit(ctx context.Context, batch record.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil || m.run.Outcome != record.RunRunning {
		return errNoRun
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	stored := map[record.Ref]bool{} // by records of this batch
	for i := range batch {
		rec := &batch[i]
		held := m.standing(rec.Ref)
		if held == nil && stored[rec.Ref] {
			held = &vault.Standing{State: record.Present}
		}
		if _, err := m.judge().Step(rec, held); err != nil {
			return fmt.Errorf("store %s: %w", rec.Ref, err)
		}
		stored[rec.Ref] = stored[rec.Ref] || !rec.Hash.IsZero()
	}
	m.removed = nil
	for i := range batch {
		m.settle(&batch[i])
	}
	m.dropBodies()
	m.takeCalls()
	return nil
}

// judge is the one of the run that is under way.
func (m *Vault) judge() vault.Judge {
	return vault.Judge{Run: m.run.ID, Unscoped: m.run.Scope.Unscoped(), AbsenceUnproven: m.start.AbsenceUnproven}
}

// standing is what is held of a document, nil when it never was.
func (m *Vault) standing(ref record.Ref) *vault.Standing {
	d := m.docs[m.key(ref)]
	if d == nil {
		return nil
	}
	return &vault.Standing{State: d.state, Settled: d.settled, Interval: d.newest().record.State, GoneRun: d.newest().gone,
		Fingerprint: d.newest().record.Fingerprint, Policy: d.newest().record.Policy}
}

// settle stores one record. Commit has asked before whether it may be sent.
func (m *Vault) settle(rec *record.Record) {
	step, _ := m.judge().Step(rec, m.standing(rec.Ref))
	switch step {
	case vault.KeepFault:
		m.fail(rec)
		return
	case vault.Bury:
		m.bury(rec.Ref, m.docs[m.key(rec.Ref)])
	case vault.Settle:
		m.observe(rec)
	case vault.Replace:
		m.replace(rec)
	case vault.ResolveFault:
	case vault.Ignore:
		return
	}
	m.resolve(rec.Ref)
}

func (m *Vault) observe(rec *record.Record) {
	c, d := m.run.count(rec.Kind), m.docs[m.key(rec.Ref)]
	same := d != nil && m.sameBody(rec, d)
	verdict := m.judge().Observe(rec, m.standing(rec.Ref), same)
	if d == nil {
		d = &document{}
		m.docs[m.key(rec.Ref)] = d
	}
	if verdict.Reopen {
		d.newest().last, d.newest().gone = 0, 0
	}
	if verdict.End {
		d.newest().last = d.settled
	}
	switch verdict.Begin {
	case vault.NewInterval:
		m.begin(d, m.copied(rec, c))
	case vault.SameInterval:
		going := d.newest().record
		going.State = rec.State
		m.begin(d, going)
	case vault.NoInterval:
	}
	if vault.BringsStamp(rec) {
		d.stamp, d.stampPolicy = rec.Stamp, rec.Policy
	}
	c.Add(verdict.Counts)
	c.Add(vault.Presence(rec))
	d.state, d.settled = rec.State, m.run.ID
}

// begin begins a version of a document.
func (m *Vault) begin(d *document, rec record.Record) {
	m.versions++
	d.versions = append(d.versions, &version{record: rec, number: m.versions, first: m.run.ID})
}

func (m *Vault) sameBody(rec *record.Record, d *document) bool {
	if same, known := m.standing(rec.Ref).SameAs(rec); known {
		return same
	}
	fingerprint := rec.Fingerprint
	if d.newest().record.Hash != rec.Hash {
		body, err := decodeRecord(&d.newest().record)
		if err != nil || m.start.Fingerprint == nil {
			return false
		}
		if fingerprint, err = m.start.Fingerprint(rec.Kind, body); err != nil {
			return false
		}
	}
	d.newest().record.Fingerprint, d.newest().record.Policy = fingerprint, rec.Policy
	same := fingerprint == rec.Fingerprint
	if same {
		d.newest().record.Name, d.newest().record.Folder, d.newest().record.Owner, d.newest().record.Updated = rec.Name, rec.Folder, rec.Owner, rec.Updated
		d.newest().record.Refs = slices.Clone(rec.Refs)
	}
	return same
}

// copied is a copy to keep: the batch's bytes are the caller's again afterwards.
func (m *Vault) copied(rec *record.Record, c *record.Counts) record.Record {
	if !m.bodies[rec.Hash] {
		m.bodies[rec.Hash] = true
		c.Stored += int64(len(rec.Body))
	}
	kept := *rec
	kept.Body = slices.Clone(rec.Body)
	kept.Refs, kept.Redacted = slices.Clone(rec.Refs), slices.Clone(rec.Redacted)
	return kept
}

func (m *Vault) bury(ref record.Ref, d *document) {
	d.state, d.newest().last, d.newest().gone = record.Gone, d.settled, m.run.ID
	m.run.count(ref.Kind).Gone++
}

func (m *Vault) fail(rec *record.Record) {
	f := m.run.faults[rec.Ref]
	if f != nil && f.Resolved == 0 {
		m.countFault(rec.Ref, f.Fault, -1)
	}
	m.countFault(rec.Ref, *rec.Fault, 1)
	if f == nil {
		f = &Fault{Ref: rec.Ref, Instance: m.run.Instance, Run: m.run.ID}
		m.run.faults[rec.Ref] = f
	}
	attempts := f.Attempts + rec.Fault.Attempts
	f.Fault, f.Resolved = *rec.Fault, 0
	f.Attempts = attempts
	if f.At = rec.At; f.At.IsZero() {
		f.At = m.now()
	}
}

func (m *Vault) resolve(ref record.Ref) {
	for _, r := range m.runs {
		if f := r.faults[ref]; r.Instance == m.run.Instance && f != nil && f.Resolved == 0 {
			m.settleFault(r, f)
		}
	}
}

func (m *Vault) settleFault(r *storedRun, f *Fault) {
	f.Resolved = m.run.ID
	if r == m.run {
		m.countFault(f.Ref, f.Fault, -1)
	}
}

// countFault adds n open faults of a document, or takes them away.
func (m *Vault) countFault(ref record.Ref, fault record.Fault, n int64) {
	counts := m.run.count(ref.Kind)
	if !fault.Failure() {
		counts.Dangling += n
		return
	}
	counts.Failed += n
	if ref.ID == "" {
		counts.FailedListings += n
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
