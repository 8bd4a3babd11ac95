package vaulttest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
)

func goneByListing(t *testing.T, store Store) {
	store.first(t)
	s := store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "1"))
	run := s.complete(Ended(dashboards, 1))
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 1, Same: 1, Gone: 2})

	alone := store.begin(t, instance("alone"), kinds(dashboards))
	alone.commit(Doc(dashboards, "1", "One"))
	if want := alone.complete(Ended(dashboards, 1)); want.Digest != run.Digest {
		t.Error("what is gone is part of the digest")
	}

	s = store.begin(t, kinds(dashboards))
	known := s.known(dashboards, "1", "2", "3")
	if known["2"].State != record.Gone || known["2"].Settled || known["1"].State != record.Present {
		t.Errorf("got %v, want 2 and 3 gone, not settled", known)
	}
	s.commit(Same(dashboards, "1"))
	run = s.complete(Ended(dashboards, 1))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 1, Same: 1})
}

func goneByDetail(t *testing.T, store Store) {
	store.first(t)
	s := store.begin(t, kinds(dashboards))
	s.commit(Gone(dashboards, "2"), Same(dashboards, "1"), Gone(dashboards, "never seen"))
	s.commit(Gone(dashboards, "2"))
	if known := s.known(dashboards, "2", "never seen"); known["2"].State != record.Gone || len(known) != 1 {
		t.Errorf("got %v, want 2 gone and nothing else", known)
	}
	run := s.finish(record.Finish{Outcome: record.RunInterrupted})
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Open, Same: 1, Gone: 1})
}

func goneAndBack(t *testing.T, store Store) {
	first := store.first(t)
	s := store.begin(t, kinds(dashboards))
	s.commit(Gone(dashboards, "1"), Gone(dashboards, "2"), Same(dashboards, "3"))
	s.finish(record.Finish{Outcome: record.RunInterrupted})
	s = store.begin(t, resume)
	s.commit(Doc(dashboards, "1", "One"), Doc(dashboards, "2", "Two, better"))
	run := s.complete(Ended(dashboards, 3))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 2, Changed: 1})
	if run.Digest == first.Digest {
		t.Error("the change was lost")
	}
	s = store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "1"), Doc(dashboards, "2", "Two"), Same(dashboards, "3"))
	if run := s.complete(Ended(dashboards, 3)); run.Digest != first.Digest {
		t.Error("everything is as it was, but the digest is another")
	}
}

func reappeared(t *testing.T, store Store) {
	first := store.first(t)
	s := store.begin(t, kinds(dashboards))
	s.complete(Ended(dashboards, 0))
	s = store.begin(t, kinds(dashboards))
	if run := s.complete(Ended(dashboards, 0)); run.Digest == first.Digest {
		t.Error("an empty instance has the digest of a full one")
	}
	s = store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One"), Doc(dashboards, "2", "Two, better"), Same(dashboards, "3", StateOnly))
	run := s.complete(Ended(dashboards, 3))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 2, Changed: 1, Trashed: 1, Reappeared: 3})
	s = store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "1"), Doc(dashboards, "2", "Two"), Same(dashboards, "3"))
	run = s.complete(Ended(dashboards, 3))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 2, Changed: 1})
	if run.Digest != first.Digest {
		t.Error("everything is back, but the digest is another")
	}
}

func noGone(t *testing.T, store Store) {
	store.first(t)
	for _, listing := range []record.Listing{record.Open, record.Incomplete, record.Denied, record.Unavailable, record.Budget} {
		s := store.begin(t, kinds(dashboards))
		s.commit(Same(dashboards, "1"))
		run := s.finish(record.Finish{Kinds: []record.End{{Kind: dashboards, Listing: listing, Listed: 1}}})
		counted(t, run, record.Counts{Kind: dashboards, Listing: listing, Listed: 1, Same: 1})
	}
	s := store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "1"))
	run := s.finish(record.Finish{Outcome: record.RunInterrupted, Kinds: []record.End{Ended(dashboards, 1)}})
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 1, Same: 1, Gone: 2})
}

func unproven(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One"), Fault(dashboards, "2", "server", 5))
	s.complete(Ended(dashboards, 2))
	s = store.begin(t, kinds(dashboards))
	run := s.finish(record.Finish{Kinds: []record.End{{Kind: dashboards, Listing: record.Complete, Unproven: true}}})
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete})
	s = store.begin(t, kinds(dashboards))
	if known := s.known(dashboards, "1")["1"]; known.State != record.Present {
		t.Errorf("got %v, want present: nothing proved that it is gone", known)
	}
	s.close()
}

func unprovenAbsence(s *record.Start) { s.AbsenceUnproven = true }

func admin(is bool) func(*record.Start) {
	return func(s *record.Start) { s.Caller.Admin = &is }
}

