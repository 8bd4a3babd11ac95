//go:build !linux

package testenv

// TempInMemory is for Linux, which has a folder in memory; elsewhere it does nothing.
func TempInMemory() {}
