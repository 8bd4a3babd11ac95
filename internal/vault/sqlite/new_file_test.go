package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

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

func TestEmptyFileBecomesAVault(t *testing.T) {
	path := newPath(t)
	if err := os.WriteFile(path, nil, 0o640); err != nil {
		t.Fatal(err)
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
