//go:build linux || darwin

package sqlite

import (
	"golang.org/x/sys/unix"
)

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
