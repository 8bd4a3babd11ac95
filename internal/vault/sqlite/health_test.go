//go:build linux

package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// The health of a vault is that of the file behind its name, in every state that the
// file can be in.
func TestHealth(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(t *testing.T, path string) string // returns the name to ask by
		want vault.Health
	}{
		{name: "no folder", want: vault.Health{Files: vault.Files{Missing: true, Log: "looker.db-wal"}, LockErr: vault.ErrMissing, DiskErr: os.ErrNotExist},
			make: func(_ *testing.T, path string) string { return filepath.Join(filepath.Dir(path), "none", "looker.db") }},
		{name: "not made yet", want: vault.Health{Files: vault.Files{Missing: true, Folder: true, Log: "looker.db-wal"}, Writable: true},
			make: func(_ *testing.T, path string) string { return path }},
		{name: "after a run", want: vault.Health{Files: vault.Files{Folder: true, Bytes: 1, Log: "looker.db-wal"}, Writable: true},
			make: func(t *testing.T, path string) string {
				t.Helper()
				aRun(t, path, doc("1", "One"))
				return path
			}},
		{name: "during a run, by a link", want: vault.Health{Files: vault.Files{Folder: true, Bytes: 1, LogBytes: 1, Log: "looker.db-wal"}, Held: true, Holder: 1, Writable: true},
			make: func(t *testing.T, path string) string {
				t.Helper()
				aRun(t, path, doc("1", "One"))
				heldElsewhere(t, path)
				grow(t, path+"-wal")
				link := filepath.Join(t.TempDir(), "link.db")
				if err := os.Symlink(path, link); err != nil {
					t.Fatal(err)
				}
				return link
			}},
		{name: "a lock file that is none", want: vault.Health{Files: vault.Files{Folder: true, Bytes: 1, Log: "looker.db-wal"}, LockErr: vault.ErrLocked, Writable: true},
			make: func(t *testing.T, path string) string {
				t.Helper()
				aRun(t, path, doc("1", "One"))
				if err := errors.Join(os.Remove(path+".lock"), os.Symlink("/dev/null", path+".lock")); err != nil {
					t.Fatal(err)
				}
				return path
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := sqlite.HealthOf(tt.make(t, newPath(t)))
			if !got.Missing && got.All() != got.Bytes+got.LogBytes {
				t.Errorf("all files have %d bytes, want %d and %d", got.All(), got.Bytes, got.LogBytes)
			}
			if got.DiskErr == nil && got.Free == 0 {
				t.Error("no byte is free")
			}
			got.Free = 0
			some := func(n int64) int64 { return min(n, 1) }
			got.Bytes, got.LogBytes, got.Holder = some(got.Bytes), some(got.LogBytes), int(some(int64(got.Holder)))
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateErrors()); diff != "" {
				t.Errorf("health (-want +got):\n%s", diff)
			}
		})
	}
}

// grow makes the log beside a vault one byte longer.
func grow(t *testing.T, log string) {
	t.Helper()
	f, err := os.OpenFile(log, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err == nil {
		_, err = f.WriteString("x")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}
