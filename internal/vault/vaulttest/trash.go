package vaulttest

import (
	"fmt"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// restedTrash: of what lies in a trash that a run did not list, that run says nothing: it is
// neither seen nor gone.
func restedTrash(t *testing.T, e Engine) {
	begin := func(run int64) *session {
		return e.Open.begin(t, kinds(dashboards), func(s *record.Start) { s.At = hour(run) })
	}
	s := begin(1)
	s.commit(Doc(dashboards, "1", "One"), Doc(dashboards, "2", "Two", Trash), Doc(dashboards, "3", "Three", Trash))
	s.complete(Ended(dashboards, 1))

	s = begin(2)
	for state, want := range map[record.State]int64{record.Present: 1, record.Trashed: 2, record.Gone: 0} {
		if n, err := s.Count(t.Context(), dashboards, state); err != nil || n != want {
			t.Errorf("%d %s, %v; want %d", n, state, err, want)
		}
	}
	s.commit(Same(dashboards, "1"))
	rested := Ended(dashboards, 1)
	rested.TrashRested, rested.Deferred, rested.TrashDeferred = true, 2, 2
	counted(t, s.complete(rested), record.Counts{
		Kind: dashboards, Listing: record.Complete, Listed: 1, Same: 1, Deferred: 2, TrashRested: true, TrashDeferred: 2,
	})

	s = begin(3)
	equal(t, "listed", map[record.Kind]time.Time{dashboards: hour(1)}, s.begun.Listed)
	equal(t, "listed with its trash", map[record.Kind]time.Time{dashboards: hour(1)}, s.begun.TrashListed)
	s.commit(Same(dashboards, "1"), Same(dashboards, "2", StateOnly))
	counted(t, s.complete(Ended(dashboards, 1)), record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 1, Same: 2, Trashed: 1, Gone: 1})

	r := e.Read(t)
	for run, want := range map[int64][]string{2: {"1 seen by 2", "2 seen by 1", "3 seen by 1"}, 3: {"1 seen by 3", "2 seen by 3"}} {
		var got []string
		for _, entry := range collect(t, r.Entries(t.Context(), vault.Query{Instance: "acme", At: vault.AtRun(run)})) {
			got = append(got, fmt.Sprintf("%s seen by %d", entry.ID, entry.LastRun))
		}
		equal(t, fmt.Sprintf("as of run %d", run), want, got)
	}
}
