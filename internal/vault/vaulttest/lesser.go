package vaulttest

import (
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
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
