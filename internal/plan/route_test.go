package plan_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// TestCost: an ask costs a call, or one for each document that is asked for alone, or none.
func TestCost(t *testing.T) {
	for how, want := range map[record.How]int{record.Stored: 0, record.Single: 3, record.IDs: 1, record.Page: 1} {
		activity, calls := plan.Cost(kindOf(t, "users"), record.Ask{Kind: "users", How: how, Want: numbered(3)})
		if activity != catalogue.Administrative || calls != want {
			t.Errorf("%s: %d calls of %v, want %d", how, calls, activity, want)
		}
	}
}

// TestWhatIsMissingCanBeAskedFor: by a search for ids, where the list takes them, else alone.
func TestWhatIsMissingCanBeAskedFor(t *testing.T) {
	for kind, want := range map[record.Kind]struct{ search, alone bool }{
		"dashboards":        {true, true},
		"alerts":            {false, true}, // in pages
		"boards":            {false, true},
		"homepage_sections": {false, false},
		"role_users":        {false, false}, // nothing lists them
		"settings":          {false, false},
	} {
		spec := kindOf(t, kind)
		if search, alone := plan.CanBeLookedFor(spec), plan.CanBeAskedFor(spec); search != want.search || alone != want.alone {
			t.Errorf("%s: search %t, ask %t, want %t, %t", kind, search, alone, want.search, want.alone)
		}
	}
}

// TestSpreadPages: where nobody knows how large documents are, and one ask may bring more than a
// page of small ones, one ask takes them all, and finds out.
func TestSpreadPages(t *testing.T) {
	for _, test := range []struct {
		name  string
		page  int // documents
		bytes int64
		size  int64 // of the first document, as stored
		want  bool
	}{
		{"nothing is known", 100, 2 << 20, 0, true},
		{"the size of one is known", 100, 2 << 20, 1 << 20, false},
		{"a page has all that an ask brings", 1000, 20 << 20, 0, false},
		{"small ones fill a page too", 100, 100 * (150 << 10) / 32, 0, false},
	} {
		rules := plan.Rules{PageSize: test.page, PageBytes: test.bytes}
		known := map[string]record.Known{"1": {State: record.Present, Size: test.size}}
		asks := rules.Plan(plan.Page{Kind: kindOf(t, "dashboards"), State: record.Present, Rows: numbered(1500), Known: known}).Asks
		if got := len(asks) == 1 && asks[0].Spread; got != test.want {
			t.Errorf("%s: %d asks, spread %t", test.name, len(asks), asks[0].Spread)
		}
	}
}
