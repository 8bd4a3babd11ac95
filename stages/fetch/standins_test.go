package fetch_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// failing makes the first calls for documents alone fail, so many of each.
func failing(first map[string]int) func(int, stages.Call) error {
	return func(_ int, call stages.Call) error {
		if first[call.Path] == 0 {
			return nil
		}
		first[call.Path]--
		return stagestest.Failed("server", 500)
	}
}

// TestComparisonsThatBringNothing: a row is compared with its document on behalf of others, which
// look cut off alike or lack the same, and the document cannot be had just then. Another row
// stands in for it. What nothing was compared for is not stored, or its kind is not complete.
func TestComparisonsThatBringNothing(t *testing.T) {
	few := slices.Repeat([]board{{tiles: 3}}, 30)
	large := board{tiles: 2, text: 20000}
	cut := boards(20, slices.Concat(few, []board{large, {tiles: 31}, {tiles: 4}, {tiles: 33}, {tiles: 40}}, few[:5])...)
	apart := boards(20, slices.Concat([]board{large, {tiles: 31}}, few[:28], []board{{tiles: 33}}, few[:9])...)
	mail, hidden := login{mail: true}, login{mail: true, hides: "email"}
	lack := logins(slices.Concat(repeated(4, mail), repeated(30, login{saml: true}), repeated(6, hidden))...)
	for i := 34; i < 40; i++ {
		// They have something else in the place of what they lack.
		lack[i] = stagestest.Thing{ID: fmt.Sprint(i + 1), Folder: "0", Text: login{mail: true, key: true}.text(fmt.Sprint(i+1), ""), Raw: login{mail: true, key: true}.text(fmt.Sprint(i+1), "email")}
	}
	for _, tt := range []struct {
		name       string
		things     []stagestest.Thing
		pages      int
		fails      map[string]int
		incomplete bool
	}{
		{"one of three that look cut off", cut, 1, map[string]int{"/dashboards/32": 2}, false},
		{"two of three", cut, 1, map[string]int{"/dashboards/32": 2, "/dashboards/34": 1}, false},
		{"all of them", cut, 1, map[string]int{"/dashboards/32": 2, "/dashboards/34": 1, "/dashboards/35": 1}, false},
		{"all of them, and another was stored", apart, 4, map[string]int{"/dashboards/31": 1}, true},
		{"all of them for good, and none was stored", cut, 1, map[string]int{"/dashboards/32": 9, "/dashboards/34": 9, "/dashboards/35": 9}, false},
		{"one of many that lack the same", lack, 1, map[string]int{"/dashboards/35": 1}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			looker := &stagestest.Looker{Things: tt.things, Before: failing(tt.fails)}
			r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
			r.Size = 40
			items := fetchPages(t, r, 40, tt.pages)
			incomplete := slices.ContainsFunc(r.Ledger.Ends(), func(e record.End) bool { return e.Kind == "dashboards" && e.Listing == record.Incomplete })
			faults := stagestest.IDs(items, func(item record.Item) bool { return item.Fault != nil })
			if whole := wholeBodies(items, tt.things); len(whole)+len(faults) != 40 && !incomplete {
				t.Errorf("%d of 40 documents are stored whole and %d failed, and the kind is not incomplete: %q", len(whole), len(faults), looker.Calls)
			}
			if incomplete != tt.incomplete {
				t.Errorf("incomplete: %v, want %v: %q", incomplete, tt.incomplete, looker.Calls)
			}
		})
	}
}

// TestBudgetThatEndsWithAComparison: when no call is left for a row that stands in for another one,
// what the page brought is stored, and the kind is not complete.
func TestBudgetThatEndsWithAComparison(t *testing.T) {
	things := boards(20, slices.Concat(slices.Repeat([]board{{tiles: 3}}, 30), []board{{tiles: 2, text: 20000}, {tiles: 31}, {tiles: 4}, {tiles: 33}, {tiles: 5}})...)
	failed := failing(map[string]int{"/dashboards/32": 2})
	looker := &stagestest.Looker{Things: things, Before: func(n int, call stages.Call) error {
		if call.Path == "/dashboards/34" {
			return stages.ErrBudget
		}
		return failed(n, call)
	}}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	r.Size = 40
	items := fetchPages(t, r, 35, 1)
	if end := r.Ledger.Ends()[0]; end.Listing != record.Budget || end.Reason != stages.BudgetUsedUp {
		t.Errorf("ended %+v, want the end of the budget", end)
	}
	if whole := wholeBodies(items, things); len(whole) < 30 {
		t.Errorf("%d documents are stored, want those that the page brought", len(whole))
	}
}