func seesLess(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards), admin(true))
	s.commit(Doc(dashboards, "1", "One"), Doc(dashboards, "2", "Two"), Fault(dashboards, "3", "server", 5))
	s.complete(Ended(dashboards, 3))
	for _, wanted := range []bool{false, true} {
		s = store.begin(t, kinds(dashboards), admin(false), unprovenAbsence)
		s.commit(Gone(dashboards, "1"))
		if left, err := s.Unsettled(t.Context(), dashboards, "", 9); err != nil || !cmp.Equal(left, []string{"1", "2"}) {
			t.Errorf("unsettled are %v, %v, want 1 and 2", left, err)
		}
		run := s.finish(record.Finish{Kinds: []record.End{Ended(dashboards, 0)}, PartialView: wanted})
		want, text := record.RunPartial, "partial"
		if wanted {
			want, text = record.RunComplete, "complete for this key"
		}
		ended(t, run, want)
		if got := run.OutcomeText(); got != text {
			t.Errorf("people read %q, want %q", got, text)
		}
		counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete})
	}
	s = store.begin(t, kinds(dashboards), admin(true))
	if known := s.known(dashboards, "1", "2"); known["1"].State != record.Present || known["2"].State != record.Present {
		t.Errorf("got %v, want both present: nothing proved that they are gone", known)
	}
	counted(t, s.complete(Ended(dashboards, 0)), record.Counts{Kind: dashboards, Listing: record.Complete, Gone: 2})
}

// twoCallers: what one of them may not have seen, the run has not seen.
func twoCallers(t *testing.T, store Store) {
	unknown := func(*record.Start) {}
	for _, tt := range []struct {
		name          string
		first, second func(*record.Start)
		want          record.Outcome
		sees          any
	}{
		{"administrators", admin(true), admin(true), record.RunComplete, true},
		{"then less", admin(true), admin(false), record.RunPartial, false},
		{"less before", admin(false), admin(true), record.RunPartial, false},
		{"then unknown", admin(true), unknown, record.RunComplete, nil},
		{"unknown before", unknown, admin(true), record.RunComplete, nil},
		{"unknown, then less", unknown, admin(false), record.RunPartial, false},
		{"less, then unknown", admin(false), unknown, record.RunPartial, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store.begin(t, kinds(dashboards), tt.first).close()
			run := store.begin(t, resume, tt.second).complete(Ended(dashboards, 0))
			ended(t, run, tt.want)
			var got any
			if run.Caller.Admin != nil {
				got = *run.Caller.Admin
			}
			if got != tt.sees {
				t.Errorf("an administrator's: got %v, want %v", got, tt.sees)
			}
		})
	}
}

func kindScoped(t *testing.T, store Store) {
	s := store.begin(t)
	s.commit(Doc(dashboards, "1", "One"), Doc(looks, "1", "A look"))
	all := s.complete(Ended(dashboards, 1), Ended(looks, 1))
	s = store.begin(t, kinds(looks))
	s.commit(Same(looks, "1"))
	run := s.complete(Ended(looks, 1))
	if len(run.Kinds) != 1 {
		t.Errorf("a run of looks counts %v", run.Kinds)
	}
	if run.Digest != all.Digest {
		t.Error("a run of looks changed what is held of dashboards")
	}
	s = store.begin(t, kinds(dashboards))
	if known := s.known(dashboards, "1")["1"]; known.State != record.Present || known.Settled {
		t.Errorf("got %v, want present and not settled", known)
	}
	s.close()
}

func folderScoped(t *testing.T, store Store) {
	store.first(t)
	s := store.begin(t, kinds(dashboards), folders("5"))
	s.commit(Doc(dashboards, "1", "One", In("5")))
	run := s.complete(Ended(dashboards, 1))
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 1, Changed: 1})
	// A resumed run keeps its scope, whatever the start says.
	s = store.begin(t, kinds(dashboards), folders("5"))
	s.finish(record.Finish{Outcome: record.RunInterrupted})
	s = store.begin(t, kinds(dashboards), resume)
	run = s.complete(Ended(dashboards, 0))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete})
}

// namedDocuments: a run that asks for single documents proves nothing about others, also
// not about a kind that it asks for nothing else of.
func namedDocuments(t *testing.T, store Store) {
	store.first(t)
	named := func(s *record.Start) { s.Scope.Refs = map[record.Kind][]string{dashboards: {"1", "9"}} }
	s := store.begin(t, kinds(dashboards, looks), named)
	s.commit(Same(dashboards, "1"))
	run := s.complete(Ended(dashboards, 1), Ended(looks, 0))
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 1, Same: 1})
	s = store.begin(t, kinds(dashboards))
	for id, known := range s.known(dashboards, "1", "2", "3") {
		if known.State != record.Present {
			t.Errorf("%s is %s", id, known.State)
		}
	}
	s.close()
}

func kept(t *testing.T, store Store) {
	store.first(t)
	s := store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "1"))
	run := s.finish(record.Finish{Kinds: []record.End{Ended(dashboards, 2)},
		Keep: []record.Ref{{Kind: dashboards, ID: "3"}, {Kind: looks, ID: "2"}}})
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 2, Same: 1, Gone: 1})
	s = store.begin(t, kinds(dashboards))
	if known := s.known(dashboards, "2", "3"); known["2"].State != record.Gone || known["3"].State != record.Present {
		t.Errorf("got %v, want 2 gone and 3 kept", known)
	}
	s.close()
}

