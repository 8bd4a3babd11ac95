package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// TestWhatTheServerCountsNeedsNoLook: a part of the longest list that came with the number of the
// whole shows that the server counts documents and not rows of an answer. Then nothing stands
// behind that list, nor behind another one of its sort; whole lists are another sort.
func TestWhatTheServerCountsNeedsNoLook(t *testing.T) {
	for _, test := range []struct {
		name    string
		counted int // documents of dashboards as a part of their list says, 0: it said nothing
		want    int // sorts of lists to look behind
	}{
		{"no part came", 0, 2},
		{"a part says the same", 300, 1},
		{"a part says more", 900, 2},
		{"a part says less", 200, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			var l plan.Lengths
			l.OneAnswer(plan.ListTail{Kind: "dashboards", State: record.Present, Rows: 300})
			l.OneAnswer(plan.ListTail{Kind: "users", State: record.Present, Rows: 300})
			l.OneAnswer(plan.ListTail{Kind: "scheduled_plans", State: record.Present, Rows: 120})
			if test.counted > 0 {
				l.Counted("dashboards", record.Present, test.counted)
			}
			if got := l.Witnesses(func(record.Kind) bool { return false }); len(got) != test.want {
				t.Errorf("%d sorts of lists to look behind, want %d: %v", len(got), test.want, got)
			}
		})
	}
}

// TestDoubtfulLists: of lists that came in one answer those may go on that are as long as an answer
// that was cut off, or else as the longest answer of their sort.
func TestDoubtfulLists(t *testing.T) {
	type list struct {
		kind record.Kind
		rows int
	}
	usual := []list{{"users", 200}, {"dashboards", 300}, {"agents", 300}, {"scheduled_plans", 120}, {"roles", 100}}
	for _, test := range []struct {
		name                string
		lists               []list
		more                func(*plan.Lengths)
		doubtful, witnesses string
		cut                 bool
	}{
		{name: "no list"},
		{name: "lists without rows", lists: []list{{"users", 0}, {"roles", 0}}},
		{name: "the longest of each sort", lists: usual, doubtful: "dashboards agents scheduled_plans", witnesses: "agents dashboards, scheduled_plans"},
		{name: "a longer page", lists: usual, more: func(l *plan.Lengths) { l.Answer(400) }, doubtful: "scheduled_plans", witnesses: "scheduled_plans"},
		{name: "a shorter page", lists: usual, more: func(l *plan.Lengths) { l.Answer(10) }, doubtful: "dashboards agents scheduled_plans", witnesses: "agents dashboards, scheduled_plans"},
		{name: "cut off", lists: usual, more: func(l *plan.Lengths) { l.Cut(100); l.Cut(200) }, doubtful: "users roles", cut: true},
		{name: "cut off elsewhere", lists: usual[3:], more: func(l *plan.Lengths) { l.Cut(50) }, doubtful: "scheduled_plans", witnesses: "scheduled_plans"},
		{name: "listed before", lists: []list{{"groups", 300}, {"users", 300}}, doubtful: "groups users", witnesses: "users"},
		{name: "no pages", lists: []list{{"boards", 300}}, doubtful: "boards"},
		{
			name: "counted by the server", lists: usual, doubtful: "scheduled_plans", witnesses: "scheduled_plans",
			more: func(l *plan.Lengths) {
				l.Counted("dashboards", record.Present, 300)
				l.Counted("agents", record.Present, 900)
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var l plan.Lengths
			for _, list := range test.lists {
				l.OneAnswer(plan.ListTail{Kind: list.kind, State: record.Present, Rows: list.rows})
			}
			if test.more != nil {
				test.more(&l)
			}
			tails, cut := l.Doubtful()
			var sorts []string
			for _, sort := range l.Witnesses(func(kind record.Kind) bool { return kind == "groups" }) {
				sorts = append(sorts, kindsOf(sort))
			}
			want := []string{test.doubtful, fmt.Sprint(test.cut), test.witnesses}
			if diff := cmp.Diff(want, []string{kindsOf(tails), fmt.Sprint(cut), strings.Join(sorts, ", ")}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func kindsOf(tails []plan.ListTail) string {
	var kinds []string
	for _, tail := range tails {
		kinds = append(kinds, string(tail.Kind))
	}
	return strings.Join(kinds, " ")
}

// TestListTail: at which lengths it is said to be what the vault holds, and what servers cut.
func TestListTail(t *testing.T) {
	for _, test := range []struct {
		tail          plan.ListTail
		agrees, usual bool
	}{
		{plan.ListTail{Rows: 49, Held: 48}, false, false},
		{plan.ListTail{Rows: 50, Held: 50}, true, true},
		{plan.ListTail{Rows: 51, Held: 52}, true, true},
	} {
		if agrees, usual := test.tail.Agrees(), test.tail.Usual(); agrees != test.agrees || usual != test.usual {
			t.Errorf("%+v: agrees %t, usual %t", test.tail, agrees, usual)
		}
	}
}
