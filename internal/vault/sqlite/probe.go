package sqlite

import (
	"errors"
	"io/fs"
	"os"

	"github.com/lookervault/lookervault/internal/vault"
)

// Probe checks that a vault can be kept in a folder: that SQLite can lock a file there
// and share the index of its log. It makes a file for that and removes it. An
// ErrNoLocks says that it cannot.
func Probe(folder string) (err error) {
	f, err := os.CreateTemp(folder, ".lookervault-probe-*")
	if err != nil {
		return classify(folder, err)
	}
	file := f.Name()
	defer func() {
		for _, suffix := range []string{"", logSuffix, "-shm", "-journal"} {
			if gone := os.Remove(file + suffix); !errors.Is(gone, fs.ErrNotExist) {
				err = errors.Join(err, gone)
			}
		}
		err = classify(folder, err)
	}()
	if err := f.Close(); err != nil {
		return err
	}
	c, err := connect(uri(file, "mode=rw", "_busy_timeout=0"))
	if err == nil {
		err = errors.Join(c.exec("PRAGMA journal_mode=WAL; CREATE TABLE probe (x)"), c.close())
	}
	if kindOf(err) == vault.ErrBusy {
		// Nobody else knows the file.
		err = &vault.Error{Kind: vault.ErrNoLocks, Hint: vault.HintFor(vault.ErrNoLocks), Err: err}
	}
	return err
}
