package vaulttest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

func begins(t *testing.T, store Store) {
	s := store.begin(t)
	want := record.Begun{Run: 1, Scope: record.Scope{Kinds: []record.Kind{dashboards, looks}}, Started: Dawn, First: true}
	if diff := cmp.Diff(want, s.begun); diff != "" {
		t.Errorf("begun (-want +got):\n%s", diff)
	}
	if _, err := s.Begin(t.Context(), start()); err == nil {
		t.Error("a second Begin on the same sink went well")
	}
	s.complete(Ended(dashboards, 0), Ended(looks, 0))
	s = store.begin(t)
	defer s.close()
	if s.begun.Run != 2 || s.begun.First || s.begun.Open != 0 {
		t.Errorf("second run: got %+v, want run 2 that is not the first and leaves none open", s.begun)
	}
}

func emptyRun(t *testing.T, store Store) {
	run := store.begin(t, kinds()).finish(record.Finish{})
	ended(t, run, record.RunComplete)
	if run.Digest.IsZero() {
		t.Error("a finished run has no digest")
	}
	if len(run.Kinds) != 0 {
		t.Errorf("an empty run counts %v", run.Kinds)
	}
}

func resumes(t *testing.T, store Store) {
	s := store.begin(t)
	s.commit(Doc(dashboards, "1", "One"), Fault(dashboards, "2", "server", 5))
	run := s.finish(record.Finish{Outcome: record.RunInterrupted, Notes: []string{"stopped"}, At: Dawn.Add(time.Hour),
		Kinds: []record.End{Ended(dashboards, 3), {Kind: looks, Listing: record.Open, Reason: "stopped"}}})
	ended(t, run, record.RunInterrupted)
	if !run.Digest.IsZero() {
		t.Error("an interrupted run has a digest")
	}

	s = store.begin(t, resume, kinds(looks), func(s *record.Start) { s.At = Dawn.Add(2 * time.Hour) })
	want := record.Begun{Run: 1, Resumed: true, Started: Dawn, First: true,
		Scope: record.Scope{Kinds: []record.Kind{dashboards, looks}},
		Kinds: []record.Counts{
			{Kind: dashboards, Listing: record.Open, Listed: 3, New: 1, Failed: 1},
			{Kind: looks, Listing: record.Open},
		},
	}
	if diff := cmp.Diff(want, s.begun, withoutBytes); diff != "" {
		t.Errorf("begun (-want +got):\n%s", diff)
	}
	if known := s.known(dashboards, "1", "2"); !known["1"].Settled || len(known) != 1 {
		t.Errorf("known after resume: got %v, want 1 settled and 2 absent", known)
	}
	s.commit(Doc(dashboards, "2", "Two"), Doc(dashboards, "3", "Three"))
	run = s.finish(record.Finish{Kinds: []record.End{Ended(dashboards, 3), Ended(looks, 0)},
		Notes: []string{"went on", "stopped"}, At: Dawn.Add(3 * time.Hour)})
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, New: 3})
	if diff := cmp.Diff([]string{"stopped", "went on"}, run.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if run.ID != 1 || !run.Started.Equal(Dawn) || !run.Finished.Equal(Dawn.Add(3*time.Hour)) {
		t.Errorf("got run %d from %v to %v, want run 1 from its start to its last end", run.ID, run.Started, run.Finished)
	}
}

func resumesNothing(t *testing.T, store Store) {
	nothing := func(what string) {
		t.Helper()
		s := store(t)
		_, err := s.Begin(t.Context(), start(resume))
		if !errors.Is(err, vault.ErrNothingOpen) {
			t.Errorf("resume of %s: got %v, want ErrNothingOpen", what, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	nothing("an empty store")
	store.first(t)
	nothing("a complete run")
	s := store.begin(t, kinds(dashboards))
	s.commit(Fault(dashboards, "1", "server", 5))
	ended(t, s.complete(Ended(dashboards, 3)), record.RunPartial)
	nothing("a partial run that has only faults")
	s = store.begin(t, instance("other"))
	s.close()
	nothing("another instance's run")
}

func leavesOpen(t *testing.T, store Store) {
	s := store.begin(t)
	s.finish(record.Finish{Outcome: record.RunFailed})
	s = store.begin(t)
	if s.begun.Open != 1 || s.begun.Run != 2 || s.begun.Resumed {
		t.Errorf("got %+v, want run 2 that leaves run 1 open", s.begun)
	}
	s.complete(Ended(dashboards, 0), Ended(looks, 0))
	s = store.begin(t)
	if s.begun.Open != 0 {
		t.Errorf("got %+v, want no open run: the newest one is complete", s.begun)
	}
	s.close()
}

func diedRun(t *testing.T, store Store) {
	s := store.begin(t)
	s.commit(Doc(dashboards, "1", "One"))
	s.close()
	s = store.begin(t)
	if s.begun.Open != 1 {
		t.Errorf("got %+v, want run 1 left open", s.begun)
	}
	s.close()
	s = store.begin(t, resume)
	if s.begun.Run != 2 {
		t.Errorf("resumed run %d, want the newest, 2", s.begun.Run)
	}
	if known := s.known(dashboards, "1"); known["1"].Settled {
		t.Error("what an older run settled counts as settled in this one")
	}
	s.close()
}

func budgetRun(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One"))
	run := s.finish(record.Finish{Kinds: []record.End{{Kind: dashboards, Listing: record.Budget, Listed: 1, Reason: "1,000 calls"}}})
	ended(t, run, record.RunPartial)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Budget, Listed: 1, New: 1, Reason: "1,000 calls"})
	s = store.begin(t, resume)
	if s.begun.Run != 1 || s.begun.Kinds[0].Listing != record.Open || s.begun.Kinds[0].Reason != "" {
		t.Errorf("got %+v, want run 1 with its listing open again", s.begun)
	}
	s.commit(Doc(dashboards, "2", "Two"))
	run = s.complete(Ended(dashboards, 2))
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 2, New: 2})
}

