package sqlite_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// aLongHistory has six runs, hour by hour: of dashboard 1 a version each, 2 never
// changes, 3 is gone since run 3, 4 was gone in run 3 only, 5 comes with run 5 and has
// the body of 2, and 6 changes in run 2.
func aLongHistory(t testing.TB, path string) {
	t.Helper()
	theLongHistory.put(t, path, fillLongHistory)
}

var theLongHistory fixture

func fillLongHistory(t testing.TB, path string) {
	t.Helper()
	for run := range int64(6) {
		run++
		start := startOf("acme")
		start.At = hour(run)
		w := begin(t, path, start)
		documents := []record.Record{doc("1", fmt.Sprint("One of run ", run)), doc("2", "Two")}
		if run < 3 {
			documents = append(documents, doc("3", "Three"))
		}
		if run != 3 {
			documents = append(documents, doc("4", fmt.Sprint("Four ", run > 3)))
		}
		if run >= 5 {
			documents = append(documents, doc("5", "Two"))
		}
		documents = append(documents, doc("6", fmt.Sprint("Six ", run > 1), vaulttest.Pointing(record.Ref{Kind: looks, ID: "9"})))
		commit(t, w, documents...)
		end := record.Finish{At: hour(run).Add(time.Minute), Kinds: []record.End{{Kind: dashboards, Listing: record.Complete}}}
		if _, err := w.Finish(t.Context(), end); err != nil {
			t.Fatal(err)
		}
		mustClose(t, w)
	}
}

func prune(t testing.TB, path string, p vault.Pruning) vault.Pruned {
	t.Helper()
	w := open(t, path)
	p.Instance = "acme"
	pruned, err := w.Prune(t.Context(), p, nil)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return pruned
}

// known is every version of a document, as a line.
func known(t testing.TB, path, id string) (list []string) {
	t.Helper()
	versions, err := read(t, path).Versions(t.Context(), "acme", record.Ref{Kind: dashboards, ID: id})
	if err != nil {
		return []string{strings.ReplaceAll(err.Error(), path, "PATH")}
	}
	for _, e := range versions {
		list = append(list, fmt.Sprintf("%d-%d %d %s", e.FirstRun, e.LastRun, e.GoneRun, e.Name))
	}
	return list
}

func TestPrune(t *testing.T) {
	tests := []struct {
		name    string
		pruning vault.Pruning
		want    vault.Pruned
		left    map[string][]string // versions by document
	}{
		{
			"two runs stay", vault.Pruning{Runs: []int64{1, 2, 3, 4}},
			vault.Pruned{Runs: 4, Versions: 6, Bodies: 6},
			map[string][]string{
				"1": {"5-5 0 One of run 5", "6-6 0 One of run 6"}, "2": {"1-6 0 Two"}, "3": {"1-2 3 Three"}, "4": {"4-6 0 Four true"},
				"5": {"5-6 0 Two"}, "6": {"2-6 0 Six true"},
			},
		},
		{
			"what was lost goes when its time is up", vault.Pruning{Runs: []int64{1, 2, 3, 4}, LostBefore: hour(3)},
			vault.Pruned{Runs: 4, Documents: 1, Versions: 7, Bodies: 7},
			map[string][]string{"3": {"dashboards/3: not found in PATH"}, "4": {"4-6 0 Four true"}},
		},
		{
			"and not before", vault.Pruning{Runs: []int64{1, 2, 3, 4}, LostBefore: hour(3).Add(-time.Second)},
			vault.Pruned{Runs: 4, Versions: 6, Bodies: 6},
			map[string][]string{"3": {"1-2 3 Three"}},
		},
		{
			"what a kept run holds stays", vault.Pruning{Runs: []int64{1, 3, 4}, LostBefore: hour(6)},
			vault.Pruned{Runs: 3, Versions: 4, Bodies: 4},
			map[string][]string{"3": {"1-2 3 Three"}, "4": {"1-2 3 Four false", "4-6 0 Four true"}, "6": {"2-6 0 Six true"}},
		},
		{
			"a run that knew of a document that it was gone", vault.Pruning{Runs: []int64{1, 2, 4}, LostBefore: hour(6)},
			vault.Pruned{Runs: 3, Documents: 1, Versions: 6, Bodies: 6},
			map[string][]string{"3": {"dashboards/3: not found in PATH"}, "4": {"4-6 0 Four true"}},
		},
		{"nothing", vault.Pruning{}, vault.Pruned{}, map[string][]string{"4": {"1-2 3 Four false", "4-6 0 Four true"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			aLongHistory(t, path)
			got := prune(t, path, tt.pruning)
			if got.Bytes == 0 && got.Bodies > 0 {
				t.Errorf("%d bodies had no bytes", got.Bodies)
			}
			got.Bytes = 0
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("removed (-want +got):\n%s", diff)
			}
			for _, id := range slices.Sorted(maps.Keys(tt.left)) {
				if diff := cmp.Diff(tt.left[id], known(t, path, id)); diff != "" {
					t.Errorf("versions of %s (-want +got):\n%s", id, diff)
				}
			}
			sound(t, path)
			if again := prune(t, path, tt.pruning); again != (vault.Pruned{}) {
				t.Errorf("another time it removes %+v", again)
			}
		})
	}
}

