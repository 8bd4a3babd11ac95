package sqlite_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

func TestInstances(t *testing.T) {
	path := newPath(t)
	r0 := func() *sqlite.Reader { return read(t, path) }
	fresh := open(t, path)
	if _, err := r0().Resolve(t.Context(), ""); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("an empty vault: got %v, want ErrNotFound", err)
	}
	fresh.Close()
	aRun(t, path, doc("1", "One"))
	if i, err := r0().Resolve(t.Context(), ""); err != nil || i.Name != "acme" {
		t.Errorf("got %v, %v, want acme", i, err)
	}
	w := begin(t, path, startOf("zeta"))
	commit(t, w, doc("1", "Another"), doc("7", "Seven"))
	finish(t, w, dashboards)
	r := r0()
	_, err := r.Resolve(t.Context(), "")
	if !errors.Is(err, vault.ErrAmbiguous) || !strings.Contains(err.Error(), "acme, zeta") {
		t.Errorf("got %v, want ErrAmbiguous with both names", err)
	}
	if _, err := r.Resolve(t.Context(), "nobody"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if got := ids(t, r, vault.Query{Instance: "zeta"}); got != "1:present 7:present" {
		t.Errorf("zeta holds %q", got)
	}
	if got := ids(t, r, vault.Query{At: vault.AtRun(1)}); got != "1:present" {
		t.Errorf("run 1, which is one of acme, holds %q", got)
	}
	for _, err := range r.Entries(t.Context(), vault.Query{Instance: "acme", At: vault.AtRun(2)}) {
		if !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("a run of another instance: got %v, want ErrNotFound", err)
		}
	}
	list, err := r.Instances(t.Context())
	want := []vault.Instance{{ID: 1, Name: "acme", BaseURL: "https://acme.looker.com"}, {ID: 2, Name: "zeta", BaseURL: "https://zeta.looker.com"}}
	if diff := cmp.Diff(want, list); err != nil || diff != "" {
		t.Errorf("instances (-want +got), %v:\n%s", err, diff)
	}
}

func TestAddressMoves(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	start := startOf("acme")
	start.BaseURL = "https://new.example.com"
	w := begin(t, path, start)
	finish(t, w)
	r := read(t, path)
	runs, err := r.Runs(t.Context(), "acme")
	if err != nil || len(runs) != 2 || runs[0].BaseURL != "https://new.example.com" || runs[1].BaseURL != "https://acme.looker.com" {
		t.Errorf("got %v, %v, want each run with its own address", runs, err)
	}
	if i, err := r.Resolve(t.Context(), "acme"); err != nil || i.BaseURL != "https://new.example.com" {
		t.Errorf("got %v, %v, want the newest address", i, err)
	}
	sound(t, path)
}

func TestRuns(t *testing.T) {
	path := newPath(t)
	first := aRun(t, path, doc("1", "One"))
	w := begin(t, path, startOf("zeta"))
	second := finish(t, w, dashboards)
	r := read(t, path)
	got, err := r.Runs(t.Context(), "")
	if diff := cmp.Diff([]record.Run{second, first}, got); err != nil || diff != "" {
		t.Errorf("all runs (-want +got), %v:\n%s", err, diff)
	}
	got, err = r.Runs(t.Context(), "acme")
	if diff := cmp.Diff([]record.Run{first}, got); err != nil || diff != "" {
		t.Errorf("runs of acme (-want +got), %v:\n%s", err, diff)
	}
	one, err := r.Run(t.Context(), 1)
	if diff := cmp.Diff(first, one); err != nil || diff != "" {
		t.Errorf("run 1 (-want +got), %v:\n%s", err, diff)
	}
	if newest, err := r.Run(t.Context(), 0); err != nil || newest.ID != 2 {
		t.Errorf("newest: got %v, %v, want 2", newest.ID, err)
	}
	if _, err := r.Run(t.Context(), 3); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("run 3: got %v, want ErrNotFound", err)
	}
	if _, err := r.Runs(t.Context(), "nobody"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("runs of nobody: got %v, want ErrNotFound", err)
	}
}

// A run that died reads as interrupted also while the next one is under way, and
// a pruned run is not taken up again.
func TestDeadRuns(t *testing.T) {
	path := newPath(t)
	begin(t, path, startOf("acme")).Close()
	begin(t, path, startOf("acme"))
	r := read(t, path)
	for id, want := range map[int64]record.Outcome{1: record.RunInterrupted, 2: record.RunRunning} {
		if run, err := r.Run(t.Context(), id); err != nil || run.Outcome != want {
			t.Errorf("run %d is %s, %v, want %s", id, run.Outcome, err, want)
		}
	}
}

func TestPrunedRunIsNotResumed(t *testing.T) {
	path := newPath(t)
	begin(t, path, startOf("acme")).Close()
	if err := errors.Join(sqlite.Execute(path, "UPDATE runs SET pruned = 1"), sqlite.ResealRuns(path)); err != nil {
		t.Fatal(err)
	}
	start := startOf("acme")
	start.Resume = true
	if _, err := open(t, path).Begin(t.Context(), start); !errors.Is(err, vault.ErrNothingOpen) {
		t.Errorf("got %v, want ErrNothingOpen", err)
	}
}

