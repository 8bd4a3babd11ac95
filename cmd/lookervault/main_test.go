package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/scope"
	"github.com/lookervault/lookervault/internal/vault"
)

func TestExitCode(t *testing.T) {
	problem := func(kind error) error { return &vault.Error{Path: "looker.db", Kind: kind} }
	for _, test := range []struct {
		name string
		err  error
		want int
	}{
		{"nothing", nil, 0},
		{"anything", errors.New("anything"), 1},
		{"disk full", problem(vault.ErrFull), 1},
		{"read-only", problem(vault.ErrReadOnly), 1},
		{"no vault", problem(vault.ErrMissing), 1},
		{"no such document", fmt.Errorf("looks/9: %w", vault.ErrNotFound), 1},
		{"several instances", vault.ErrAmbiguous, 1},
		{"usage", usagef("unknown flag"), 2},
		{"configuration", &config.Problems{List: []config.Problem{{Text: "wrong"}}}, 2},
		{"no such folder", fmt.Errorf("folders.ids: 7: %w", scope.ErrNoFolder), 2},
		{"cannot connect", &exitError{code: codeConnect, err: errors.New("refused")}, 3},
		{"login refused at first", connectFailed(t.Context(), &looker.LoginError{}), 3},
		{"down at first", &exitError{code: codeConnect, err: &looker.DownError{Last: errors.New("reset")}}, 3},
		{"incomplete", said(errPartial), 4},
		{"down on the way", fmt.Errorf("fetch: %w", &looker.DownError{Last: errors.New("reset")}), 4},
		{"login refused on the way", fmt.Errorf("fetch: %w", &looker.LoginError{}), 4},
		{"budget", fmt.Errorf("list: %w", &looker.BudgetError{}), 4},
		{"locked", problem(vault.ErrLocked), 5},
		{"busy", fmt.Errorf("write: %w", problem(vault.ErrBusy)), 5},
		{"corrupt", problem(vault.ErrCorrupt), 5},
		{"replaced", problem(vault.ErrReplaced), 5},
		{"too new", problem(vault.ErrTooNew), 5},
		{"no vault but a file", problem(vault.ErrNotVault), 5},
		{"interrupted", said(job.ErrInterrupted), 130},
		{"interrupted at first", connectFailed(t.Context(), job.ErrInterrupted), 130},
		{"interrupted while reading", fmt.Errorf("read: %w", context.Canceled), 130},
		{"different, with damage", said(&exitError{code: codeDifferent, err: problem(vault.ErrCorrupt)}), 6},
		{"down once the login has worked", connectFailed(t.Context(), &looker.DownError{Last: errors.New("reset")}), 4},
		{"budget at first", connectFailed(t.Context(), &looker.BudgetError{}), 4},
		{"too old", problem(vault.ErrTooOld), 5},
		{"no locks", problem(vault.ErrNoLocks), 5},
		{"no such plan", fmt.Errorf("show: %w", &vault.PlanError{ID: 7, Kind: vault.ErrNotFound}), 2},
		{"incomplete, and damaged when it was closed", errors.Join(said(errPartial), problem(vault.ErrCorrupt)), 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := exitCode(test.err); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

// TestAfterCode: what fails after a run ends it as incomplete, but for a vault that cannot be used
// and an interrupt, which say more.
func TestAfterCode(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want int
	}{
		{"a hook", errors.New("exit status 1"), 4},
		{"wrong use of a hook", usagef("no such command"), 4},
		{"prune a damaged vault", &vault.Error{Path: "looker.db", Kind: vault.ErrCorrupt}, 5},
		{"interrupted", fmt.Errorf("prune: %w", job.ErrInterrupted), 130},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := afterCode(test.err); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

// TestPlanCode: a plan that cannot do all that it was made for is incomplete, whatever else is to
// be done.
func TestPlanCode(t *testing.T) {
	planned := record.Action{Deed: record.DeedUpdate, State: record.ActionPlanned}
	same := record.Action{Deed: record.DeedReuse, State: record.ActionSame}
	skipped := record.Action{Deed: record.DeedSkip, State: record.ActionSkipped}
	impossible := record.Action{Deed: record.DeedImpossible, State: record.ActionImpossible}
	for _, test := range []struct {
		name      string
		request   string
		actions   []record.Action
		want      int
		different int // the same, with --exit-code
	}{
		{"nothing to do", `{}`, []record.Action{same, skipped}, 0, 0},
		{"something to do", `{}`, []record.Action{planned, same}, 0, 6},
		{"something is impossible", `{}`, []record.Action{planned, impossible, same}, 4, 4},
		{"an undo that leaves something", `{"undo":1}`, []record.Action{planned, skipped}, 4, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := record.Restore{Request: []byte(test.request), Actions: test.actions}
			if got := exitCode(planCode(plan, false)); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
			if got := exitCode(planCode(plan, true)); got != test.different {
				t.Errorf("with --exit-code: got %d, want %d", got, test.different)
			}
		})
	}
}

// TestIsSaid: what somebody has been told of is not told again, but what went wrong
// besides is.
func TestIsSaid(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"said", said(errPartial), true},
		{"said, wrapped", fmt.Errorf("run: %w", said(errPartial)), true},
		{"not said", errPartial, false},
		{"said, and the vault was closed", errors.Join(said(errPartial), nil), true},
		{"said, in a command that closed two things", errors.Join(errors.Join(fmt.Errorf("apply: %w", said(errPartial)), nil), nil), true},
		{"and the vault cannot be closed", errors.Join(said(errPartial), errors.New("close: disk full")), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := isSaid(test.err); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestMessage(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"anything", errors.New("no such\nthing"), "no such thing"},
		{"interrupted", fmt.Errorf("connect: %w", job.ErrInterrupted), "interrupted"},
		{"interrupted while reading", fmt.Errorf("read documents: %w", context.Canceled), "interrupted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, message(test.err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestInterruptedDump: Ctrl-C ends a command that reads as well.
func TestInterruptedDump(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, stderr := runHere(t, "run", "--demo", "--progress", "none", "dashboards"); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	stop, stopNow := context.WithCancel(t.Context())
	env := newEnvironment(strings.NewReader(""), onWrite(stopNow), io.Discard, nil, &interrupts{stop: stop, kill: t.Context()})
	if got := exitCode(env.execute([]string{"dump", "--db", demoVault})); got != 130 {
		t.Errorf("exit code %d, want 130", got)
	}
}

// onWrite is a writer that calls itself for every write.
type onWrite func()

func (w onWrite) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}

func TestOneLine(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"as it is", errors.New("fetch dashboard 42: refused"), "fetch dashboard 42: refused"},
		{"several lines", errors.Join(errors.New("one"), errors.New("two")), "one two"},
		{"white space", errors.New("a\t b\r\n  c"), "a b c"},
		{"control characters", errors.New("instance \x1b[31mred\a\u009b2J"), "instance [31mred 2J"},
		{"a problem of the configuration", &config.Problems{List: []config.Problem{{Key: "sink.path", Text: "is empty"}}}, "sink.path: is empty"},
		{
			"several problems", &config.Problems{List: []config.Problem{{Where: "a.yaml:1", Text: "one"}, {Where: "a.yaml:2", Text: "two"}}},
			"a.yaml:1: one\nlookervault: a.yaml:2: two",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, oneLine(test.err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
