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
// tenth of the processor time of tests of runs and a fifth of that of tests of the vault, and the
// tests wait for it. What a killed process has written stays in memory too. A TMPDIR that
// somebody chose is kept, and the long forms of tests, whose vaults are large, stay on the disk.
// It is for TestMain.
func TempInMemory() {
	if os.Getenv("TMPDIR") != "" || long(os.Environ()) {
		return
	}
	var room syscall.Statfs_t
	if err := syscall.Statfs(memoryFolder, &room); err != nil || room.Bavail*uint64(room.Bsize) < leastMemory {
		return
	}
	// Tests put programs there, and run them.
	if room.Flags&syscall.MS_NOEXEC != 0 {
		return
	}
	// Others may not be allowed to write there.
	folder, err := os.MkdirTemp(memoryFolder, "lookervault")
	if err != nil || os.Remove(folder) != nil {
		return
	}
	_ = os.Setenv("TMPDIR", memoryFolder)
}

// long reports whether an environment asks tests for their long forms: with any variable of tests
// but those that name files.
func long(environ []string) bool {
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, prefix) && name != spec && name != corpus {
			return true
		}
	}
	return false
}