func instancesApart(t *testing.T, store Store) {
	acme := store.first(t)
	s := store.begin(t, instance("other"), kinds(dashboards))
	if !s.begun.First {
		t.Error("the first run of an instance is not the first")
	}
	if known := s.known(dashboards, "1"); len(known) != 0 {
		t.Errorf("the other instance knows %v", known)
	}
	s.commit(Doc(dashboards, "1", "One"))
	run := s.complete(Ended(dashboards, 1))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 1, New: 1})
	if run.Digest == acme.Digest {
		t.Error("one document and three have the same digest")
	}
	s = store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "1"), Same(dashboards, "2"), Same(dashboards, "3"))
	if run := s.complete(Ended(dashboards, 3)); run.Digest != acme.Digest {
		t.Error("a run of another instance changed the digest")
	}
}

func outcomes(t *testing.T, store Store) {
	all := func(l record.Listing) []record.End {
		return []record.End{{Kind: dashboards, Listing: l, Reason: "why"}, Ended(looks, 0)}
	}
	for _, tt := range []struct {
		name   string
		finish record.Finish
		fault  bool
		want   record.Outcome
	}{
		{"complete", record.Finish{Kinds: all(record.Complete)}, false, record.RunComplete},
		{"denied", record.Finish{Kinds: all(record.Denied)}, false, record.RunComplete},
		{"unavailable", record.Finish{Kinds: all(record.Unavailable)}, false, record.RunComplete},
		{"incomplete", record.Finish{Kinds: all(record.Incomplete)}, false, record.RunPartial},
		{"budget", record.Finish{Kinds: all(record.Budget)}, false, record.RunPartial},
		{"open", record.Finish{Kinds: all(record.Open)}, false, record.RunPartial},
		{"an end is missing", record.Finish{Kinds: all(record.Complete)[:1]}, false, record.RunPartial},
		{"a fault", record.Finish{Kinds: all(record.Complete)}, true, record.RunPartial},
		{"interrupted", record.Finish{Kinds: all(record.Complete), Outcome: record.RunInterrupted}, false, record.RunInterrupted},
		{"failed", record.Finish{Outcome: record.RunFailed}, true, record.RunFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := store.begin(t)
			if tt.fault {
				s.commit(Fault(dashboards, "1", "server", 1))
			}
			ended(t, s.finish(tt.finish), tt.want)
		})
	}
}

func returnedRun(t *testing.T, store Store) {
	admin := true
	s := store.begin(t, folders("5", "6"), func(s *record.Start) {
		s.Full, s.Scope.Recursive, s.Caller = true, true, record.Caller{ID: "7", Admin: &admin}
		s.At = Dawn.Add(123 * time.Millisecond)
	})
	s.commit(Doc(dashboards, "1", "One", In("5")))
	got := s.finish(record.Finish{At: Dawn.Add(time.Hour), Notes: []string{"a", "b"},
		Kinds: []record.End{Ended(dashboards, 1), {Kind: looks, Listing: record.Denied, Reason: "403"}}})
	want := record.Run{
		ID: 1, Instance: "acme", BaseURL: "https://acme.looker.com", Origin: "api",
		Started: Dawn.Add(123 * time.Millisecond), Finished: Dawn.Add(time.Hour), Outcome: record.RunComplete, Full: true,
		Scope:  record.Scope{Kinds: []record.Kind{dashboards, looks}, Folders: []string{"5", "6"}, Recursive: true},
		Caller: record.Caller{ID: "7", Admin: &admin}, Looker: "26.2.11", Tool: "1.0.0",
		Config: []byte(`{"looker":{"name":"acme"}}`), Notes: []string{"a", "b"},
		Kinds: []record.Counts{
			{Kind: dashboards, Listing: record.Complete, Listed: 1, New: 1},
			{Kind: looks, Listing: record.Denied, Reason: "403"},
		},
	}
	if diff := cmp.Diff(want, got, withoutBytes, cmpopts.IgnoreFields(record.Run{}, "Digest")); diff != "" {
		t.Errorf("run (-want +got):\n%s", diff)
	}
}

