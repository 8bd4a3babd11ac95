package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lookervault/lookervault/internal/vault"
)

// The modes of a file for pages that hold nothing any more, as PRAGMA auto_vacuum says
// them.
const (
	vacuumNone        = 0
	vacuumIncremental = 2
)

// shrinkPages is how many pages one transaction gives back: 4 MB.
const shrinkPages = 256

// rewriteAbove is the part of a file that must hold nothing before the file is
// rewritten: the next runs use it otherwise.
const rewriteAbove = 0.1

// Shrink gives the pages that hold nothing back to the file system, in steps: when ctx
// ends, those that were given back stay so. A vault that was made before files were laid
// out for that is rewritten once, where a tenth of it holds nothing and there is room
// for a copy: in that, progress has no steps. Progress, when not nil, is told how many
// bytes of how many were given back.
func (w *Writer) Shrink(ctx context.Context, progress func(done, total int64)) (s vault.Shrunk, err error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	before := sizeOf(w.file)
	mode, err := w.conn.number("PRAGMA auto_vacuum")
	if err == nil && mode == vacuumNone {
		s.WhyLeft, err = w.rewrite(ctx, progress)
	} else if err == nil {
		err = w.giveBack(ctx, progress)
	}
	if err == nil {
		var whole bool
		if whole, err = w.emptyLog(ctx); err == nil && !whole && ctx.Err() == nil {
			w.told = true
			s.WhyLeft = together(w.file) + ", as another program reads it"
		}
	}
	s.Freed = max(0, before-sizeOf(w.file))
	free, _, pageErr := w.freePages()
	s.Left = free
	return s, doing("give back space", classify(w.path, errors.Join(err, pageErr, ctx.Err())))
}

// freePages is how many bytes of the file hold nothing, and how many it has.
func (w *Writer) freePages() (free, all int64, err error) {
	free, err = w.conn.number("PRAGMA freelist_count")
	if err == nil {
		all, err = w.conn.number("PRAGMA page_count")
	}
	return free * pageSize, all * pageSize, err
}

func (w *Writer) giveBack(ctx context.Context, progress func(done, total int64)) error {
	total, _, err := w.freePages()
	for free := total; err == nil && free > 0 && ctx.Err() == nil; {
		if err := w.unreplaced(); err != nil {
			return err
		}
		if err := w.conn.drain(fmt.Sprintf("PRAGMA incremental_vacuum(%d)", shrinkPages)); err != nil {
			return err
		}
		before := free
		if free, _, err = w.freePages(); err == nil && free >= before {
			return nil // what is left cannot be given back
		}
		progress(total-free, total)
	}
	return err
}

// rewrite makes the file anew, and returns why it did not.
func (w *Writer) rewrite(ctx context.Context, progress func(done, total int64)) (why string, err error) {
	free, all, err := w.freePages()
	if err != nil || float64(free) < rewriteAbove*float64(all) {
		return "", err
	}
	if missing := w.roomFor(all - free); missing != "" {
		return missing, nil
	}
	progress(0, free)
	if err := w.unreplaced(); err != nil {
		return "", err
	}
	if err := w.conn.exec(fmt.Sprintf("PRAGMA auto_vacuum=%d", vacuumIncremental)); err != nil {
		return "", err
	}
	if _, err := w.conn.raw.ExecContext(ctx, "VACUUM", nil); err != nil {
		if ctx.Err() != nil {
			return "", nil //nolint:nilerr // the file is as it was, and Shrink returns the context's error
		}
		return "", err
	}
	progress(free, free)
	return "", nil
}

// roomFor says what keeps the file from being rewritten, which needs its content twice
// more: in a temporary file, and in the log beside the vault. It returns "" where there
// is room.
func (w *Writer) roomFor(content int64) string {
	const twice = 2
	for _, place := range []struct {
		folder string
		need   int64
	}{{temporaryFolder(), content}, {filepath.Dir(w.file), twice * content}} {
		free, _, err := diskOf(place.folder)
		if err == nil && free < place.need+place.need/10 {
			return fmt.Sprintf("rewriting the file needs room for %d MB in %s, where %d MB are free", place.need>>20, place.folder, free>>20)
		}
	}
	return ""
}

// temporaryFolder is where SQLite keeps temporary files.
func temporaryFolder() string {
	for _, folder := range []string{os.Getenv("SQLITE_TMPDIR"), os.Getenv("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp"} {
		if info, err := os.Stat(folder); folder != "" && err == nil && info.IsDir() {
			return folder
		}
	}
	return "."
}