// A document that lost its first versions is not taken for a new one, neither by whoever
// reads its history nor by the next run.
func TestPrunedIsNotNew(t *testing.T) {
	path := newPath(t)
	aLongHistory(t, path)
	prune(t, path, vault.Pruning{Runs: []int64{1, 2, 3, 4}, LostBefore: hour(6)})
	r := read(t, path)
	var got []string
	for p, err := range r.Events(t.Context(), vault.Span{Instance: "acme"}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(p.Run, " ", p.Ref, " ", p.Before != nil, " ", p.Pruned))
	}
	want := []string{
		"6 dashboards/1 true false", "5 dashboards/1 false true", "5 dashboards/5 false false", "4 dashboards/4 false false",
		"2 dashboards/6 false true", "1 dashboards/2 false false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	changed, _, err := r.Changes(t.Context(), 5, 10)
	if err != nil {
		t.Fatal(err)
	}
	got = nil
	for _, c := range changed {
		got = append(got, c.What+" "+c.ID)
	}
	if diff := cmp.Diff([]string{"changed 1", "new 5"}, got); diff != "" {
		t.Errorf("changes of run 5 (-want +got):\n%s", diff)
	}
	run := aRun(t, path, same("1"), same("2"), doc("3", "Three"), same("4"), same("5"), same("6"))
	if c := run.Kinds[0]; c.New != 1 || c.Reappeared != 0 || c.Same != 5 || c.Gone != 0 {
		t.Errorf("the next run counts %+v, want one new document: 3, of which nothing was left", c)
	}
	sound(t, path)
}

// A point of a pruned run names the runs that there are instead.
func TestPrunedPoints(t *testing.T) {
	path := newPath(t)
	aLongHistory(t, path)
	prune(t, path, vault.Pruning{Runs: []int64{1, 2, 4}, LostBefore: hour(6)})
	r := read(t, path)
	for _, tt := range []struct {
		at   vault.Point
		id   string
		want string
	}{
		{vault.AtRun(1), "1", "run 1 in PATH: the run was pruned; there is run 3 after it"},
		{vault.AtRun(4), "1", "run 4 in PATH: the run was pruned; there is run 3 before it and run 5 after it"},
		{vault.AtTime(hour(2)), "1", "by 2026-03-01T06:30:00Z no run of acme had ended: not found in PATH, where the oldest run that was not pruned (3) began at 2026-03-01T07:30:00Z"},
		{vault.AtRun(3), "4", "dashboards/4 as of run 3: gone by then, and what was known of it before run 4 was pruned"},
	} {
		_, err := r.Document(t.Context(), "acme", record.Ref{Kind: dashboards, ID: tt.id}, tt.at)
		if err == nil || strings.ReplaceAll(err.Error(), path, "PATH") != tt.want {
			t.Errorf("%s at %s: got %v, want %s", tt.id, tt.at, err, tt.want)
		}
	}
}

// The newest complete run stays whatever is asked for.
func TestPruneKeepsTheNewestCompleteRun(t *testing.T) {
	path := newPath(t)
	aLongHistory(t, path)
	w := open(t, path)
	_, err := w.Prune(t.Context(), vault.Pruning{Instance: "acme", Runs: []int64{6}}, nil)
	if err == nil || !strings.Contains(err.Error(), "run 6 is the newest complete run of acme") {
		t.Errorf("got %v", err)
	}
}

