//go:build linux || darwin

package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// lockHolder tells whether a process holds a vault's lock (docs/VAULT.md), and
// which, where the file says so. It makes no file and does not keep the lock.
func lockHolder(path string) (holder string, held bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	err = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return "", false, err
	}
	pid := make([]byte, 32)
	n, _ := f.ReadAt(pid, 0) // it may be empty still
	return strings.TrimSpace(string(pid[:n])), true, nil
}

// diskOf is how many bytes are free in a folder for this user, and whether files
// can be made in it.
func diskOf(folder string) (free int64, writable bool, err error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(folder, &stat); err != nil {
		return 0, false, err
	}
	size := int64(stat.Bsize) //nolint:unconvert // it has 32 bits on macOS
	return int64(stat.Bavail) * size, unix.Access(folder, unix.W_OK|unix.X_OK) == nil, nil
}
