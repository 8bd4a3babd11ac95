package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/lookervault/lookervault/internal/vault"
)

// Options are what a writer can be told. The zero value is good.
type Options struct {
	// Busy is how long to wait for another program's write transaction before
	// giving up with ErrBusy; 10 s when it is 0.
	Busy time.Duration
	// Now is the clock that tells in which month a call was made; time.Now when
	// it is nil.
	Now func() time.Time
	// Readers is how long Finish waits for programs that read an earlier state, so
	// that the file alone is complete; 5 s when it is 0.
	Readers time.Duration
	// IndexShare is the share of a run's time that Finish spends on the search index at
	// most; what is left then is left to later runs. 0.02 when it is 0.
	IndexShare float64
	// Warn, when not nil, is told what somebody should know about a vault that can
	// be used all the same, in one line.
	Warn func(string)
}

const (
	defaultBusy    = 10 * time.Second
	defaultReaders = 5 * time.Second
	// A run of a minute indexes 10,000 dashboards of 20 kB in its share.
	defaultIndexShare = 0.02
)

// busyStep is how long SQLite waits by itself; in between the writer looks
// whether it was cancelled.
const busyStep = 100 * time.Millisecond

// maxLinks is how many symbolic links a path may lead over, as on Linux.
const maxLinks = 40

// resolve follows symbolic links, so that two names of a vault have one lock, and also
// those to a file that is not there yet.
func resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for range maxLinks {
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			return real, nil
		}
		folder, err := filepath.EvalSymlinks(filepath.Dir(abs))
		if err != nil {
			return "", &vault.Error{Path: path, Kind: vault.ErrMissing, Detail: "its folder does not exist"}
		}
		abs = filepath.Join(folder, filepath.Base(abs))
		info, err := os.Lstat(abs)
		if errors.Is(err, fs.ErrNotExist) {
			return abs, nil
		}
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return abs, err
		}
		target, err := os.Readlink(abs)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(folder, target)
		}
		abs = target
	}
	return "", vault.Problem(path, vault.ErrNotVault, "its symbolic links lead in a circle")
}

func (o *opened) openFile(ctx context.Context) (err error) {
	fresh, made, err := touch(o.file)
	if err != nil {
		return err
	}
	if made {
		defer func() {
			if err != nil {
				err = errors.Join(err, os.Remove(o.file))
			}
		}()
	}
	if err = o.lockFile(); err != nil {
		return err
	}
	// The connection serves one goroutine and all its statements are closed by hand:
	// without SQLite's own mutex a new document costs 9 % less.
	if o.conn, err = connect(uri(o.file, "mode=rw", "_mutex=no", fmt.Sprintf("_busy_timeout=%d", busyStep.Milliseconds()))); err != nil {
		return unlockable(err, o.descriptor)
	}
	if err = o.setUp(ctx, fresh); err != nil {
		// The connection must not outlive a file that is about to be removed.
		err = errors.Join(unlockable(err, o.descriptor), o.conn.close())
		o.conn = nil
		return err
	}
	if o.identity, err = os.Stat(o.file); err != nil {
		return err
	}
	o.made = made
	o.narrow(o.identity.Mode().Perm())
	return nil
}

// lockFile takes the lock on the file itself. It comes before SQLite opens the file and
// makes others beside it.
func (o *opened) lockFile() (err error) {
	if o.descriptor, err = openDescriptor(o.file, true); err != nil {
		o.descriptor = nil
		return err
	}
	if err = o.descriptor.lock(); errors.Is(err, errHeld) {
		return lockedElsewhere(o.path)
	}
	return err
}

// narrow takes from others the right to read the file, and those beside it, which have got
// the same mode from SQLite. It comes when the file is known to be a vault: one of somebody
// else is left as it is.
func (o *opened) narrow(mode fs.FileMode) {
	if mode&0o077 == 0 {
		return
	}
	for _, suffix := range []string{"", "-wal", "-shm", lockSuffix} {
		if err := os.Chmod(o.file+suffix, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			o.options.Warn(fmt.Sprintf("other users can read %s, and that cannot be changed: %v", o.path, err))
			return
		}
	}
	o.options.Warn(fmt.Sprintf("other users could read %s (mode %04o); now only its owner can (0600)", o.path, mode))
}

