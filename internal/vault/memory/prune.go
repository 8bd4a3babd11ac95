package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Prune removes the versions of an instance that no kept run and nobody who asks for now
// reads, and bodies that no version has any more. What kept runs hold stays as it is. It
// refuses, with an error, to remove the newest complete run of the whole instance.
func (m *Vault) Prune(_ context.Context, p vault.Pruning) (pruned vault.Pruned, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	readers, dropped, err := m.readersLeft(p)
	if err != nil {
		return vault.Pruned{}, err
	}
	for _, run := range dropped {
		run.Pruned = true
		pruned.Runs++
	}
	removed := map[record.Digest]int64{} // bytes of bodies as they are stored
	for key, d := range m.docs {
		if key.instance != p.Instance {
			continue
		}
		for _, v := range d.prune(readers) {
			pruned.Versions++
			removed[v.record.Hash] = int64(len(v.record.Body))
		}
		if len(d.versions) == 0 {
			pruned.Documents++
			delete(m.docs, key)
		}
	}
	for _, d := range m.docs {
		for _, v := range d.versions {
			delete(removed, v.record.Hash)
		}
	}
	for hash, size := range removed {
		pruned.Bodies++
		pruned.Bytes += size
		delete(m.bodies, hash)
	}
	return pruned, nil
}

// readersLeft are the readers that a prune leaves, and the runs that it drops.
func (m *Vault) readersLeft(p vault.Pruning) (readers vault.ReadersLeft, dropped []*storedRun, err error) {
	began := map[int64]time.Time{}
	var left []record.Run // the newest first
	for _, run := range m.runs {
		if run.Instance != p.Instance {
			continue
		}
		began[run.ID] = run.Started
		switch {
		case run.Pruned:
			continue
		case slices.Contains(p.Runs, run.ID):
			dropped = append(dropped, run)
		default:
			readers.Runs = append(readers.Runs, run.ID)
		}
		left = append([]record.Run{run.words()}, left...)
	}
	readers.IsOver = vault.TimeUp(began, p.LostBefore)
	if i := vault.NewestComplete(left); i >= 0 && slices.Contains(p.Runs, left[i].ID) {
		return vault.ReadersLeft{}, nil, fmt.Errorf("run %d is the newest complete run of %s and cannot be pruned", left[i].ID, p.Instance)
	}
	return readers, dropped, nil
}

// prune takes out the versions that nobody reads, and returns them.
func (d *document) prune(readers vault.ReadersLeft) (removed []*version) {
	lives := make([]vault.Lifespan, len(d.versions))
	for i, v := range d.versions {
		lives[i] = vault.Lifespan{First: v.first, Gone: v.gone}
	}
	stays := readers.Keeps(lives)
	if d.seen == 0 && len(stays) > 0 && !stays[0] {
		d.seen = d.versions[0].first
	}
	var kept []*version
	for i, v := range d.versions {
		if stays[i] {
			kept = append(kept, v)
		} else {
			removed = append(removed, v)
		}
	}
	d.versions = kept
	return removed
}

// Verify decodes every body and holds it against its hash. It returns what is wrong.
func (m *Vault) Verify(context.Context) (findings []vault.Finding, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range m.keys() {
		for _, v := range m.docs[key].versions {
			if _, err := decodeRecord(&v.record); err != nil {
				findings = append(findings, vault.Finding{Table: "bodies", Key: key.Ref.String(), Problem: err.Error()})
			}
		}
	}
	return findings, nil
}
