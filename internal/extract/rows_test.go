package extract_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// badRows puts bad rows into the lists of the server, as "roles:2:null".
func (r *rig) badRows(texts ...string) {
	r.t.Helper()
	var rows []lookersim.BadRow
	for _, text := range texts {
		row, err := lookersim.ParseBadRow(text)
		if err != nil {
			r.t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if err := r.sim.SetBadRows(rows...); err != nil {
		r.t.Fatal(err)
	}
}

// faulty is the open faults as "roles/#2: message".
func (r *rig) faulty() (list []string) {
	r.t.Helper()
	for _, f := range r.faults() {
		list = append(list, f.Ref.String()+": "+f.Message)
	}
	slices.Sort(list)
	return slices.Compact(list) // one that shows in run after run is open in each of them
}

// TestOneBadRowCostsOneRow puts rows that are no documents into every sort of list:
// in one answer, in pages, of documents in a folder. All documents are stored.
func TestOneBadRowCostsOneRow(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 4})
	kinds := []record.Kind{"lookml_models", "connections", "boards", "roles", "folders", "scheduled_plans", "users", "dashboards", "looks", "alerts"}
	r.row = paging("users", 10)
	r.badRows("lookml_models:2:null-id", "connections:1:null", "boards:5:no-id", "roles:2:twice", "roles:4:other", "scheduled_plans:13:empty-id",
		"users:1:null", "users:10:null", "users:11:number", "dashboards:2:null", "looks:3:null", "folders:4:null", "alerts:1:twice")
	result := r.run(record.RunPartial, start(kinds...))
	compare(t, r, kinds...)
	want := []string{
		"boards/#5: row 5 of the list has no id, titled ",
		"connections/#1: row 1 of the list is null, not a document",
		"dashboards/#2: row 2 of the list is null, not a document",
		"dashboards/#61: row 61 of the list is null, not a document", // the second of the trash
		"folders/#4: row 4 of the list is null, not a document",
		"lookml_models/#2: row 2 of the list has null for its name, titled ",
		"looks/#3: row 3 of the list is null, not a document",
		"scheduled_plans/#13: row 13 of the list has an empty id, titled ",
		"users/#10: row 10 of the list is null, not a document",
		"users/#11: row 11 of the list is a number, not a document",
		"users/#1: row 1 of the list is null, not a document",
	}
	got := r.faulty()
	for i := range min(len(got), len(want)) {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("fault %q, want %q", got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d faults, want %d: %q", len(got), len(want), got)
	}
	for kind, reason := range map[record.Kind]string{"users": "3 of 28 rows cannot be stored", "boards": "1 of 5 rows cannot be stored"} {
		if c := countsOf(t, result, kind); c.Listing != record.Incomplete || c.Reason != reason {
			t.Errorf("%s: %s, %q, want incomplete, %q", kind, c.Listing, c.Reason, reason)
		}
	}
	for _, kind := range []record.Kind{"roles", "alerts"} {
		if c := countsOf(t, result, kind); c.Listing != record.Complete || c.Failed != 0 {
			t.Errorf("%s: %+v, want complete: what stands there twice is no fault", kind, c)
		}
	}

	// Nothing becomes gone while a row may be what is missing.
	mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "boards", ID: "1"}, lookersim.Change{Op: lookersim.OpDelete, Kind: "users", ID: "9"})
	r.badRows("boards:2:null", "users:1:null")
	result = r.run(record.RunPartial, start("boards", "users"))
	for _, kind := range []record.Kind{"boards", "users"} {
		if c := countsOf(t, result, kind); c.Gone != 0 {
			t.Errorf("%s: %d gone", kind, c.Gone)
		}
	}
	if got := slices.DeleteFunc(r.faulty(), func(f string) bool { return !strings.HasPrefix(f, "boards") && !strings.HasPrefix(f, "users") }); len(got) != 2 {
		t.Errorf("faults after the rows have moved: %q, want those of now only", got)
	}

	// A good listing settles everything.
	r.badRows()
	result = r.run(record.RunComplete, start(kinds...))
	if got := r.faulty(); len(got) > 0 {
		t.Errorf("still open: %q", got)
	}
	if c := countsOf(t, result, "boards"); c.Gone != 1 {
		t.Errorf("boards: %+v, want the one gone that was deleted", c)
	}
	compare(t, r, kinds...)
}

// TestBadRowsMayBeExpected: exclude names the bad rows of a kind.
func TestBadRowsMayBeExpected(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 4})
	r.badRows("lookml_models:2:null-id", "users:3:null")
	r.exclude = []record.Ref{{Kind: "lookml_models", ID: record.AnyRow}, {Kind: "users", ID: record.AnyRow}}
	mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "users", ID: "9"})
	result := r.run(record.RunComplete, start("lookml_models", "users"))
	compare(t, r, "lookml_models", "users")
	want := []string{"lookml_models: 1 of 6 rows cannot be stored, as exclude says", "users: 1 of 25 rows cannot be stored, as exclude says"}
	notes := slices.Sorted(slices.Values(result.Run.Notes))
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if faults := r.faulty(); len(faults) > 0 {
		t.Errorf("faults: %q", faults)
	}
}

