package extract_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/sinks"
)

// childVariable tells the test binary, started by one of its tests, to be a run
// of its own: the address of the server and the path of the vault.
const childVariable = "LOOKERVAULT_TEST_CHILD"

// TestCrashChild is no test: it is the run that TestCrash kills. It says which
// documents are committed.
func TestCrashChild(t *testing.T) {
	url, path, ok := strings.Cut(os.Getenv(childVariable), " ")
	if !ok {
		t.Skip("this is what TestCrash starts")
	}
	r := newRig(t, lookersim.Options{})
	r.url, r.path = url, path
	crashing(r)
	out := bufio.NewWriter(os.Stdout)
	r.wrap = func(s sinks.Sink) sinks.Sink {
		var batch record.Batch
		return &sinks.Faulty{
			Sink:         s,
			BeforeCommit: func(_ context.Context, _ int, b record.Batch) error { batch = b; return nil },
			AfterCommit: func(context.Context, int) error {
				var refs []record.Ref
				for _, rec := range batch {
					if rec.Fault == nil && rec.State != record.Gone {
						refs = append(refs, rec.Ref)
					}
				}
				line, err := json.Marshal(refs)
				if err != nil {
					return err
				}
				fmt.Fprintf(out, "committed %s\n", line)
				return out.Flush()
			},
		}
	}
	result, err := r.try(resume())
	if errors.Is(err, vault.ErrNothingOpen) {
		result, err = r.try(start())
	}
	if err != nil || result.Run.Outcome != record.RunComplete {
		t.Fatalf("run: %v, outcome %s", err, result.Run.Outcome)
	}
}

// crashing makes runs of many small transactions.
func crashing(r *rig) {
	r.config.Stages.Batch.Records, r.config.Stages.Batch.Buffer = 5, 1
	r.config.Stages.Fetch.Buffer, r.config.Stages.Serialize.Buffer = 4, 4
}

// behind are kinds of which the simulator does not know which are used, once
// dashboards were changed or deleted: a vault may hold more of them.
var behind = []record.Kind{"merge_queries", "queries"}

// inFront are the others.
func inFront() (kinds []record.Kind) {
	for _, k := range catalogue.All() {
		if !slices.Contains(behind, k.Name) {
			kinds = append(kinds, k.Name)
		}
	}
	return kinds
}

// toll is what kills did.
type toll struct{ kills, resumes, lost, invented, again, unsound int }

// TestCrash kills runs with SIGKILL at random moments and resumes them, over
// several states of a server, and compares the vault with one whose runs nobody
// killed. LOOKERVAULT_TEST_KILLS asks for more than a few kills.
func TestCrash(t *testing.T) {
	want := 5
	if raced {
		want = 1
	}
	want = testenv.Rounds(t, testenv.Kills, want)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 3))
	t.Logf("seed %d", seed)
	var sum toll
	for sum.kills < want && !t.Failed() {
		killed, spared := newRig(t, lookersim.Options{Seed: int64(random.IntN(1000))}), &rig{}
		*spared = *killed
		spared.path = killed.path + ".spared"
		spared.open = func(ctx context.Context) (sinks.Sink, error) {
			return sinks.OpenSQLite(ctx, spared.path, sqlite.Options{})
		}
		crashing(spared)
		for run := int64(1); run <= 3 && !t.Failed(); run++ {
			settled, resuming := make(map[record.Ref]bool), false
			// Not all in one run: later runs have other things to lose.
			for n := 0; ; n++ {
				how := random
				if n > min(8, want/3) {
					how = nil
				}
				killed.sim.ResetCounts()
				dead, acknowledged := killed.crash(how)
				if resuming {
					sum.resumes++
					killed.countAgain(settled, &sum)
				}
				if !dead {
					break
				}
				sum.kills++
				if killed.examine(run, acknowledged, settled, &sum) {
					break
				}
				resuming = len(settled) > 0
			}
			compareRuns(t, killed, spared, run)
			disturbWorld(t, killed, random)
			if sum.kills >= want {
				break
			}
		}
	}
	t.Logf("\n| kills | resumes | committed and lost | invented | fetched again | unsound files |\n| --- | --- | --- | --- | --- | --- |\n| %d | %d | %d | %d | %d | %d |",
		sum.kills, sum.resumes, sum.lost, sum.invented, sum.again, sum.unsound)
	if sum.lost+sum.invented+sum.again+sum.unsound > 0 {
		t.Errorf("%+v", sum)
	}
}

