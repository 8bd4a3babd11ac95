package vaulttest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// listedByALesserKey: what a run with a lesser key has listed and seen tells a run with a
// better one, or one that the server tells nothing about, nothing of how old that is: there may
// be more.
func listedByALesserKey(t *testing.T, store Store) {
	unknown := func(*record.Start) {}
	start := func(run int64, key func(*record.Start)) *session {
		return store.begin(t, kinds(dashboards), key, func(s *record.Start) {
			s.At, s.AbsenceUnproven = hour(run), !s.Caller.KnownAdmin()
		})
	}
	begin := func(run int64, is bool) *session { return start(run, admin(is)) }
	s := begin(1, false)
	s.commit(Doc(dashboards, "1", "One"))
	s.finish(record.Finish{Kinds: []record.End{Ended(dashboards, 1)}, PartialView: true})

	s = begin(2, true)
	equal(t, "listed by the lesser key", map[record.Kind]time.Time(nil), s.begun.Listed)
	equal(t, "its trash", map[record.Kind]time.Time(nil), s.begun.TrashListed)
	equal(t, "seen by the lesser key", time.Time{}, s.known(dashboards, "1")["1"].Observed)
	s.commit(Same(dashboards, "1"))
	s.complete(Ended(dashboards, 1))

	s = begin(3, false)
	equal(t, "listed by the administrator's", map[record.Kind]time.Time{dashboards: hour(2)}, s.begun.Listed)
	equal(t, "seen by the administrator's", hour(2), s.known(dashboards, "1")["1"].Observed)
	s.commit(Same(dashboards, "1"))
	s.finish(record.Finish{Kinds: []record.End{Ended(dashboards, 1)}, PartialView: true})

	s = begin(4, true)
	equal(t, "listed before", map[record.Kind]time.Time{dashboards: hour(2)}, s.begun.Listed)
	equal(t, "its trash before", map[record.Kind]time.Time{dashboards: hour(2)}, s.begun.TrashListed)
	equal(t, "seen by the lesser key last", time.Time{}, s.known(dashboards, "1")["1"].Observed)
	s.close()

	s = start(5, unknown)
	equal(t, "listed before by a known key", map[record.Kind]time.Time{dashboards: hour(2)}, s.begun.Listed)
	equal(t, "seen by the lesser key last", time.Time{}, s.known(dashboards, "1")["1"].Observed)
	s.commit(Same(dashboards, "1"))
	s.complete(Ended(dashboards, 1))

	s = begin(6, true)
	equal(t, "listed by an unknown key", map[record.Kind]time.Time{dashboards: hour(2)}, s.begun.Listed)
	s.close()
	s = start(7, unknown)
	equal(t, "listed by such a key", map[record.Kind]time.Time{dashboards: hour(5)}, s.begun.Listed)
	equal(t, "seen by such a key", hour(5), s.known(dashboards, "1")["1"].Observed)
	s.close()
}

// notSeen: of what a complete listing did not hold, and which is not gone for that, the run
// saw nothing, although runs before and after it saw the same. So it is with a lesser key,
// with what somebody excluded, and where what leads to a kind was not read whole.
func notSeen(t *testing.T, e Engine) {
	all := func(s *session) {
		s.commit(Doc(dashboards, "1", "One"), Doc(dashboards, "2", "Two"), Doc(dashboards, "3", "Three"), Doc(dashboards, "4", "Four"))
	}
	finish := func(run int64, keep ...string) record.Finish {
		f := record.Finish{At: hour(run).Add(time.Minute), Kinds: []record.End{Ended(dashboards, 4)}, PartialView: true}
		for _, id := range keep {
			f.Keep = append(f.Keep, ref(id))
		}
		return f
	}
	begin := func(run int64, is bool) *session {
		return e.Open.begin(t, kinds(dashboards), admin(is), func(s *record.Start) { s.At, s.AbsenceUnproven = hour(run), !is })
	}
	s := begin(1, true)
	all(s)
	s.finish(finish(1))
	s = begin(2, false)
	s.commit(Same(dashboards, "1"), Same(dashboards, "3"))
	s.finish(finish(2))
	s = begin(3, true)
	s.commit(Same(dashboards, "1"), Same(dashboards, "2"), Same(dashboards, "3"))
	s.finish(finish(3, "4"))
	s = begin(4, true)
	s.commit(Same(dashboards, "2"))
	unproven := finish(4)
	unproven.Kinds[0].Unproven = true
	s.finish(unproven)
	s = begin(5, true)
	all(s)
	s.finish(finish(5))

	r := e.Read(t)
	for run, want := range map[int64]string{
		1: "1:1 2:1 3:1 4:1", 2: "1:2 2:1 3:2 4:1", 3: "1:3 2:3 3:3 4:1", 4: "1:3 2:4 3:3 4:1", 5: "1:5 2:5 3:5 4:5",
	} {
		var got []string
		for _, entry := range collect(t, r.Entries(t.Context(), vault.Query{Instance: "acme", At: vault.AtRun(run)})) {
			got = append(got, fmt.Sprintf("%s:%d", entry.ID, entry.LastRun))
		}
		equal(t, fmt.Sprintf("as of run %d, documents and who saw them", run), want, strings.Join(got, " "))
	}
}
