package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lookervault/lookervault/internal/vault"
)

// logSuffix is added to the vault's path for SQLite's write-ahead log.
const logSuffix = "-wal"

// logPause is the time between two attempts to empty the log.
const logPause = 20 * time.Millisecond

// together says of a vault that its file alone is not the backup.
func together(file string) string {
	name := filepath.Base(file)
	return fmt.Sprintf("%s is complete only together with %s%s", name, name, logSuffix)
}

// settleLog writes the log into the file after the end of a run, so that the file
// alone is the backup. Where other programs that read keep it from that, the run
// says so: in a note, and to whoever is warned.
func (w *Writer) settleLog(ctx context.Context) error {
	whole, err := w.emptyLog(ctx)
	if err != nil {
		return doing("write the log into the vault", classify(w.path, err))
	}
	if whole {
		return nil
	}
	w.told = true
	line := together(w.file) + ": another program was reading it when the run ended"
	w.options.Warn(line + "; copy both files, until lookervault check says that the log is empty")
	err = w.noteAfter(ctx, line)
	if kindOf(err) == vault.ErrBusy {
		// Whoever reads also writes. The warning must do.
		err = nil
	}
	return doing("note that the log is not empty", err)
}

// emptyLog writes the log into the file and empties it, and reports whether it
// could. It waits for programs that read an earlier state, for a bounded time.
func (o *opened) emptyLog(ctx context.Context) (bool, error) {
	for deadline := time.Now().Add(o.options.Readers); ; {
		busy, err := o.conn.number("PRAGMA wal_checkpoint(TRUNCATE)")
		if err != nil && kindOf(err) != vault.ErrBusy {
			return false, err
		}
		if err == nil && busy == 0 {
			return true, nil
		}
		if time.Now().After(deadline) {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, nil
		case <-time.After(logPause):
		}
	}
}

// OnLog makes Close call warn, in one line, when the log beside the vault still has
// content while no run writes: somebody else reads, or the folder is read-only.
func (r *Reader) OnLog(warn func(string)) { r.warn = warn }

// tidy removes the log and its index where a reader is the last one to close: what
// SQLite makes even for readers, and what a run left that was killed. A reader
// cannot do that, as it takes locks which a file opened for reading cannot have, so
// it is done as a writer does it. Where that is not allowed the files stay.
func (r *Reader) tidy() {
	if _, err := os.Stat(r.file + logSuffix); err != nil || r.alone || r.written() {
		return
	}
	if writable(filepath.Dir(r.file)) {
		if c, err := connect(uri(r.file, "mode=rw", "_busy_timeout=0")); err == nil {
			if sizeOf(r.file+logSuffix) > 0 {
				_ = c.exec("PRAGMA synchronous=FULL; PRAGMA wal_checkpoint(TRUNCATE)")
			}
			_ = c.close()
		}
	}
	if r.warn != nil && sizeOf(r.file+logSuffix) > 0 {
		r.warn(together(r.file) + ": copy both files")
	}
}
