package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"github.com/lookervault/lookervault/internal/vault"
)

// errHeld means that another descriptor has the lock on the file.
var errHeld = errors.New("the file is locked")

// lockedElsewhere is ErrLocked for a vault whose lock file is free, or was: a run
// writes to it under another name, or its lock file was removed.
func lockedElsewhere(path string) *vault.Error {
	return &vault.Error{Path: path, Kind: vault.ErrLocked,
		Detail: "another LookerVault is writing to it, under another name of the file or with its lock file removed",
		Hint:   "wait for it to end, or choose another path"}
}

// classify wraps what SQLite or the operating system said in an Error with the
// kind that it amounts to. It returns nil for nil, and keeps what is an Error.
func classify(path string, err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*vault.Error](err); ok {
		if known.Path == "" {
			known.Path = path
		}
		return err
	}
	kind := kindOf(err)
	return &vault.Error{Path: path, Kind: kind, Hint: vault.HintFor(kind), Err: err}
}

// classifyRead is classify for somebody who only wants to read: what may not be
// opened is not read-only but forbidden.
func classifyRead(path string, err error) error {
	err = classify(path, err)
	if e, ok := errors.AsType[*vault.Error](err); ok && e.Kind == vault.ErrReadOnly && e.Err != nil {
		e.Kind, e.Hint = fs.ErrPermission, "read it as the user who owns it"
	}
	return err
}

func kindOf(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		if kind := kindOfErrno(errno); kind != nil {
			return kind
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return vault.ErrMissing
	}
	if e, ok := errors.AsType[sqlite3.Error](err); ok {
		return kindOfSQLite(e)
	}
	return nil
}

func kindOfSQLite(e sqlite3.Error) error {
	switch e.ExtendedCode {
	case sqlite3.ErrIoErrSHMOpen, sqlite3.ErrIoErrSHMSize, sqlite3.ErrIoErrSHMLock, sqlite3.ErrIoErrSHMMap,
		sqlite3.ErrIoErrLock, sqlite3.ErrIoErrRDlock, sqlite3.ErrIoErrUnlock, sqlite3.ErrIoErrCheckReservedLock:
		if kind := kindOfErrno(e.SystemErrno); kind != nil {
			return kind
		}
		return vault.ErrNoLocks
	}
	if e.SystemErrno != 0 {
		if kind := kindOfErrno(e.SystemErrno); kind != nil {
			return kind
		}
	}
	switch e.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return vault.ErrBusy
	case sqlite3.ErrCorrupt, sqlite3.ErrError, sqlite3.ErrFormat, sqlite3.ErrMismatch, sqlite3.ErrConstraint, sqlite3.ErrTooBig:
		// All statements and values are right for a vault: where one is refused, the
		// tables or rows are not those that were written.
		return vault.ErrCorrupt
	case sqlite3.ErrNotADB:
		return vault.ErrNotVault
	case sqlite3.ErrFull:
		return vault.ErrFull
	case sqlite3.ErrReadonly:
		return vault.ErrReadOnly
	}
	return nil
}

func kindOfErrno(errno syscall.Errno) error {
	switch errno {
	case syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG:
		return vault.ErrFull
	case syscall.EROFS, syscall.EACCES, syscall.EPERM:
		return vault.ErrReadOnly
	case syscall.ENOLCK:
		return vault.ErrNoLocks
	case syscall.ENOENT:
		return vault.ErrMissing
	}
	return nil
}

// places counts the places in which a vault is damaged.
func places(n int) string {
	if n == 1 {
		return "1 place"
	}
	return fmt.Sprintf("%d places", n)
}

// doing adds what was under way to an error, and nothing to nil.
func doing(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// lockedBy is ErrLocked with the process that holds the lock, 0 when unknown.
func lockedBy(path string, pid int) *vault.Error {
	e := &vault.Error{Path: path, Kind: vault.ErrLocked,
		Detail: "another LookerVault is writing to it",
		Hint:   "wait for it to end, or choose another path"}
	if pid != 0 {
		e.Detail = fmt.Sprintf("process %d is writing to it", pid)
	}
	return e
}
