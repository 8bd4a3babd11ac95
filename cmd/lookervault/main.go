// Command lookervault backs up a Looker instance into one SQLite file.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/scope"
	"github.com/lookervault/lookervault/internal/vault"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ())) }

// run is the whole program: it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	// net/http logs bytes of answers that nobody waits for any more.
	log.SetOutput(io.Discard)
	a := &app{stdin: stdin, stdout: stdout, stderr: newTerminal(stderr), environ: environ}
	stop, kill, release := signals(&a.graceful)
	defer release()
	a.stop, a.kill = stop, kill
	err := a.execute(args)
	if err != nil && !isSaid(err) {
		fmt.Fprintln(a.stderr.loud(), "lookervault: "+message(err))
	}
	a.stderr.close(a.patience())
	return exitCode(err)
}

// How long what is left to say waits for a reader who has stalled, after the first
// signal and after the second. Together with what an end takes otherwise that is well
// below the ten seconds after which people reach for kill -9.
const (
	patienceAfterStop = 4 * time.Second
	patienceAfterKill = time.Second
)

// patience returns a context that ends when a reader who has stalled is not waited for
// any more. Without a signal that is never: a program waits for its reader. After one
// it is some seconds from the signal, or from the first call where that came later; all
// calls return the same context.
func (a *app) patience() context.Context {
	if a.waiting == nil {
		ctx, giveUp := context.WithCancel(context.Background())
		a.waiting = ctx
		context.AfterFunc(a.stop, func() { time.AfterFunc(patienceAfterStop, giveUp) })
		context.AfterFunc(a.kill, func() { time.AfterFunc(patienceAfterKill, giveUp) })
	}
	return a.waiting
}

// message is what the user is told of an error.
func message(err error) string {
	if exitCode(err) == codeInterrupted {
		return job.ErrInterrupted.Error() // what was under way is of no interest
	}
	return oneLine(err)
}

// signals returns two contexts: the first Ctrl-C, SIGTERM or SIGHUP (the terminal
// was closed) ends stop; for a graceful command the second one ends kill as well. The
// next one is not caught any more: it ends the process, whatever that waits for. Under
// nohup a SIGHUP stays ignored.
func signals(graceful *atomic.Bool) (stop, kill context.Context, release func()) {
	stop, stopNow := context.WithCancelCause(context.Background())
	kill, killNow := context.WithCancelCause(context.Background())
	received := make(chan os.Signal, 3)
	signal.Notify(received, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(received, syscall.SIGHUP)
	}
	over := make(chan struct{})
	go func() {
		for _, cancel := range []context.CancelCauseFunc{stopNow, killNow} {
			select {
			case <-received:
				cancel(job.ErrInterrupted)
			case <-over:
				return
			}
			if !graceful.Load() {
				break
			}
		}
		signal.Stop(received)
		select {
		case next := <-received: // it came before that
			raise(next)
		default:
		}
	}()
	return stop, kill, func() {
		signal.Stop(received)
		close(over)
	}
}

// raise sends this process a signal, which is not caught any more.
func raise(s os.Signal) {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Signal(s) // nobody could be told
	}
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
  2    wrong usage or configuration
  3    cannot connect, or login refused, before the first good answer
  4    finished but incomplete: items or listings failed, the server died on the
       way, the budget of calls ended; salvage left something out
  5    vault locked, busy, corrupt, replaced or too new
  6    different: lookervault diff --exit-code found changes, or verify --remote did
  130  interrupted; the command that resumes is printed`

// exitError is an error of which a command knows with which code it ends the program.
// The outermost one decides: who makes it has seen everything below it.
type exitError struct {
	code int
	said bool  // the user has been told of it already
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
	for ; err != nil; err = errors.Unwrap(err) {
		if e, ok := err.(*exitError); ok { //nolint:errorlint // errors.As would look into joined errors
			return e.said
		}
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
	case errors.Is(err, looker.ErrDown), errors.Is(err, looker.ErrBudget), errors.Is(err, looker.ErrLogin):
		return codeIncomplete
	default:
		return codeFailed
	}
}