func countsCalls(t *testing.T, store Store) {
	var made []record.Calls
	take := func() []record.Calls { took := made; made = nil; return took }
	const search, single = "GET /dashboards/search", "GET /dashboards/{dashboard_id}"
	// The store's clock is the real one, so is the month of a call.
	now := func(s *record.Start) { s.At = time.Now() }

	made = []record.Calls{{Route: search, Class: "query", N: 2}}
	s := store.begin(t, kinds(dashboards), calls(take), now)
	made = []record.Calls{{Route: search, Class: "query", N: 3}, {Route: single, Class: "query", N: 10}, {Route: single, Class: "query", N: 1}}
	s.commit(Doc(dashboards, "1", "One"))
	s.commit(Doc(dashboards, "2", "Two"))
	s.close()
	s = store.begin(t, resume, calls(take), now)
	made = []record.Calls{{Route: search, Class: "query", N: 4}, {Route: "GET /users", Class: "administrative", N: 1}}
	run := s.complete(Ended(dashboards, 2))
	want := []record.Calls{
		{Route: "GET /users", Class: "administrative", N: 1},
		{Route: search, Class: "query", N: 9},
		{Route: single, Class: "query", N: 11},
	}
	if diff := cmp.Diff(want, run.Calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	s = store.begin(t, kinds(dashboards), calls(take), now)
	made = []record.Calls{{Route: search, Class: "query", N: 100}}
	run = s.complete(Ended(dashboards, 2))
	if diff := cmp.Diff([]record.Calls{{Route: search, Class: "query", N: 100}}, run.Calls); diff != "" {
		t.Errorf("calls of the second run (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]record.Calls{{Class: "administrative", N: 1}, {Class: "query", N: 120}}, run.Month); diff != "" {
		t.Errorf("month to date (-want +got):\n%s", diff)
	}
}

func callsOfFailedCommit(t *testing.T, store Store) {
	n := int64(3)
	s := store.begin(t, kinds(dashboards), calls(func() []record.Calls {
		c := []record.Calls{{Route: "r", Class: "query", N: n}}
		n = 0
		return c
	}))
	if err := s.Commit(t.Context(), record.Batch{Same(dashboards, "1")}); err == nil {
		t.Fatal("a bad batch went well")
	}
	run := s.complete(Ended(dashboards, 0))
	if diff := cmp.Diff([]record.Calls{{Route: "r", Class: "query", N: 3}}, run.Calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func outOfOrder(t *testing.T, store Store) {
	s := store(t)
	if err := s.Commit(t.Context(), record.Batch{Doc(dashboards, "1", "One")}); err == nil {
		t.Error("Commit before Begin went well")
	}
	if _, err := s.Known(t.Context(), dashboards, []string{"1"}); err == nil {
		t.Error("Known before Begin went well")
	}
	if _, err := s.Finish(t.Context(), record.Finish{}); err == nil {
		t.Error("Finish before Begin went well")
	}
	if _, err := s.Begin(t.Context(), start(kinds())); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Finish(t.Context(), record.Finish{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), record.Batch{Doc(dashboards, "1", "One")}); err == nil {
		t.Error("Commit after Finish went well")
	}
	if _, err := s.Finish(t.Context(), record.Finish{}); err == nil {
		t.Error("a second Finish went well")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// refusedRuns: a run that was refused before it asked for anything is kept with its reason.
// Nobody continues it, and one that is open below it can still be continued.
func refusedRuns(t *testing.T, store Store) {
	s := store.begin(t)
	s.commit(Doc(dashboards, "1", "One"))
	s.finish(record.Finish{Outcome: record.RunInterrupted})
	s = store.begin(t, func(start *record.Start) { start.Scope = record.Scope{Kinds: []record.Kind{}} })
	run := s.finish(record.Finish{Outcome: record.RunFailed, Notes: []string{"refused: no calls are left"}})
	if !run.Refused() || run.Resumable() || len(run.Notes) != 1 || run.Scope.String() != "nothing" {
		t.Errorf("%+v", run)
	}
	s = store.begin(t, resume)
	if s.begun.Run != 1 {
		t.Errorf("run %d is continued, want 1", s.begun.Run)
	}
	ended(t, s.complete(Ended(dashboards, 1), Ended(looks, 0)), record.RunComplete)
}
