//go:build !linux

package main

import "syscall"

// peakMemory is the most memory that this process had resident, in bytes; 0 when
// it is not known. The unit is that of macOS.
func peakMemory() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Maxrss
}