// unlockable tells a file system without locks from a vault that is busy: SQLite
// says the same of both. Who is busy has a lock.
func unlockable(err error, d *descriptor) error {
	if kindOf(err) != vault.ErrBusy || d == nil || d.sqliteHeld() {
		return err
	}
	return &vault.Error{Kind: vault.ErrNoLocks, Hint: vault.HintFor(vault.ErrNoLocks), Err: err}
}

// touch makes the file when there is none, so that nobody else can ever read
// it: SQLite gives the files beside it the same mode. It reports whether the file
// is empty and whether it was made here. It never opens a file that exists:
// closing it again would drop the locks that SQLite holds on it in this process.
func touch(file string) (fresh, made bool, err error) {
	size, err := vaultSize(file)
	if errors.Is(err, fs.ErrNotExist) {
		f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return false, false, err
		}
		return true, true, f.Close()
	}
	return err == nil && size == 0, false, err
}

// vaultSize is how large the file at a path is, if it can be a vault: folders, pipes and
// devices cannot, and nothing is made beside them.
func vaultSize(file string) (int64, error) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, vault.Problem("", vault.ErrNotVault, "not a regular file")
	}
	return info.Size(), nil
}

// setUp makes the tables of a fresh file, or checks that an old one is a vault,
// and sets and asserts what holds for every connection that writes. The tables
// come before the write-ahead log, so that the file itself is never half a
// vault, and the page size before everything, as it is fixed from then on.
func (o *opened) setUp(ctx context.Context, fresh bool) error {
	if !fresh {
		var err error
		if fresh, err = empty(o.conn); err != nil {
			return err
		}
	}
	if fresh {
		// Both are fixed from the first table on. With incremental vacuum, pages that hold
		// nothing any more can be given back in steps that a prune may be stopped between,
		// without the room for a second file that VACUUM needs; it costs a page in 3,000.
		if err := o.conn.exec(fmt.Sprintf("PRAGMA page_size=%d; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA synchronous=FULL", pageSize)); err != nil {
			return err
		}
	} else if err := identify(o.conn, o.path); err != nil {
		return err
	}
	version, err := o.conn.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	if version != Schema {
		if err := migrate(ctx, o.conn, o.path, steps, o.options.Busy); err != nil {
			return err
		}
	}
	if fresh {
		if err := o.conn.assert("page_size", int64(pageSize)); err != nil {
			return err
		}
		if err := o.conn.assert("auto_vacuum", int64(vacuumIncremental)); err != nil {
			return err
		}
	}
	if err := o.conn.assert("journal_mode=WAL", "wal"); err != nil {
		return err
	}
	if err := o.conn.exec("PRAGMA synchronous=FULL"); err != nil {
		return err
	}
	return o.conn.assert("synchronous", int64(2))
}

// empty reports whether a file holds nothing: what is left of a run that was killed while
// it made the tables, once SQLite has rolled that back at the first read. A first page may
// be there, without a table and without the mark of any application.
func empty(c *conn) (bool, error) {
	for _, query := range []string{"SELECT count(*) FROM sqlite_schema", "PRAGMA application_id", "PRAGMA user_version"} {
		n, err := c.number(query)
		if err != nil || n != 0 {
			return false, err
		}
	}
	return true, nil
}

// identify tells a vault from what is none or is of another version.
func identify(c *conn, path string) error {
	id, err := c.number("PRAGMA application_id")
	if err != nil {
		return err
	}
	if id != applicationID {
		return vault.Problem(path, vault.ErrNotVault, "it is the SQLite file of another application")
	}
	version, err := c.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	switch {
	case version > Schema:
		return tooNew(path, version, Schema)
	case version < 0:
		// The two are written in one transaction.
		return vault.Damaged(nil, "its schema is %d, which no LookerVault writes", version)
	}
	return nil
}
