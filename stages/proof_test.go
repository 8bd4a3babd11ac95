package stages_test

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
)

// refusing makes single calls fail, the first n of them.
func refusing(n int) func(int, stages.Call) error {
	return func(_ int, call stages.Call) error {
		if call.Path == "/dashboards/search" || strings.HasSuffix(call.Path, "/looks") || n == 0 {
			return nil
		}
		n--
		return failed("server", 500)
	}
}

func TestOneDocumentThatFailsProvesNothing(t *testing.T) {
	looker := &fakeLooker{things: things(6), poor: true, before: refusing(1)}
	r := newRig(looker, kindOf(t, "dashboards"))
	items := r.fetch(t, pageAsk(0, "1", "2", "3"), pageAsk(3, "4", "5", "6"))
	for _, item := range items {
		if !strings.Contains(string(item.Body), "query") {
			t.Errorf("%s is a poor row: %s", item.Ref, item.Body)
		}
	}
	if diff := cmp.Diff(numbers(1, 6), ids(items, hasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

func TestAnswersAreComparedUntilOneTells(t *testing.T) {
	looker := &fakeLooker{things: things(6), poor: true, before: refusing(2)}
	r := newRig(looker, kindOf(t, "dashboards"))
	items := r.fetch(t, pageAsk(0, "1"), pageAsk(1, "2"), pageAsk(2, "3", "4"))
	for _, item := range items {
		if item.Body != nil && !strings.Contains(string(item.Body), "query") {
			t.Errorf("%s is a poor row that nothing was compared with: %s", item.Ref, item.Body)
		}
	}
	if diff := cmp.Diff(numbers(1, 4), ids(items, hasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

// TestRowThatNothingWasComparedWithIsNoDocument: two documents that cannot be had
// alone come first, each in an answer of its own. Nobody knows yet that rows are
// poor, and still they must be faults.
func TestRowThatNothingWasComparedWithIsNoDocument(t *testing.T) {
	looker := &fakeLooker{things: things(4), poor: true, before: func(_ int, call stages.Call) error {
		if strings.HasSuffix(call.Path, "/1") || strings.HasSuffix(call.Path, "/2") {
			return failed("server", 500)
		}
		return nil
	}}
	r := newRig(looker, kindOf(t, "dashboards"))
	items := r.fetch(t, pageAsk(0, "1"), pageAsk(1, "2"), pageAsk(2, "3", "4"))
	if diff := cmp.Diff([]string{"1", "2"}, ids(items, func(i record.Item) bool { return i.Fault != nil })); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"3", "4"}, ids(items, hasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

// TestLargeDocumentsThatFailAreNoReasonToTrust: the largest ones cannot be had
// alone, but others can, and tell that rows are poor.
func TestLargeDocumentsThatFailAreNoReasonToTrust(t *testing.T) {
	looker := &fakeLooker{things: things(9), poor: true}
	looker.before = func(_ int, call stages.Call) error {
		if slices.Contains([]string{"/dashboards/9", "/dashboards/8", "/dashboards/7", "/dashboards/6"}, call.Path) {
			return failed("server", 500)
		}
		return nil
	}
	for i := range looker.things {
		looker.things[i].id = strconv.Itoa(9 - i) // rows of the same size: the first of them counts as the largest
	}
	r := newRig(looker, kindOf(t, "dashboards"))
	items := r.fetch(t, pageAsk(0, "9", "8", "7", "6", "5", "4", "3", "2", "1"))
	faults := ids(items, func(i record.Item) bool { return i.Fault != nil })
	if diff := cmp.Diff([]string{"6", "7", "8", "9"}, faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"1", "2", "3", "4", "5"}, ids(items, hasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

// TestRowsWithoutAProofForWantOfBudgetAreNotComplete: what was paid for is kept, but
// nobody knows whether the rows are whole documents.
func TestRowsWithoutAProofForWantOfBudgetAreNotComplete(t *testing.T) {
	for _, name := range []record.Kind{"dashboards", "roles"} {
		looker := &fakeLooker{things: things(3), poor: true, before: func(_ int, call stages.Call) error {
			if call.Path == "/dashboards/search" || call.Path == "/roles" {
				return nil
			}
			return stages.ErrBudget
		}}
		r := newRig(looker, kindOf(t, name))
		ask := pageAsk(0, "1", "2", "3")
		if name == "roles" {
			ask = record.Ask{Kind: "roles", How: record.Whole, State: record.Present}
		}
		items := r.fetch(t, ask)
		r.ledger.Ended(name, record.Complete, "") // as the list says, before or after
		if diff := cmp.Diff(numbers(1, 3), ids(items, hasBody)); diff != "" {
			t.Errorf("%s: bodies (-want +got):\n%s", name, diff)
		}
		if got := r.ledger.Ends()[0]; got.Listing != record.Budget || got.Reason == "" {
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
			looker := &fakeLooker{things: things(40), poor: true, before: func(_ int, call stages.Call) error {
				if call.Path == "/dashboards/search" {
					return nil
				}
				if single++; single <= tt.after {
					return failed(tt.class, 403)
				}
				return nil
			}}
			r := newRig(looker, kindOf(t, "dashboards"))
			var asks []record.Ask
			for i := 0; i < 40; i += 10 {
				asks = append(asks, pageAsk(i, numbers(i+1, i+10)...))
			}
			for _, item := range r.fetch(t, asks...) {
				if item.Body != nil && !strings.Contains(string(item.Body), "query") {
					t.Errorf("%s is stored as a poor row: %s", item.Ref, item.Body)
				}
			}
			if got := strings.Join(r.ledger.Notes(), "\n"); !strings.Contains(got, tt.note) {
				t.Errorf("notes %q, want %q", got, tt.note)
			}
		})
	}
}

// TestPoorWholeListsDoNotWaitForEachOther: whoever waits for room must not hold
// any that others wait for.
func TestPoorWholeListsDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looker := &fakeLooker{things: things(9), poor: true}
		r := newRig(looker, kindOf(t, "roles"))
		r.limits = budget.New(budget.Load{Bytes: 1000, Items: 1})
		r.frees = true
		items := r.fetchBy(t, 2,
			record.Ask{Kind: "roles", How: record.Whole, State: record.Present}, record.Ask{Kind: "roles", How: record.Whole, State: record.Present})
		if got := ids(items, hasBody); len(got) != 18 {
			t.Errorf("%d documents came, want 9 twice: %v", len(got), got)
		}
		if now, _ := r.limits.Used(); now != (budget.Load{}) {
			t.Errorf("in flight at the end: %+v", now)
		}
	})
}
