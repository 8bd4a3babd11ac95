package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

func TestNewFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c=d#e%20ü.db")
	w := begin(t, path, startOf("acme"))
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("looker.db%s has mode %o, want 600", suffix, got)
		}
	}
	if got, err := w.Value("PRAGMA synchronous"); err != nil || got != int64(2) {
		t.Errorf("synchronous is %v, %v, want 2: full", got, err)
	}
	finish(t, w, dashboards)
	for pragma, want := range map[string]any{
		"page_size": int64(16384), "journal_mode": "wal", "application_id": int64(0x4c6b7256),
		"user_version": int64(sqlite.Schema), "encoding": "UTF-8",
	} {
		got, err := sqlite.Value(path, "PRAGMA "+pragma)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("PRAGMA %s is %v, want %v", pragma, got, want)
		}
	}
	sound(t, path)
}

// A closed vault is one file that can be copied.
func TestClosedVaultIsOneFile(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if _, err := os.Stat(path + suffix); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("looker.db%s is still there: %v", suffix, err)
		}
	}
	whole := readFile(t, path)
	copied := newPath(t)
	writeFile(t, copied, whole)
	sound(t, copied)
}

// A finished run is in the file itself, also while the writer is still open.
func TestFinishedRunIsInTheFile(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme"))
	commit(t, w, doc("1", "One"))
	if _, err := w.Finish(t.Context(), record.Finish{}); err != nil {
		t.Fatal(err)
	}
	whole := readFile(t, path)
	copied := newPath(t)
	writeFile(t, copied, whole)
	sound(t, copied)
	if _, err := read(t, copied).Document(t.Context(), "", record.Ref{Kind: dashboards, ID: "1"}, vault.Point{}); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	sqliteFile := func(statements ...string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			execute(t, path, statements...)
		}
	}
	content := func(text string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			writeFile(t, path, []byte(text))
		}
	}
	whole := func(change func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			aRun(t, path, doc("1", "One"))
			b := readFile(t, path)
			writeFile(t, path, change(b))
		}
	}
	tests := []struct {
		name   string
		make   func(*testing.T, string)
		want   error
		reader error // when it is another one
	}{
		{"text", content("a diary, not a database, and longer than any header of a hundred bytes would ever need to be. Really."), vault.ErrNotVault, nil},
		{"short text", content("hello"), vault.ErrNotVault, nil},
		{"another application", sqliteFile("CREATE TABLE t (a)", "INSERT INTO t VALUES (1)"), vault.ErrNotVault, nil},
		{"another application with an id", sqliteFile("PRAGMA application_id=77", "CREATE TABLE t (a)"), vault.ErrNotVault, nil},
		{"too new", func(t *testing.T, path string) {
			aRun(t, path, doc("1", "One"))
			sqliteFile("PRAGMA user_version=99")(t, path)
		}, vault.ErrTooNew, nil},
		{"cut off", whole(func(b []byte) []byte { return b[:len(b)/2] }), vault.ErrCorrupt, nil},
		{"first page overwritten", whole(func(b []byte) []byte { return append(b[:100:100], bytes.Repeat([]byte{0xab}, len(b)-100)...) }), vault.ErrCorrupt, nil},
		{"a folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, vault.ErrNotVault, nil},
		{"a pipe", func(t *testing.T, path string) {
			if err := unix.Mkfifo(path, 0o600); err != nil {
				t.Skip(err)
			}
		}, vault.ErrNotVault, nil},
		{"folder missing", func(t *testing.T, path string) {
			if err := os.Remove(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
		}, vault.ErrMissing, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			tt.make(t, path)
			before, beside := contentOf(path), filesAt(t, path)
			if before != nil {
				// Others may have a right to read what is no vault.
				if err := os.Chmod(path, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			w, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			if err == nil {
				// Damage beyond the first pages shows when they are read.
				_, err = w.Begin(t.Context(), startOf("acme"))
				_ = w.Close()
			}
			checkError(t, "writer", err, path, tt.want)
			if !bytes.Equal(before, contentOf(path)) {
				t.Error("the file was changed")
			}
			if info, err := os.Stat(path); before != nil && (err != nil || info.Mode().Perm() != 0o644) {
				t.Errorf("its mode was changed: %v, %v", info.Mode(), err)
			}
			if diff := cmp.Diff(beside, filesAt(t, path)); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
			r, err := sqlite.OpenReader(t.Context(), path)
			if err == nil {
				_, err = r.Runs(t.Context(), "")
				_ = r.Close()
			}
			checkError(t, "reader", err, path, tt.want)
		})
	}
}

// contentOf is what a plain file holds, nil for others.
func contentOf(path string) []byte {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	content, _ := os.ReadFile(path)
	return content
}

// filesAt are the files whose path begins with this one: a vault and what lies beside it.
func filesAt(t *testing.T, path string) []string {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// checkError checks that an error is of a kind, and one line that names the path
// and says what to do.
func checkError(t *testing.T, who string, err error, path string, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", who, err, want)
		return
	}
	e, ok := errors.AsType[*vault.Error](err)
	if !ok {
		t.Errorf("%s: %v is no *vault.Error", who, err)
		return
	}
	line := err.Error()
	if e.Hint == "" || !strings.Contains(line, e.Hint) || !strings.Contains(line, path) || strings.Contains(line, "\n") {
		t.Errorf("%s: %q is not one line with the path and what to do", who, line)
	}
}

func TestReaderNeedsAFile(t *testing.T) {
	path := newPath(t)
	_, err := sqlite.OpenReader(t.Context(), path)
	checkError(t, "reader", err, path, vault.ErrMissing)
	writeFile(t, path, nil)
	if _, err := sqlite.OpenReader(t.Context(), path); !errors.Is(err, vault.ErrNotVault) {
		t.Errorf("empty file: got %v, want ErrNotVault", err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("a reader left %v behind (%v)", entries, err)
	}
}

func TestEmptyFileBecomesAVault(t *testing.T) {
	path := newPath(t)
	if err := os.WriteFile(path, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	aRun(t, path, doc("1", "One"))
	sound(t, path)
}

func TestLocked(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	cmd, stdin := holder(t, path)
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	checkError(t, "second writer", err, path, vault.ErrLocked)
	if e, ok := errors.AsType[*vault.Error](err); !ok || e.Holder != cmd.Process.Pid {
		t.Errorf("got %v, want the holder %d", err, cmd.Process.Pid)
	}
	link := newPath(t)
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), link, sqlite.Options{}); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("through a link: got %v, want ErrLocked", err)
	}
	r := read(t, path)
	if run, err := r.Run(t.Context(), 0); err != nil || run.ID != 2 || run.Outcome != record.RunRunning {
		t.Errorf("got run %d, %s, %v, want run 2 running", run.ID, run.Outcome, err)
	}

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	_ = stdin.Close()
	if run, err := r.Run(t.Context(), 0); err != nil || run.ID != 2 || run.Outcome != record.RunInterrupted {
		t.Errorf("got run %d, %s, %v, want run 2 interrupted: its process is dead", run.ID, run.Outcome, err)
	}
	w := open(t, path)
	if !sqlite.Locked(path) {
		t.Error("an open vault is not locked")
	}
	mustClose(t, w)
	if sqlite.Locked(path) {
		t.Error("a closed vault is locked")
	}
}

// A refused open gives its lock back.
func TestRefusedOpenKeepsNoLock(t *testing.T) {
	path := newPath(t)
	writeFile(t, path, []byte("hello"))
	if _, err := sqlite.Open(t.Context(), path, sqlite.Options{}); err == nil {
		t.Fatal("a text is a vault")
	}
	if sqlite.Locked(path) {
		t.Error("the lock is still held")
	}
}

func TestBusy(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	w, err := sqlite.Open(t.Context(), path, sqlite.Options{Busy: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Begin(t.Context(), startOf("acme")); err != nil {
		t.Fatal(err)
	}
	other := begunElsewhere(t, path)
	err = w.Commit(t.Context(), record.Batch{doc("2", "Two")})
	checkError(t, "commit", err, path, vault.ErrBusy)
	other()
	commit(t, w, doc("2", "Two"))
	finish(t, w, dashboards)
	sound(t, path)
}

func TestBusyEnds(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme"))
	other := begunElsewhere(t, path)
	done := make(chan error, 1)
	go func() { done <- w.Commit(t.Context(), record.Batch{doc("1", "One")}) }()
	other()
	if err := <-done; err != nil {
		t.Errorf("the commit did not wait for the other program: %v", err)
	}
}

func TestBusyObeysTheContext(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme"))
	defer begunElsewhere(t, path)()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Commit(ctx, record.Batch{doc("1", "One")}) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// begunElsewhere is another program with a write transaction.
func begunElsewhere(t *testing.T, path string) (end func()) {
	t.Helper()
	begun, release, done := make(chan error), make(chan struct{}), make(chan error)
	go func() { done <- sqlite.HoldWrite(path, begun, release) }()
	if err := <-begun; err != nil {
		t.Fatal(err)
	}
	return func() {
		close(release)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestReplaced(t *testing.T) {
	rename := func(t *testing.T, path string) {
		if err := os.Rename(path, path+".old"); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		do   func(*testing.T, string)
	}{
		{"deleted", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}},
		{"moved", rename},
		{"replaced", func(t *testing.T, path string) {
			rename(t, path)
			writeFile(t, path, []byte("something else"))
		}},
		{"log deleted", func(t *testing.T, path string) {
			if err := os.Remove(path + "-wal"); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			w := begin(t, path, startOf("acme"))
			commit(t, w, doc("1", "One"))
			tt.do(t, path)
			err := w.Commit(t.Context(), record.Batch{doc("2", "Two")})
			checkError(t, "commit", err, path, vault.ErrReplaced)
			_, err = w.Finish(t.Context(), record.Finish{Outcome: record.RunFailed})
			checkError(t, "finish", err, path, vault.ErrReplaced)
			if tt.name == "replaced" {
				_ = w.Close()
				if b, err := os.ReadFile(path); err != nil || string(b) != "something else" {
					t.Errorf("the other file is now %q, %v", b, err)
				}
			}
		})
	}
}

func TestMigrate(t *testing.T) {
	one := []string{`CREATE TABLE a (x INTEGER NOT NULL) STRICT; INSERT INTO a VALUES (1), (2)`}
	two := append(one[:1:1], `ALTER TABLE a ADD COLUMN y TEXT NOT NULL DEFAULT 'old'; CREATE TABLE b (z)`)
	three := append(two[:2:2], `INSERT INTO b VALUES (1); INSERT INTO nowhere VALUES (1)`)
	path := newPath(t)
	ctx := t.Context()
	if err := sqlite.Migrate(ctx, path, one); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Migrate(ctx, path, three); err == nil {
		t.Error("a step that fails went well")
	}
	version := func() any {
		t.Helper()
		v, err := sqlite.Value(path, "PRAGMA user_version")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if got := version(); got != int64(1) {
		t.Errorf("after a failed migration the schema is %v, want 1 as before", got)
	}
	if n, err := sqlite.Value(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"); n != int64(0) {
		t.Errorf("the first step of a failed migration stayed: %v, %v", n, err)
	}
	if err := sqlite.Migrate(ctx, path, two); err != nil {
		t.Fatal(err)
	}
	rows, err := sqlite.Rows(path, "SELECT x, y FROM a ORDER BY x")
	want := []string{`[]driver.Value{1, "old"}`, `[]driver.Value{2, "old"}`}
	if diff := cmp.Diff(want, rows); err != nil || diff != "" {
		t.Errorf("rows (-want +got), %v:\n%s", err, diff)
	}
	if got := version(); got != int64(2) {
		t.Errorf("the schema is %v, want 2", got)
	}
	if err := sqlite.Migrate(ctx, path, one); !errors.Is(err, vault.ErrTooNew) {
		t.Errorf("an older program: got %v, want ErrTooNew", err)
	}
}

// An older vault is brought up to date by a writer and refused by a reader.
func TestOlderVault(t *testing.T) {
	path := newPath(t)
	if err := sqlite.Migrate(t.Context(), path, nil); err != nil { // version 0: no tables
		t.Fatal(err)
	}
	if _, err := sqlite.OpenReader(t.Context(), path); !errors.Is(err, vault.ErrTooOld) {
		t.Errorf("reader: got %v, want ErrTooOld", err)
	}
	aRun(t, path, doc("1", "One"))
	sound(t, path)
}

func TestNewFileWithoutARunIsRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.db")
	w, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, w)
	if left := filesAt(t, path); len(left) > 0 {
		t.Errorf("left are %q", left)
	}
}

// TestLeftoverOfAKill: a file with pages and nothing in them is what a kill leaves that
// comes while the tables are made. The next run makes it a vault.
func TestLeftoverOfAKill(t *testing.T) {
	path := newPath(t)
	writeFile(t, path, nil)
	execute(t, path, "PRAGMA page_size=16384; PRAGMA auto_vacuum=INCREMENTAL; CREATE TABLE t (a); DROP TABLE t")
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Fatalf("the file has no page: %v", err)
	}
	aRun(t, path, doc("1", "One"))
	sound(t, path)
}

// A link to a vault that is not there yet makes the vault where it leads, and the link stays.
func TestLinksToWhatIsNotThereYet(t *testing.T) {
	dir := t.TempDir()
	there, link, circle := filepath.Join(dir, "new.db"), filepath.Join(dir, "link.db"), filepath.Join(dir, "circle.db")
	lost := filepath.Join(dir, "lost.db")
	err := errors.Join(os.Symlink("second.db", link), os.Symlink(there, filepath.Join(dir, "second.db")), os.Symlink("circle.db", circle),
		os.Symlink("nowhere/new.db", lost))
	if err != nil {
		t.Fatal(err)
	}
	open(t, link)
	if _, err := sqlite.Open(t.Context(), there, sqlite.Options{}); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("the vault under its own name: got %v, want ErrLocked", err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
	if info, err := os.Lstat(there); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the vault is %v, %v", info, err)
	}
	_, err = sqlite.Open(t.Context(), circle, sqlite.Options{})
	checkError(t, "links in a circle", err, circle, vault.ErrNotVault)
	_, err = sqlite.Open(t.Context(), lost, sqlite.Options{})
	checkError(t, "a link to a folder that there is not", err, lost, vault.ErrMissing)
}
