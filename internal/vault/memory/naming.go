package memory

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
)

// Naming answers for the documents that are held.
func (m *Vault) Naming(_ context.Context, ref record.Ref, limit int) ([][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, errNoRun
	}
	decoder, err := codec.NewDecoder()
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	var bodies [][]byte
	parents := m.parents(ref)
	for _, parent := range parents[:min(limit, len(parents))] {
		rec := m.docs[m.key(parent)].newest().record
		body, err := decoder.Decode(rec.Codec, rec.Dictionary, rec.Body, nil, rec.Size)
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", rec.Ref, err)
		}
		bodies = append(bodies, slices.Clone(body))
	}
	return bodies, nil
}

// Body answers for a document that is held.
func (m *Vault) Body(_ context.Context, ref record.Ref) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, errNoRun
	}
	d := m.docs[m.key(ref)]
	if d == nil {
		return nil, nil
	}
	decoder, err := codec.NewDecoder()
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	body, err := decoder.Decode(d.newest().record.Codec, d.newest().record.Dictionary, d.newest().record.Body, nil, d.newest().record.Size)
	return slices.Clone(body), err
}

// SeenByAdmin answers for the runs that are held.
func (m *Vault) SeenByAdmin(ctx context.Context, ref record.Ref) ([]byte, error) {
	body, err := m.Body(ctx, ref)
	if body == nil || err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	first := m.docs[m.key(ref)].newest().first
	for _, r := range m.runs {
		c, read := r.kinds[ref.Kind]
		if r != m.run && r.Instance == m.run.Instance && r.ID >= first && r.Caller.KnownAdmin() && r.Scope.Unscoped() && read && c.Listing == record.Complete {
			return body, nil
		}
	}
	return nil, nil
}

// Called answers for the documents that are held.
func (m *Vault) Called(_ context.Context, kind record.Kind, names []string) (map[string]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, errNoRun
	}
	called := make(map[string]string)
	for key, d := range m.docs {
		name := d.newest().record.Name
		if key.instance != m.run.Instance || key.Kind != kind || d.state == record.Gone || !slices.Contains(names, name) {
			continue
		}
		if id, ok := called[name]; !ok || key.ID < id {
			called[name] = key.ID
		}
	}
	return called, nil
}
