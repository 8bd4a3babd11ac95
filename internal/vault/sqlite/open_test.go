package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

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

func TestLocked(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	cmd, stdin := holder(t, path)
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	checkError(t, "second writer", err, path, vault.ErrLocked)
	if e, ok := errors.AsType[*vault.Error](err); !ok || e.Detail != fmt.Sprintf("process %d is writing to it", cmd.Process.Pid) {
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
