package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

func ids(t *testing.T, r *sqlite.Reader, q vault.Query) string {
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
	t.Helper()
	theHistory.put(t, path, fillHistory)
}

var theHistory fixture

func fillHistory(t testing.TB, path string) {
	aRun(t, path, doc("1", "One"), doc("2", "Two"), doc("3", "Three", vaulttest.Trash))
	w := begin(t, path, startOf("acme", looks))
	commit(t, w, vaulttest.Doc(looks, "9", "A look"))
	finish(t, w, looks)
	aRun(t, path, doc("1", "One, better"), same("3", vaulttest.StateOnly))                   // 2 is gone
	aRun(t, path, same("1"), doc("2", "Two"), same("3"))                                     // 2 is back, 3 out of the trash
	aRun(t, path, same("1", vaulttest.StateOnly), doc("2", "Two, better"), doc("4", "Four")) // 1 in the trash, 3 gone
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
		// The run did not look: what the run before it saw is what is known.
		{2, "1:present 2:present 3:trashed", "3:trashed"},
		{3, "1:present 3:trashed", "2:gone 3:trashed"},
		{4, "1:present 2:present 3:present", ""},
		{5, "1:trashed 2:present 4:present", "1:trashed 3:gone"},
		{0, "1:trashed 2:present 4:present", "1:trashed 3:gone"},
	} {
		t.Run(fmt.Sprint(tt.run), func(t *testing.T) {
			q := vault.Query{Kind: dashboards, At: vault.AtRun(tt.run)}
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
	gone := func(id string, run, gone, last int64) string {
		return fmt.Sprintf("dashboards/%s as of run %d: gone since run %d, last seen by run %d", id, run, gone, last)
	}
	for _, tt := range []struct {
		id     string
		at     vault.Point
		title  string
		state  record.State
		first  int64
		last   int64
		gone   int64
		absent string // the error, with the path taken out
	}{
		{id: "1", title: "One, better", state: record.Trashed, first: 5, last: 5},
		{id: "1", at: vault.AtRun(1), title: "One", state: record.Present, first: 1, last: 1},
		{id: "1", at: vault.AtRun(2), title: "One", state: record.Present, first: 1, last: 1},
		{id: "1", at: vault.AtRun(3), title: "One, better", state: record.Present, first: 3, last: 3},
		{id: "1", at: vault.AtRun(4), title: "One, better", state: record.Present, first: 3, last: 4},
		{id: "1", at: vault.Latest(0), title: "One, better", state: record.Trashed, first: 5, last: 5},
		{id: "1", at: vault.Latest(1), title: "One, better", state: record.Present, first: 3, last: 4},
		{id: "2", at: vault.AtRun(1), title: "Two", state: record.Present, first: 1, last: 1},
		{id: "2", at: vault.AtRun(2), title: "Two", state: record.Present, first: 1, last: 1},
		{id: "2", at: vault.AtRun(3), absent: gone("2", 3, 3, 1)},
		{id: "2", at: vault.AtRun(4), title: "Two", state: record.Present, first: 4, last: 4},
		{id: "2", title: "Two, better", state: record.Present, first: 5, last: 5},
		{id: "3", title: "Three", state: record.Gone, first: 4, last: 4, gone: 5},
		{id: "3", at: vault.Latest(0), absent: gone("3", 5, 5, 4)},
		{id: "3", at: vault.AtRun(2), title: "Three", state: record.Trashed, first: 1, last: 1},
		{id: "4", at: vault.AtRun(4), absent: "dashboards/4 as of run 4: never seen by then, run 5 saw it first"},
		{id: "5", at: vault.AtRun(4), absent: "dashboards/5 as of run 4: never seen: not found in PATH"},
		{id: "5", absent: "dashboards/5: not found in PATH"},
		{id: "1", at: vault.AtRun(77), absent: "run 77: not found in PATH"},
		{id: "1", at: vault.Latest(5), absent: "run latest-5 of acme: not found in PATH"},
	} {
		t.Run(tt.id+" at "+tt.at.String(), func(t *testing.T) {
			d, err := r.Document(t.Context(), "", record.Ref{Kind: dashboards, ID: tt.id}, tt.at)
			if tt.absent != "" {
				if !errors.Is(err, vault.ErrNotFound) {
					t.Fatalf("got %v, %v, want ErrNotFound", d.Entry, err)
				}
				if diff := cmp.Diff(tt.absent, strings.ReplaceAll(err.Error(), path, "PATH")); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
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
}

func TestParsePoint(t *testing.T) {
	for text, want := range map[string]vault.Point{
		"12": vault.AtRun(12), "latest": vault.Latest(0), "latest-0": vault.Latest(0), "latest-1": vault.Latest(1),
		"": {}, "0": {}, "-1": {}, "newest": {}, "latest-": {}, "latest--1": {}, "latest-x": {}, "1.5": {},
	} {
		got, err := vault.ParsePoint(text)
		if got != want || (err == nil) == want.IsNow() {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestPrunedRunIsNoPoint(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	if err := errors.Join(sqlite.Execute(path, "UPDATE runs SET pruned = 1 WHERE id = 4"), sqlite.ResealRuns(path)); err != nil {
		t.Fatal(err)
	}
	r := read(t, path)
	if _, err := r.Document(t.Context(), "", record.Ref{Kind: dashboards, ID: "1"}, vault.AtRun(4)); !errors.Is(err, vault.ErrPruned) {
		t.Errorf("got %v, want ErrPruned", err)
	}
	if run, err := r.RunAt(t.Context(), "", vault.Latest(1)); err != nil || run.ID != 3 {
		t.Errorf("the run before the newest is %d, %v, want 3", run.ID, err)
	}
}

func TestEntry(t *testing.T) {
	path := newPath(t)
	rec := doc("1", "One", vaulttest.In("5"))
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
	commit(t, w, doc("b", "x"), doc("10", "x"), doc("B", "x"), doc("9", "x"), doc("é", "x"), vaulttest.Doc("alerts", "z", "x"))
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

// A listing reads neither bodies nor sorts, however large the vault is.
func TestPlans(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	for _, q := range []vault.Query{
		{}, {Kind: dashboards}, {Deleted: true}, {At: vault.AtRun(3)}, {At: vault.AtRun(3), Kind: dashboards}, {At: vault.AtRun(3), Deleted: true},
	} {
		for _, bodies := range []bool{false, true} {
			statement, args := sqlite.Statement(q, bodies)
			plan, err := sqlite.Plan(path, statement, args)
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

// What Known has read is a hint: what is settled, and how, is the same without it,
// also when it was out of date by then.
func TestKnownChangesNothing(t *testing.T) {
	t.Parallel()
	one, two, three := record.Ref{Kind: dashboards, ID: "1"}, record.Ref{Kind: dashboards, ID: "2"}, record.Ref{Kind: dashboards, ID: "3"}
	again := func(ref record.Ref, state record.State, stamp byte) record.Record {
		return record.Record{Ref: ref, State: state, Same: true, Policy: 1, Size: 7, Stamp: record.Digest{stamp}}
	}
	for name, batches := range map[string][]record.Batch{
		"the same":                   {{again(one, record.Trashed, 0), again(two, record.Present, 0)}},
		"another stamp":              {{again(one, record.Trashed, 5), again(two, record.Present, 6)}},
		"another state":              {{again(one, record.Present, 0), again(two, record.Trashed, 0)}},
		"was gone":                   {{again(three, record.Present, 0), again(three, record.Trashed, 0)}},
		"still gone":                 {{again(three, record.Gone, 0)}},
		"twice":                      {{again(two, record.Present, 0), again(two, record.Present, 4)}, {again(two, record.Present, 5)}},
		"changed before, in a batch": {{doc("2", "Two, other"), again(two, record.Present, 0)}},
		"changed after, in a batch":  {{again(two, record.Present, 0), doc("2", "Two, other")}},
		"changed before":             {{doc("2", "Two, other")}, {again(two, record.Present, 0)}},
		"changed after":              {{again(two, record.Present, 0)}, {doc("2", "Two, other")}},
		"gone before, in a batch":    {{vaulttest.Gone(dashboards, "2"), again(two, record.Present, 0)}},
		"gone before":                {{vaulttest.Gone(dashboards, "2")}, {again(two, record.Present, 0)}},
		"failed before":              {{vaulttest.Fault(dashboards, "2", "server", 1)}, {again(two, record.Present, 0)}},
		"failed before, in a batch":  {{vaulttest.Fault(dashboards, "2", "server", 1), again(two, record.Present, 0)}},
		"failed after":               {{again(two, record.Present, 0)}, {vaulttest.Fault(dashboards, "2", "server", 1)}},
		"failed, and the same":       {{vaulttest.Fault(dashboards, "9", "server", 1), again(one, record.Trashed, 0)}},
	} {
		t.Run(name, func(t *testing.T) {
			var results [3][]string
			for i := range results {
				path := newPath(t)
				aHistory(t, path)
				w := begin(t, path, startOf("acme"))
				ask := func() {
					if known, err := w.Known(t.Context(), dashboards, []string{"1", "2", "3", "4", "9"}); err != nil || len(known) != 4 {
						t.Fatal(known, err)
					}
				}
				before := func() {}
				switch i {
				case 1:
					ask()
					before = w.Outdated()
				case 2:
					before = ask
				}
				for _, batch := range batches {
					before()
					commit(t, w, batch...)
				}
				finish(t, w)
				mustClose(t, w)
				for _, query := range []string{
					"SELECT * FROM heads", "SELECT * FROM versions", "SELECT * FROM refs", "SELECT * FROM run_kinds",
					"SELECT run, kind, item, class, attempts, resolved_run FROM faults",
				} {
					rows, err := sqlite.Rows(path, query)
					if err != nil {
						t.Fatal(err)
					}
					results[i] = append(results[i], rows...)
				}
				r := read(t, path)
				if found, err := r.Verify(t.Context()); err != nil || len(found) > 0 {
					t.Error(found, err)
				}
			}
			if diff := cmp.Diff(results[0], results[1]); diff != "" {
				t.Errorf("by what Known read at the beginning (-without +with):\n%s", diff)
			}
			if diff := cmp.Diff(results[0], results[2]); diff != "" {
				t.Errorf("by what Known read before each batch (-without +with):\n%s", diff)
			}
		})
	}
}

func TestWhatKnownHasReadIsBounded(t *testing.T) {
	if n := sqlite.Remembered(sqlite.MostRecent); n != sqlite.MostRecent {
		t.Errorf("%d heads are remembered of %d", n, sqlite.MostRecent)
	}
	if n := sqlite.Remembered(5*sqlite.MostRecent + 1); n > sqlite.MostRecent {
		t.Errorf("%d heads are remembered, want %d at most", n, sqlite.MostRecent)
	}
}
