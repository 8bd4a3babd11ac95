package sqlite_test

import (
	stdcmp "cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// TestSortedEntries: entries in an order of their ids are those without one, also where
// ids hold what separates them in a list.
func TestSortedEntries(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme", dashboards, looks))
	var batch []record.Record
	for i := range 450 { // more than are looked up at once, twice
		batch = append(batch, doc(fmt.Sprint(i), "Some"))
	}
	for _, id := range []string{"3:4", ":", "a\x00b", "日本", "model::näme"} {
		batch = append(batch, doc(id, "Odd", vaulttest.Trash))
	}
	commit(t, w, append(batch, vaulttest.Doc(looks, "7", "A look"))...)
	finish(t, w, dashboards, looks)
	r := read(t, path)
	backwards := func(ids []string) { slices.SortFunc(ids, func(a, b string) int { return strings.Compare(b, a) }) }
	for _, query := range []vault.Query{
		{Kind: dashboards}, {Kind: dashboards, Deleted: true}, {Kind: "users"},
		{Kind: dashboards, At: vault.AtRun(1)}, {Kind: dashboards, At: vault.AtRun(1), Deleted: true}, {Kind: "users", At: vault.AtRun(1)},
	} {
		want := strings.Fields(ids(t, r, query))
		slices.Reverse(want)
		query.Sort = backwards
		if diff := cmp.Diff(want, strings.Fields(ids(t, r, query))); diff != "" {
			t.Errorf("%s as of run %d (-want +got):\n%s", query.Kind, query.At.Run, diff)
		}
	}
	if got := strings.Fields(ids(t, r, vault.Query{Sort: backwards})); len(got) != 456 || got[455] != "7:present" {
		t.Errorf("of all kinds %d, the last %s; want 456 and the look behind the dashboards", len(got), got[len(got)-1])
	}
	execute(t, path, `UPDATE versions SET name = 'Other' WHERE item = '3:4'`)
	for _, err := range r.Entries(t.Context(), vault.Query{Sort: backwards}) {
		if err != nil {
			if !strings.Contains(err.Error(), "dashboards/3:4") {
				t.Errorf("a damaged version: %v", err)
			}
			return
		}
	}
	t.Error("a damaged version was not noticed")
}

// TestSortedEntriesOfMany: what several connections read, and what one reads of the past, comes
// in the order that is asked for, up to what is damaged, and whoever stops early leaves nothing
// behind.
func TestSortedEntriesOfMany(t *testing.T) {
	path, held := manyStored(t)
	r := read(t, path)
	byNumber := func(ids []string) {
		slices.SortFunc(ids, func(a, b string) int { return stdcmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	}
	for _, at := range []vault.Point{{}, vault.AtRun(1)} {
		for stop := range 3 {
			n := 0
			for e, err := range r.Entries(t.Context(), vault.Query{At: at, Sort: byNumber}) {
				if err != nil || e.ID != fmt.Sprint(n) || e.Name != held[e.Ref] || e.LastRun != 1 {
					t.Fatalf("%+v, %v, want dashboard %d", e, err, n)
				}
				if n++; stop > 0 && n == 150*stop {
					break
				}
			}
			if stop == 0 && n != manyDocuments {
				t.Errorf("as of run %d %d entries, want %d", at.Run, n, manyDocuments)
			}
		}
	}
	execute(t, path, `UPDATE heads SET settled_run = 2 WHERE item IN ('3000', '11000')`)
	n := 0
	for e, err := range r.Entries(t.Context(), vault.Query{Sort: byNumber}) {
		if err != nil {
			if !strings.Contains(err.Error(), "dashboards/3000: does not match its checksum") || n == 0 {
				t.Errorf("behind %d entries: %v", n, err)
			}
			return
		}
		if e.ID != fmt.Sprint(n) {
			t.Fatalf("%s stands where %d should", e.ID, n)
		}
		n++
	}
	t.Errorf("damage was not noticed in %d entries", n)
}

// TestEventsInAnOlderFile: without the indexes of this schema the answers are the same.
func TestEventsInAnOlderFile(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	events := func() (list []string) {
		for _, span := range []vault.Span{{}, {After: 2, Until: 4}, {Kind: looks}, {Kind: dashboards, ID: "3"}} {
			for p, err := range read(t, path).Events(t.Context(), span) {
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, fmt.Sprint(p.Run, p.Ref, p.Before != nil, p.After != nil))
			}
			list = append(list, "--")
		}
		return list
	}
	want := events()
	if len(want) < 20 {
		t.Fatalf("only %d events: %v", len(want), want)
	}
	execute(t, path, `DROP INDEX versions_begun`, `DROP INDEX versions_gone`)
	if diff := cmp.Diff(want, events()); diff != "" {
		t.Errorf("(-with +without indexes):\n%s", diff)
	}
}

// TestChangesAreFoundByIndexes: what changed is found without a look at every version.
func TestChangesAreFoundByIndexes(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	for span, want := range map[vault.Span][]string{
		{After: 2, Until: 3}:                            {"versions_begun", "versions_gone"},
		{After: 2, Until: 3, Kind: dashboards}:          {"versions_begun", "versions_gone"},
		{After: 2, Until: 3, Kind: dashboards, ID: "3"}: {"versions_item"},
	} {
		query, args := sqlite.SpanStatement(span)
		plan, err := sqlite.Plan(path, query, args)
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Join(plan, "\n")
		for _, index := range want {
			if !strings.Contains(all, index) {
				t.Errorf("%+v does not use %s:\n%s", span, index, all)
			}
		}
		if strings.Contains(all, "SCAN versions") {
			t.Errorf("%+v looks at every version:\n%s", span, all)
		}
	}
}

// TestRunStarts: when runs began, without those that are damaged, which the error names.
func TestRunStarts(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	execute(t, path, `UPDATE runs SET started_at = 7 WHERE id = 3`)
	starts, err := read(t, path).RunStarts(t.Context(), "acme")
	if !errors.Is(err, vault.ErrCorrupt) || !strings.Contains(err.Error(), "runs 3: does not match") {
		t.Errorf("got %v, want that run 3 is damaged", err)
	}
	if len(starts) != 4 || starts[1].Began.IsZero() || !starts[3].Began.IsZero() || starts[1].SeesLess {
		t.Errorf("got %v, want four runs and not the third", starts)
	}
}

// TestIndexOfInstancesLacksARun: what an index does not lead to is found without it.
func TestIndexOfInstancesLacksARun(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	everything := startOf("acme", dashboards)
	everything.Scope.All = true
	w := begin(t, path, everything)
	commit(t, w, same("1", vaulttest.StateOnly), same("2"), same("4"))
	finish(t, w, dashboards)
	err := sqlite.Execute(path, `DROP INDEX runs_instance`, `CREATE INDEX runs_instance ON runs (instance) WHERE id < 6`, `PRAGMA writable_schema = ON`,
		`UPDATE sqlite_schema SET sql = 'CREATE INDEX runs_instance ON runs (instance)' WHERE name = 'runs_instance'`)
	if err != nil {
		t.Fatal(err)
	}
	r := read(t, path)
	starts, err := r.RunStarts(t.Context(), "acme")
	if err != nil || starts[6].Began.IsZero() {
		t.Errorf("starts %v, %v, want that of run 6 as well", starts, err)
	}
	newest, err := r.RunAt(t.Context(), "acme", vault.Point{Newest: true})
	if err != nil || newest.ID != 6 {
		t.Errorf("the newest run is %d, %v, want 6", newest.ID, err)
	}
	complete, err := r.LastComplete(t.Context(), "acme", 1)
	if err != nil || len(complete) != 1 || complete[0].ID != 6 {
		t.Errorf("the last complete run of everything is %+v, %v, want 6", complete, err)
	}
	runs, err := r.Runs(t.Context(), "acme")
	if err != nil || len(runs) != 6 {
		t.Errorf("%d runs, %v, want 6", len(runs), err)
	}
}
