package memory

import (
	"context"
	"maps"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Finish ends the run.
func (m *Vault) Finish(_ context.Context, finish record.Finish) (record.Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil || m.run.Outcome != record.RunRunning {
		return record.Run{}, errNoRun
	}
	for _, end := range finish.Kinds {
		c := m.run.count(end.Kind)
		c.Listing, c.Listed, c.Reason, c.Deferred, c.Trusted = end.Listing, end.Listed, end.Reason, end.Deferred, end.Trusted
		c.TrashRested, c.TrashDeferred = end.TrashRested, end.TrashDeferred
		if m.run.Scope.Names(end.Kind) {
			continue // the kind was not listed
		}
		if end.Listing == record.Complete || end.Through {
			m.resolveRows(end)
		}
		if end.Listing == record.Complete {
			m.conclude(end, finish.Keep)
		}
	}
	for key, d := range m.docs {
		if key.instance == m.run.Instance && d.settled == m.run.ID && d.state != record.Gone {
			m.run.observed[key.Ref] = true
		}
	}
	m.closeDangling()
	m.takeCalls()
	r := m.run
	r.Finished = finish.At
	if finish.Session != nil {
		r.Sessions = append(r.Sessions, *finish.Session)
	}
	for _, line := range finish.Notes {
		if !slices.Contains(r.Notes, line) {
			r.Notes = append(r.Notes, line)
		}
	}
	r.Outcome = vault.OutcomeOf(finish, r.Caller, slices.Values(r.words().Kinds))
	if r.finished() {
		r.Digest = m.digest(r.Instance)
	}
	return m.described(r), nil
}

// conclude draws what follows from a complete listing.
func (m *Vault) conclude(end record.End, keep []record.Ref) {
	kind := end.Kind
	m.resolve(record.Ref{Kind: kind})
	if m.judge().EndsDoubt(end, m.run.count(kind).Failed) {
		m.dispel(kind)
	}
	if !m.judge().BuriesUnlisted(end) {
		return
	}
	spared := func(ref record.Ref) bool {
		f := m.run.faults[ref]
		_, kept := m.kept[ref]
		return kept || slices.Contains(keep, ref) || f != nil && f.Resolved == 0
	}
	for key, d := range m.docs {
		if key.instance == m.run.Instance && key.Kind == kind && d.state != record.Gone &&
			d.settled != m.run.ID && !spared(key.Ref) && m.judge().Buries(end, d.state) {
			m.bury(key.Ref, d)
		}
	}
	for _, r := range m.runs {
		for ref, f := range r.faults {
			if r != m.run && r.Instance == m.run.Instance && ref.Kind == kind && f.Resolved == 0 && !spared(ref) {
				m.settleFault(r, f)
			}
		}
	}
}

// closeDangling resolves the faults of dangling references that nothing names any
// more.
func (m *Vault) closeDangling() {
	for _, r := range m.runs {
		for ref, f := range r.faults {
			if r.Instance == m.run.Instance && f.Resolved == 0 && f.Class == record.FaultDangling && len(m.parents(ref)) == 0 {
				m.settleFault(r, f)
			}
		}
	}
}

// resolveRows resolves the faults of rows that a listing which was read through
// does not name: all of them where it is complete.
func (m *Vault) resolveRows(end record.End) {
	for _, r := range m.runs {
		for ref, f := range r.faults {
			again := m.run.faults[ref] != nil && m.run.faults[ref].Resolved == 0
			if r.Instance == m.run.Instance && ref.Kind == end.Kind && f.Resolved == 0 && vault.ResolvesRow(end, ref, again) {
				m.settleFault(r, f)
			}
		}
	}
}

func (m *Vault) digest(instance string) record.Digest {
	snapshot := vault.NewSnapshot()
	for _, key := range m.keys() {
		if key.instance == instance {
			d := m.docs[key]
			snapshot.Add(key.Ref, d.state, d.newest().record.Hash)
		}
	}
	return snapshot.Digest()
}

func (m *Vault) keys() []instanceRef {
	return slices.SortedFunc(maps.Keys(m.docs), func(a, b instanceRef) int {
		return compareRefs(a.instance, b.instance, a.Ref, b.Ref)
	})
}

// words is the run with its counts.
func (r *storedRun) words() record.Run {
	run := r.Run
	for _, kind := range slices.Sorted(maps.Keys(r.kinds)) {
		run.Kinds = append(run.Kinds, *r.kinds[kind])
	}
	return run
}

// described is the run with everything that a reader would see.
func (m *Vault) described(r *storedRun) record.Run {
	run := r.words()
	for c, n := range r.calls {
		c.N = n
		run.Calls = append(run.Calls, c)
	}
	month := map[string]int64{}
	for _, other := range m.runs {
		for key, n := range other.months {
			if other.Instance == r.Instance && key.month == r.Started.UTC().Format("2006-01") {
				month[key.class] += n
			}
		}
	}
	for class, n := range month {
		run.Month = append(run.Month, record.Calls{Class: class, N: n})
	}
	slices.SortFunc(run.Calls, compareCalls)
	slices.SortFunc(run.Month, compareCalls)
	return run
}
