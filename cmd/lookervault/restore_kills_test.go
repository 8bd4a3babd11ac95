package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/testenv"
)

// killed is the program against a simulated Looker, killed in the middle.
type killed struct {
	t      *testing.T
	sim    *lookersim.Server
	env    []string
	db     string
	random *rand.Rand

	kills, resumes int
}

// TestKilledRestores kills restores, and what takes them back, with SIGKILL at random moments and
// goes on with them, over several losses: nothing is made twice, and nothing is missing.
// LOOKERVAULT_TEST_KILLS asks for more than a few kills.
func TestKilledRestores(t *testing.T) {
	t.Parallel()
	want := testenv.Rounds(t, testenv.Kills, 4)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	k := &killed{t: t, random: rand.New(rand.NewPCG(seed, 4))}
	for k.kills < want && !t.Failed() {
		k.begin(int64(k.random.IntN(1000)))
		for range 3 {
			if k.kills < want && !t.Failed() {
				k.loseAndRestore(want)
			}
		}
	}
	t.Logf("%d kills of %d commands: nothing made twice, nothing lost", k.kills, k.resumes)
}

// begin starts another instance, and backs it up.
func (k *killed) begin(seed int64) {
	k.t.Helper()
	sim, url := simtest.New(k.t, lookersim.Options{
		Seed: seed, SmallTiles: true, ClientSecret: clientSecret, Latency: 2 * time.Millisecond,
		Sizes: lookersim.Sizes{Dashboards: 30, Looks: 12, Folders: 8, Users: 6, Boards: 4, ScheduledPlans: 12, Alerts: 10, Groups: 4},
	})
	k.sim, k.db = sim, filepath.Join(k.t.TempDir(), "looker.db")
	k.env = append(append(os.Environ(), environOf(url)...), "LOOKERSDK_CLIENT_SECRET="+clientSecret, "LOOKERVAULT_RESTORE__SETTLE=50ms")
	k.run(0, "run", "-q")
}

// run runs the program to its end, and returns what it printed.
func (k *killed) run(code int, args ...string) []byte {
	k.t.Helper()
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(k.t.Context(), "lookervault", append(args, "--db", k.db)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = k.env, &out, &complaints
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		k.t.Fatalf("lookervault %v: %v\n%s%s", args, err, out.Bytes(), complaints.Bytes())
	}
	return out.Bytes()
}

// content counts what there is of each kind, and how many tiles and awake schedules.
func (k *killed) content() map[string]int {
	counts := make(map[string]int)
	for _, kind := range []string{"dashboards", "looks", "scheduled_plans", "alerts", "boards", "folders", "content_access"} {
		for item := range k.sim.Items(kind) {
			body := k.sim.Document(kind, item.ID)
			counts[kind+" "+item.State]++
			for _, part := range []string{"dashboard_elements", "dashboard_filters"} {
				if rows, err := canon.Rows(canon.Member(body, part)); err == nil {
					counts[part] += len(rows)
				}
			}
			for _, member := range []string{"enabled", "is_disabled"} {
				if canon.Text(canon.Member(body, member)) == "true" {
					counts[kind+" "+member]++
				}
			}
		}
	}
	return counts
}

// place is the folder and the title of a dashboard.
func (k *killed) place(id string) string {
	body := k.sim.Document("dashboards", id)
	return canon.Text(canon.Member(body, "folder_id")) + "/" + canon.Text(canon.Member(body, "title"))
}

// places counts the dashboards that are present by place.
func (k *killed) places() map[string]int {
	counts := make(map[string]int)
	for item := range k.sim.Items("dashboards") {
		if item.State == "present" {
			counts[k.place(item.ID)]++
		}
	}
	return counts
}

// loseAndRestore loses some dashboards, plans to have them back, and kills that.
func (k *killed) loseAndRestore(want int) {
	k.t.Helper()
	before, places := k.content(), k.places()
	gone := 0
	for item := range k.sim.Items("dashboards") {
		// Two of one title in a folder are nothing that Looker lets anybody make again.
		alone := places[k.place(item.ID)] == 1
		if item.State == "present" && alone && k.random.IntN(5) == 0 && gone < 5 {
			if status, answer := k.sim.Do("DELETE", "/dashboards/"+item.ID, nil); status >= 300 {
				k.t.Fatalf("%d %s", status, answer)
			}
			gone++
		}
	}
	var plan struct {
		Plan    int64
		Actions []json.RawMessage
	}
	if err := json.Unmarshal(k.run(0, "restore", "plan", "--lost", "--wake", "as-was", "--json"), &plan); err != nil {
		k.t.Fatal(err)
	}
	if len(plan.Actions) == 0 {
		return
	}
	lost := k.content()
	k.killing(want, plan.Plan, "apply", plan.Plan)
	k.has(before, "restore")
	undo := k.killing(want, plan.Plan, "undo", plan.Plan, "--hard")
	k.has(lost, "undo")
	k.killing(want, undo, "undo", undo)
	k.has(before, "undo of the undo")
	var again struct{ Actions []json.RawMessage }
	if err := json.Unmarshal(k.run(0, "restore", "plan", "--lost", "--wake", "as-was", "--json"), &again); err != nil {
		k.t.Fatal(err)
	}
	if len(again.Actions) > 0 {
		k.t.Errorf("a second plan has %d actions: %s", len(again.Actions), again.Actions[0])
	}
	k.run(0, "verify", "-q")
	k.run(0, "run", "-q")
}

// has compares what there is with what is wanted.
func (k *killed) has(want map[string]int, after string) {
	k.t.Helper()
	if diff := cmp.Diff(want, k.content()); diff != "" {
		k.t.Errorf("%d kills, after the %s (-want +got):\n%s", k.kills, after, diff)
	}
}

// killing gives a command of restore for a plan, kills that at random moments and goes on with what
// it had planned by then, until it ends. It returns the newest plan, of which newest was known.
func (k *killed) killing(want int, newest int64, verb string, plan int64, flags ...string) int64 {
	k.t.Helper()
	for round := 0; k.restore(k.kills < want && round < 12, append([]string{verb, fmt.Sprint(plan)}, flags...)...); round++ {
		k.kills++
		if planned := k.newest(); planned > newest {
			newest, verb, plan, flags = planned, "apply", planned, nil
		}
	}
	return k.newest()
}

// newest is the number of the newest plan.
func (k *killed) newest() int64 {
	k.t.Helper()
	var all []struct{ Restore int64 }
	if err := json.Unmarshal(k.run(0, "restore", "status", "--json"), &all); err != nil {
		k.t.Fatal(err)
	}
	return all[0].Restore
}

// restore gives a command of restore, and kills that at a random moment where it is to; it
// reports whether it was killed before its end.
func (k *killed) restore(kill bool, args ...string) (dead bool) {
	k.t.Helper()
	var complaints bytes.Buffer
	args = append([]string{"restore"}, args...)
	cmd := exec.CommandContext(k.t.Context(), "lookervault", append(args, "--yes", "-q", "--workers", "4", "--db", k.db)...)
	cmd.Env, cmd.Stderr = k.env, &complaints
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	k.resumes++
	if kill {
		timer := time.AfterFunc(time.Duration(k.random.IntN(700))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
	}
	err := cmd.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && !exit.Exited() {
		return true
	}
	if err != nil {
		k.t.Fatalf("%v: %v\n%s", args, err, complaints.Bytes())
	}
	return false
}