// A document that fails again keeps the fault of the earlier run open.
func TestFaultStaysOpen(t *testing.T) {
	path := newPath(t)
	for range 2 {
		w := begin(t, path, startOf("acme"))
		commit(t, w, vaulttest.Fault(dashboards, "1", "server", 5))
		finish(t, w, dashboards)
	}
	open, err := read(t, path).OpenFaults(t.Context(), "acme")
	if err != nil || len(open) != 2 {
		t.Errorf("got %v, %v, want the faults of both runs", open, err)
	}
}

// Ids of runs are never used again, whatever happens to the row.
func TestRunIDsOnlyGrow(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	w := begin(t, path, startOf("acme"))
	finish(t, w, dashboards)
	execute(t, path, "DELETE FROM run_kinds WHERE run = 2", "DELETE FROM runs WHERE id = 2")
	w = open(t, path)
	begun, err := w.Begin(t.Context(), startOf("acme"))
	if err != nil || begun.Run != 3 {
		t.Errorf("got run %d, %v, want 3", begun.Run, err)
	}
}

// Calls are counted in the month in which they were made; the month to date is
// that of the run's start.
func TestCallsByMonth(t *testing.T) {
	path := newPath(t)
	now := time.Date(2026, 3, 31, 23, 59, 0, 0, time.UTC)
	run := func(calls ...int64) record.Run {
		t.Helper()
		w, err := sqlite.Open(t.Context(), path, sqlite.Options{Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		start := startOf("acme")
		start.At = now
		var made int64
		start.Calls = func() []record.Calls {
			told := []record.Calls{{Route: "GET /a", Class: "query", N: made}, {Route: "GET /b", Class: "query", N: 1}}
			made = 0
			return told
		}
		if _, err := w.Begin(t.Context(), start); err != nil {
			t.Fatal(err)
		}
		for _, n := range calls {
			made = n
			commit(t, w)
			now = now.Add(time.Hour)
		}
		return finish(t, w, dashboards)
	}
	first := run(10, 100)
	second := run(1000)
	got := [][]record.Calls{first.Calls, first.Month, second.Month}
	want := [][]record.Calls{
		{{Route: "GET /a", Class: "query", N: 110}, {Route: "GET /b", Class: "query", N: 5}},
		{{Class: "query", N: 12}},
		{{Class: "query", N: 100 + 3 + 1000 + 4}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls, month of the first, month of the second run (-want +got):\n%s", diff)
	}
}

// Calls that were told to a transaction that failed are in the next one.
func TestCallsOfAFailedTransaction(t *testing.T) {
	path := newPath(t)
	w := open(t, path)
	start := startOf("acme")
	made := int64(0)
	start.Calls = func() []record.Calls {
		told := []record.Calls{{Route: "GET /a", Class: "query", N: made}}
		made = 0
		return told
	}
	if _, err := w.Begin(t.Context(), start); err != nil {
		t.Fatal(err)
	}
	made = 5
	away := path + ".away"
	if err := os.Rename(path, away); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(t.Context(), record.Batch{doc("1", "One")}); !errors.Is(err, vault.ErrReplaced) {
		t.Fatalf("got %v, want ErrReplaced", err)
	}
	if err := os.Rename(away, path); err != nil {
		t.Fatal(err)
	}
	made = 2
	commit(t, w, doc("1", "One"))
	run := finish(t, w, dashboards)
	if diff := cmp.Diff([]record.Calls{{Route: "GET /a", Class: "query", N: 7}}, run.Calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if got := run.Kinds[0].New; got != 1 {
		t.Errorf("%d new, want 1: what failed was counted", got)
	}
}

func TestFaultsAreRead(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme"))
	at := vaulttest.Dawn.Add(time.Minute)
	fault := vaulttest.Fault(dashboards, "1", "server", 5)
	fault.At = at
	commit(t, w, fault, doc("2", "Two"))
	finish(t, w, dashboards)
	w = begin(t, path, startOf("acme"))
	again := vaulttest.Fault(dashboards, "2", "denied", 1)
	again.At = at
	commit(t, w, doc("1", "One"), again)
	finish(t, w, dashboards)
	want := []vault.Fault{
		{Ref: fault.Ref, Fault: *fault.Fault, Instance: "acme", Run: 1, At: at, Resolved: 2},
		{Ref: again.Ref, Fault: *again.Fault, Instance: "acme", Run: 2, At: at},
	}
	r := read(t, path)
	got, err := r.Faults(t.Context(), 0)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("all faults (-want +got), %v:\n%s", err, diff)
	}
	got, err = r.Faults(t.Context(), 1)
	if diff := cmp.Diff(want[:1], got); err != nil || diff != "" {
		t.Errorf("faults of run 1 (-want +got), %v:\n%s", err, diff)
	}
	got, err = r.OpenFaults(t.Context(), "")
	if diff := cmp.Diff(want[1:], got); err != nil || diff != "" {
		t.Errorf("open faults (-want +got), %v:\n%s", err, diff)
	}
	if _, err := r.Faults(t.Context(), 9); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("faults of run 9: got %v, want ErrNotFound", err)
	}
}
