package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lookervault/lookervault/internal/vault"
)

// FilesOf looks at the files of the vault at path. It opens none of them, so it may be
// called while this process has the vault open.
func FilesOf(path string) vault.Files {
	_, err := os.Stat(path)
	f := vault.Files{Missing: errors.Is(err, fs.ErrNotExist), Bytes: sizeOf(path), Log: filepath.Base(path) + logSuffix}
	_, err = os.Stat(filepath.Dir(path))
	f.Folder = err == nil
	if file, err := resolve(path); err == nil {
		f.LogBytes, f.Log = sizeOf(file+logSuffix), filepath.Base(file)+logSuffix
	}
	return f
}

// HealthOf looks at the vault at path, which need not be there. It changes nothing, and
// is for a process that does not have the vault open: it looks at the lock.
func HealthOf(path string) vault.Health {
	h := vault.Health{Files: FilesOf(path)}
	h.Holder, h.Held, h.LockErr = Holder(path)
	h.Free, h.Writable, h.DiskErr = diskOf(filepath.Dir(path))
	return h
}
