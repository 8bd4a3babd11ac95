package sinks

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
)

// Followed answers for the documents that are held.
func (m *Memory) Followed(_ context.Context, kind record.Kind, after string, limit int) ([]record.Listed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, errNoRun
	}
	found := map[string]record.Listed{}
	for key, d := range m.docs {
		if key.instance != m.run.Instance || d.record.State == record.Gone || !m.run.Scope.Unscoped() && d.settled != m.run.ID {
			continue
		}
		above := m.pointsTo(record.Ref{Kind: key.Kind, ID: d.record.Folder}, kind)
		for _, ref := range d.record.Refs {
			if ref.Kind != kind || ref.ID <= after {
				continue
			}
			if old, ok := found[ref.ID]; ok && old.Folder != "" && (above == "" || old.Folder < above) {
				continue
			}
			found[ref.ID] = record.Listed{ID: ref.ID, Folder: above, State: record.Present}
		}
	}
	listed := slices.SortedFunc(maps.Values(found), func(a, b record.Listed) int { return strings.Compare(a.ID, b.ID) })
	return listed[:min(limit, len(listed))], nil
}

// pointsTo returns the first, bytewise, of what a document that is not gone points
// to in a kind.
func (m *Memory) pointsTo(from record.Ref, kind record.Kind) (first string) {
	d := m.docs[m.key(from)]
	if d == nil || d.record.State == record.Gone {
		return ""
	}
	for _, ref := range d.record.Refs {
		if ref.Kind == kind && (first == "" || ref.ID < first) {
			first = ref.ID
		}
	}
	return first
}

// Unsettled answers for what is held and was not seen in this run.
func (m *Memory) Unsettled(_ context.Context, kind record.Kind, after string, limit int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, errNoRun
	}
	var ids []string
	for key, d := range m.docs {
		f := m.run.faults[key.Ref]
		if key.instance == m.run.Instance && key.Kind == kind && key.ID > after && d.record.State != record.Gone &&
			d.settled != m.run.ID && (f == nil || f.Resolved != 0) {
			ids = append(ids, key.ID)
		}
	}
	slices.Sort(ids)
	return ids[:min(limit, len(ids))], nil
}
