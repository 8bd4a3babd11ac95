package vaulttest

import (
	"testing"

	"github.com/lookervault/lookervault/internal/record"
)

func faults(t *testing.T, store Store) {
	store.first(t)
	s := store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "1"), Fault(dashboards, "2", "server", 5), Fault(dashboards, "9", "denied", 1))
	s.commit(Fault(dashboards, "2", "timeout", 3))
	run := s.complete(Ended(dashboards, 3))
	ended(t, run, record.RunPartial)
	// 2 could not be fetched: that is no proof that it is gone. 3 is.
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 1, Gone: 1, Failed: 2})
	s = store.begin(t, kinds(dashboards))
	if known := s.known(dashboards, "2", "9"); known["2"].State != record.Present || len(known) != 1 {
		t.Errorf("got %v, want 2 present and 9 unknown", known)
	}
	s.close()
}

func faultResolved(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	s.commit(Fault(dashboards, "1", "server", 5), Fault(dashboards, "2", "server", 5), Fault(dashboards, "3", "server", 5))
	s.finish(record.Finish{Outcome: record.RunFailed})
	s = store.begin(t, resume)
	if got := s.begun.Kinds[0].Failed; got != 3 {
		t.Errorf("%d failed, want 3", got)
	}
	s.commit(Doc(dashboards, "1", "One"), Gone(dashboards, "3"))
	s.commit(Doc(dashboards, "2", "Two"))
	run := s.complete(Ended(dashboards, 2))
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 2, New: 2})
}

func faultResolvedLater(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	s.commit(Fault(dashboards, "1", "server", 5), Doc(dashboards, "2", "Two"))
	ended(t, s.complete(Ended(dashboards, 2)), record.RunPartial)
	s = store.begin(t, kinds(dashboards))
	s.commit(Fault(dashboards, "1", "server", 5), Same(dashboards, "2"))
	run := s.complete(Ended(dashboards, 2))
	ended(t, run, record.RunPartial)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 2, Same: 1, Failed: 1})
	s = store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One"), Same(dashboards, "2"))
	run = s.complete(Ended(dashboards, 2))
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 2, New: 1, Same: 1})
}

func listingFault(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	s.commit(Fault(dashboards, "", "server", 5))
	s.commit(Fault(dashboards, "", "server", 5))
	run := s.finish(record.Finish{Outcome: record.RunFailed, Kinds: []record.End{{Kind: dashboards, Listing: record.Incomplete, Reason: "page 3"}}})
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Incomplete, Failed: 1, FailedListings: 1, Reason: "page 3"})
	s = store.begin(t, resume)
	s.commit(Doc(dashboards, "1", "One"))
	run = s.complete(Ended(dashboards, 1))
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 1, New: 1})
}

func faultTouchesNothing(t *testing.T, store Store) {
	first := store.first(t)
	s := store.begin(t, kinds(dashboards))
	before := s.known(dashboards, "1")["1"]
	s.commit(Fault(dashboards, "1", "server", 5), Same(dashboards, "2"), Same(dashboards, "3"))
	if got := s.known(dashboards, "1")["1"]; got != before || got.Settled {
		t.Errorf("got %v, want %v as before", got, before)
	}
	if run := s.complete(Ended(dashboards, 3)); run.Digest != first.Digest {
		t.Error("a fault changed the digest")
	}
}

func faultOfGone(t *testing.T, store Store) {
	store.first(t)
	s := store.begin(t, kinds(dashboards))
	s.commit(Fault(dashboards, "1", "server", 5), Same(dashboards, "2"), Same(dashboards, "3"))
	s.complete(Ended(dashboards, 3))
	// The next listing does not hold it any more: there is nothing to try again.
	s = store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "2"), Same(dashboards, "3"))
	run := s.complete(Ended(dashboards, 2))
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 2, Same: 2, Gone: 1})
}

func dangling(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One", Pointing(look("a"), look("b"))), Fault(looks, "a", record.FaultDangling, 1),
		Fault(looks, "b", record.FaultDangling, 1))
	// A failure in its place counts, and not any more when it turns out to dangle.
	s.commit(Fault(looks, "b", "server", 1))
	s.commit(Fault(dashboards, "2", "server", 1))
	s.commit(Fault(dashboards, "2", record.FaultDangling, 1), Fault(looks, "b", record.FaultDangling, 1))
	run := s.complete(Ended(dashboards, 1), Ended(looks, 2))
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 1, New: 1}) // nothing names dashboards/2
	counted(t, run, record.Counts{Kind: looks, Listing: record.Complete, Listed: 2, Dangling: 2})

	// One of them is found: it does not count any more, even where that is in the same run.
	s = store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "1"), Fault(looks, "b", record.FaultDangling, 1), Fault(looks, "a", record.FaultDangling, 1))
	s.commit(Doc(looks, "a", "Here it is"))
	run = s.complete(Ended(dashboards, 1), Ended(looks, 2))
	counted(t, run, record.Counts{Kind: looks, Listing: record.Complete, Listed: 2, New: 1, Dangling: 1})
}

// faultOfRow: a row that cannot be stored counts as failed, and is a fault until a
// listing that was read through no longer names it.
func faultOfRow(t *testing.T, store Store) {
	third := record.RowRef(dashboards, 3).ID
	through := record.End{Kind: dashboards, Listing: record.Incomplete, Listed: 2, Reason: "1 of 3 rows cannot be stored", Through: true}
	counts := record.Counts{Kind: dashboards, Listing: record.Incomplete, Listed: 2, Reason: through.Reason}

	s := store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One"), Doc(dashboards, "2", "Two"), Fault(dashboards, third, record.FaultRow, 1))
	run := s.finish(record.Finish{Kinds: []record.End{through}})
	ended(t, run, record.RunPartial)
	first := counts
	first.New, first.Failed = 2, 1
	counted(t, run, first)

	// A listing that is complete, of a run that named the row before.
	s = store.begin(t, kinds(dashboards))
	s.commit(Fault(dashboards, third, record.FaultRow, 1))
	s.finish(record.Finish{Outcome: record.RunInterrupted, Kinds: []record.End{{Kind: dashboards, Listing: record.Open}}})
	s = store.begin(t, resume)
	if got := s.begun.Kinds[0].Failed; got != 1 {
		t.Errorf("%d failed before the listing is read again, want 1", got)
	}
	s.commit(Same(dashboards, "1"), Same(dashboards, "2"))
	run = s.complete(Ended(dashboards, 2))
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 2, Same: 2})
}
