package vault

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Files is what the files of a vault tell without being opened.
type Files struct {
	Missing  bool   // there is no file of that name
	Folder   bool   // the folder that it is in, or would be in, is there
	Bytes    int64  // of the vault's file
	LogBytes int64  // of SQLite's log beside it: while there are any, only both files together are the vault
	Log      string // name of the log, without its folder
}

// FilesOf looks at the files of the vault at path. It opens none of them, so it may be
// called while this process has the vault open.
func FilesOf(path string) Files {
	_, err := os.Stat(path)
	f := Files{Missing: errors.Is(err, fs.ErrNotExist), Bytes: sizeOf(path), Log: filepath.Base(path) + logSuffix}
	_, err = os.Stat(filepath.Dir(path))
	f.Folder = err == nil
	if file, err := resolve(path); err == nil {
		f.LogBytes, f.Log = sizeOf(file+logSuffix), filepath.Base(file)+logSuffix
	}
	return f
}

// All is how many bytes the vault has in all its files.
func (f Files) All() int64 { return f.Bytes + f.LogBytes }

// Health is what can be said of a vault before it is opened, or before it is made: its
// files, its lock, and the disk that it is on.
type Health struct {
	Files

	Held    bool  // a run is writing to it
	Holder  int   // the process that does, 0 when it is not known
	LockErr error // why the lock cannot be looked at; an [*Error] says that the lock file is none

	Free     int64 // bytes that this user may still write to the disk
	Writable bool  // files can be made in the folder
	DiskErr  error // why the disk cannot be looked at; errors.ErrUnsupported where the system does not tell
}

// HealthOf looks at the vault at path, which need not be there. It changes nothing, and
// is for a process that does not have the vault open: it looks at the lock.
func HealthOf(path string) Health {
	h := Health{Files: FilesOf(path)}
	h.Holder, h.Held, h.LockErr = Holder(path)
	h.Free, h.Writable, h.DiskErr = diskOf(filepath.Dir(path))
	return h
}
