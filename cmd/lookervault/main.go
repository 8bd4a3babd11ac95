// Command lookervault backs up a Looker instance into one SQLite file.
//
// A command is a file of its name: options, constructor, run function. What several of them
// need is in files of their own: environment.go and root.go (what commands are made from),
// read.go (the vault that is read, the moment that is meant), live.go (a run into a copy),
// asking.go (who asks before it writes), connect.go (the client and the first answers),
// interrupts.go, terminal.go and logs.go (signals, standard error, the log), progress.go, and
// tables.go, filter.go and complete*.go (what their flags have in common).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/scope"
	"github.com/lookervault/lookervault/internal/vault"
)

func main() {
	os.Exit(runProcess(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ(), debug.SetMemoryLimit))
}

// endInterrupted ends the process at once, whatever it waits for.
func endInterrupted() { os.Exit(codeInterrupted) }

// runProcess is the whole program: it returns the exit code. limitMemory sets the soft limit for the
// memory of the process and returns the one before; nil leaves the process as it is.
func runProcess(args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string, limitMemory func(int64) int64) int {
	// net/http logs bytes of answers that nobody waits for any more.
	log.SetOutput(io.Discard)
	interrupts, release := catchSignals()
	defer release()
	env := newEnvironment(stdin, stdout, stderr, environ, interrupts)
	env.limitMemory = limitMemory
	err := env.execute(args)
	if err != nil && !isSaid(err) {
		fmt.Fprintln(env.streams.err.loud(), "lookervault: "+message(err))
	}
	env.streams.err.close(interrupts.patience())
	return exitCode(err)
}

// message is what the user is told of an error.
func message(err error) string {
	if exitCode(err) == codeInterrupted {
		return job.ErrInterrupted.Error() // what was under way is of no interest
	}
	return oneLine(err)
}

// The exit codes of the program, as exitCodes describes them.
const (
	codeComplete    = 0
	codeFailed      = 1
	codeUsage       = 2
	codeConnect     = 3
	codeIncomplete  = 4
	codeVault       = 5
	codeDifferent   = 6
	codeInterrupted = 130
)

// exitCodes is what help exit-codes shows.
const exitCodes = `Exit codes:
  0    complete
  1    failed: disk full, id not found, any other error
  2    wrong usage or configuration; a plan or restore that the vault does not hold
  3    cannot connect, or login refused, before the first good answer
  4    finished but incomplete: items or listings failed, the server died on the
       way, the budget of calls ended; salvage left something out
  5    vault locked, busy, corrupt, replaced or too new
  6    different: lookervault diff --exit-code found changes, verify --remote did, or
       restore plan --exit-code has something to do
  130  interrupted; the command that resumes is printed`

// exitError is an error of which a command knows with which code it ends the program.
// The outermost one decides: who makes it has seen everything below it.
type exitError struct {
	code int
	said bool  // the user has been told of it already
	hint bool  // the help of the command says how it is called
	err  error // never nil
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// What commands find that is no failure, and ends with a code of its own.
var (
	errPartial   = &exitError{code: codeIncomplete, err: errors.New("finished, but incomplete")}
	errDifferent = &exitError{code: codeDifferent, err: errors.New("different")}
)

// said returns an error that ends the program with the code of err, and of which the
// user has been told.
func said(err error) error { return &exitError{code: exitCode(err), said: true, err: err} }

// isSaid reports whether the user has been told of an error. Who joins another one to it,
// of closing a file, has something to tell.
func isSaid(err error) bool {
	for err != nil {
		if e, ok := err.(*exitError); ok { //nolint:errorlint // errors.As would look into joined errors
			return e.said
		}
		next := errors.Unwrap(err)
		if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) == 1 {
			// Nothing was joined to it: closing went well.
			next = joined.Unwrap()[0]
		}
		err = next
	}
	return false
}

// exitCode is the one place that turns an error into an exit code.
func exitCode(err error) int {
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	var problems *config.Problems
	var plan *vault.PlanError
	switch {
	case err == nil:
		return codeComplete
	case errors.Is(err, scope.ErrNoFolder), errors.As(err, &problems), errors.As(err, &plan):
		return codeUsage
	case errors.Is(err, job.ErrInterrupted), errors.Is(err, context.Canceled):
		return codeInterrupted
	case errors.Is(err, vault.ErrLocked), errors.Is(err, vault.ErrBusy), errors.Is(err, vault.ErrCorrupt),
		errors.Is(err, vault.ErrReplaced), errors.Is(err, vault.ErrTooNew), errors.Is(err, vault.ErrTooOld), errors.Is(err, vault.ErrNotVault), errors.Is(err, vault.ErrNoLocks):
		return codeVault
	case errors.Is(err, looker.ErrDown), errors.Is(err, looker.ErrBudget), errors.Is(err, looker.ErrLogin),
		looker.Class(err) == looker.FaultUnsure: // a server in trouble
		return codeIncomplete
	default:
		return codeFailed
	}
}
