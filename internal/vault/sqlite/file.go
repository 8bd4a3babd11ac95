package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/lookervault/lookervault/internal/vault"
)

// A File is a vault that this process alone may write to, from OpenFile to Close. It
// is held over several runs and a restore between them, one at a time. Its methods
// may be called from any goroutine.
type File struct {
	*opened
	mu        sync.Mutex // held while something is written to the connection, but by a run
	writer    *Writer    // of the run that is under way; nil for none
	restoring *Restore   // that is under way; nil for none
	sum       summer
}

// opened is what is open of a vault that this process may write to.
type opened struct {
	path       string // as the caller wrote it, for messages
	file       string // absolute, without symbolic links
	options    Options
	made       bool // the file was made here
	used       bool // something was stored in it
	refused    bool // it was not opened
	lock       *fileLock
	descriptor *descriptor // with the lock on the file itself
	conn       *conn
	identity   fs.FileInfo // of the file that is open
	wal        fs.FileInfo // of its write-ahead log, nil until it is known
	reader     *Reader
	q          queries // made for the first run, and kept for others
	lookup     *lookup // likewise; nil before
	told       bool    // somebody was told that the log is not empty
}

// Open opens the vault at path for one run: [OpenFile] and [File.Writer], whose Close
// closes both.
func Open(ctx context.Context, path string, o Options) (*Writer, error) {
	f, err := OpenFile(ctx, path, o)
	if err != nil {
		return nil, err
	}
	w, err := f.Writer()
	if err != nil {
		return nil, classify(path, errors.Join(err, f.close()))
	}
	w.alone = true
	return w, nil
}

// OpenFile opens the vault at path for writing and makes it when there is none. It
// takes the lock, which Close gives back, and brings an older schema up to date.
// The folder must exist. An empty file becomes a vault, any other file that is
// no vault is left untouched.
//
// Errors are of type [*vault.Error].
func OpenFile(ctx context.Context, path string, o Options) (_ *File, err error) {
	if o.Busy == 0 {
		o.Busy = defaultBusy
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Readers == 0 {
		o.Readers = defaultReaders
	}
	if o.IndexShare == 0 {
		o.IndexShare = defaultIndexShare
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	f := &File{opened: &opened{path: path, options: o}}
	fresh := false
	defer func() {
		if err != nil {
			f.refused = true
			err = classify(path, errors.Join(err, f.close()))
			if e, ok := errors.AsType[*vault.Error](err); ok && e.Kind == vault.ErrFull && fresh {
				e.Hint = "free space or choose another path for the vault, then " + vault.Again
			}
		}
	}()
	if f.file, err = resolve(path); err != nil {
		if e, ok := errors.AsType[*vault.Error](err); ok && e.Kind == vault.ErrMissing {
			e.Hint = "make the folder first"
		}
		return nil, err
	}
	_, err = vaultSize(f.file)
	if fresh = errors.Is(err, fs.ErrNotExist); err != nil && !fresh {
		return nil, err
	}
	if f.lock, err = lock(ctx, f.file); err != nil {
		return nil, err
	}
	if err = f.openFile(ctx); err != nil {
		return nil, err
	}
	f.reader, err = openReader(ctx, path, true)
	return f, err
}

var errInUse = errors.New("vault: a run is under way")

// Writer returns the writer of a run. The file has one at a time: the one before must
// be closed.
func (f *File) Writer() (_ *Writer, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.writer != nil {
		return nil, errInUse
	}
	if f.lookup == nil {
		if err = f.prepare(); err == nil {
			f.lookup, err = openLookup(f.file)
		}
		if err != nil {
			return nil, classify(f.path, errors.Join(err, f.q.close()))
		}
	}
	f.writer = &Writer{opened: f.opened, of: f}
	return f.writer, nil
}

// leave takes note that a writer is closed.
func (f *File) leave(w *Writer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used = f.used || w.run != nil
	f.writer = nil
}

// Reader reads the vault while the file is held. It is closed with the file, by nobody
// else.
func (f *File) Reader() *Reader { return f.reader }

// Path is where the vault is, as the caller named it.
func (f *File) Path() string { return f.path }

// Close gives back the file and its lock, and ends what is under way: a run and a
// restore stay open, and can be continued. A
// file that was made here and in which nothing was stored is removed. It may be called
// again, and does nothing then.
func (f *File) Close() error {
	f.mu.Lock()
	w, r := f.writer, f.restoring
	f.restoring = nil
	f.mu.Unlock()
	var err error
	if w != nil {
		err = w.Close()
	}
	if r != nil {
		err = errors.Join(err, r.leave())
	}
	return errors.Join(err, doing("close the vault", classify(f.path, f.close())))
}

// close closes what is open.
func (o *opened) close() error {
	var errs []error
	if o.reader != nil {
		errs = append(errs, o.reader.Close())
	}
	if o.lookup != nil {
		errs = append(errs, o.lookup.close())
	}
	if o.conn != nil {
		errs = append(errs, o.q.close(), o.conn.rollback(), o.conn.close())
	}
	if o.made && !o.used {
		// Nothing was stored: there is nothing that a vault would be for.
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(o.file + suffix); !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	if o.used && !o.told && sizeOf(o.file+logSuffix) > 0 {
		o.options.Warn(together(o.file) + ", which could not be written into it; copy both files")
	}
	// Closed before SQLite, a descriptor would drop its locks.
	errs = append(errs, o.descriptor.close())
	switch {
	case o.lock == nil:
	case o.refused || o.made && !o.used:
		errs = append(errs, o.lock.remove())
	default:
		errs = append(errs, o.lock.release())
	}
	o.reader, o.lookup, o.conn, o.descriptor, o.lock, o.made, o.used, o.told = nil, nil, nil, nil, nil, false, false, false
	return errors.Join(errs...)
}

// unreplaced checks that the path still leads to the file that is open: what is
// committed to a deleted file is lost.
func (o *opened) unreplaced() error {
	now, err := os.Stat(o.file)
	if err != nil || !os.SameFile(o.identity, now) {
		return vault.Problem(o.path, vault.ErrReplaced, "")
	}
	log, err := os.Stat(o.file + "-wal")
	if o.wal == nil && err == nil {
		o.wal = log
	}
	if o.wal != nil && (err != nil || !os.SameFile(o.wal, log)) {
		return vault.Problem(o.path, vault.ErrReplaced, "its write-ahead log is another file")
	}
	return nil
}
