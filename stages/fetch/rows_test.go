package fetch_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestBadRowsThatAreExpected: a kind of which exclude names "#" is complete.
func TestBadRowsThatAreExpected(t *testing.T) {
	for _, name := range []record.Kind{"dashboards", "roles"} {
		looker := &stagestest.Looker{Things: stagestest.Things(6)}
		stagestest.Raw(map[int]string{3: "null"})(looker)
		r := stagestest.NewRig(looker, stagestest.KindOf(t, name))
		r.Out = []record.Ref{{Kind: name, ID: record.AnyRow}}
		items := r.Both(t, stagestest.KindOf(t, name))
		if diff := cmp.Diff([]string{"1", "2", "4", "5", "6"}, stagestest.IDs(items, stagestest.HasBody)); diff != "" {
			t.Errorf("%s: bodies (-want +got):\n%s", name, diff)
		}
		if faults := stagestest.FaultsOf(items); faults != nil {
			t.Errorf("%s: faults %q", name, faults)
		}
		if end := r.Ledger.Ends()[0]; end.Listing != record.Complete {
			t.Errorf("%s: %+v, want complete", name, end)
		}
		if diff := cmp.Diff([]string{string(name) + ": 1 of 6 rows cannot be stored, as exclude says"}, r.Ledger.Notes()); diff != "" {
			t.Errorf("%s: notes (-want +got):\n%s", name, diff)
		}
	}
}

// TestBadRowsOfAWholeList: the rows are the documents.
func TestBadRowsOfAWholeList(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(6)}
	stagestest.Raw(map[int]string{1: "null", 4: `{"id":"","name":"Broken"}`, 6: "6"})(looker)
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "roles"))
	items := r.Both(t, stagestest.KindOf(t, "roles"))
	if diff := cmp.Diff([]string{"2", "3", "5"}, stagestest.IDs(items, stagestest.HasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
	want := []string{
		"bad_row #1: row 1 of the list is null, not a document",
		`bad_row #4: row 4 of the list has an empty id, titled "Broken"`,
		"bad_row #6: row 6 of the list is a number, not a document",
	}
	if diff := cmp.Diff(want, stagestest.FaultsOf(items)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	end := record.End{Kind: "roles", Listing: record.Incomplete, Listed: 3, Reason: "3 of 6 rows cannot be stored", Through: true}
	if diff := cmp.Diff([]record.End{end}, r.Ledger.Ends()); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
}

// TestBadRowsAmongDocuments: pages, id lists and folders of whole documents may
// hold rows that are none. What they leave is fetched, and nothing falls back.
func TestBadRowsAmongDocuments(t *testing.T) {
	for _, ask := range []record.Ask{
		{Kind: "dashboards", How: record.Page, State: record.Present, Want: stagestest.Want("1", "2", "3", "4")},
		{Kind: "dashboards", How: record.IDs, State: record.Present, Want: stagestest.Want("1", "2", "3", "4")},
		{Kind: "looks", How: record.Folder, State: record.Present, Folder: "0", Want: stagestest.Want("1", "2", "3", "4")},
	} {
		t.Run(ask.How.String(), func(t *testing.T) {
			looker := &stagestest.Looker{Things: stagestest.Things(4), Among: []string{"null", "{}", "17", `{"id":""}`}}
			r := stagestest.NewRig(looker, stagestest.KindOf(t, ask.Kind))
			items := r.Fetch(t, ask)
			if diff := cmp.Diff(stagestest.Numbers(1, 4), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
				t.Errorf("bodies (-want +got):\n%s", diff)
			}
			if notes := r.Ledger.Notes(); notes != nil {
				t.Errorf("notes = %q", notes)
			}
		})
	}
}

// TestDocumentThatAListHoldsTwice is about what lists hold twice: the same row counts
// once, and of two different ones a single fetch tells which is right.
func TestDocumentThatAListHoldsTwice(t *testing.T) {
	same, other := stagestest.Thing{ID: "2", Folder: "0", Filler: 1}.Body(), strings.Replace(stagestest.Thing{ID: "2", Folder: "0", Filler: 1}.Body(), `"title":"`, `"title":"other `, 1)
	whole := record.Ask{Kind: "roles", How: record.Whole, State: record.Present}
	page := record.Ask{Kind: "dashboards", How: record.Page, State: record.Present, Want: stagestest.Want("1", "2", "3", "4")}
	byIDs := record.Ask{Kind: "dashboards", How: record.IDs, State: record.Present, Want: stagestest.Want("1", "2", "3", "4")}
	folder := record.Ask{Kind: "looks", How: record.Folder, State: record.Present, Folder: "0", Want: stagestest.Want("1", "2", "3", "4")}
	twice := []string{"roles: the list holds a document twice, it counts once: 2"}
	tests := []struct {
		name    string
		ask     record.Ask
		row     string
		singles int // calls for document 2 alone
		notes   []string
	}{
		{name: "whole list, the same", ask: whole, row: same, notes: twice},
		{name: "whole list, another", ask: whole, row: other, singles: 1, notes: twice},
		{name: "page, the same", ask: page, row: same},
		{name: "page, another", ask: page, row: other, singles: 1},
		{name: "id list, the same", ask: byIDs, row: same},
		{name: "id list, another", ask: byIDs, row: other, singles: 1},
		{name: "folder, the same", ask: folder, row: same},
		{name: "folder, another", ask: folder, row: other, singles: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			looker := &stagestest.Looker{Things: stagestest.Things(4), Among: []string{tt.row}}
			for i := range looker.Things {
				looker.Things[i].Filler = 1
			}
			looker.Things[3].Filler = 9 // the one that rows are compared by
			r := stagestest.NewRig(looker, stagestest.KindOf(t, tt.ask.Kind))
			items := r.Fetch(t, tt.ask)
			if diff := cmp.Diff(stagestest.Numbers(1, 4), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
				t.Errorf("bodies (-want +got):\n%s", diff)
			}
			for _, item := range items {
				if item.ID == "2" && string(item.Body) != same {
					t.Errorf("document 2 is %s", item.Body)
				}
			}
			singles := slices.DeleteFunc(looker.Calls, func(call string) bool { return !strings.HasSuffix(call, "/2") })
			if len(singles) != tt.singles {
				t.Errorf("%d calls for document 2, want %d", len(singles), tt.singles)
			}
			if diff := cmp.Diff(tt.notes, r.Ledger.Notes()); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			r.Ledger.Ended(tt.ask.Kind, record.Complete, "")
			if end := r.Ledger.Ends()[0]; end.Listing != record.Complete {
				t.Errorf("%+v, want complete", end)
			}
		})
	}
}

// TestWholeListOfAnotherLength: a total that does not agree with a list in one answer
// costs one call, which reports whether there is more.
func TestWholeListOfAnotherLength(t *testing.T) {
	says := func(total int) func(int, int) int { return func(int, int) int { return total } }
	tests := []struct {
		name   string
		set    func(*stagestest.Looker)
		bodies int
		calls  int // of the list
		end    record.End
		note   string
	}{
		{
			name: "too high", set: func(f *stagestest.Looker) { f.Total = says(9) }, bodies: 6, calls: 2, end: record.End{Listing: record.Complete, Listed: 6},
			note: "the server says that the list has 9 rows, 6 came, and nothing stands behind them",
		},
		{
			name: "too low", set: func(f *stagestest.Looker) { f.Total = says(2) }, bodies: 6, calls: 2, end: record.End{Listing: record.Complete, Listed: 6},
			note: "the server says that the list has 2 rows, 6 came, and nothing stands behind them",
		},
		{
			name: "too high, with pages", set: func(f *stagestest.Looker) { f.Total, f.Most = says(9), 6 }, bodies: 6, calls: 2,
			end:  record.End{Listing: record.Complete, Listed: 6},
			note: "the server says that the list has 9 rows, 6 came, and nothing stands behind them",
		},
		{
			name: "right, and the list is cut", set: func(f *stagestest.Looker) { f.Total, f.Most = says(6), 4 }, bodies: 4, calls: 6,
			end: record.End{Listing: record.Incomplete, Listed: 4, Reason: "the list is not as long as the server says: 4 rows came of 6"},
		},
		{
			name: "right", set: func(f *stagestest.Looker) { f.Total = says(6) }, bodies: 6, calls: 1, end: record.End{Listing: record.Complete, Listed: 6},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			looker := &stagestest.Looker{Things: stagestest.Things(6)}
			tt.set(looker)
			r := stagestest.NewRig(looker, stagestest.KindOf(t, "roles"))
			items := r.Fetch(t, record.Ask{Kind: "roles", How: record.Whole, State: record.Present})
			if got := stagestest.IDs(items, stagestest.HasBody); len(got) != tt.bodies {
				t.Errorf("bodies: %v, want %d", got, tt.bodies)
			}
			tt.end.Kind = "roles"
			if diff := cmp.Diff([]record.End{tt.end}, r.Ledger.Ends()); diff != "" {
				t.Errorf("ends (-want +got):\n%s", diff)
			}
			var notes []string
			if tt.note != "" {
				notes = []string{"roles: " + tt.note}
			}
			if diff := cmp.Diff(notes, r.Ledger.Notes()); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			lists := slices.DeleteFunc(looker.Calls, func(call string) bool {
				return !strings.Contains(call, "/roles?") && !strings.HasSuffix(call, "/roles")
			})
			if len(lists) != tt.calls {
				t.Errorf("%d calls for the list, want %d: %q", len(lists), tt.calls, lists)
			}
		})
	}
}

