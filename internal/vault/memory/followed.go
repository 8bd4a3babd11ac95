package memory

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
)

// Followed answers for the documents that are held.
func (m *Vault) Followed(_ context.Context, kind record.Kind, after string, limit int) ([]record.Listed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, errNoRun
	}
	found := map[string]record.Listed{}
	for key, d := range m.docs {
		if key.instance != m.run.Instance || d.state == record.Gone || !m.run.Scope.Unscoped() && d.settled != m.run.ID {
			continue
		}
		above := m.pointsTo(record.Ref{Kind: key.Kind, ID: d.newest().record.Folder}, kind)
		for _, ref := range d.newest().record.Refs {
			if ref.Kind != kind || ref.ID <= after {
				continue
			}
			l, ok := found[ref.ID]
			if !ok {
				l = record.Listed{ID: ref.ID, State: record.Present, Dangled: m.dangles(ref)}
			}
			if l.Folder == "" || above != "" && above < l.Folder {
				l.Folder = above
			}
			l.Named = l.Named || d.settled == m.run.ID
			found[ref.ID] = l
		}
	}
	listed := slices.SortedFunc(maps.Values(found), func(a, b record.Listed) int { return strings.Compare(a.ID, b.ID) })
	return listed[:min(limit, len(listed))], nil
}

// pointsTo returns the first, bytewise, of what a document that is not gone points
// to in a kind.
func (m *Vault) pointsTo(from record.Ref, kind record.Kind) (first string) {
	d := m.docs[m.key(from)]
	if d == nil || d.state == record.Gone {
		return ""
	}
	for _, ref := range d.newest().record.Refs {
		if ref.Kind == kind && (first == "" || ref.ID < first) {
			first = ref.ID
		}
	}
	return first
}

// dangles reports whether an open fault says that a document is not there.
func (m *Vault) dangles(ref record.Ref) bool {
	return slices.ContainsFunc(m.runs, func(r *storedRun) bool {
		f := r.faults[ref]
		return r.Instance == m.run.Instance && f != nil && f.Resolved == 0 && f.Class == record.FaultDangling
	})
}

// Parents answers for the documents that are held.
func (m *Vault) Parents(_ context.Context, ref record.Ref, limit int) ([]record.Ref, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, errNoRun
	}
	parents := m.parents(ref)
	return parents[:min(limit, len(parents))], nil
}

// parents are those documents of the run's instance that point to one and are not
// gone, in the order that [vault.Writer.Parents] promises.
func (m *Vault) parents(ref record.Ref) []record.Ref {
	var settled, others []record.Ref
	for _, key := range m.keys() {
		d := m.docs[key]
		switch {
		case key.instance != m.run.Instance || d.state == record.Gone || !slices.Contains(d.newest().record.Refs, ref):
		case d.settled == m.run.ID:
			settled = append(settled, key.Ref)
		default:
			others = append(others, key.Ref)
		}
	}
	return slices.Concat(settled, others)
}

// Unsettled answers for what is held and was not seen in this run.
func (m *Vault) Unsettled(_ context.Context, kind record.Kind, after string, limit int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, errNoRun
	}
	var ids []string
	for key, d := range m.docs {
		f := m.run.faults[key.Ref]
		if key.instance == m.run.Instance && key.Kind == kind && key.ID > after && d.state != record.Gone &&
			d.settled != m.run.ID && (f == nil || f.Resolved != 0) {
			ids = append(ids, key.ID)
		}
	}
	slices.Sort(ids)
	return ids[:min(limit, len(ids))], nil
}

// Settled returns ids of a kind that are there and that this run has settled.
func (m *Vault) Settled(_ context.Context, kind record.Kind, after string, limit int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, errNoRun
	}
	var ids []string
	for key, d := range m.docs {
		if key.instance == m.run.Instance && key.Kind == kind && key.ID > after && d.state != record.Gone && d.settled == m.run.ID {
			ids = append(ids, key.ID)
		}
	}
	slices.Sort(ids)
	return ids[:min(limit, len(ids))], nil
}

// Count returns how many documents of a kind are held in a state.
func (m *Vault) Count(_ context.Context, kind record.Kind, state record.State) (n int64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return 0, errNoRun
	}
	for key, d := range m.docs {
		if key.instance == m.run.Instance && key.Kind == kind && d.state == state {
			n++
		}
	}
	return n, nil
}

// Keep notes what must not become gone.
func (m *Vault) Keep(_ context.Context, kind record.Kind, ids []string, deferred bool) (added int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return 0, errNoRun
	}
	for _, id := range ids {
		ref := record.Ref{Kind: kind, ID: id}
		if _, again := m.kept[ref]; !again {
			m.kept[ref] = deferred
			added++
		}
	}
	return added, nil
}

// Kept tells what was noted.
func (m *Vault) Kept(_ context.Context, kind record.Kind, ids []string) (map[string]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, errNoRun
	}
	found := make(map[string]bool)
	for _, id := range ids {
		if deferred, ok := m.kept[record.Ref{Kind: kind, ID: id}]; ok {
			found[id] = deferred
		}
	}
	return found, nil
}

// Holds answers for what is held.
func (m *Vault) Holds(_ context.Context, kind record.Kind) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return false, errNoRun
	}
	for key, d := range m.docs {
		if key.instance == m.run.Instance && key.Kind == kind && d.state != record.Gone {
			return true, nil
		}
	}
	return false, nil
}
