package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// nobody is a user whom a read-only folder stops, unlike root.
const nobody = 65534

// readChild tells what a process finds that may not write.
func readChild(ctx context.Context, args []string) error {
	_, err := sqlite.Open(ctx, args[0], sqlite.Options{})
	fmt.Printf("write: %t\n", errors.Is(err, vault.ErrReadOnly))
	r, err := sqlite.OpenReader(ctx, args[0])
	if err != nil {
		fmt.Printf("read: read-only %t, forbidden %t, hint %t\n", errors.Is(err, vault.ErrReadOnly), errors.Is(err, fs.ErrPermission),
			strings.Contains(err.Error(), "-wal"))
		return nil
	}
	defer r.Close()
	n := 0
	for _, err := range r.Documents(ctx, vault.Query{}) {
		if err != nil {
			return err
		}
		n++
	}
	run, err := r.Run(ctx, 0)
	fmt.Printf("read: %d documents, %s\n", n, run.Outcome)
	return err
}

// asNobody runs readChild as a user without the right to write.
func asNobody(t *testing.T, path string) string {
	t.Helper()
	cmd := childCommand(t, "read", path)
	if os.Getuid() == 0 {
		// The link leads to this binary also where nobody may not look.
		cmd.Path = "/proc/self/exe"
		if _, err := os.Stat(cmd.Path); err != nil {
			t.Skip("root can write everywhere, and there is no /proc to start this test as somebody else")
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// readOnlyFolder is a folder that everybody may read and nobody write.
func readOnlyFolder(t *testing.T, path string) {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		chmod(t, f, 0o444)
	}
	chmod(t, filepath.Dir(path), 0o555)
	chmod(t, filepath.Dir(filepath.Dir(path)), 0o755)
	t.Cleanup(func() { chmod(t, filepath.Dir(path), 0o755) })
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"), doc("2", "Two"))
	readOnlyFolder(t, path)
	if got, want := asNobody(t, path), "write: true\nread: 2 documents, complete\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The log of a run that was killed holds documents that the file does not.
func TestReadOnlyFolderWithALog(t *testing.T) {
	source, path := newPath(t), newPath(t)
	w := begin(t, source, startOf("acme"))
	commit(t, w, doc("1", "One"))
	for _, suffix := range []string{"", "-wal"} {
		writeFile(t, path+suffix, readFile(t, source+suffix))
	}
	readOnlyFolder(t, path)
	got := asNobody(t, path)
	if want := "write: true\nread: read-only true, forbidden false, hint true\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestForbiddenFile(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	readOnlyFolder(t, path)
	chmod(t, path, 0)
	if got, want := asNobody(t, path), "write: true\nread: read-only false, forbidden true, hint false\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A vault that runs out of space keeps what is committed and goes on when there
// is space again.
func TestFull(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme"))
	commit(t, w, doc("0", "Zero"))
	if err := w.Exec("PRAGMA max_page_count=60"); err != nil {
		t.Fatal(err)
	}
	committed := 1
	var err error
	for err == nil {
		if err = w.Commit(t.Context(), bulk(committed)); err == nil {
			committed++
		}
	}
	checkError(t, "commit", err, path, vault.ErrFull)
	if committed < 2 {
		t.Errorf("only %d batches went in before the disk was full", committed)
	}
	holds := func(want int) {
		t.Helper()
		known, err := w.Known(t.Context(), dashboards, []string{"0", fmt.Sprint(want-1, "-0"), fmt.Sprint(want, "-0")})
		if err != nil || len(known) != 2 {
			t.Errorf("got %v, %v, want 0 and the first of batch %d", known, err, want-1)
		}
	}
	holds(committed)
	if err := w.Exec("PRAGMA max_page_count=100000"); err != nil {
		t.Fatal(err)
	}
	commit(t, w, bulk(committed)...)
	holds(committed + 1)
	finish(t, w, dashboards)
	sound(t, path)
}

// bulk is a batch that fills some pages.
func bulk(batch int) (records record.Batch) {
	for i := range 5 {
		id := fmt.Sprint(batch, "-", i)
		noise := fmt.Sprintf("%s %x", id, strings.Repeat(id, 3000))
		records = append(records, doc(id, noise))
	}
	return records
}

// fullChild commits until the file size limit of the process is reached, and
// then does what a run does: it tries to finish as failed.
func fullChild(ctx context.Context, args []string) error {
	// Without this the first write beyond the limit ends the process.
	signal.Ignore(syscall.SIGXFSZ)
	w, err := sqlite.Open(ctx, args[0], sqlite.Options{})
	if err != nil {
		return err
	}
	if _, err := w.Begin(ctx, startOf("acme")); err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}); err != nil {
		return err
	}
	n := 0
	for ; err == nil; n++ {
		err = w.Commit(ctx, bulk(n))
	}
	_, finishErr := w.Finish(ctx, record.Finish{Outcome: record.RunFailed, At: vaulttest.Dawn})
	fmt.Printf("%d %t %t\n", n-1, errors.Is(err, vault.ErrFull), finishErr == nil || errors.Is(finishErr, vault.ErrFull))
	_ = w.Close()
	return nil
}

func TestFileSizeLimit(t *testing.T) {
	path := newPath(t)
	out, err := childCommand(t, "full", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var batches int
	var full, finished bool
	if _, err := fmt.Sscan(string(out), &batches, &full, &finished); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	if batches < 2 || !full || !finished {
		t.Errorf("got %q, want some batches, then ErrFull, then an end that is no other error", out)
	}
	sound(t, path)
	n := 0
	for _, err := range read(t, path).Entries(t.Context(), vault.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 5*batches {
		t.Errorf("%d documents are stored, want the %d that were committed", n, 5*batches)
	}
	start := startOf("acme")
	start.Resume = true
	w := begin(t, path, start)
	commit(t, w, bulk(batches)...)
	finish(t, w, dashboards)
	sound(t, path)
}

// nothingChild makes a vault where a file can have no more than a few bytes.
func nothingChild(ctx context.Context, args []string) error {
	signal.Ignore(syscall.SIGXFSZ)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1 << 10, Max: 1 << 10}); err != nil {
		return err
	}
	_, err := sqlite.Open(ctx, args[0], sqlite.Options{})
	fmt.Println(errors.Is(err, vault.ErrFull), err)
	return nil
}

// TestNoRoomForAVault: a disk that is full from the start leaves nothing, and nothing to
// resume.
func TestNoRoomForAVault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.db")
	out, err := childCommand(t, "nothing", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(out), "true ") || !strings.Contains(string(out), "choose another path for the vault, then give the command again)") {
		t.Errorf("got %q, want that the disk is full and to run again", out)
	}
	if left := filesAt(t, path); len(left) > 0 {
		t.Errorf("left are %q", left)
	}
}
