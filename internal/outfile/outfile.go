// Package outfile writes to the paths that a user names for output.
package outfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// maxLinks is how many symbolic links are followed, as Linux does.
	maxLinks = 40
	// askAgain is how long a pipe that nobody reads is left alone before it is tried
	// again.
	askAgain = 50 * time.Millisecond
)

// Write writes data to path, whole or not at all where that can be. A new file gets
// the mode perm; an old one keeps its own. The target of a symbolic link is
// replaced, not the link. A device, a pipe or a socket is written to and stays what
// it is; ctx ends the wait for somebody who reads a pipe. A file whose folder does
// not let it be replaced, as one that is mounted by itself, is written in place.
func Write(ctx context.Context, path string, data []byte, perm fs.FileMode) error {
	return write(ctx, path, data, perm, os.Rename)
}

// write is Write with a function that renames files.
func write(ctx context.Context, path string, data []byte, perm fs.FileMode, rename func(from, to string) error) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return &fs.PathError{Op: "write", Path: path, Err: syscall.EISDIR}
	case err == nil && info.Mode()&fs.ModeSocket != 0:
		return toSocket(ctx, path, data)
	case err == nil && !info.Mode().IsRegular():
		return toSpecial(ctx, path, data)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return about(path, err)
	}
	target, err := follow(path)
	if err != nil {
		return err
	}
	if info == nil {
		return replace(target, data, perm, nil, rename)
	}
	if isDescriptor(target) || isDescriptor(path) {
		return inPlace(path, data, os.O_APPEND)
	}
	err = replace(target, data, info.Mode().Perm(), info, rename)
	if cannotReplace(err) {
		if second := inPlace(target, data, os.O_TRUNC); second != nil {
			return errors.Join(err, second)
		}
		return nil
	}
	return err
}

// follow returns what the last of a chain of symbolic links points to, whether that
// is there or not.
func follow(path string) (string, error) {
	for range maxLinks {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 || isDescriptor(path) {
			return path, nil //nolint:nilerr // what is not there is no link
		}
		to, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return "", &fs.PathError{Op: "write", Path: path, Err: syscall.ELOOP}
}

// isDescriptor reports whether a path is a name for an open file, such as
// /dev/stdout: whoever opened it would not see a new one.
func isDescriptor(path string) bool {
	switch path {
	case "/dev/stdout", "/dev/stderr":
		return true
	}
	return strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/") && strings.Contains(path, "/fd/")
}

// cannotReplace reports whether the folder stands in the way, not the file.
func cannotReplace(err error) bool {
	for _, code := range []error{syscall.EBUSY, syscall.EXDEV, syscall.EPERM, syscall.EACCES, syscall.EROFS} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// replace writes a file beside the target and renames it. old is what is there now,
// nil for nothing.
func replace(target string, data []byte, perm fs.FileMode, old fs.FileInfo, rename func(from, to string) error) (err error) {
	folder := filepath.Dir(target)
	file, err := os.CreateTemp(folder, ".lookervault-*")
	if err != nil {
		return about(target, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(about(target, err), os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(data)
	if old != nil {
		keepOwner(file, old)
	}
	if err = errors.Join(err, file.Chmod(perm), file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := rename(file.Name(), target); err != nil {
		return err
	}
	// The file is there; only a crash right now could lose its name.
	if dir, err := os.Open(folder); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}

// about is an error as one of writing the target: nobody knows the file beside it.
func about(target string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write %s: there is no folder %s: make it first, or choose another path", target, filepath.Dir(target))
	}
	cause := err
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		cause = e.Err
	} else if e, ok := errors.AsType[*os.LinkError](err); ok {
		cause = e.Err
	}
	return &fs.PathError{Op: "write", Path: target, Err: cause}
}

func inPlace(path string, data []byte, how int) error {
	file, err := os.OpenFile(path, os.O_WRONLY|how, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if syncErr := file.Sync(); err == nil && !errors.Is(syncErr, syscall.EINVAL) {
		err = syncErr
	}
	return errors.Join(err, file.Close())
}

// toSpecial writes to a device or a pipe. A pipe is opened without waiting, since
// nothing could end that wait.
func toSpecial(ctx context.Context, path string, data []byte) error {
	for {
		file, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			stop := context.AfterFunc(ctx, func() { _ = file.SetWriteDeadline(time.Now()) })
			defer stop()
			_, err = file.Write(data)
			return errors.Join(err, file.Close())
		}
		if !errors.Is(err, syscall.ENXIO) {
			return err
		}
		again := time.NewTimer(askAgain)
		select {
		case <-ctx.Done():
			again.Stop()
			return fmt.Errorf("nobody reads %s: %w", path, context.Cause(ctx))
		case <-again.C:
		}
	}
}

func toSocket(ctx context.Context, path string, data []byte) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return fmt.Errorf("write to the socket %s: %w", path, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	_, err = io.Copy(conn, strings.NewReader(string(data)))
	return errors.Join(err, conn.Close())
}
