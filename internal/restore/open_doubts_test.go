package restore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// A request that was given up, sent once more and has not arrived when the restore ends is an
// open doubt: the result names it. One that arrived in time is none, nor one that the server
// refuses when it arrives, since it keeps one of a name.
func TestOpenDoubtsAreTold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, route string
		later, want int
	}{
		{"a tile that may still arrive", "POST /dashboard_elements", 1000, 1},
		{"a tile that arrived in time", "POST /dashboard_elements", 2, 0},
		{"a dashboard", "POST /dashboards", 1000, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			r.backup()
			ref := first(t, r, "dashboards")
			r.do("DELETE", "/dashboards/"+ref.ID, "")
			plan := r.plan(restore.Request{Items: []record.Ref{ref}, Only: true})
			if err := r.sim.SetRules(lookersim.Rule{Route: test.route, Do: lookersim.FaultLate, Later: test.later, Times: 1}); err != nil {
				t.Fatal(err)
			}
			done := r.apply(plan)
			complete(t, done)
			if r.doubts == 0 {
				t.Fatal("no answer was lost")
			}
			doubts, err := restore.OpenDoubts(t.Context(), r.file.Reader(), done)
			if err != nil || len(doubts) != test.want {
				t.Errorf("open doubts: %q, %v", doubts, err)
			}
			if told := strings.Contains(strings.Join(done.Notes, "\n"), test.route+" was given up at "); told != (test.want > 0) {
				t.Errorf("notes: %q", done.Notes)
			}
		})
	}
}

// spent is a client whose calls are used up at the first POST of a route.
type spent struct {
	restore.Looker
	route string
}

func (c spent) Send(ctx context.Context, w looker.Write) (*looker.Response, error) {
	if w.Route == c.route {
		return nil, &looker.BudgetError{Max: 1}
	}
	return c.Looker.Send(ctx, w)
}

// What the budget did not let out is in no doubt: it was not sent, and cannot arrive.
func TestNoDoubtOfWhatWasNotSent(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	r.do("DELETE", "/scheduled_plans/1", "")
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "scheduled_plans", ID: "1"}}, Run: run})
	r.wrap = func(client restore.Looker) restore.Looker { return spent{client, "POST /scheduled_plans"} }
	if done, err := r.tryApply(t.Context(), plan); err == nil || done.State != record.RestoreInterrupted {
		t.Fatalf("it was not interrupted: %s %v", done.State, err)
	}
	r.wrap = nil
	done := r.apply(plan)
	complete(t, done)
	if notes := strings.Join(done.Notes, "\n"); strings.Contains(notes, "may still arrive") || r.doubts > 0 {
		t.Errorf("%d doubts: %s", r.doubts, notes)
	}
}

// Of many requests that may still arrive the notes name the first ones, and count the others.
func TestManyOpenDoubtsAreCounted(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	refs := r.refsOf("dashboards", "present", all)
	for _, ref := range refs {
		r.do("DELETE", itself(ref), "")
	}
	plan := r.plan(restore.Request{Items: refs, Run: run, Only: true})
	if err := r.sim.SetRules(lookersim.Rule{Route: "POST /dashboard_*", Do: lookersim.FaultLate, Later: 10_000, Probability: 0.4}); err != nil {
		t.Fatal(err)
	}
	r.workers = 1
	done := r.apply(plan)
	doubts, err := restore.OpenDoubts(t.Context(), r.file.Reader(), done)
	if err != nil || len(doubts) < 12 {
		t.Fatalf("%d open doubts: %v", len(doubts), err)
	}
	notes := strings.Join(done.Notes, "\n")
	if n := strings.Count(notes, "and may still arrive"); n == 0 || n > 10 { // equal lines are one
		t.Errorf("the notes name %d", n)
	}
	if more := fmt.Sprintf("and %d more requests like this", len(doubts)-10); !strings.Contains(notes, more) {
		t.Errorf("no %q in the notes:\n%s", more, notes)
	}
}
