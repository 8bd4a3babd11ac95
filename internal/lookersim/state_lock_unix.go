//go:build unix

package lookersim

import (
	"errors"
	"os"
	"syscall"
)

// lockFile waits until nobody else has the file. Closing it ends that.
func lockFile(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
