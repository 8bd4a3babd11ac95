//go:build !linux && !darwin

package main

import "errors"

// lockHolder is not known on this system.
func lockHolder(string) (string, bool, error) { return "", false, errors.ErrUnsupported }

// diskOf is not known on this system.
func diskOf(string) (int64, bool, error) { return 0, false, errors.ErrUnsupported }
