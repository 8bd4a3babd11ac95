package vault_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/sinks/sinktest"
)

// A reader of a closed vault leaves no files beside it.
func TestReaderLeavesNothing(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := vault.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Stats(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{path, path + ".lock"}, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	after, err := os.ReadFile(path)
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("the reader changed the file (%v)", err)
	}
}

func ids(t *testing.T, r *vault.Reader, q vault.Query) string {
	t.Helper()
	var list []string
	for e, err := range r.Entries(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s:%s", e.ID, e.State))
	}
	return strings.Join(list, " ")
}

// aHistory is five runs of documents that come, change, go and come back. The
// second looks only at looks.
func aHistory(t testing.TB, path string) {
	aRun(t, path, doc("1", "One"), doc("2", "Two"), doc("3", "Three", sinktest.Trash))
	w := begin(t, path, startOf("acme", looks))
	commit(t, w, sinktest.Doc(looks, "9", "A look"))
	finish(t, w, looks)
	aRun(t, path, doc("1", "One, better"), same("3", sinktest.StateOnly))                   // 2 is gone
	aRun(t, path, same("1"), doc("2", "Two"), same("3"))                                    // 2 is back, 3 out of the trash
	aRun(t, path, same("1", sinktest.StateOnly), doc("2", "Two, better"), doc("4", "Four")) // 1 in the trash, 3 gone
}

func TestEntriesAsOfRun(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	r := read(t, path)
	for _, tt := range []struct {
		run     int64
		held    string
		deleted string
	}{
		{1, "1:present 2:present 3:trashed", "3:trashed"},
		// The run did not look, but what was seen before and after was there.
		{2, "3:trashed", "3:trashed"},
		{3, "1:present 3:trashed", "2:gone 3:trashed"},
		{4, "1:present 2:present 3:present", ""},
		{5, "1:trashed 2:present 4:present", "1:trashed 3:gone"},
		{0, "1:trashed 2:present 4:present", "1:trashed 3:gone"},
	} {
		t.Run(fmt.Sprint(tt.run), func(t *testing.T) {
			q := vault.Query{Kind: dashboards, Run: tt.run}
			if got := ids(t, r, q); got != tt.held {
				t.Errorf("held: got %q, want %q", got, tt.held)
			}
			q.Deleted = true
			if got := ids(t, r, q); got != tt.deleted {
				t.Errorf("deleted: got %q, want %q", got, tt.deleted)
			}
		})
	}
}

