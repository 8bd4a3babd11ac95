package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
)

// A plan of more actions than a screen takes is cut, but for those that somebody has to know who
// applies it: what does not come back, and what is deleted.
func TestLongPlansShowWhatIsImpossibleOrDeleted(t *testing.T) {
	plan := record.Restore{ID: 1, Target: "test"}
	for i := range 3 * actionsShown {
		deed := []record.Deed{record.DeedUndelete, record.DeedImpossible, record.DeedDelete}[i%3]
		plan.Actions = append(plan.Actions, record.Action{Seq: i + 1, Ref: record.Ref{Kind: "looks", ID: fmt.Sprint(i)}, Deed: deed})
	}
	plan.Actions = append(plan.Actions, record.Action{Ref: record.Ref{Kind: "looks", ID: "more"}, Deed: record.DeedUndelete})
	p := &planPrinter{out: &strings.Builder{}}
	p.print(plan, 0)
	for sign, want := range map[string]int{"^": actionsShown, "!": actionsShown, "-": actionsShown} {
		if got := strings.Count(p.out.String(), "\n  "+sign+" looks/"); got != want {
			t.Errorf("%d lines with %s, want %d", got, sign, want)
		}
	}
	if !strings.Contains(p.out.String(), "and 1 more: lookervault restore show 1") {
		t.Error("nobody is told of the rest")
	}
}

// What is cut begins with what people know it by, and stands there without the quotes of a text.
func TestPlansShowTheBeginningOfWhatIsCut(t *testing.T) {
	tile := `{"title":"Sales","type":"vis","query":{"fields":["` + strings.Repeat("orders.count ", 20)
	for value, want := range map[string]string{
		`"` + strings.ReplaceAll(tile, `"`, `\"`) + `…"`: `{"title":"Sales","type":"vis","query":{"fields":["orders.co…`,
		`"Sales"`: `"Sales"`,
		`"{…`:     `"{…`,
		`"{}"`:    `"{}"`,
		`""`:      `""`,
	} {
		p := &planPrinter{}
		if got := p.value([]byte(value)); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
}

// The names of what a plan is about stand below each other, also beside kinds with long names, and what has no
// name has its words there.
func TestPlansAreAligned(t *testing.T) {
	p := &planPrinter{out: &strings.Builder{}}
	p.print(record.Restore{ID: 1, Target: "test", Actions: []record.Action{
		{Ref: record.Ref{Kind: "looks", ID: "1"}, Name: "One", Deed: record.DeedCreate},
		{Ref: record.Ref{Kind: "user_attribute_group_values", ID: "7"}, Name: "Two", Deed: record.DeedCreate},
		{Ref: record.Ref{Kind: "role_users", ID: "7"}, Deed: record.DeedUpdate, Reason: "of roles/7"},
	}}, 0)
	at := make(map[int]bool)
	for line := range strings.Lines(p.out.String()) {
		for _, word := range []string{`"One"`, `"Two"`, "of roles/7"} {
			if i := strings.Index(line, word); i > 0 {
				at[i] = true
			}
		}
	}
	if len(at) != 1 {
		t.Errorf("names begin at %v:\n%s", at, p.out)
	}
}