// crash starts a child that begins or resumes a run and kills it at a random
// moment; without random it lets it live. It reports whether the child was killed,
// and what it said is committed.
func (r *rig) crash(random *rand.Rand) (dead bool, acknowledged map[record.Ref]bool) {
	t := r.t
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^TestCrashChild$", "-test.timeout", "60s")
	// What is killed removes nothing of its own.
	cmd.Env = append(os.Environ(), childVariable+"="+r.url+" "+r.path, "TMPDIR="+t.TempDir())
	var said, complained bytes.Buffer // the second one is written to until the child has ended
	cmd.Stderr = &complained
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	commits, after := momentOf(random)
	acknowledged = make(map[record.Ref]bool)
	lines := bufio.NewReader(stdout)
	read := func() error {
		line, err := lines.ReadString('\n')
		list, ok := strings.CutPrefix(line, "committed ")
		if err != nil || !ok {
			said.WriteString(line)
			return err
		}
		var refs []record.Ref
		if err := json.Unmarshal([]byte(list), &refs); err != nil {
			return err
		}
		for _, ref := range refs {
			acknowledged[ref] = true
		}
		return nil
	}
	for n := 0; err == nil && n != commits; n++ {
		err = read()
	}
	if random != nil && err == nil {
		<-time.After(after) // the moment is the point
		_ = cmd.Process.Kill()
	}
	for err == nil {
		err = read()
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	err = cmd.Wait()
	if err != nil && cmd.ProcessState.Exited() {
		t.Fatalf("the child failed by itself: %v\n%s%s", err, said.String(), complained.String())
	}
	return err != nil, acknowledged
}

// momentOf is when a run is killed: so long after so many commits. Nil means never.
func momentOf(random *rand.Rand) (commits int, after time.Duration) {
	if random == nil {
		return -1, 0
	}
	// Some moments are before the first commit, and some behind the last.
	commits, after = random.IntN(100)-15, time.Duration(random.IntN(4000))*time.Microsecond
	if commits < 0 {
		return 0, time.Duration(random.IntN(120)) * time.Millisecond
	}
	return commits, after
}

// examine looks at a vault that a kill has left, and reports whether the run was
// over by then.
func (r *rig) examine(run int64, acknowledged, settled map[record.Ref]bool, sum *toll) (over bool) {
	t := r.t
	t.Helper()
	reader, err := sqlite.OpenReader(t.Context(), r.path)
	if err != nil && len(acknowledged) == 0 && run == 1 {
		return false // killed before there was a vault
	}
	if err != nil {
		t.Fatal(err)
	}
	findings, err := reader.Verify(t.Context())
	newest, none := reader.Run(t.Context(), 0)
	if err = errors.Join(err, reader.Close()); err != nil || len(findings) > 0 {
		sum.unsound++
		t.Errorf("verify: %v %v", findings, err)
	}
	if errors.Is(none, vault.ErrNotFound) && len(acknowledged) == 0 {
		return false // killed before the first run began
	}
	now := r.settled(run)
	for ref := range acknowledged {
		if !now[ref] {
			sum.lost++
			t.Errorf("run %d: %s was committed and is lost", run, ref)
		}
	}
	served, stored, secrets := r.served(), r.stored(), mustSecrets(t)
	for ref := range now {
		settled[ref] = true
		if slices.Contains(behind, ref.Kind) {
			continue
		}
		item, ok := served[ref]
		body, _ := secrets[ref.Kind].Redact(r.bodyOf(ref.Kind, item))
		if !ok || !bytes.Equal(body, stored[ref].Body) && stored[ref].FirstRun == run {
			sum.invented++
			t.Errorf("run %d: %s is not what the server holds", run, ref)
		}
	}
	return newest.ID == run && newest.Outcome == record.RunComplete
}

// countAgain counts what was settled and is given again all the same.
func (r *rig) countAgain(settled map[record.Ref]bool, sum *toll) {
	before := r.t.Failed()
	r.notAgain(settled)
	if r.t.Failed() && !before {
		sum.again++
	}
}

// compareRuns makes the run that nobody kills, at the same state of the server,
// and compares.
func compareRuns(t *testing.T, killed, spared *rig, run int64) {
	t.Helper()
	compare(t, killed, inFront()...)
	want := spared.run(record.RunComplete, start()).Run
	reader := simtest.Reader(t, killed.path)
	defer reader.Close()
	got, err := reader.Run(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != run || got.Outcome != record.RunComplete || got.Digest != want.Digest {
		t.Errorf("run %d: %s, digest %s, want %s as of the run that nobody killed", got.ID, got.Outcome, got.Digest, want.Digest)
	}
	// A run that is killed while it makes tombstones follows less when it is
	// resumed: what is gone points to nothing. All other numbers are the same.
	ignore := cmpopts.IgnoreFields(record.Counts{}, "Listed")
	if diff := cmp.Diff(numbersOf(want), numbersOf(got), ignore); diff != "" {
		t.Errorf("numbers of run %d (-spared +killed):\n%s", run, diff)
	}
}

// disturbWorld changes something between two runs.
func disturbWorld(t *testing.T, r *rig, random *rand.Rand) {
	t.Helper()
	d, l, u := r.sim.IDs("dashboards"), r.sim.IDs("looks"), r.sim.IDs("users")
	mutate(t, r,
		lookersim.Change{Op: lookersim.OpTrash, Kind: "dashboards", ID: pick(random, d[:20]...)},
		lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: pick(random, d[20:40]...)},
		lookersim.Change{Op: lookersim.OpAdd, Kind: "dashboards"},
		lookersim.Change{Op: lookersim.OpTitle, Kind: "looks", ID: pick(random, l[:10]...), Value: fmt.Sprint("Title ", random.IntN(1000))},
		lookersim.Change{Op: lookersim.OpDelete, Kind: "looks", ID: pick(random, l[10:20]...)},
		lookersim.Change{Op: lookersim.OpDelete, Kind: "users", ID: pick(random, u[5:15]...)},
	)
}
