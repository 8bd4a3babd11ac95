package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// What can be wrong with a vault; match with [errors.Is]. They come inside an
// [Error], which names the file and says what to do.
var (
	// ErrLocked means that another process holds the vault's lock file.
	ErrLocked = errors.New("vault is locked")
	// ErrBusy means that another program kept a write transaction open for
	// longer than [Options.Busy].
	ErrBusy = errors.New("vault is busy")
	// ErrCorrupt means that stored bytes are damaged.
	ErrCorrupt = errors.New("vault is corrupt")
	// ErrReplaced means that the file was deleted, moved or replaced while it
	// was open.
	ErrReplaced = errors.New("vault was replaced")
	// ErrTooNew means that a newer LookerVault wrote the file.
	ErrTooNew = errors.New("vault is too new")
	// ErrTooOld means that the file has an older schema, which a reader cannot
	// migrate.
	ErrTooOld = errors.New("vault is too old")
	// ErrNotVault means that the file is not SQLite, or another application's.
	ErrNotVault = errors.New("not a vault")
	// ErrFull means that the disk, a quota or a file size limit is exhausted.
	ErrFull = errors.New("disk is full")
	// ErrReadOnly means that the file or its folder cannot be written.
	ErrReadOnly = errors.New("vault is read-only")
	// ErrNoLocks means that the file system has no locks, or no memory that
	// processes share: SQLite cannot keep its log there.
	ErrNoLocks = errors.New("the file system has no locks or no shared memory")
	// ErrMissing means that there is no such file, or no such folder.
	ErrMissing = errors.New("no such vault")
)

// What can be wrong with a question to a vault that is in order.
var (
	// ErrNothingOpen means that a resume found no unfinished run.
	ErrNothingOpen = errors.New("no unfinished run to resume")
	// ErrNotFound means that the vault holds no such instance, run or document.
	ErrNotFound = errors.New("not found")
	// ErrAmbiguous means that the vault holds several instances and none was named.
	ErrAmbiguous = errors.New("the vault holds several instances")
)

// Error is a problem with the file itself.
type Error struct {
	Path   string // of the vault
	Kind   error  // one of the sentinels above, or nil for any other problem
	Detail string // what is known beyond the kind, "" when nothing
	Hint   string // what to do next, "" when there is nothing to say
	Holder int    // process that holds the lock, 0 when it is not known
	Err    error  // the cause, or nil
}

// Error is one line: where, what, why, and what to do.
func (e *Error) Error() string {
	var parts []string
	if e.Path != "" {
		parts = append(parts, e.Path)
	}
	if e.Kind != nil {
		parts = append(parts, e.Kind.Error())
	}
	if e.Detail != "" {
		parts = append(parts, e.Detail)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	// Joined errors are one line too, and what SQLite quotes of a damaged file is any
	// bytes.
	text := Printable(strings.NewReplacer("\n", "; ", "\t", " ").Replace(strings.Join(parts, ": ")))
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

// Unwrap gives the kind and the cause to [errors.Is] and [errors.As].
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Kind != nil {
		errs = append(errs, e.Kind)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// HintFor says what to do about a kind of problem, "" where there is nothing to say.
func HintFor(kind error) string { return hints[kind] }

var hints = map[error]string{
	ErrBusy:     "end the program that holds a write transaction on it, then run again with --resume",
	ErrCorrupt:  "lookervault check says what is damaged; copy the file away, then lookervault run --full stores again what the server still has, and lookervault salvage copies all that is sound",
	ErrReplaced: "put the file back, or start a new run",
	ErrTooNew:   "use the LookerVault that wrote it, or a newer one",
	ErrTooOld:   "the next run brings it up to date",
	ErrNotVault: "choose another path for the vault; this file was left as it is",
	ErrFull:     "free space or move the vault, then run again with --resume",
	ErrNoLocks:  "keep the vault on a local disk, and copy it to the network drive after the run",
	ErrReadOnly: "make the file and its folder writable, or choose another path",
}

// errHeld means that another descriptor has the lock on the file.
var errHeld = errors.New("the file is locked")

// lockedElsewhere is ErrLocked for a vault whose lock file is free, or was: a run
// writes to it under another name, or its lock file was removed.
func lockedElsewhere(path string) *Error {
	return &Error{Path: path, Kind: ErrLocked,
		Detail: "another LookerVault is writing to it, under another name of the file or with its lock file removed",
		Hint:   "wait for it to end, or choose another path"}
}

// Problem makes an Error of a kind, one of the sentinels, with the hint for it.
func Problem(path string, kind error, detail string) *Error {
	return &Error{Path: path, Kind: kind, Detail: detail, Hint: HintFor(kind)}
}

// classify wraps what SQLite or the operating system said in an Error with the
// kind that it amounts to. It returns nil for nil, and keeps what is an Error.
func classify(path string, err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*Error](err); ok {
		if known.Path == "" {
			known.Path = path
		}
		return err
	}
	kind := kindOf(err)
	return &Error{Path: path, Kind: kind, Hint: HintFor(kind), Err: err}
}

// classifyRead is classify for somebody who only wants to read: what may not be
// opened is not read-only but forbidden.
func classifyRead(path string, err error) error {
	err = classify(path, err)
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == ErrReadOnly && e.Err != nil {
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
		return ErrMissing
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
		return ErrNoLocks
	}
	if e.SystemErrno != 0 {
		if kind := kindOfErrno(e.SystemErrno); kind != nil {
			return kind
		}
	}
	switch e.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return ErrBusy
	case sqlite3.ErrCorrupt, sqlite3.ErrError, sqlite3.ErrFormat, sqlite3.ErrMismatch, sqlite3.ErrConstraint, sqlite3.ErrTooBig:
		// All statements and values are right for a vault: where one is refused, the
		// tables or rows are not those that were written.
		return ErrCorrupt
	case sqlite3.ErrNotADB:
		return ErrNotVault
	case sqlite3.ErrFull:
		return ErrFull
	case sqlite3.ErrReadonly:
		return ErrReadOnly
	}
	return nil
}

func kindOfErrno(errno syscall.Errno) error {
	switch errno {
	case syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG:
		return ErrFull
	case syscall.EROFS, syscall.EACCES, syscall.EPERM:
		return ErrReadOnly
	case syscall.ENOLCK:
		return ErrNoLocks
	case syscall.ENOENT:
		return ErrMissing
	}
	return nil
}

// Damaged is ErrCorrupt for rows that contradict each other, with the cause or nil. The
// engine adds the path.
func Damaged(err error, format string, args ...any) *Error {
	return &Error{Kind: ErrCorrupt, Detail: fmt.Sprintf(format, args...), Hint: HintFor(ErrCorrupt), Err: err}
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
func lockedBy(path string, pid int) *Error {
	e := &Error{Path: path, Kind: ErrLocked, Holder: pid,
		Detail: "another LookerVault is writing to it",
		Hint:   "wait for it to end, or choose another path"}
	if pid != 0 {
		e.Detail = fmt.Sprintf("process %d is writing to it", pid)
	}
	return e
}
