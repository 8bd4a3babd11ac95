//go:build linux

package sqlite_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// holder starts another process that holds the vault until its input is closed.
func holder(t *testing.T, path string) (cmd *exec.Cmd, stdin io.Closer) {
	t.Helper()
	cmd = childCommand(t, "lock", path)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "held\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	return cmd, stdin
}

// heldElsewhere has another process hold the vault until the test ends or end is
// called.
func heldElsewhere(t *testing.T, path string) (end func()) {
	t.Helper()
	cmd, stdin := holder(t, path)
	ended := false
	end = func() {
		if !ended {
			ended = true
			_ = stdin.Close()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(end)
	return end
}

// Whatever name a second run uses, and whatever became of the lock file, there is
// one writer.
func TestOneWriter(t *testing.T) {
	replaced := func(by func(lock string) error) func(*testing.T, string) string {
		return func(t *testing.T, path string) string {
			t.Helper()
			if err := errors.Join(os.Remove(path+".lock"), by(path+".lock")); err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	for _, tt := range []struct {
		name   string
		second func(t *testing.T, path string) string // what the second run opens
		after  error                                  // of a run when the first one has ended
	}{
		{name: "hard link", second: func(t *testing.T, path string) string {
			t.Helper()
			link := newPath(t)
			if err := os.Link(path, link); err != nil {
				t.Fatal(err)
			}
			return link
		}},
		{name: "bind mount of the file", second: func(t *testing.T, path string) string {
			t.Helper()
			mounted := newPath(t)
			writeFile(t, mounted, nil)
			if err := unix.Mount(path, mounted, "", unix.MS_BIND, ""); err != nil {
				t.Skipf("mounts are not allowed here: %v", err)
			}
			t.Cleanup(func() { _ = unix.Unmount(mounted, unix.MNT_DETACH) })
			return mounted
		}},
		{name: "lock file removed", second: replaced(func(string) error { return nil })},
		{name: "lock file made anew", second: replaced(func(lock string) error { return os.WriteFile(lock, nil, 0o600) })},
		{name: "lock file is a link", after: vault.ErrLocked, second: replaced(func(lock string) error {
			return os.Symlink(filepath.Base(lock)+".other", lock)
		})},
		{name: "lock file is a pipe", after: vault.ErrLocked, second: replaced(func(lock string) error { return unix.Mkfifo(lock, 0o600) })},
		{name: "lock file is a device", after: vault.ErrLocked, second: replaced(func(lock string) error { return os.Symlink("/dev/null", lock) })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			aRun(t, path, doc("1", "One"))
			end := heldElsewhere(t, path)
			second := tt.second(t, path)
			_, err := sqlite.Open(t.Context(), second, sqlite.Options{})
			checkError(t, "second writer", err, second, vault.ErrLocked)
			end()
			w, err := sqlite.Open(t.Context(), second, sqlite.Options{})
			if !errors.Is(err, tt.after) {
				t.Errorf("when the first writer has ended: got %v, want %v", err, tt.after)
			}
			if err == nil {
				err = w.Close()
			}
			if err != nil && tt.after == nil {
				t.Error(err)
			}
			sound(t, path)
		})
	}
}

// What is no lock file is left as it is, and keeps nobody waiting.
func TestStrangeLockFile(t *testing.T) {
	const precious = "all my passwords\n"
	for _, tt := range []struct {
		name string
		make func(lock, other string) error
		want string // a part of the message
	}{
		{"symbolic link", func(lock, other string) error { return os.Symlink(other, lock) }, "not a regular file"},
		{"hard link", func(lock, other string) error { return os.Link(other, lock) }, "hard link"},
		{"pipe", func(lock, _ string) error { return unix.Mkfifo(lock, 0o600) }, "not a regular file"},
		{"folder", func(lock, _ string) error { return os.Mkdir(lock, 0o700) }, "not a regular file"},
		{"text", func(lock, _ string) error { return os.WriteFile(lock, []byte(precious), 0o600) }, "holds something else"},
		{"long number", func(lock, _ string) error { return os.WriteFile(lock, []byte(strings.Repeat("1", 100)), 0o600) }, "holds something else"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			aRun(t, path, doc("1", "One"))
			other := filepath.Join(t.TempDir(), "other")
			if err := errors.Join(os.Remove(path+".lock"), os.WriteFile(other, []byte(precious), 0o600), tt.make(path+".lock", other)); err != nil {
				t.Fatal(err)
			}
			_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			checkError(t, "open", err, path+".lock", vault.ErrLocked)
			if err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
			if _, _, err := sqlite.Holder(path); err == nil {
				t.Error("Holder takes it for a lock file")
			}
			if got, err := os.ReadFile(other); err != nil || string(got) != precious {
				t.Errorf("the other file holds %q, %v", got, err)
			}
			sound(t, path) // readers need no lock
		})
	}
}

// Closing a reader leaves the locks that SQLite holds for a writer of the same
// process, and the other way round: whoever loses them can lose its log.
func TestReaderAndWriterOfOneProcess(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	held := func(when string, want bool) {
		t.Helper()
		if got, err := sqlite.SQLiteHeld(path); err != nil || got != want {
			t.Errorf("%s: SQLite's locks are held: %t, %v, want %t", when, got, err, want)
		}
	}
	held("at rest", false)
	w := begin(t, path, startOf("acme"))
	for range 2 {
		r := read(t, path)
		if _, err := r.Runs(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		mustClose(t, r)
		held("a reader closed", true)
	}
	commit(t, w, doc("2", "Two"))
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	checkError(t, "second writer", err, path, vault.ErrLocked)
	held("a second writer was refused", true)
	r := read(t, path)
	finish(t, w, dashboards)
	held("the writer closed", true)
	if got := ids(t, r, vault.Query{}); got != "2:present" {
		t.Errorf("the reader sees %q", got)
	}
	mustClose(t, r)
	held("the reader closed", false)
	sound(t, path)
}

// By another name SQLite would look for the log of a run beside that.
func TestReadUnderAnotherName(t *testing.T) {
	path, link := newPath(t), newPath(t)
	aRun(t, path, doc("1", "One"))
	if err := os.Link(path, link); err != nil {
		t.Fatal(err)
	}
	end := heldElsewhere(t, path)
	_, err := sqlite.OpenReader(t.Context(), link)
	checkError(t, "reader", err, link, vault.ErrLocked)
	if _, held, err := sqlite.Holder(link); err != nil || !held {
		t.Errorf("held: %t, %v", held, err)
	}
	end()
	sound(t, link)
}

// A child that was forked while a writer had the vault, and that has not executed its program
// yet, has the writer's descriptors: the lock is given back all the same.
func TestLockOfAForkedChild(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	w := open(t, path)
	for _, name := range []string{path, path + ".lock"} {
		inherit(t, name)
	}
	mustClose(t, w)
	if _, held, err := sqlite.Holder(path); held || err != nil {
		t.Errorf("held: %t, %v", held, err)
	}
	w, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, w)
}

// inherit duplicates the descriptors of a file as fork does, until the test ends.
func inherit(t *testing.T, path string) {
	t.Helper()
	found, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	inherited := 0
	for _, entry := range found {
		if name, err := os.Readlink("/proc/self/fd/" + entry.Name()); err != nil || name != path {
			continue
		}
		fd, err := strconv.Atoi(entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		duplicate, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(duplicate) })
		inherited++
	}
	if inherited == 0 {
		t.Fatalf("%s is not open", path)
	}
}

func TestWideRights(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	var said []string
	for range 2 {
		w, err := sqlite.Open(t.Context(), path, sqlite.Options{Warn: func(text string) { said = append(said, text) }})
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v, want 600", info.Mode(), err)
		}
		mustClose(t, w)
	}
	want := []string{"other users could read " + path + " (mode 0644); now only its owner can (0600)"}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// A vault that was copied with other names for its files is not held by the number
// that the lock file still has.
func TestForgottenNumber(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	writeFile(t, path+".lock", []byte("1\n"))
	if pid, held, err := sqlite.Holder(path); held || pid != 0 || err != nil {
		t.Errorf("held by %d: %t, %v", pid, held, err)
	}
	if err := open(t, path).Close(); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(path + ".lock"); err != nil || len(got) > 0 {
		t.Errorf("the lock file holds %q, %v", got, err)
	}
}
