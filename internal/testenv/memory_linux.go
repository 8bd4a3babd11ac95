package testenv

import (
	"os"
	"strings"
	"syscall"
)

const (
	memoryFolder = "/dev/shm"
	// leastMemory is far more than the vaults of a package's tests take at the same time: 22 MB.
	leastMemory = 1 << 30
)

// TempInMemory lets the temporary folders of this process and of its children lie in memory,
// where Linux has room for them. A vault is synced to the disk at every commit, which takes a
// tenth of the processor time of tests of runs, and the tests wait for it. What a killed process
// has written stays in memory too. A TMPDIR that somebody chose is kept, and the long forms of
// tests, whose vaults are large, stay on the disk. It is for TestMain.
func TempInMemory() {
	if os.Getenv("TMPDIR") != "" {
		return
	}
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "LOOKERVAULT_TEST_") {
			return
		}
	}
	var room syscall.Statfs_t
	if err := syscall.Statfs(memoryFolder, &room); err != nil || room.Bavail*uint64(room.Bsize) < leastMemory {
		return
	}
	// Others may not be allowed to write there.
	folder, err := os.MkdirTemp(memoryFolder, "lookervault")
	if err != nil || os.Remove(folder) != nil {
		return
	}
	_ = os.Setenv("TMPDIR", memoryFolder)
}
