package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// noLocksChild tells what a process finds on a file system without locks.
func noLocksChild(ctx context.Context, args []string) error {
	_, fresh := sqlite.Open(ctx, args[0]+".fresh", sqlite.Options{})
	_, write := sqlite.Open(ctx, args[0], sqlite.Options{})
	probe := sqlite.Probe(filepath.Dir(args[0]))
	for _, err := range []error{fresh, write, probe} {
		fmt.Printf("%t %t\n", errors.Is(err, vault.ErrNoLocks), err != nil && strings.Contains(err.Error(), "local disk"))
	}
	return nil
}

// TestNoLocks runs on a file system that has no locks, or no memory that processes
// share, as network file systems can be.
func TestNoLocks(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the file system is made by LD_PRELOAD")
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("there is no C compiler")
	}
	library := filepath.Join(t.TempDir(), "nolocks.so")
	if out, err := exec.CommandContext(t.Context(), cc, "-shared", "-fPIC", "-o", library, "testdata/nolocks.c", "-ldl").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, tt := range []struct{ name, variable string }{{"no locks", "LOCKS=none"}, {"no shared memory", "NO_SHARED_MEMORY=1"}} {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			aRun(t, path, doc("1", "One"))
			cmd := childCommand(t, "nolocks", path)
			cmd.Env = append(cmd.Env, "LD_PRELOAD="+library, tt.variable)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if want := "true true\ntrue true\ntrue true\n"; string(out) != want {
				t.Errorf("a new vault, one that is there, and the probe: got %q, want %q", out, want)
			}
			if _, err := os.Stat(path + ".fresh"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a vault that could not be made was left: %v", err)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".lookervault-probe*")); len(left) > 0 {
				t.Errorf("the probe left %v", left)
			}
			sound(t, path)
		})
	}
}

func TestProbe(t *testing.T) {
	folder := t.TempDir()
	if err := sqlite.Probe(folder); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 {
		t.Errorf("the probe left %v, %v", left, err)
	}
}
