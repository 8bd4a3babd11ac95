package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

const (
	crashRuns  = 3
	crashDocs  = 400
	crashBatch = 10
)

// crashContent is what the server holds when a run looks: documents come,
// change, go to the trash and vanish from run to run.
func crashContent(run int64) (all []record.Record) {
	for i := range crashDocs {
		id := fmt.Sprint(i)
		if (int64(i)+run)%7 == 0 {
			continue // not there in this run
		}
		if i%50 == 49 && run > 1 {
			all = append(all, vaulttest.Fault(dashboards, id, "server", 5))
			continue
		}
		title := fmt.Sprint("Dashboard ", id)
		if i%3 == 0 {
			title = fmt.Sprint(title, " as of run ", run)
		}
		var more []func(*record.Record)
		if (int64(i)+run)%11 == 0 {
			more = append(more, vaulttest.Trash)
		}
		all = append(all, doc(id, title, append(more, vaulttest.Pointing(record.Ref{Kind: looks, ID: fmt.Sprint(i % 5)}))...))
	}
	return all
}

// crashChild does one run, or what is left of it, and says which documents are
// committed.
func crashChild(ctx context.Context, args []string) error {
	run, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return err
	}
	w, err := sqlite.Open(ctx, args[0], sqlite.Options{})
	if err != nil {
		return err
	}
	defer w.Close()
	return crashRun(ctx, w, run, func(ids []string) { fmt.Println(strings.Join(ids, " ")) })
}

func crashRun(ctx context.Context, w *sqlite.Writer, run int64, committed func([]string)) error {
	r, err := sqlite.OpenReader(ctx, w.Path())
	if err != nil {
		return err
	}
	newest, err := r.Run(ctx, 0)
	if err = errors.Join(r.Close(), err); err != nil && !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	start := startOf("acme")
	start.Resume = newest.ID == run
	if _, err := w.Begin(ctx, start); errors.Is(err, vault.ErrNothingOpen) {
		return nil // killed after everything was done
	} else if err != nil {
		return err
	}
	all := crashContent(run)
	for chunk := range slices.Chunk(all, crashBatch) {
		batch, ids, err := unsettled(ctx, w, chunk)
		if err != nil {
			return err
		}
		if err := w.Commit(ctx, batch); err != nil {
			return err
		}
		committed(ids)
	}
	_, err = w.Finish(ctx, record.Finish{At: vaulttest.Dawn.Add(time.Hour),
		Kinds: []record.End{{Kind: dashboards, Listing: record.Complete, Listed: int64(len(all))}}})
	return err
}

// unsettled leaves out what the run has settled already, and what the stamps
// prove unchanged comes without its body.
func unsettled(ctx context.Context, w *sqlite.Writer, chunk []record.Record) (batch record.Batch, ids []string, err error) {
	var asked []string
	for _, rec := range chunk {
		asked = append(asked, rec.ID)
	}
	known, err := w.Known(ctx, dashboards, asked)
	if err != nil {
		return nil, nil, err
	}
	for _, rec := range chunk {
		k, held := known[rec.ID]
		if k.Settled {
			continue
		}
		if held && rec.Fault == nil && k.Stamp == rec.Stamp {
			rec = record.Record{Ref: rec.Ref, State: rec.State, Same: true, Policy: 1}
		}
		batch = append(batch, rec)
		if rec.Fault == nil {
			ids = append(ids, rec.ID)
		}
	}
	return batch, ids, nil
}

// TestKilled kills runs at random moments, resumes them, and compares with runs
// that nobody disturbed. LOOKERVAULT_TEST_KILLS asks for more than a few kills.
func TestKilled(t *testing.T) {
	t.Parallel()
	kills := testenv.Rounds(t, testenv.Kills, 12)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	for done := 0; done < kills; {
		path := newPath(t)
		for run := int64(1); run <= crashRuns; run++ {
			acknowledged := map[string]bool{}
			for range max(1, min(kills/crashRuns, 12)) {
				killed := killedRun(t, path, run, random, acknowledged)
				if killed {
					done++
				}
				checkSurvivor(t, path, run, acknowledged)
				if !killed || t.Failed() {
					break
				}
			}
			if out, err := childCommand(t, "crash", path, fmt.Sprint(run)).Output(); err != nil {
				t.Fatalf("the last child of run %d: %v: %s", run, err, out)
			}
			sound(t, path)
		}
		compareUndisturbed(t, path)
		t.Logf("%d kills", done)
		if t.Failed() {
			return
		}
	}
}

