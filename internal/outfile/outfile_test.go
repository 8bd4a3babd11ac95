//go:build unix

package outfile_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/outfile"
)

func write(t *testing.T, path, data string) {
	t.Helper()
	if err := outfile.Write(t.Context(), path, []byte(data), 0o640); err != nil {
		t.Fatal(err)
	}
}

// holds checks a plain file's content, mode, and that nothing else is in its folder.
func holds(t *testing.T, path, want string, mode fs.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	info, statErr := os.Lstat(path)
	if err := errors.Join(err, statErr); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" || info.Mode() != mode {
		t.Errorf("%s has mode %s, want %s (-want +got):\n%s", path, info.Mode(), mode, diff)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.html")
	write(t, path, "new")
	holds(t, path, "new", 0o640)
	if err := os.Chmod(path, 0o604); err != nil {
		t.Fatal(err)
	}
	before, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	write(t, path, "newer")
	holds(t, path, "newer", 0o604)
	if old, err := io.ReadAll(before); err != nil || string(old) != "new" {
		t.Errorf("who had the old file open reads %q, %v: it was not replaced as a whole", old, err)
	}
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"there", "dangling"} {
		target := filepath.Join(dir, name, "target")
		if err := os.Mkdir(filepath.Dir(target), 0o700); err != nil {
			t.Fatal(err)
		}
		if name == "there" {
			write(t, target, "old")
		}
		// A chain, the second of them relative.
		first, second := filepath.Join(dir, name+"-1"), filepath.Join(dir, name+"-2")
		if err := errors.Join(os.Symlink(second, first), os.Symlink(filepath.Join(name, "target"), second)); err != nil {
			t.Fatal(err)
		}
		write(t, first, "new")
		holds(t, target, "new", 0o640)
		for _, link := range []string{first, second} {
			if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
				t.Errorf("%s is no link any more: %v, %v", link, info, err)
			}
		}
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	if err := outfile.Write(t.Context(), loop, nil, 0o600); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a loop of links: %v", err)
	}
}

func TestSpecialFilesStay(t *testing.T) {
	dir := t.TempDir()
	pipe, socket := filepath.Join(dir, "pipe"), filepath.Join(dir, "socket")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(pipe, link); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	read := func(path string) <-chan string {
		got := make(chan string, 1)
		go func() {
			if path == socket {
				conn, err := listener.Accept()
				if err != nil {
					got <- err.Error()
					return
				}
				defer conn.Close()
				all, _ := io.ReadAll(conn)
				got <- string(all)
				return
			}
			all, _ := os.ReadFile(pipe)
			got <- string(all)
		}()
		return got
	}
	for _, path := range []string{pipe, link, socket} {
		before, _ := os.Lstat(path)
		got := read(path)
		write(t, path, "data")
		if all := <-got; all != "data" {
			t.Errorf("%s: %q was read", path, all)
		}
		if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
			t.Errorf("%s was replaced: %v, %v", path, after, err)
		}
	}
	before, _ := os.Stat(os.DevNull)
	write(t, os.DevNull, "data")
	if after, err := os.Stat(os.DevNull); err != nil || !os.SameFile(before, after) {
		t.Errorf("%s was replaced", os.DevNull)
	}
}

func TestPipeThatNobodyReads(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := outfile.Write(ctx, pipe, []byte("data"), 0o600); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestFolderThatDoesNotLetItBeReplaced(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	write(t, path, "something long")
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700)
	write(t, path, "new")
	holds(t, path, "new", 0o640)
	if err := outfile.Write(t.Context(), filepath.Join(dir, "other"), nil, 0o600); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a new file there: %v", err)
	}
}

// TestMountedByItself: a file that cannot be renamed over, as the mount of it alone, is
// written in place, and nothing is left beside it. Where the disk is at fault, the old
// content stays.
func TestMountedByItself(t *testing.T) {
	for code, want := range map[syscall.Errno]string{syscall.EBUSY: "new", syscall.EXDEV: "new", syscall.ENOSPC: "something long"} {
		path := filepath.Join(t.TempDir(), "out")
		write(t, path, "something long")
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		refuse := func(from, to string) error { return &os.LinkError{Op: "rename", Old: from, New: to, Err: code} }
		err = outfile.WriteRenaming(t.Context(), path, []byte("new"), 0o600, refuse)
		if written := want == "new"; written != (err == nil) || err != nil && !errors.Is(err, code) {
			t.Errorf("%v: error %v", code, err)
		}
		holds(t, path, want, 0o640)
		if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
			t.Errorf("%v: the file is another one: %v", code, err)
		}
		// What is not there yet has nothing to be written into.
		if err := outfile.WriteRenaming(t.Context(), path+"2", nil, 0o600, refuse); !errors.Is(err, code) {
			t.Errorf("%v: a new file: error %v", code, err)
		}
	}
}

// What a rename or a new file is refused with, where the old file can be written.
func TestCannotReplace(t *testing.T) {
	for code, want := range map[syscall.Errno]bool{
		syscall.EBUSY: true, syscall.EXDEV: true, syscall.EPERM: true, syscall.EACCES: true, syscall.EROFS: true,
		syscall.ENOSPC: false, syscall.EIO: false,
	} {
		if got := outfile.CannotReplace(&os.LinkError{Op: "rename", Err: code}); got != want {
			t.Errorf("%v: %t, want %t", code, got, want)
		}
	}
}

// Whoever opened the descriptor gets the data, in the file that it is.
func TestDescriptor(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("before "); err != nil {
		t.Fatal(err)
	}
	name := "/proc/self/fd/" + strconv.Itoa(int(file.Fd()))
	if _, err := os.Stat(name); err != nil {
		t.Skip("no descriptors as files here:", err)
	}
	write(t, name, "data")
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	holds(t, file.Name(), "before data", info.Mode())
}

func TestFolder(t *testing.T) {
	if err := outfile.Write(t.Context(), t.TempDir(), nil, 0o600); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("error %v", err)
	}
}

// TestErrorsNameWhatTheUserNamed: the file beside, which is renamed, is nobody's business.
func TestErrorsNameWhatTheUserNamed(t *testing.T) {
	folder := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(folder, "none", "x.html"):                 "there is no folder " + filepath.Join(folder, "none") + ": make it first, or choose another path",
		filepath.Join(folder, strings.Repeat("x", 300)+".html"): "file name too long",
	} {
		err := outfile.Write(t.Context(), path, []byte("x"), 0o600)
		if err == nil || !strings.Contains(err.Error(), "write "+path+": ") || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("error %v, want it to name the path and to end with %q", err, want)
		}
	}
	// A name that is as long as it may be leaves room for no longer one beside it.
	path := filepath.Join(folder, strings.Repeat("x", 255))
	if err := outfile.Write(t.Context(), path, []byte("x"), 0o600); err != nil {
		t.Errorf("the longest name: %v", err)
	}
}
