//go:build !unix

package sqlite

import (
	"context"
	"errors"
	"fmt"
)

// lockSuffix is added to the vault's path for the lock file.
const lockSuffix = ".lock"

type fileLock struct{}

// lock refuses: without flock nothing keeps a second writer away.
func lock(context.Context, string) (*fileLock, error) {
	return nil, fmt.Errorf("write a vault without flock: %w", errors.ErrUnsupported)
}

// writable cannot tell either.
func writable(string) bool { return false }

func (*fileLock) release() error { return nil }

func (*fileLock) remove() error { return nil }

// lockFileHeld cannot tell.
func lockFileHeld(string) (pid int, held bool, err error) { return 0, false, errors.ErrUnsupported }
