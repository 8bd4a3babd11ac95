package sqlite_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

const onlyTogether = "looker.db is complete only together with looker.db-wal"

// underReader begins a run, with another program that reads the state before its last
// commit until release is called.
func underReader(t *testing.T, path string, o sqlite.Options) (w *sqlite.Writer, release func()) {
	t.Helper()
	aRun(t, path, doc("1", "One"))
	w, err := sqlite.Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if _, err := w.Begin(t.Context(), startOf("acme")); err != nil {
		t.Fatal(err)
	}
	release, err = sqlite.HoldRead(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	commit(t, w, doc("1", "One"), doc("2", "Two"))
	return w, release
}

// logSize is the size of the log beside a vault, 0 when there is none.
func logSize(path string) int64 {
	info, err := os.Stat(path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// alone checks that the file without the log holds as many documents.
func alone(t *testing.T, path string, want int) {
	t.Helper()
	b := readFile(t, path)
	copied := newPath(t)
	writeFile(t, copied, b)
	lines, err := asked(t.Context(), copied, questions[0])
	if err != nil || len(lines) != want {
		t.Errorf("the file alone holds %d documents (%v), want %d", len(lines), err, want)
	}
	sound(t, copied)
}

func end(t *testing.T, w *sqlite.Writer) record.Run {
	t.Helper()
	run, err := w.Finish(t.Context(), record.Finish{
		At: vaulttest.Dawn.Add(time.Hour), Kinds: []record.End{{Kind: dashboards, Listing: record.Complete}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestRunUnderAReaderSaysThatTheLogBelongsToIt(t *testing.T) {
	path := newPath(t)
	var warnings []string
	w, release := underReader(t, path, sqlite.Options{Readers: time.Nanosecond, Warn: func(text string) { warnings = append(warnings, text) }})
	run := end(t, w)
	if run.Outcome != record.RunComplete || !strings.Contains(strings.Join(run.Notes, "\n"), onlyTogether) {
		t.Errorf("the run is %s with the notes %q", run.Outcome, run.Notes)
	}
	mustClose(t, w)
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], onlyTogether) {
		t.Errorf("got the warnings %q, want one that names the log", warnings)
	}
	if sqlite.FilesOf(path).LogBytes == 0 {
		t.Fatal("the log is empty, so the reader reads nothing of before")
	}
	release()
	if err := read(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if n := logSize(path); n != 0 {
		t.Errorf("the last reader left a log of %d bytes", n)
	}
	alone(t, path, 2)
}

func TestRunWaitsForReaders(t *testing.T) {
	path := newPath(t)
	w, release := underReader(t, path, sqlite.Options{Readers: time.Hour, Warn: func(text string) { t.Errorf("warned: %s", text) }})
	other := read(t, path)
	done := make(chan error)
	go func() {
		defer close(done)
		for {
			// Once the run has its outcome, only the log is waited for.
			run, err := other.Run(t.Context(), 2)
			if err != nil {
				done <- err
				return
			}
			if run.Outcome == record.RunComplete {
				release()
				return
			}
		}
	}()
	run := end(t, w)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(run.Notes) > 0 || logSize(path) != 0 {
		t.Errorf("the run has the notes %q and a log of %d bytes", run.Notes, logSize(path))
	}
	alone(t, path, 2)
}

// A run that is killed leaves its log; the next reader makes the file whole.
func TestReaderTidiesTheLogOfAKilledRun(t *testing.T) {
	source, path := newPath(t), newPath(t)
	w := begin(t, source, startOf("acme"))
	commit(t, w, doc("1", "One"))
	for _, suffix := range []string{"", "-wal"} {
		writeFile(t, path+suffix, readFile(t, source+suffix))
	}
	r := read(t, path)
	release, err := sqlite.HoldRead(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	mustClose(t, r)
	warned := ""
	r = read(t, path)
	r.OnLog(func(text string) { warned = text })
	mustClose(t, r)
	if left := logSize(path) > 0; left != strings.HasPrefix(warned, onlyTogether) {
		t.Errorf("the log is left: %t; warned: %q", left, warned)
	}
	release()
	if err := read(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); err == nil {
		t.Error("the last reader left the log")
	}
	alone(t, path, 1)
}

// A reader leaves the log of a run that is under way.
func TestReaderLeavesTheLogOfARun(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme"))
	commit(t, w, doc("1", "One"))
	before := logSize(path)
	if err := read(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if after := logSize(path); after != before || before == 0 {
		t.Errorf("the log had %d bytes and has %d", before, after)
	}
	finish(t, w, dashboards)
}