func manyGone(t *testing.T, store Store) {
	const n = 1203
	s := store.begin(t, kinds(dashboards))
	var batch record.Batch
	for i := range n {
		batch = append(batch, Doc(dashboards, fmt.Sprint(i), "Some"))
	}
	s.commit(batch...)
	s.complete(Ended(dashboards, n))
	s = store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "7"), Same(dashboards, "700"))
	run := s.finish(record.Finish{Kinds: []record.End{Ended(dashboards, 2)}, Keep: []record.Ref{{Kind: dashboards, ID: "8"}}})
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 2, Same: 2, Gone: n - 3})
}

// unsettled: what Finish would make gone, in pages.
func unsettled(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards, looks))
	for i := range 9 {
		s.commit(Doc(dashboards, fmt.Sprint(i+1), "Some"))
	}
	s.commit(Doc(looks, "1", "Another kind"))
	s.complete(Ended(dashboards, 9), Ended(looks, 1))
	s = store.begin(t, kinds(dashboards, looks))
	s.commit(Same(dashboards, "1"), Gone(dashboards, "2"), Fault(dashboards, "3", "server", 1), Doc(dashboards, "10", "New"))
	var all []string
	for after := ""; ; {
		page, err := s.Unsettled(t.Context(), dashboards, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if len(page) < 2 {
			break
		}
		after = page[1]
	}
	if diff := cmp.Diff([]string{"4", "5", "6", "7", "8", "9"}, all); diff != "" {
		t.Errorf("unsettled (-want +got):\n%s", diff)
	}
	settled, err := s.Settled(t.Context(), dashboards, "", 2)
	if diff := cmp.Diff([]string{"1", "10"}, settled); diff != "" || err != nil {
		t.Errorf("settled, %v (-want +got):\n%s", err, diff)
	}
	if settled, err = s.Settled(t.Context(), dashboards, "1", 1); err != nil || !cmp.Equal([]string{"10"}, settled) {
		t.Errorf("settled behind 1: %v, %v", settled, err)
	}
	run := s.complete(Ended(dashboards, 4))
	if got := run.Kinds[0].Gone; got != 7 {
		t.Errorf("%d gone, want those six and the one that the server said is gone", got)
	}
}

// holds: what this run has settled counts, and what is gone or another instance's does
// not.
func holds(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards, looks))
	s.commit(Doc(dashboards, "1", "One"), Doc(looks, "1", "Another kind"))
	s.complete(Ended(dashboards, 1), Ended(looks, 1))
	steps := []struct {
		name  string
		start []func(*record.Start)
		batch record.Batch
		want  bool
	}{
		{name: "another instance", start: []func(*record.Start){instance("other")}, want: false},
		{name: "not settled", want: true},
		{name: "settled", batch: record.Batch{Same(dashboards, "1")}, want: true},
		{name: "failed", batch: record.Batch{Fault(dashboards, "1", "server", 1)}, want: true},
		{name: "gone", batch: record.Batch{Gone(dashboards, "1")}, want: false},
	}
	for _, step := range steps {
		s := store.begin(t, step.start...)
		if len(step.batch) > 0 {
			s.commit(step.batch...)
		}
		if held, err := s.Holds(t.Context(), dashboards); err != nil || held != step.want {
			t.Errorf("%s: holds dashboards: %v, %v, want %v", step.name, held, err, step.want)
		}
		s.finish(record.Finish{Kinds: []record.End{{Kind: dashboards, Listing: record.Incomplete}, {Kind: looks, Listing: record.Incomplete}}})
	}
}

// keeps: what a run keeps does not become gone, however its kind ends; it is told of with why, and
// the next run knows nothing of it.
func keeps(t *testing.T, store Store) {
	store.first(t)
	s := store.begin(t, kinds(dashboards))
	keep := func(want int, deferred bool, ids ...string) {
		t.Helper()
		added, err := s.Keep(t.Context(), dashboards, ids, deferred)
		if err != nil || added != want {
			t.Errorf("keep %v: %d, %v, want %d", ids, added, err, want)
		}
	}
	keep(1, true, "1")
	keep(1, false, "2", "1", "2")
	keep(0, true)
	kept, err := s.Kept(t.Context(), dashboards, []string{"1", "2", "3"})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "kept", map[string]bool{"1": true, "2": false}, kept)
	run := s.complete(Ended(dashboards, 2))
	if n := run.Kinds[0].Gone; n != 1 {
		t.Errorf("%d documents are gone, want the one that is not kept", n)
	}
	s = store.begin(t, kinds(dashboards))
	if kept, err := s.Kept(t.Context(), dashboards, []string{"1", "2", "3"}); err != nil || len(kept) > 0 {
		t.Errorf("the next run keeps %v, %v", kept, err)
	}
	run = s.complete(Ended(dashboards, 0))
	if n := run.Kinds[0].Gone; n != 2 {
		t.Errorf("%d documents are gone, want 2", n)
	}
}
