package sqlite

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// descriptor is a descriptor of the vault's file beside those of SQLite. It
// carries the writer's lock on the file itself, which is the same by whatever name
// the file is opened: a hard link, a bind mount.
//
// The lock belongs to the open file description (F_OFD_SETLK), so nothing but this
// descriptor or the end of the process gives it back, and it lies on one byte far
// behind those that SQLite locks. SQLite's own locks belong to the process, and
// closing any descriptor of the file drops them: see close.
type descriptor struct{ fd int }

const (
	// lockByte is the writer's; no vault grows that far.
	lockByte = 1 << 62
	// SQLite locks 512 bytes from its "pending byte" on.
	sqliteLocks     = 0x40000000
	sqliteLockBytes = 512
)

// openDescriptor opens the file, which exists, before SQLite does.
func openDescriptor(path string, write bool) (*descriptor, error) {
	flags := unix.O_RDONLY
	if write {
		flags = unix.O_RDWR
	}
	for {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if !errors.Is(err, unix.EINTR) {
			return &descriptor{fd}, err
		}
	}
}

// lock takes the writer's lock. It returns errHeld when somebody has it, and nil
// also where the system or the file system knows no such locks: then the lock file
// alone keeps a second writer away.
func (d *descriptor) lock() error {
	err := d.control(unix.F_OFD_SETLK, unix.F_WRLCK, lockByte, 1, nil)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
		return errHeld
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EOPNOTSUPP):
		return nil
	}
	return err
}

// held reports whether another descriptor has the writer's lock. It takes no lock
// and needs a file that is open for reading only.
func (d *descriptor) held() bool {
	kind := int16(unix.F_RDLCK)
	return d.control(unix.F_OFD_GETLK, kind, lockByte, 1, &kind) == nil && kind != unix.F_UNLCK
}

// sqliteHeld reports whether a connection, of whatever process, has one of SQLite's
// locks on the file. It is true also when that cannot be told.
func (d *descriptor) sqliteHeld() bool {
	kind := int16(unix.F_WRLCK)
	err := d.control(unix.F_OFD_GETLK, kind, sqliteLocks, sqliteLockBytes, &kind)
	return err != nil || kind != unix.F_UNLCK
}

// close gives the lock back. It keeps the descriptor while somebody holds a lock
// of SQLite's on the file: that may be another connection of this process, which
// would lose it. At worst the descriptor stays until the process ends.
func (d *descriptor) close() error {
	if d == nil {
		return nil
	}
	_ = d.control(unix.F_OFD_SETLK, unix.F_UNLCK, lockByte, 1, nil)
	if d.sqliteHeld() {
		return nil
	}
	return unix.Close(d.fd)
}

// control asks for a lock, or into found for one that is in the way.
func (d *descriptor) control(command int, kind int16, from, bytes int64, found *int16) error {
	lock := unix.Flock_t{Type: kind, Whence: io.SeekStart, Start: from, Len: bytes}
	for {
		err := unix.FcntlFlock(uintptr(d.fd), command, &lock)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if found != nil {
			*found = lock.Type
		}
		return err
	}
}
