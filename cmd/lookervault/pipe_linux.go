package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lookervault/lookervault/internal/job"
)

const (
	// atomicWrite is PIPE_BUF: a write of so many bytes is never half in a pipe.
	atomicWrite = 4096
	// lookAgain is how many times a pipe is looked at that must become empty.
	lookAgain = 20 * time.Millisecond
)

// pipe is standard output where that is a pipe. A line of it is written whole or not at
// all, also when the process is killed at any moment and a reader has stalled: pipe(7)
// promises that for [atomicWrite] bytes, and a longer line waits until all of it has
// room.
type pipe struct {
	*os.File

	fd   int
	room atomic.Int64 // that MakeRoom made and no line has used
}

// wholeLines returns a [ui.Roomy] where out is a pipe, else out.
func wholeLines(out io.Writer) io.Writer {
	file, ok := out.(*os.File)
	if !ok {
		return out
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return out
	}
	return &pipe{File: file, fd: int(file.Fd())}
}

// WriteLine is that of [ui.Roomy].
func (p *pipe) WriteLine(ctx context.Context, line string) error {
	if len(line) > atomicWrite && p.room.Load() < int64(len(line)) {
		if err := p.waitForRoom(ctx, len(line)); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(p.File, line); err != nil {
		return fmt.Errorf("write a line: %w", err)
	}
	return nil
}

// waitForRoom returns once a pipe that can hold a line of n bytes is empty. There is
// no way to ask for less: a pipe counts its pages, whoever looks sees bytes.
func (p *pipe) waitForRoom(ctx context.Context, n int) error {
	if size, err := unix.FcntlInt(uintptr(p.fd), unix.F_GETPIPE_SZ, 0); err == nil && size < n {
		if _, err := unix.FcntlInt(uintptr(p.fd), unix.F_SETPIPE_SZ, n); err != nil {
			return nil // it never will hold it
		}
	}
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		unread, err := unix.IoctlGetInt(p.fd, unix.TIOCINQ)
		if err != nil || unread == 0 {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			if p.room.Load() >= int64(n) {
				return nil
			}
			return job.ErrUndelivered
		}
	}
}

// MakeRoom is that of [ui.Roomy]: it makes the pipe larger. That also lets a short
// line through that waits in a write already.
func (p *pipe) MakeRoom(n int) bool {
	size, err := unix.FcntlInt(uintptr(p.fd), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		return false
	}
	pages := (n+atomicWrite-1)/atomicWrite + 2 // a line that waits already, and the rest of a page
	if _, err := unix.FcntlInt(uintptr(p.fd), unix.F_SETPIPE_SZ, size+pages*atomicWrite); err != nil {
		return false
	}
	p.room.Store(int64(n))
	return true
}