func TestDocumentAsOfRun(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	r := read(t, path)
	for _, tt := range []struct {
		id    string
		run   int64
		title string // "" for not found
		state record.State
		first int64
		last  int64
		gone  int64
	}{
		{"1", 0, "One, better", record.Trashed, 5, 5, 0},
		{"1", 1, "One", record.Present, 1, 1, 0},
		{"1", 2, "", "", 0, 0, 0},
		{"1", 3, "One, better", record.Present, 3, 4, 0},
		{"1", 4, "One, better", record.Present, 3, 4, 0},
		{"2", 1, "Two", record.Present, 1, 1, 3},
		{"2", 3, "Two", record.Gone, 1, 1, 3},
		{"2", 4, "Two", record.Present, 4, 4, 0},
		{"2", 0, "Two, better", record.Present, 5, 5, 0},
		{"3", 0, "Three", record.Gone, 4, 4, 5},
		{"3", 2, "Three", record.Trashed, 1, 3, 0},
		{"4", 4, "", "", 0, 0, 0},
		{"5", 0, "", "", 0, 0, 0},
	} {
		t.Run(fmt.Sprintf("%s at %d", tt.id, tt.run), func(t *testing.T) {
			ref := record.Ref{Kind: dashboards, ID: tt.id}
			d, err := r.Document(t.Context(), "", ref, tt.run)
			if tt.title == "" {
				if !errors.Is(err, vault.ErrNotFound) {
					t.Errorf("got %v, %v, want ErrNotFound", d.Entry, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := doc(tt.id, tt.title).Body; tt.id != "3" && string(d.Body) != string(want) {
				t.Errorf("body is %s, want %s", d.Body, want)
			}
			got := []any{d.State, d.FirstRun, d.LastRun, d.GoneRun}
			if diff := cmp.Diff([]any{tt.state, tt.first, tt.last, tt.gone}, got); diff != "" {
				t.Errorf("state, first, last and gone run (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := r.Document(t.Context(), "", record.Ref{Kind: dashboards, ID: "1"}, 77); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("run 77: got %v, want ErrNotFound", err)
	}
}

func TestEntry(t *testing.T) {
	path := newPath(t)
	rec := doc("1", "One", sinktest.In("5"))
	rec.Redacted = []string{"$.secret", "$.a[0]"}
	aRun(t, path, rec)
	var got []vault.Entry
	for e, err := range read(t, path).Entries(t.Context(), vault.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	want := []vault.Entry{{
		Ref: rec.Ref, State: record.Present, Name: "One", Folder: "5", Owner: "7", Updated: rec.Updated, Size: rec.Size,
		Hash: rec.Hash, FirstRun: 1, LastRun: 1, FetchedAt: rec.At, Route: rec.Route, Version: 1,
		Redacted: rec.Redacted,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestOrderIsBytewise(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme"))
	commit(t, w, doc("b", "x"), doc("10", "x"), doc("B", "x"), doc("9", "x"), doc("é", "x"), sinktest.Doc("alerts", "z", "x"))
	finish(t, w, dashboards)
	if got, want := ids(t, read(t, path), vault.Query{}), "z:present 10:present 9:present B:present b:present é:present"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Breaking out of a listing gives its connection back.
func TestBreakingOut(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"), doc("2", "Two"), doc("3", "Three"))
	r := read(t, path)
	for range 20 {
		for _, err := range r.Documents(t.Context(), vault.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range r.Entries(ctx, vault.Query{}) {
		cancel()
		if n++; n > 1 && err == nil {
			t.Error("a cancelled listing goes on")
		}
	}
}

func TestInstances(t *testing.T) {
	path := newPath(t)
	r0 := func() *vault.Reader { return read(t, path) }
	open(t, path).Close()
	if _, err := r0().Resolve(t.Context(), ""); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("an empty vault: got %v, want ErrNotFound", err)
	}
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
	if got := ids(t, r, vault.Query{Run: 1}); got != "1:present" {
		t.Errorf("run 1, which is one of acme, holds %q", got)
	}
	for _, err := range r.Entries(t.Context(), vault.Query{Instance: "acme", Run: 2}) {
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

// Ids of runs are never used again, whatever happens to the row.
func TestRunIDsOnlyGrow(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	w := begin(t, path, startOf("acme"))
	finish(t, w, dashboards)
	if err := vault.Execute(path, "DELETE FROM run_kinds WHERE run = 2", "DELETE FROM runs WHERE id = 2"); err != nil {
		t.Fatal(err)
	}
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
		w, err := vault.Open(t.Context(), path, vault.Options{Now: func() time.Time { return now }})
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
	at := sinktest.Dawn.Add(time.Minute)
	fault := sinktest.Fault(dashboards, "1", "server", 5)
	fault.At = at
	commit(t, w, fault, doc("2", "Two"))
	finish(t, w, dashboards)
	w = begin(t, path, startOf("acme"))
	again := sinktest.Fault(dashboards, "2", "denied", 1)
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

func TestStats(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	got, err := read(t, path).Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := vault.Stats{Runs: 5, Versions: 10, Bodies: 7,
		Kinds: []vault.KindStats{
			{Instance: "acme", Kind: dashboards, Present: 2, Trashed: 1, Gone: 1},
			{Instance: "acme", Kind: looks, Present: 1},
		}}
	ignore := cmp.Options{
		cmpopts.IgnoreFields(vault.Stats{}, "FileBytes", "LogBytes", "FreeBytes", "BodyBytes", "StoredBytes"),
		cmpopts.IgnoreFields(vault.KindStats{}, "Bytes"),
	}
	if diff := cmp.Diff(want, got, ignore); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	info, err := os.Stat(path)
	if err != nil || got.FileBytes != info.Size() || got.BodyBytes == 0 || got.BodyBytes != got.StoredBytes || got.Kinds[1].Bytes == 0 {
		t.Errorf("sizes are off: %+v", got)
	}
}

// A listing reads neither bodies nor sorts, however large the vault is.
func TestPlans(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	for _, q := range []vault.Query{
		{}, {Kind: dashboards}, {Deleted: true}, {Run: 3}, {Run: 3, Kind: dashboards}, {Run: 3, Deleted: true},
	} {
		for _, bodies := range []bool{false, true} {
			statement, args := q.Statement(bodies)
			plan, err := vault.Plan(path, statement, args)
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(plan, "\n")
			if strings.Contains(all, "TEMP B-TREE") || strings.Contains(all, "SCAN ") {
				t.Errorf("%+v is answered with a scan or a sort:\n%s", q, all)
			}
			if strings.Contains(all, "SEARCH b ") != bodies {
				t.Errorf("%+v, bodies %t:\n%s", q, bodies, all)
			}
		}
	}
}

// Statements are compiled once: the driver clears bindings before every use, and
// SQLite compiles anew what depends on the value of a parameter.
func TestStatementsAreCompiledOnce(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	w := begin(t, path, startOf("acme"))
	for i := range 3 {
		commit(t, w, doc(fmt.Sprint("new", i), "New"), same("1"), sinktest.Fault(dashboards, fmt.Sprint("f", i), "server", 1),
			doc("2", fmt.Sprint("Changed ", i)), sinktest.Gone(dashboards, "4"))
	}
	// Beginning may have changed the schema's cookie for the statements, once.
	if n := w.Recompiled(); n > 0 {
		t.Errorf("%d statements were compiled again", n)
	}
}

// A reader sees whole batches only, and a listing that began sees one state.
func TestReaderBesideWriter(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme"))
	const batches, size = 40, 10
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range batches {
			var batch record.Batch
			for j := range size {
				batch = append(batch, doc(fmt.Sprintf("%03d-%d", i, j), "x"))
			}
			if err := w.Commit(context.WithoutCancel(t.Context()), batch); err != nil {
				t.Error(err)
			}
		}
	}()
	r := read(t, path)
	for n := 0; n < batches*size; {
		n = 0
		for _, err := range r.Documents(t.Context(), vault.Query{Instance: "acme"}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n%size != 0 {
			t.Fatalf("%d documents: a part of a batch is visible", n)
		}
		run, err := r.Run(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if run.Kinds[0].New%size != 0 || run.Outcome != record.RunRunning {
			t.Fatalf("run 1 is %s and counts %d new", run.Outcome, run.Kinds[0].New)
		}
	}
	<-done
	finish(t, w, dashboards)
}
