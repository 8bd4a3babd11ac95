package vault

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
)

// What can be wrong with a vault; match with [errors.Is]. They come inside an
// [Error], which names the file and says what to do.
var (
	// ErrLocked means that another process holds the vault's lock file.
	ErrLocked = errors.New("vault is locked")
	// ErrBusy means that another program kept a write transaction open for
	// longer than the writer was told to wait.
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
	// ErrEmpty is the cause of an ErrNotVault that a run can make a vault of.
	ErrEmpty = errors.New("the file is empty")
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
	if e.Err != nil && !slices.Contains(parts, e.Err.Error()) {
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

// Again ends hints about what passes. A command that knows a better way to go on tells that
// by [GoOn] instead.
const Again = "give the command again"

// GoOn returns an error whose hints end in another way to go on than [Again]; nil for nil.
func GoOn(err error, how string) error {
	if _, ok := errors.AsType[*Error](err); !ok {
		return err
	}
	return &goOnError{err, how}
}

type goOnError struct {
	err error
	how string
}

func (e *goOnError) Error() string { return strings.ReplaceAll(e.err.Error(), Again+")", e.how+")") }

func (e *goOnError) Unwrap() error { return e.err }

// Join is [errors.Join], but that of the same problem with the same vault the first error
// tells alone.
func Join(first, second error) error {
	a, isA := errors.AsType[*Error](first)
	b, isB := errors.AsType[*Error](second)
	if isA && isB && a.Path == b.Path && errors.Is(a.Kind, b.Kind) {
		return first
	}
	return errors.Join(first, second)
}

// HintFor says what to do about a kind of problem, "" where there is nothing to say.
func HintFor(kind error) string { return hints[kind] }

var hints = map[error]string{
	ErrBusy:     "end the program that holds a write transaction on it, then " + Again,
	ErrCorrupt:  "lookervault check says what is damaged; copy the file away, then lookervault run --full stores again what the server still has; where that is refused, lookervault salvage NEW.db copies all that is sound",
	ErrReplaced: "put the file back, or start a new run",
	ErrTooNew:   "use the LookerVault that wrote it, or a newer one",
	ErrTooOld:   "the next run brings it up to date",
	ErrNotVault: "choose another path for the vault; this file was left as it is",
	ErrFull:     "free space or move the vault, then " + Again,
	ErrNoLocks:  "keep the vault on a local disk, and copy it to the network drive after the run",
	ErrReadOnly: "make the file and its folder writable, or choose another path",
}

// Problem makes an Error of a kind, one of the sentinels, with the hint for it.
func Problem(path string, kind error, detail string) *Error {
	return &Error{Path: path, Kind: kind, Detail: detail, Hint: HintFor(kind)}
}

// Damaged is ErrCorrupt for rows that contradict each other, with the cause or nil. The
// engine adds the path.
func Damaged(err error, format string, args ...any) *Error {
	return &Error{Kind: ErrCorrupt, Detail: fmt.Sprintf(format, args...), Hint: HintFor(ErrCorrupt), Err: err}
}

// AbsentError says why a document is not held at a point. It matches ErrNotFound.
type AbsentError struct {
	record.Ref
	Run      int64  // that the point means, 0 for now
	Gone     int64  // the run that found it gone by then, or 0
	LastSeen int64  // of one that is gone: the last run that saw it
	Seen     int64  // of one that was never seen by then: the first run that saw it, 0 when none did
	Pruned   bool   // runs before Seen saw it, and what they knew was pruned
	Path     string // of the vault
}

// Error is one line: what is not there, since when, and which run had it.
func (e *AbsentError) Error() string {
	switch {
	case e.Gone != 0:
		return fmt.Sprintf("%s as of run %d: gone since run %d, last seen by run %d", e.Ref, e.Run, e.Gone, e.LastSeen)
	case e.Pruned:
		return fmt.Sprintf("%s as of run %d: gone by then, and what was known of it before run %d was pruned", e.Ref, e.Run, e.Seen)
	case e.Seen != 0:
		return fmt.Sprintf("%s as of run %d: never seen by then, run %d saw it first", e.Ref, e.Run, e.Seen)
	case e.Run != 0:
		return fmt.Sprintf("%s as of run %d: never seen: %s in %s", e.Ref, e.Run, ErrNotFound, e.Path)
	}
	return fmt.Sprintf("%s: %s in %s", e.Ref, ErrNotFound, e.Path)
}

// Is makes it an ErrNotFound.
func (e *AbsentError) Is(target error) bool { return target == ErrNotFound }

// ErrPruned means that a run is kept as a number only.
var ErrPruned = errors.New("the run was pruned")

// Why a plan cannot be applied; match with [errors.Is]. They come inside a [PlanError].
var (
	// ErrTampered means that a plan is not what was stored.
	ErrTampered = errors.New("the plan is not as it was made")
	// ErrReleased means that versions which the plan needs may have been removed.
	ErrReleased = errors.New("what the plan needs was given up to a prune")
	// ErrOtherVersion means that the program cannot read what was asked for.
	ErrOtherVersion = errors.New("another version of this program made it")
	// ErrOver means that the plan was applied to its end, was taken back, or will not be
	// applied any more.
	ErrOver = errors.New("there is nothing left to apply")
)

// PlanError says why a plan cannot be applied. Nothing was written.
type PlanError struct {
	ID     int64
	Kind   error // one of the sentinels above
	Detail string
}

// Error is one line.
func (e *PlanError) Error() string {
	s := fmt.Sprintf("plan %d: %v", e.ID, e.Kind)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap gives the kind.
func (e *PlanError) Unwrap() error { return e.Kind }