// killedRun starts a child and kills it after a random number of commits and a
// random moment more. It reports whether the child was still alive then.
func killedRun(t *testing.T, path string, run int64, random *rand.Rand, acknowledged map[string]bool) bool {
	t.Helper()
	cmd := childCommand(t, "crash", path, fmt.Sprint(run))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(stdout); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	acknowledge := func(line string) {
		for id := range strings.FieldsSeq(line) {
			acknowledged[id] = true
		}
	}
	for range random.IntN(crashDocs/crashBatch + 5) {
		line, ok := <-lines
		if !ok {
			break
		}
		acknowledge(line)
	}
	// The moment is the point of the test: a commit takes about this long.
	<-time.After(time.Duration(random.IntN(2000)) * time.Microsecond)
	_ = cmd.Process.Kill()
	for line := range lines {
		acknowledge(line)
	}
	err = cmd.Wait()
	if err != nil && cmd.ProcessState.Exited() {
		t.Fatalf("the child failed by itself: %v", err)
	}
	return err != nil
}

// checkSurvivor checks that the vault is sound and that nothing is lost of what
// a commit said is durable.
func checkSurvivor(t *testing.T, path string, run int64, acknowledged map[string]bool) {
	t.Helper()
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && len(acknowledged) == 0 {
		return
	}
	r, err := sqlite.OpenReader(t.Context(), path)
	if errors.Is(err, vault.ErrNotVault) && len(acknowledged) == 0 {
		return // killed before there was a single table
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	findings, err := r.Verify(t.Context())
	if err != nil || len(findings) > 0 {
		t.Errorf("after a kill in run %d: %v, %v", run, findings, err)
	}
	settled := map[string]bool{}
	if len(acknowledged) > 0 {
		for e, err := range r.Entries(t.Context(), vault.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			settled[e.ID] = e.LastRun == run
		}
	}
	for id := range acknowledged {
		if !settled[id] {
			t.Errorf("run %d: %s was committed and is lost", run, id)
		}
	}
}

// compareUndisturbed compares with a vault whose runs nobody killed: every run's
// numbers and digest, and every version.
func compareUndisturbed(t *testing.T, path string) {
	t.Helper()
	want := newPath(t)
	for run := range int64(crashRuns) {
		w := open(t, want)
		if err := crashRun(t.Context(), w, run+1, func([]string) {}); err != nil {
			t.Fatal(err)
		}
		mustClose(t, w)
	}
	wantRuns, wantVersions := everything(t, want)
	gotRuns, gotVersions := everything(t, path)
	// A process that was killed leaves its time.
	if diff := cmp.Diff(wantRuns, gotRuns, cmpopts.IgnoreFields(record.Run{}, "Sessions")); diff != "" {
		t.Errorf("runs (-undisturbed +killed):\n%s", diff)
	}
	if diff := cmp.Diff(wantVersions, gotVersions); diff != "" {
		t.Errorf("versions (-undisturbed +killed):\n%s", diff)
	}
}

func everything(t *testing.T, path string) ([]record.Run, []string) {
	t.Helper()
	runs, err := read(t, path).Runs(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	versions, err := sqlite.Rows(path, `SELECT id, state, first_run, last_run, gone_run, sha256, fingerprint
		FROM document_versions ORDER BY id, first_run`)
	if err != nil {
		t.Fatal(err)
	}
	return runs, versions
}

// TestOpenAfterAKillWhileTheTablesWereMade: the file has pages by then, and a journal
// beside it that takes them back. What is left is as empty as a new file.
func TestOpenAfterAKillWhileTheTablesWereMade(t *testing.T) {
	path := newPath(t)
	making := path + ".making"
	db, err := sql.Open("sqlite3", making)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// A cache this small is written to the file before the transaction ends.
	for _, statement := range []string{
		"PRAGMA page_size=16384", "PRAGMA cache_size=1", "BEGIN IMMEDIATE", "CREATE TABLE instances (id INTEGER PRIMARY KEY, name)",
		"INSERT INTO instances VALUES (1, randomblob(1000000))",
	} {
		if _, err := c.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, suffix := range []string{"", "-journal"} { // what a kill leaves
		left, err := os.ReadFile(making + suffix)
		if err != nil || len(left) == 0 {
			t.Fatalf("%s%s: %d bytes, %v", making, suffix, len(left), err)
		}
		writeFile(t, path+suffix, left)
	}
	aRun(t, path, doc("1", "One"))
	r := read(t, path)
	if runs, err := r.Runs(t.Context(), ""); err != nil || len(runs) != 1 {
		t.Errorf("%d runs, %v, want one", len(runs), err)
	}
}