// A document that came and went twice is forgotten as of the first kept run that knew of
// it, not only from its second time on.
func TestPruneOfWhatWasLostTwice(t *testing.T) {
	path := newPath(t)
	for run := range int64(6) {
		start := startOf("acme")
		start.At = hour(run + 1)
		w := begin(t, path, start)
		if run == 0 || run == 3 {
			commit(t, w, doc("7", fmt.Sprint("Seven ", run)))
		}
		commit(t, w, doc("1", "One"))
		finish(t, w, dashboards)
	}
	prune(t, path, vault.Pruning{Runs: []int64{1, 2, 4, 5}, LostBefore: hour(6)})
	for _, at := range []vault.Point{vault.AtRun(3), vault.AtRun(6), {}} {
		if got := ids(t, read(t, path), vault.Query{At: at, Deleted: true}); got != "" {
			t.Errorf("deleted at %s: %s", at, got)
		}
	}
	sound(t, path)
}

// Where rows are damaged nothing is removed; where the newest body of a document is, that
// document keeps all it has.
func TestPruneOfDamage(t *testing.T) {
	path := newPath(t)
	aLongHistory(t, path)
	execute(t, path, `UPDATE bodies SET data = zeroblob(size) WHERE hash = (SELECT hash FROM versions WHERE name = 'One of run 6')`)
	if got := prune(t, path, vault.Pruning{Runs: []int64{1, 2, 3, 4, 5}}); got.HeldBack != 1 || len(known(t, path, "1")) != 6 {
		t.Errorf("removed %+v, left %v", got, known(t, path, "1"))
	}
	execute(t, path, "UPDATE versions SET name = 'Too' WHERE name = 'Two'")
	w := open(t, path)
	if _, err := w.Prune(t.Context(), vault.Pruning{Instance: "acme", Runs: []int64{1}}, nil); !errors.Is(err, vault.ErrCorrupt) {
		t.Errorf("got %v, want ErrCorrupt", err)
	}
}

// What a restore needs stays until it is released: versions, and runs that it looked by.
func TestPruneKeepsWhatRestoresNeed(t *testing.T) {
	path := newPath(t)
	aLongHistory(t, path)
	insert := func(released string) error {
		err := sqlite.Execute(path,
			`INSERT OR REPLACE INTO restores VALUES (1, 'restore', NULL, 1, 1, 2, NULL, NULL, '{}', 1, 1, x'', 'complete', '', '', 0, NULL, NULL, 0, '[]', `+released+`, x'')`,
			`INSERT OR REPLACE INTO restore_actions SELECT 1, 1, 0, 'dashboards', '1', 'update', id, '1', NULL, NULL, '', '', '', '', '', 0, 'done', '', 0, 0, '', '', 0, '', 0, x''
				FROM versions WHERE name = 'One of run 4'`)
		return errors.Join(err, sqlite.Reseal(path, "restores", "restore_actions"))
	}
	if err := insert("0"); err != nil {
		t.Fatal(err)
	}
	prune(t, path, vault.Pruning{Runs: []int64{1, 2, 3, 4, 5}})
	want := []string{"2-2 0 One of run 2", "4-4 0 One of run 4", "6-6 0 One of run 6"}
	if diff := cmp.Diff(want, known(t, path, "1")); diff != "" {
		t.Errorf("versions while the restore needs run 2 and the version of run 4 (-want +got):\n%s", diff)
	}
	if err := insert("1"); err != nil {
		t.Fatal(err)
	}
	prune(t, path, vault.Pruning{Runs: []int64{2}})
	if diff := cmp.Diff([]string{"6-6 0 One of run 6"}, known(t, path, "1")); diff != "" {
		t.Errorf("versions after that (-want +got):\n%s", diff)
	}
}

// What a prune leaves is checked as everything else.
func TestVerifyOfPruned(t *testing.T) {
	for name, tt := range map[string]struct{ sql, table, id string }{
		"first run":          {"UPDATE pruned_versions SET first_run = 3 WHERE item = '1'", "pruned_versions", "1"},
		"of another":         {"UPDATE pruned_versions SET item = '99' WHERE item = '1'", "pruned_versions", "99"},
		"correction":         {"UPDATE count_corrections SET documents = 2", "count_corrections", ""},
		"correction missing": {"DELETE FROM count_corrections", "heads", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			aLongHistory(t, path)
			prune(t, path, vault.Pruning{Runs: []int64{1, 2, 3, 4}, LostBefore: hour(6)})
			execute(t, path, tt.sql)
			findings, err := read(t, path).Verify(t.Context())
			if err != nil || !slices.ContainsFunc(findings, func(f vault.Finding) bool {
				return f.Table == tt.table && (tt.id == "" || f.Document().ID == tt.id)
			}) {
				t.Errorf("got %v, %v, want one about %s %s", findings, err, tt.table, tt.id)
			}
		})
	}
}

