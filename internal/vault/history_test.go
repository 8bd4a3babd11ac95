package vault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/sinks/sinktest"
)

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

// What Known has read is a hint: what is settled, and how, is the same without it,
// also when it was out of date by then.
func TestKnownChangesNothing(t *testing.T) {
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
		"gone before, in a batch":    {{sinktest.Gone(dashboards, "2"), again(two, record.Present, 0)}},
		"gone before":                {{sinktest.Gone(dashboards, "2")}, {again(two, record.Present, 0)}},
		"failed before":              {{sinktest.Fault(dashboards, "2", "server", 1)}, {again(two, record.Present, 0)}},
		"failed before, in a batch":  {{sinktest.Fault(dashboards, "2", "server", 1), again(two, record.Present, 0)}},
		"failed after":               {{again(two, record.Present, 0)}, {sinktest.Fault(dashboards, "2", "server", 1)}},
		"failed, and the same":       {{sinktest.Fault(dashboards, "9", "server", 1), again(one, record.Trashed, 0)}},
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
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				for _, query := range []string{
					"SELECT * FROM heads", "SELECT * FROM versions", "SELECT * FROM refs", "SELECT * FROM run_kinds",
					"SELECT run, kind, item, class, attempts, resolved_run FROM faults",
				} {
					rows, err := vault.Rows(path, query)
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
	if n := vault.Remembered(vault.MostRecent); n != vault.MostRecent {
		t.Errorf("%d heads are remembered of %d", n, vault.MostRecent)
	}
	if n := vault.Remembered(5*vault.MostRecent + 1); n > vault.MostRecent {
		t.Errorf("%d heads are remembered, want %d at most", n, vault.MostRecent)
	}
}
