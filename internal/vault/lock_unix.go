//go:build unix

package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// lockSuffix is added to the vault's path for the lock file, which stays when
// the lock is given back: removing it would let two writers lock two files.
const lockSuffix = ".lock"

// A reader that looks whether a run is under way holds the lock for some
// microseconds, which must not turn a writer away.
const (
	lockTries = 5
	lockPause = 10 * time.Millisecond
)

// fileLock is a held lock. It goes with the process, however that ends.
type fileLock struct{ file *os.File }

// lock takes the writer's lock of the vault at path, or returns ErrLocked with
// the process that has it.
func lock(ctx context.Context, path string) (*fileLock, error) {
	f, err := os.OpenFile(path+lockSuffix, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		err = flock(f, unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) || try == lockTries {
			break
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		}
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = lockedBy(path, holder(f))
	}
	if err == nil {
		err = sign(f)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &fileLock{f}, nil
}

// release gives the lock back. The emptied file tells that nobody has it.
func (l *fileLock) release() error {
	return errors.Join(l.file.Truncate(0), l.file.Close())
}

// locked tells whether a writer has the vault, without making any file.
func locked(path string) bool {
	f, err := os.Open(path + lockSuffix)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(flock(f, unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
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
	buf := make([]byte, 32)
	n, _ := f.ReadAt(buf, 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil {
		return 0
	}
	return pid
}
