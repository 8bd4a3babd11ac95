//go:build !linux

package simtest

// TempInMemory is for Linux, which has a folder in memory; elsewhere it does nothing.
func TempInMemory() {}
