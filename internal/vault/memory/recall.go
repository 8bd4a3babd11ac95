package memory

import (
	"cmp"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// recall tells what this run has learnt before, and which kinds earlier runs have
// left in doubt.
func (m *Vault) recall(begun *record.Begun) {
	for _, r := range m.runs {
		for lesson := range r.lessons {
			switch {
			case r == m.run:
				begun.Lessons = append(begun.Lessons, lesson)
			case r.Instance == m.run.Instance && lesson.Code == record.RowsDoubted:
				begun.Doubted = append(begun.Doubted, lesson.Kind)
			}
		}
	}
	m.recallProofs(begun)
	m.recallUnavailable(begun)
	m.recallDates(begun)
	slices.SortFunc(begun.Lessons, func(a, b record.Learnt) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Code, b.Code)) })
	slices.Sort(begun.Doubted)
	begun.Doubted = slices.Compact(begun.Doubted)
}

// recallObservations tells when the run before this one began, and when each kind was
// listed whole for the last time.
func (m *Vault) recallObservations(begun *record.Begun) {
	m.troubled = make(map[record.Ref]bool)
	failing := make(map[record.Kind]bool)
	for _, r := range m.runs {
		if r.Instance != m.run.Instance {
			continue
		}
		for ref, f := range r.faults {
			if f.Resolved == 0 {
				m.troubled[ref], failing[ref.Kind] = true, true
			}
		}
		if r != m.run && r.Origin == m.run.Origin {
			begun.Before = r.Started
		}
	}
	for _, r := range m.runs {
		if r.Instance != m.run.Instance || r == m.run || !r.Scope.Unscoped() || !r.Caller.SeesAsMuchAs(m.start.Caller) {
			continue
		}
		for kind, c := range r.kinds {
			if c.Listing != record.Complete || c.Failed > 0 || c.TrashRested || failing[kind] {
				continue
			}
			begun.TrashListed = later(begun.TrashListed, kind, r.Started)
			if c.Deferred == 0 {
				begun.Listed = later(begun.Listed, kind, r.Started)
			}
		}
	}
	m.recallNotServed(begun)
}

// recallUnavailable tells which kinds the server did not have when they were asked for last,
// with an administrator's key.
func (m *Vault) recallUnavailable(begun *record.Begun) {
	last := make(map[record.Kind]*storedRun)
	for _, r := range m.runs { // the newest last
		if r == m.run || r.Instance != m.run.Instance || !r.Scope.Unscoped() {
			continue
		}
		for kind, c := range r.kinds {
			if c.Listing != record.Open && c.Listing != record.Budget && c.Listing != record.Deferred {
				last[kind] = r
			}
		}
	}
	for kind, r := range last {
		if r.kinds[kind].Listing == record.Unavailable && r.Caller.KnownAdmin() {
			begun.Unavailable = later(begun.Unavailable, kind, r.Started)
		}
	}
}

// recallNotServed tells when an administrator's run learnt last of documents that the server
// does not have them.
func (m *Vault) recallNotServed(begun *record.Begun) {
	for _, r := range m.runs {
		if r == m.run || r.Instance != m.run.Instance || !r.Caller.KnownAdmin() {
			continue
		}
		for lesson := range r.lessons {
			id, ok := lesson.Code.NotServed()
			if ref := (record.Ref{Kind: lesson.Kind, ID: id}); ok && !m.troubled[ref] {
				begun.NotServed = later(begun.NotServed, ref, r.Started)
			}
		}
	}
}

// recallProofs tells when rows were last compared on this release, and which lists that
// tell of many documents are not believed.
func (m *Vault) recallProofs(begun *record.Begun) {
	for _, r := range m.runs {
		if r == m.run || r.Instance != m.run.Instance {
			continue
		}
		for lesson := range r.lessons {
			switch {
			case lesson.Code == record.StampsOff:
				begun.Untold = append(begun.Untold, lesson.Kind)
			case lesson.Code == record.RowsProven && r.Looker == m.run.Looker:
				if begun.Proven == nil {
					begun.Proven = make(map[record.Kind]time.Time)
				}
				if r.Started.After(begun.Proven[lesson.Kind]) {
					begun.Proven[lesson.Kind] = r.Started
				}
			}
		}
	}
	slices.Sort(begun.Untold)
	begun.Untold = slices.Compact(begun.Untold)
}

// recallDates tells what runs of this release have learnt of the dates of documents.
func (m *Vault) recallDates(begun *record.Begun) {
	if m.run.Looker == "" || m.run.Looker != m.start.Looker {
		return
	}
	for _, r := range m.runs {
		if r.Instance != m.run.Instance || r.Looker != m.run.Looker {
			continue
		}
		for kind, c := range r.kinds {
			h := begun.Dates[kind]
			h.Add(c.Dates)
			if c.Dates.Stayed > 0 && h.Broken == 0 {
				h.Broken = r.ID
			}
			h.NoIDs = h.NoIDs || r.lessons[record.Learnt{Kind: kind, Code: record.IDsOff}]
			if h == (record.DateHistory{}) {
				continue
			}
			if begun.Dates == nil {
				begun.Dates = make(map[record.Kind]record.DateHistory)
			}
			begun.Dates[kind] = h
		}
	}
}

// later notes when something was done of a kind or a document, where that is later than what is known.
func later[Of comparable](times map[Of]time.Time, of Of, at time.Time) map[Of]time.Time {
	if times == nil {
		times = make(map[Of]time.Time)
	}
	if at.After(times[of]) {
		times[of] = at
	}
	return times
}
