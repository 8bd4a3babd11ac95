//go:build !linux

package sqlite

// descriptor is nothing where a lock on the file cannot be had without touching
// SQLite's: flock and fcntl share one space of locks on BSD and macOS. There the
// lock file alone keeps a second writer away.
type descriptor struct{}

func openDescriptor(string, bool) (*descriptor, error) { return &descriptor{}, nil }

func (*descriptor) lock() error { return nil }

func (*descriptor) held() bool { return false }

func (*descriptor) sqliteHeld() bool { return true }

func (*descriptor) close() error { return nil }
