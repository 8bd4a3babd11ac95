//go:build unix

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lookervault/lookervault/internal/vault"
)

// lockSuffix is added to the vault's path for the lock file, which stays beside a
// vault when the lock is given back.
const lockSuffix = ".lock"

// A reader that looks whether a run is under way holds the lock for some
// microseconds, on a busy machine for longer, which must not turn a writer away.
const (
	lockTries = 25
	lockPause = 10 * time.Millisecond
)

// maxLockFile is more bytes than a lock file ever has: the number of a process
// and a line break.
const maxLockFile = 32

// fileLock is the lock file of a vault, held. It goes with the process, however
// that ends. Versions that know no other lock respect this one; what keeps a
// second writer away from all names of the file is the lock on the file itself,
// see descriptor.
type fileLock struct {
	file *os.File
	made bool // there was no lock file before
}

// lock takes the lock file of the vault at path, or returns ErrLocked with the
// process that has it. A lock file that its holder removed meanwhile is not the one
// that others would lock: lock then takes the one that is there.
func lock(ctx context.Context, path string) (*fileLock, error) {
	for try := 1; ; try++ {
		l, err := openLock(path)
		if err != nil {
			return nil, err
		}
		if err = l.take(ctx, path); err == nil && try < lockTries && !l.there() {
			if err = unlock(l.file); err == nil {
				continue
			}
		}
		if err == nil {
			err = sign(l.file)
		}
		if err != nil {
			return nil, errors.Join(err, unlock(l.file))
		}
		return l, nil
	}
}

// openLock opens the lock file of the vault at path, and makes it where there is none.
func openLock(path string) (*fileLock, error) {
	f, err := openLockFile(path+lockSuffix, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err == nil {
		return &fileLock{file: f, made: true}, nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	f, err = openLockFile(path+lockSuffix, os.O_RDWR|os.O_CREATE)
	return &fileLock{file: f}, err
}

// take waits a moment for the lock.
func (l *fileLock) take(ctx context.Context, path string) error {
	for try := 1; ; try++ {
		err := flock(l.file, unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.ENOLCK):
			return vault.Problem(path, vault.ErrNoLocks, "")
		case !errors.Is(err, unix.EWOULDBLOCK):
			return err
		case try == lockTries:
			return lockedBy(path, holder(l.file))
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// there reports whether the lock file is still the one that its path leads to.
func (l *fileLock) there() bool {
	mine, err := l.file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(l.file.Name())
	return err == nil && os.SameFile(mine, named)
}

// openLockFile opens a lock file. What is no plain file that a LookerVault wrote
// is refused and left as it is: writing the number of this process would empty the
// file behind a link, and a pipe would wait for ever.
func openLockFile(path string, flags int) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, notALockFile(path, "it is not a regular file")
	}
	f, err := os.OpenFile(path, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if errors.Is(err, unix.ELOOP) {
		return nil, notALockFile(path, "it is a symbolic link")
	}
	if err != nil {
		return nil, err
	}
	if strange := strangeLockFile(f); strange != "" {
		return nil, errors.Join(notALockFile(path, strange), f.Close())
	}
	return f, nil
}

// strangeLockFile says what speaks against f being a lock file, "" when nothing
// does.
func strangeLockFile(f *os.File) string {
	var stat unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &stat); err != nil {
		return err.Error()
	}
	content := make([]byte, maxLockFile)
	n, _ := f.ReadAt(content, 0)
	switch {
	case stat.Mode&unix.S_IFMT != unix.S_IFREG:
		return "it is not a regular file"
	case stat.Nlink > 1:
		return "it is a hard link to another file"
	case strings.Trim(string(content[:n]), "0123456789\n") != "" || n == maxLockFile:
		return "it holds something else than the number of a process"
	}
	return ""
}

func notALockFile(path, why string) *vault.Error {
	e := vault.Problem(path, vault.ErrLocked, "this cannot be the vault's lock file: "+why)
	e.Hint = "it was left as it is; move it away, or choose another path for the vault"
	return e
}

// release gives the lock back. The emptied file tells that nobody has it.
func (l *fileLock) release() error {
	return errors.Join(l.file.Truncate(0), unlock(l.file))
}

// remove gives the lock back, and removes the lock file if it was made for it: no
// vault is beside it. The file goes while it is locked, and who waits for it finds
// that it is not there any more.
func (l *fileLock) remove() error {
	if !l.made || !l.there() {
		return l.release()
	}
	return errors.Join(os.Remove(l.file.Name()), l.release())
}

// lockFileHeld reports whether a writer has the lock file of the vault at path, and
// which process that is, 0 when the file does not say. It makes no file.
func lockFileHeld(path string) (pid int, held bool, err error) {
	f, err := openLockFile(path+lockSuffix, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	err = flock(f, unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return holder(f), true, f.Close()
	}
	return 0, false, errors.Join(err, unlock(f))
}

// unlock gives back the lock that f has, if it has one, and closes it. Closing alone would leave
// the lock to a child that was forked meanwhile, until that executes its program: on a busy
// machine that took longer than a writer waits.
func unlock(f *os.File) error {
	_ = flock(f, unix.LOCK_UN) // where that fails, there is none, or closing does it
	return f.Close()
}

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func sign(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return err
}

// holder reads who has the lock; 0 when that is not written (yet).
func holder(f *os.File) int {
	buf := make([]byte, maxLockFile)
	n, _ := f.ReadAt(buf, 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil {
		return 0
	}
	return pid
}

// writable reports whether files can be made in a folder and removed from it.
func writable(folder string) bool { return unix.Access(folder, unix.W_OK|unix.X_OK) == nil }
