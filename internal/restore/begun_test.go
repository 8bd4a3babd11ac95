package restore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/vault"
)

// bounded is a client that may make so many writes, and no more.
type bounded struct {
	restore.Looker
	left *int
}

func (s bounded) Send(ctx context.Context, w looker.Write) (*looker.Response, error) {
	if *s.left == 0 {
		return nil, &looker.BudgetError{}
	}
	*s.left--
	return s.Looker.Send(ctx, w)
}

// What the budget had no call left for has not begun, whatever it was to begin with; what was written
// once has. Applying again goes on with either.
func TestWhatTheBudgetRefusedHasNotBegun(t *testing.T) {
	t.Parallel()
	for writes := range 4 {
		r, run := newBackedUpRig(t)
		r.workers, r.inner = 1, 1
		items := r.breakThings()
		plan := r.plan(restore.Request{Items: items, Run: run})
		left := writes
		r.wrap = func(client restore.Looker) restore.Looker { return bounded{client, &left} }
		done, err := r.tryApply(t.Context(), plan)
		if !errors.Is(err, looker.ErrBudget) {
			t.Fatalf("%d writes: %v", writes, err)
		}
		stored, err := r.file.Reader().Restore(t.Context(), done.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, actions := range [][]record.Action{done.Actions, stored.Actions} {
			begun := 0
			for _, a := range actions {
				switch a.State {
				case record.ActionDone, record.ActionRunning:
					begun++
				}
			}
			if begun > writes || writes == 1 && begun != 1 {
				t.Errorf("%d writes: %d actions have begun", writes, begun)
			}
		}
		r.wrap = nil
		complete(t, r.apply(plan))
	}
}

// filled is a journal on a disk that is full from the first action that begins.
type filled struct {
	restore.Journal
	full bool
}

func (f *filled) Begin(context.Context, int) error {
	f.full = true
	return vault.Problem("vault.db", vault.ErrFull, "")
}

func (f *filled) Settle(ctx context.Context, done []record.Step, actions []record.Action, maps []record.Mapping) error {
	if f.full {
		return vault.Problem("vault.db", vault.ErrFull, "")
	}
	return f.Journal.Settle(ctx, done, actions, maps)
}

// A disk that is full keeps an action from beginning, and from being noted as not begun: that is told once.
func TestAFullDiskIsToldOnce(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	r.workers = 1
	plan := r.plan(restore.Request{Items: r.breakThings(), Run: run})
	journal, err := r.file.Apply(t.Context(), plan.ID, r.meter.Drain)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.carryOut(t.Context(), &filled{Journal: journal})
	if !errors.Is(err, vault.ErrFull) || strings.Count(err.Error(), vault.ErrFull.Error()) != 1 {
		t.Errorf("a full disk is told as: %v", err)
	}
}

// An action that has begun stays so where a later attempt could send nothing: what it has written is
// neither somebody else's work nor forgotten.
func TestWhatHasBegunStaysBegun(t *testing.T) {
	t.Parallel()
	for id, writes := range map[string]int{"1": 1, "6": 2} { // of one tile, and of many of which one is written
		r, run := newBackedUpRig(t)
		r.workers, r.inner = 1, 1
		dashboard := record.Ref{Kind: "dashboards", ID: id}
		r.do("PATCH", "/"+dashboard.String(), `{"description":"Broken"}`)
		for i, tile := range canon.Named(r.sim.Document("dashboards", id), &catalogue.Relation{Path: "dashboard_elements.id"}) {
			r.do("PATCH", "/dashboard_elements/"+tile, fmt.Sprintf(`{"title":"Broken %d"}`, i))
		}
		plan := r.plan(restore.Request{Items: []record.Ref{dashboard}, Run: run, Only: true})
		left := writes
		r.wrap = func(client restore.Looker) restore.Looker { return bounded{client, &left} }
		for attempt := range 2 {
			done, err := r.tryApply(t.Context(), plan)
			if a := onlyAction(t, done, dashboard); !errors.Is(err, looker.ErrBudget) || a.State != record.ActionRunning {
				t.Errorf("%s, attempt %d: %s, %v", dashboard, attempt, a.State, err)
			}
		}
		r.wrap = nil
		complete(t, r.apply(plan))
	}
}

// What an earlier attempt has written all of is done, not the same as before: an undo takes it back.
func TestWhatNobodyHeardOfIsDone(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	look := record.Ref{Kind: "looks", ID: "3"}
	r.do("PATCH", "/looks/3", `{"description":"Oops"}`)
	plan := r.plan(restore.Request{Items: []record.Ref{look}, Run: run, Only: true})
	if _, err := r.applyCutOff(plan, 2); err == nil {
		t.Fatal("it was not cut off")
	}
	done := r.apply(plan)
	if a := onlyAction(t, done, look); a.State != record.ActionDone {
		t.Errorf("it is %s", a.State)
	}
	complete(t, r.apply(r.plan(restore.Request{Undo: done.ID})))
	if is := canon.Text(canon.Member(r.sim.Document("looks", "3"), "description")); is != "Oops" {
		t.Errorf("after the undo the description is %q", is)
	}
}

// endless is a journal on a disk that is full when so many steps are noted, and stays so.
type endless struct {
	restore.Journal
	steps atomic.Int32
}

func (e *endless) left() error {
	if e.steps.Add(-1) < 0 {
		return vault.Problem("vault.db", vault.ErrFull, "")
	}
	return nil
}

func (e *endless) Advance(ctx context.Context, done []record.Step, next *record.Step) error {
	if err := e.left(); err != nil {
		return err
	}
	return e.Journal.Advance(ctx, done, next)
}

func (e *endless) Settle(ctx context.Context, done []record.Step, actions []record.Action, maps []record.Mapping) error {
	if err := e.left(); err != nil {
		return err
	}
	return e.Journal.Settle(ctx, done, actions, maps)
}

func (e *endless) Finish(context.Context, record.RestoreState, int64, []string) (record.Restore, error) {
	return record.Restore{}, vault.Problem("vault.db", vault.ErrFull, "")
}

// A restore whose end could not be stored counts as half done what the vault does, and nothing else.
func TestAFullDiskIsCountedAsItIsStored(t *testing.T) {
	t.Parallel()
	for _, steps := range []int32{0, 3, 9} {
		r, run := newBackedUpRig(t)
		plan := r.plan(restore.Request{Items: r.breakThings(), Run: run})
		journal, err := r.file.Apply(t.Context(), plan.ID, r.meter.Drain)
		if err != nil {
			t.Fatal(err)
		}
		full := &endless{Journal: journal}
		full.steps.Store(steps)
		done, err := r.carryOut(t.Context(), full)
		if !errors.Is(err, vault.ErrFull) || done.State != record.RestoreInterrupted {
			t.Fatalf("%d steps: %s, %v", steps, done.State, err)
		}
		stored, err := r.file.Reader().Restore(t.Context(), plan.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(states(stored), states(done)); diff != "" {
			t.Errorf("%d steps: states (-stored +told):\n%s", steps, diff)
		}
	}
}

// states are those of the actions of a restore.
func states(r record.Restore) []record.ActionState {
	var all []record.ActionState
	for _, a := range r.Actions {
		all = append(all, a.State)
	}
	return all
}
