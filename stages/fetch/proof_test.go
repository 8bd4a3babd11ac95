package fetch_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// refusing makes single calls fail, the first n of them.
func refusing(n int) func(int, stages.Call) error {
	return func(_ int, call stages.Call) error {
		if call.Path == "/dashboards/search" || strings.HasSuffix(call.Path, "/looks") || n == 0 {
			return nil
		}
		n--
		return stagestest.Failed("server", 500)
	}
}

func TestOneDocumentThatFailsProvesNothing(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(6), Poor: true, Before: refusing(1)}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	items := r.Fetch(t, stagestest.PageAsk(0, "1", "2", "3"), stagestest.PageAsk(3, "4", "5", "6"))
	for _, item := range items {
		if !strings.Contains(string(item.Body), "query") {
			t.Errorf("%s is a poor row: %s", item.Ref, item.Body)
		}
	}
	if diff := cmp.Diff(stagestest.Numbers(1, 6), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

func TestAnswersAreComparedUntilOneTells(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(6), Poor: true, Before: refusing(2)}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	items := r.Fetch(t, stagestest.PageAsk(0, "1"), stagestest.PageAsk(1, "2"), stagestest.PageAsk(2, "3", "4"))
	for _, item := range items {
		if item.Body != nil && !strings.Contains(string(item.Body), "query") {
			t.Errorf("%s is a poor row that nothing was compared with: %s", item.Ref, item.Body)
		}
	}
	if diff := cmp.Diff(stagestest.Numbers(1, 4), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

// TestRowThatNothingWasComparedWithIsNoDocument: two documents that cannot be had
// alone come first, each in an answer of its own. Nobody knows yet that rows are
// poor, and still they must be faults.
func TestRowThatNothingWasComparedWithIsNoDocument(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(4), Poor: true, Before: func(_ int, call stages.Call) error {
		if strings.HasSuffix(call.Path, "/1") || strings.HasSuffix(call.Path, "/2") {
			return stagestest.Failed("server", 500)
		}
		return nil
	}}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	items := r.Fetch(t, stagestest.PageAsk(0, "1"), stagestest.PageAsk(1, "2"), stagestest.PageAsk(2, "3", "4"))
	if diff := cmp.Diff([]string{"1", "2"}, stagestest.IDs(items, func(i record.Item) bool { return i.Fault != nil })); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"3", "4"}, stagestest.IDs(items, stagestest.HasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

// TestLargeDocumentsThatFailAreNoReasonToTrust: the largest ones cannot be had
// alone, but others can, and tell that rows are poor.
func TestLargeDocumentsThatFailAreNoReasonToTrust(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(9), Poor: true}
	looker.Before = func(_ int, call stages.Call) error {
		if slices.Contains([]string{"/dashboards/9", "/dashboards/8", "/dashboards/7", "/dashboards/6"}, call.Path) {
			return stagestest.Failed("server", 500)
		}
		return nil
	}
	for i := range looker.Things {
		looker.Things[i].ID = strconv.Itoa(9 - i) // rows of the same size: the first of them counts as the largest
	}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	items := r.Fetch(t, stagestest.PageAsk(0, "9", "8", "7", "6", "5", "4", "3", "2", "1"))
	faults := stagestest.IDs(items, func(i record.Item) bool { return i.Fault != nil })
	if diff := cmp.Diff([]string{"6", "7", "8", "9"}, faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"1", "2", "3", "4", "5"}, stagestest.IDs(items, stagestest.HasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

// TestRowsWithoutAProofForWantOfBudgetAreNotComplete: what was paid for is kept, but
// nobody knows whether the rows are whole documents.
func TestRowsWithoutAProofForWantOfBudgetAreNotComplete(t *testing.T) {
	for _, name := range []record.Kind{"dashboards", "roles"} {
		looker := &stagestest.Looker{Things: stagestest.Things(3), Poor: true, Before: func(_ int, call stages.Call) error {
			if call.Path == "/dashboards/search" || call.Path == "/roles" {
				return nil
			}
			return stages.ErrBudget
		}}
		r := stagestest.NewRig(looker, stagestest.KindOf(t, name))
		ask := stagestest.PageAsk(0, "1", "2", "3")
		if name == "roles" {
			ask = record.Ask{Kind: "roles", How: record.Whole, State: record.Present}
		}
		items := r.Fetch(t, ask)
		r.Ledger.Ended(name, record.Complete, "") // as the list says, before or after
		if diff := cmp.Diff(stagestest.Numbers(1, 3), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
			t.Errorf("%s: bodies (-want +got):\n%s", name, diff)
		}
		if got := r.Ledger.Ends()[0]; got.Listing != record.Budget || got.Reason == "" {
			t.Errorf("%s: %+v, want the budget as the reason why it is not complete", name, got)
		}
	}
}

// TestRefusalsAreNoConsent: where no row could be compared, no row is stored, whether
// the documents are refused, missing or out of order.
func TestRefusalsAreNoConsent(t *testing.T) {
	for _, tt := range []struct {
		name  string
		class string
		after int // single calls that fail
		note  string
	}{
		{name: "refused three times", class: record.FaultDenied, after: 3, note: "poorer than single documents"},
		{name: "refused", class: record.FaultDenied, after: 1 << 30, note: "dashboards: no row of the list could be compared with a document fetched alone, fetching one by one"},
		{name: "failed three times", class: "server", after: 3, note: "poorer than single documents"},
		{name: "missing three times", class: record.FaultMissing, after: 3, note: "poorer than single documents"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			single := 0
			looker := &stagestest.Looker{Things: stagestest.Things(40), Poor: true, Before: func(_ int, call stages.Call) error {
				if call.Path == "/dashboards/search" {
					return nil
				}
				if single++; single <= tt.after {
					return stagestest.Failed(tt.class, 403)
				}
				return nil
			}}
			r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
			var asks []record.Ask
			for i := 0; i < 40; i += 10 {
				asks = append(asks, stagestest.PageAsk(i, stagestest.Numbers(i+1, i+10)...))
			}
			for _, item := range r.Fetch(t, asks...) {
				if item.Body != nil && !strings.Contains(string(item.Body), "query") {
					t.Errorf("%s is stored as a poor row: %s", item.Ref, item.Body)
				}
			}
			if got := strings.Join(r.Ledger.Notes(), "\n"); !strings.Contains(got, tt.note) {
				t.Errorf("notes %q, want %q", got, tt.note)
			}
		})
	}
}

// TestPoorWholeListsDoNotWaitForEachOther: whoever waits for room must not hold
// any that others wait for.
func TestPoorWholeListsDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looker := &stagestest.Looker{Things: stagestest.Things(9), Poor: true}
		r := stagestest.NewRig(looker, stagestest.KindOf(t, "roles"))
		r.Limits = budget.New(budget.Load{Bytes: 1000, Items: 1})
		r.Frees = true
		items := r.FetchBy(t, 2,
			record.Ask{Kind: "roles", How: record.Whole, State: record.Present}, record.Ask{Kind: "roles", How: record.Whole, State: record.Present})
		if got := stagestest.IDs(items, stagestest.HasBody); len(got) != 18 {
			t.Errorf("%d documents came, want 9 twice: %v", len(got), got)
		}
		if now, _ := r.Limits.Used(); now != (budget.Load{}) {
			t.Errorf("in flight at the end: %+v", now)
		}
	})
}

// TestWhatWasProvenOfOtherRows: an earlier run has compared rows of the list, so that none is compared
// in this one. Rows that have no member of the kind are those of another list, and are compared.
func TestWhatWasProvenOfOtherRows(t *testing.T) {
	for row, want := range map[string]int{"": 0, `{"id":"1","connection_name":"c"}`: 1} {
		looker := &stagestest.Looker{Things: []stagestest.Thing{{ID: "1", Raw: row}}}
		r := stagestest.NewRig(looker, stagestest.KindOf(t, "roles"))
		r.Proven = true
		items := r.Fetch(t, record.Ask{Kind: "roles", How: record.Whole, State: record.Present})
		if len(items) != 1 || string(items[0].Body) != looker.Things[0].Body() {
			t.Errorf("row %q: %+v, want the document", row, items)
		}
		alone := 0
		for _, call := range looker.Calls {
			if call == "GET /roles/1" {
				alone++
			}
		}
		if alone < want || want == 0 && alone > 0 {
			t.Errorf("row %q: fetched alone %d times, want %d: %v", row, alone, want, looker.Calls)
		}
	}
}
