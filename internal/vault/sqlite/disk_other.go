//go:build !linux && !darwin

package sqlite

import (
	"errors"
)

// diskOf is not known on this system.
func diskOf(string) (int64, bool, error) { return 0, false, errors.ErrUnsupported }
