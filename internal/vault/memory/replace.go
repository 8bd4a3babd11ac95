package memory

import (
	"slices"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// replace settles a document anew that the run has settled: it is what it was before, as far as
// that is known, and then the record is observed.
func (m *Vault) replace(rec *record.Record) {
	d := m.docs[m.key(rec.Ref)]
	v := d.newest()
	made := vault.Made{Begun: v.first == m.run.ID, State: v.record.State, Gone: v.gone == m.run.ID}
	switch {
	case !made.Begun:
		v.last, v.gone = 0, 0
		d.state, d.settled = v.record.State, v.first // which run saw it last before this one is not known
	case len(d.versions) == 1:
		m.removed = append(m.removed, v)
		delete(m.docs, m.key(rec.Ref))
	default:
		m.removed = append(m.removed, v)
		d.versions = d.versions[:len(d.versions)-1]
		before := d.newest()
		made.Before, made.BeforeGone = true, before.gone != 0
		made.BeforeSame = before.record.Fingerprint == v.record.Fingerprint && before.record.Policy == v.record.Policy
		d.settled, d.state = before.last, record.Gone
		if !made.BeforeGone {
			d.state, before.last = before.record.State, 0
		}
	}
	m.run.count(rec.Kind).Subtract(made.Counts())
	m.observe(rec)
}

// dropBodies removes the bodies of versions that were replaced, where no other version has them.
func (m *Vault) dropBodies() {
	for _, v := range m.removed {
		if m.bodies[v.record.Hash] && !m.hasVersionOf(v.record.Hash) {
			delete(m.bodies, v.record.Hash)
			m.run.count(v.record.Kind).Stored -= int64(len(v.record.Body))
		}
	}
}

func (m *Vault) hasVersionOf(hash record.Digest) bool {
	for _, d := range m.docs {
		if slices.ContainsFunc(d.versions, func(v *version) bool { return v.record.Hash == hash }) {
			return true
		}
	}
	return false
}
