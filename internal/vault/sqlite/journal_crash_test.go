//go:build unix

package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// journalActions is how many actions are carried out at once, each by a worker; each
// makes the parts.
const journalActions = 3

var journalParts = []string{"a", "b", "c"}

// madeOn is a server in a file: a line for everything that was made, "2/b".
type madeOn string

func (m madeOn) post(what string) error {
	file, err := os.OpenFile(string(m), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(what + "\n")
	return errors.Join(err, file.Close())
}

func (m madeOn) all() ([]string, error) {
	text, err := os.ReadFile(string(m))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return strings.Fields(string(text)), err
}

// journalChild applies the plan of a vault, and kills itself at the n-th event: a
// statement, and the moment before and after something is made.
func journalChild(ctx context.Context, args []string) error {
	killAt, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	var events atomic.Int64
	return carryOut(ctx, args[0], madeOn(args[1]), func() {
		if events.Add(1) == killAt {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	})
}

// carryOut applies plan 1, or what is left of it.
func carryOut(ctx context.Context, path string, server madeOn, event func()) (err error) {
	f, err := sqlite.OpenFile(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.AfterStatements(event); err != nil {
		return err
	}
	drain := func() []record.Calls { return []record.Calls{{Route: "POST /x", Class: "query", N: 1}} }
	r, err := f.Apply(ctx, 1, drain)
	if errors.Is(err, vault.ErrOver) {
		return nil // killed after everything was done
	}
	if err != nil {
		return err
	}
	var workers sync.WaitGroup
	errs := make([]error, journalActions)
	for i := range errs {
		workers.Go(func() { errs[i] = makeParts(ctx, r, i+1, server, event) })
	}
	workers.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	_, err = r.Finish(ctx, record.RestoreComplete, 0, nil)
	return err
}

// makeParts makes what an action has not made yet, one part after the other.
func makeParts(ctx context.Context, r *sqlite.Restore, seq int, server madeOn, event func()) error {
	steps, err := r.Steps(ctx, seq)
	if err != nil {
		return err
	}
	done, made, err := settleIntents(steps, server)
	if err != nil {
		return err
	}
	number := len(steps)
	for _, part := range journalParts {
		if made[part] {
			continue
		}
		number++
		if err := r.Advance(ctx, done, &record.Step{Seq: seq, Step: number, Route: "POST /x", Part: part}); err != nil {
			return err
		}
		what := fmt.Sprint(seq, "/", part)
		event()
		if err := server.post(what); err != nil {
			return err
		}
		event()
		done = []record.Step{{Seq: seq, Step: number, State: record.StepDone, Target: what}}
	}
	if err := r.Advance(ctx, done, nil); err != nil {
		return err
	}
	a := r.Plan().Actions[seq-1]
	a.State, a.Target = record.ActionDone, fmt.Sprint(seq)
	return r.Settle(ctx, nil, []record.Action{a}, []record.Mapping{{Ref: a.Ref, TargetID: a.Target, How: record.MapCreated}})
}

// settleIntents looks whether what is in doubt was made.
func settleIntents(steps []record.Step, server madeOn) (done []record.Step, made map[string]bool, err error) {
	all, err := server.all()
	made = map[string]bool{}
	for _, s := range steps {
		what := fmt.Sprint(s.Seq, "/", s.Part)
		switch {
		case s.State == record.StepDone, s.State == record.StepAdopted:
			made[s.Part] = true
		case s.State == record.StepIntent && slices.Contains(all, what):
			made[s.Part] = true
			done = append(done, record.Step{Seq: s.Seq, Step: s.Step, State: record.StepAdopted, Target: what})
		case s.State == record.StepIntent:
			done = append(done, record.Step{Seq: s.Seq, Step: s.Step, State: record.StepVoid})
		}
	}
	return done, made, err
}

// TestKilledRestore kills a restore, and then what goes on with it, after each statement
// and around everything that it makes: what was made is always known as an intent, each
// worker has one open intent at most, and in the end everything was made once.
// LOOKERVAULT_TEST_KILLS makes it all of these moments.
func TestKilledRestore(t *testing.T) {
	t.Parallel()
	every := 4
	if testenv.More(testenv.Kills) {
		every = 1
	}
	whole := plannedVault(t)
	kills := 0
	for at := 1; ; at += every {
		path := newPath(t)
		writeFile(t, path, whole)
		server := madeOn(filepath.Join(filepath.Dir(path), "made"))
		if !killedAt(t, path, server, at) {
			break
		}
		kills++
		checkIntents(t, path, server)
		if killedAt(t, path, server, 1+at%9) {
			kills++
			checkIntents(t, path, server)
		}
		if err := carryOut(t.Context(), path, server, func() {}); err != nil {
			t.Fatal(err)
		}
		checkMade(t, path, server)
		if t.Failed() {
			t.Fatalf("killed at event %d", at)
		}
	}
	t.Logf("%d kills", kills)
	if kills < 10 {
		t.Errorf("only %d kills", kills)
	}
}

// plannedVault is the file of a vault with a plan.
func plannedVault(t *testing.T) []byte {
	t.Helper()
	path := aVaultToRestore(t)
	f, err := sqlite.OpenFile(t.Context(), path, sqlite.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	plan := aPlan()
	plan.Actions = nil
	for i := range journalActions {
		plan.Actions = append(plan.Actions, record.Action{
			Seq: i + 1, Level: 1, Ref: record.Ref{Kind: dashboards, ID: fmt.Sprint(i + 1)}, Deed: record.DeedCreate, Version: int64(i + 1),
		})
	}
	putPlan(t, f, plan)
	mustClose(t, f)
	whole := readFile(t, path)
	return whole
}

// killedAt lets a child apply the plan until its n-th event, and reports whether it came
// so far.
func killedAt(t *testing.T, path string, server madeOn, at int) bool {
	t.Helper()
	cmd := childCommand(t, "journal", path, string(server), strconv.Itoa(at))
	err := cmd.Run()
	if err != nil && cmd.ProcessState.Exited() {
		t.Fatalf("the child failed by itself: %v", err)
	}
	return err != nil
}

// checkIntents checks what a kill has left.
func checkIntents(t *testing.T, path string, server madeOn) {
	t.Helper()
	sound(t, path)
	known := names(t, path, `SELECT seq || '/' || part FROM restore_steps WHERE state <> 'void'`)
	made, err := server.all()
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range made {
		if !slices.Contains(known, what) {
			t.Errorf("%s was made, and no intent says so", what)
		}
	}
	open, err := sqlite.Value(path, `SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM restore_steps WHERE state = 'intent' GROUP BY seq)`)
	if err != nil || open.(int64) > 1 {
		t.Errorf("%v intents of one worker are open, %v", open, err)
	}
	r := restoreOf(t, read(t, path), 1)
	if r.State != record.RestoreInterrupted && r.State != record.RestoreComplete && r.State != record.RestorePlanned {
		t.Errorf("it is %s", r.State)
	}
}

// checkMade checks that a restore that came to its end has made everything once.
func checkMade(t *testing.T, path string, server madeOn) {
	t.Helper()
	sound(t, path)
	var want []string
	for i := range journalActions {
		for _, part := range journalParts {
			want = append(want, fmt.Sprint(i+1, "/", part))
		}
	}
	made, err := server.all()
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(made))); diff != "" || err != nil {
		t.Errorf("made (-want +got):\n%s%v", diff, err)
	}
	r := restoreOf(t, read(t, path), 1)
	if r.State != record.RestoreComplete {
		t.Errorf("it is %s", r.State)
	}
	for _, a := range r.Actions {
		if a.State != record.ActionDone || a.Target != fmt.Sprint(a.Seq) {
			t.Errorf("action %d is %s with target %q", a.Seq, a.State, a.Target)
		}
	}
	if n, err := sqlite.Value(path, `SELECT count(*) FROM restore_steps WHERE state = 'intent'`); err != nil || n != int64(0) {
		t.Errorf("%v intents are open, %v", n, err)
	}
}
