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
		equal(t, fmt.Sprintf("as of run %d, documents and who saw them", run), want, lastSeenBy(t, r, dashboards, run))
	}
}

// notSeenButNamed: a run that was told that a document is not there did not see it, though
// that is no failure of its kind.
func notSeenButNamed(t *testing.T, e Engine) { danglesBetween(t, e, Same(dashboards, "1")) }

// notSeenNorNamed: nor did it where the fault is resolved at its end, because nothing names
// the document any more.
func notSeenNorNamed(t *testing.T, e Engine) {
	danglesBetween(t, e, Doc(dashboards, "1", "One that names nothing"))
}

// danglesBetween has a look that runs 1 and 3 see, and that run 2 takes for a dangling
// reference. naming is the dashboard that named it, as run 2 sees that.
func danglesBetween(t *testing.T, e Engine, naming record.Record) {
	for run, batch := range []record.Batch{
		{Doc(dashboards, "1", "One", Pointing(look("a"))), Doc(looks, "a", "A"), Doc(looks, "b", "B")},
		{naming, Fault(looks, "a", record.FaultDangling, 1), Same(looks, "b")},
		{naming, Same(looks, "a"), Same(looks, "b")},
	} {
		at := hour(int64(run + 1))
		s := e.Open.begin(t, func(s *record.Start) { s.At = at })
		s.commit(batch...)
		s.finish(record.Finish{At: at.Add(time.Minute), Kinds: []record.End{Ended(dashboards, 1), Ended(looks, 2)}})
	}
	for run, want := range map[int64]string{1: "a:1 b:1", 2: "a:1 b:2", 3: "a:3 b:3"} {
		equal(t, fmt.Sprintf("as of run %d, looks and who saw them", run), want, lastSeenBy(t, e.Read(t), looks, run))
	}
}

// lastSeenBy is a line with the documents of a kind as of a run, and the runs that saw them
// last by then.
func lastSeenBy(t *testing.T, r vault.Answers, kind record.Kind, run int64) string {
	t.Helper()
	var line []string
	for _, entry := range collect(t, r.Entries(t.Context(), vault.Query{Instance: "acme", Kind: kind, At: vault.AtRun(run)})) {
		line = append(line, fmt.Sprintf("%s:%d", entry.ID, entry.LastRun))
	}
	return strings.Join(line, " ")
}