// TestFolderThatIsItsOwnParent is stored like any other, and ends no search.
func TestFolderThatIsItsOwnParent(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 4})
	mutate(t, r, lookersim.Change{Op: lookersim.OpSet, Kind: "folders", ID: "7", Path: "parent_id", Value: `"7"`})
	r.run(record.RunComplete, start("folders"))
	compare(t, r, "folders")
	scoped := start("folders", "looks")
	scoped.Scope.Folders, scoped.Scope.Recursive = []string{"7"}, true
	r.run(record.RunComplete, scoped)
}

// TestServersThatSayWhatIsNotSo: totals that are wrong, pages that are none. Everything
// is stored, a note says what the server says, and no run is incomplete for it.
func TestServersThatSayWhatIsNotSo(t *testing.T) {
	t.Parallel()
	kinds := []record.Kind{"dashboards", "looks", "users", "alerts"}
	tests := []struct {
		name   string
		quirks lookersim.Quirks
		rule   string
		extra  int64 // calls more than a sound server takes, at most; its pages also prove where lists end
		note   string
	}{
		{name: "totals too high", quirks: lookersim.Quirks{Totals: lookersim.TotalHigh}, extra: 19, note: "the server says that the list has"},
		{name: "totals too low", quirks: lookersim.Quirks{Totals: lookersim.TotalLow}, extra: 17, note: "the server says that the list has"},
		{name: "totals beyond all numbers", quirks: lookersim.Quirks{Totals: lookersim.TotalHuge}, extra: 19, note: "2305843009213693952"},
		{name: "totals of the page", quirks: lookersim.Quirks{Totals: lookersim.TotalPage}, extra: 10},
		{name: "limit is ignored", quirks: lookersim.Quirks{IgnoreLimit: true}, extra: 8, note: "does not honour limit"},
		{name: "limit is ignored, no totals", quirks: lookersim.Quirks{IgnoreLimit: true, NoTotals: true}, extra: 14, note: "does not honour limit"},
		{name: "offset is ignored", quirks: lookersim.Quirks{IgnoreOffset: true}, extra: 16, note: "the server ignores offset"},
		{name: "offset is ignored, no totals", quirks: lookersim.Quirks{IgnoreOffset: true, NoTotals: true}, extra: 20, note: "the server ignores offset"},
		{name: "a page comes again", rule: "route=GET /users nth=2 do=again", extra: 6},
		{name: "a page of documents comes again", rule: "route=GET /users nth=5 do=again", extra: 4},
	}
	calls := func(r *rig) (n int64) {
		for _, c := range r.run(record.RunComplete, start(kinds...)).Run.Calls {
			n += c.N
		}
		return n
	}
	// So large that nobody asks for all of them in one page.
	pages := paging("users", 10)
	row := func(k *catalogue.Spec) {
		if pages(k); k.Name == "users" {
			k.Size = 41 << 10
		}
	}
	// The order in which pages come decides whether a row is judged late, and asked for alone: one
	// worker reads them in order.
	sound := newRig(t, lookersim.Options{Seed: 4})
	sound.row, sound.config.Stages.Fetch.Workers = row, 1
	least := calls(sound)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 4, Quirks: tt.quirks})
			r.row, r.config.Stages.Fetch.Workers = row, 1
			if tt.rule != "" {
				r.rules(tt.rule)
			}
			result := r.run(record.RunComplete, start(kinds...))
			compare(t, r, kinds...)
			n := int64(0)
			for _, c := range result.Run.Calls {
				n += c.N
			}
			if n > least+tt.extra {
				t.Errorf("%d calls, a sound server takes %d", n, least)
			}
			if notes := fmt.Sprint(result.Run.Notes); !strings.Contains(notes, tt.note) {
				t.Errorf("notes: %s, want one with %q", notes, tt.note)
			}
			if faults := r.faulty(); len(faults) > 0 {
				t.Errorf("faults: %q", faults)
			}
		})
	}
}

// TestOneIDTwiceWhereRowsDoNotTell: a document of another name stands in a list before
// the one of the same id. The rows by which a kind is listed may be too slim to tell them
// apart, and a page of documents may end between them. What a single fetch says is stored.
func TestOneIDTwiceWhereRowsDoNotTell(t *testing.T) {
	for _, kind := range []record.Kind{"agents", "groups", "users", "alerts", "dashboards", "looks", "lookml_dashboards"} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 4})
			r.badRows(string(kind) + ":3:other")
			for range 2 {
				r.run(record.RunComplete, start(kind))
				compare(t, r, kind)
			}
		})
	}
}

// TestOneIDTwiceOnTwoPages: wherever in a list that is read in pages a document of another name
// stands before the one of the same id, what a single fetch says is stored, in each run.
func TestOneIDTwiceOnTwoPages(t *testing.T) {
	for _, kind := range []record.Kind{"agents", "groups", "users", "alerts", "dashboards", "looks", "lookml_dashboards"} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			for at := 1; at <= 9; at++ {
				r := newRig(t, lookersim.Options{Seed: 4})
				pages := paging(kind, 4)
				r.row = func(k *catalogue.Spec) {
					if pages(k); k.Name == kind {
						k.Size = 41 << 10 // so large that nobody asks for all of them in one page
					}
				}
				r.badRows(fmt.Sprintf("%s:%d:other", kind, at))
				for run := range 2 {
					r.run(record.RunComplete, start(kind))
					if compare(t, r, kind); t.Failed() {
						t.Fatalf("run %d, the other row at %d", run+1, at)
					}
				}
			}
		})
	}
}