// TestRowsThatNobodyAskedFor: a page, list of ids or folder that holds a row of a document which
// another call brings is no reason to doubt; what the row holds is kept, to be held against that.
func TestRowsThatNobodyAskedFor(t *testing.T) {
	row := strings.Replace(stagestest.Thing{ID: "9", Folder: "0"}.Body(), `"title":"`, `"title":"other `, 1)
	for _, ask := range []record.Ask{
		{Kind: "dashboards", How: record.Page, State: record.Present, Want: stagestest.Want("1", "2", "3", "4")},
		{Kind: "dashboards", How: record.IDs, State: record.Present, Want: stagestest.Want("1", "2", "3", "4")},
		{Kind: "looks", How: record.Folder, State: record.Present, Folder: "0", Want: stagestest.Want("1", "2", "3", "4")},
	} {
		for _, among := range [][]string{nil, {row}} {
			looker := &stagestest.Looker{Things: stagestest.Things(4), Among: among}
			r := stagestest.NewRig(looker, stagestest.KindOf(t, ask.Kind))
			items := r.Fetch(t, ask)
			if diff := cmp.Diff(stagestest.Numbers(1, 4), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
				t.Errorf("%s: bodies (-want +got):\n%s", ask.How, diff)
			}
			if got := r.Ledger.HasUnclear(ask.Kind); got != (among != nil) {
				t.Errorf("%s: a row that nobody asked for is kept: %v, want %v", ask.How, got, among != nil)
			}
		}
	}
}