// aLargeHistory has three runs of documents that all change each time.
func aLargeHistory(t testing.TB, path string, documents int) {
	t.Helper()
	for run := range 3 {
		var all record.Batch
		for i := range documents {
			all = append(all, doc(fmt.Sprint(i), fmt.Sprint(i, " in ", run)))
		}
		aRun(t, path, all...)
	}
}

// TestPruneLeavesWhatRestoresNeed: versions and runs that a restore names stay until it is
// given up, whoever else reads them.
func TestPruneLeavesWhatRestoresNeed(t *testing.T) {
	path := newPath(t)
	aLongHistory(t, path)
	f := openFile(t, path)
	plan := aPlan()
	plan.Look, plan.AsOf, plan.PlannedAt = 2, 1, hour(10)
	plan.Actions = plan.Actions[:1]
	first, err := sqlite.Value(path, "SELECT id FROM versions WHERE item = '1' AND first_run = 3")
	if err != nil {
		t.Fatal(err)
	}
	second, err := sqlite.Value(path, "SELECT id FROM versions WHERE item = '1' AND first_run = 4")
	if err != nil {
		t.Fatal(err)
	}
	plan.Actions[0].Version, plan.Actions[0].Before = first.(int64), second.(int64)
	putPlan(t, f, plan)
	mustClose(t, f)
	p := vault.Pruning{Runs: []int64{1, 2, 3, 4}, RestoresBefore: hour(10)}
	if got := prune(t, path, p); got.Runs != 2 {
		t.Errorf("%d runs were removed, want 2: the restore needs 1 and 2", got.Runs)
	}
	sound(t, path)
	held, err := read(t, path).HeldRuns(t.Context(), time.Time{})
	if diff := cmp.Diff(map[int64]bool{1: true, 2: true}, held); diff != "" || err != nil {
		t.Errorf("held (-want +got):\n%s%v", diff, err)
	}
	for version := range map[int64]bool{first.(int64): true, second.(int64): true} {
		if _, err := read(t, path).VersionBody(t.Context(), version); err != nil {
			t.Errorf("version %d: %v", version, err)
		}
	}
	p.RestoresBefore = hour(11)
	if got := prune(t, path, p); got.Runs != 2 || got.Versions == 0 {
		t.Errorf("once the restore is given up %+v is removed, want 2 runs and what only they knew", got)
	}
	sound(t, path)
	if _, err := openFile(t, path).Apply(t.Context(), 1, nil); !errors.Is(err, vault.ErrReleased) {
		t.Errorf("applied with %v", err)
	}
}

// TestPrunedVersionsKeepTheirNumbers: the number of a version that a restore names is given to no
// other one, though a prune has removed it: an undo of the restore would take that for it.
func TestPrunedVersionsKeepTheirNumbers(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	aRun(t, path, same("1"), doc("2", "Two"))
	lost, err := sqlite.Value(path, "SELECT max(id) FROM versions WHERE item = '2'")
	if err != nil {
		t.Fatal(err)
	}
	aRun(t, path, same("1"))
	f := openFile(t, path)
	plan := aPlan()
	plan.PlannedAt, plan.Actions = hour(10), plan.Actions[:1]
	plan.Actions[0].Version, plan.Actions[0].Before = 1, lost.(int64)
	putPlan(t, f, plan)
	mustClose(t, f)
	if got := prune(t, path, vault.Pruning{Runs: []int64{1, 2}, LostBefore: hour(9), RestoresBefore: hour(11)}); got.Versions != 1 {
		t.Errorf("removed %+v, want one version", got)
	}
	execute(t, path, "DELETE FROM search_blocks") // which name versions, too
	aRun(t, path, same("1"), doc("3", "Three"))
	if d, err := read(t, path).VersionBody(t.Context(), lost.(int64)); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("version %d is %s, %v", lost, d.Ref, err)
	}
}
