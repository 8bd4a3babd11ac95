package main

import (
	"bytes"
	"os"
	"strconv"
)

// peakMemory is the most memory that this process had resident, in bytes; 0 when
// it is not known. It is not what getrusage says: that begins with what the
// process which started this one had.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			kib, _ := strconv.ParseInt(string(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(" kB"))), 10, 64)
			return kib << 10
		}
	}
	return 0
}
