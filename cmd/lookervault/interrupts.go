package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lookervault/lookervault/internal/job"
)

// interrupts are the ends of a command that come from outside.
type interrupts struct {
	stop context.Context // ends with the first signal; it is the context of every command
	kill context.Context // ends with the second
	// graceful is true of a command that ends in order after the first signal and
	// hurries after the second. Others have nothing to hurry with.
	graceful atomic.Bool
	waiting  context.Context // see patience; nil before that was called
	unread   chan os.Signal  // see begin, nil before that was called; nobody receives from it
}

// catchSignals watches for signals until release is called: the first Ctrl-C, SIGTERM or
// SIGHUP (the terminal was closed) ends stop; for a graceful command the second one ends
// kill as well. The next one is not caught any more: it ends the process, whatever that
// waits for. Under nohup a SIGHUP stays ignored. A shell that starts a job in the background
// of a script lets it ignore SIGINT, which such a process catches as any other does.
func catchSignals() (_ *interrupts, release func()) {
	i := &interrupts{}
	var stopNow, killNow context.CancelCauseFunc
	i.stop, stopNow = context.WithCancelCause(context.Background())
	i.kill, killNow = context.WithCancelCause(context.Background())
	received, last := make(chan os.Signal, 3), make(chan os.Signal, 1)
	ignored := signal.Ignored(os.Interrupt)
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
			if !i.graceful.Load() {
				break
			}
		}
		if ignored { // which it would be again once received is stopped
			signal.Notify(last, os.Interrupt)
		}
		signal.Stop(received)
		select {
		case next := <-received: // it came before that
			raise(next)
		default:
		}
		select {
		case <-last:
			endInterrupted()
		case <-over:
		}
	}()
	return i, func() {
		if i.unread != nil {
			signal.Stop(i.unread)
		}
		signal.Stop(received)
		signal.Stop(last)
		close(over)
	}
}

// begin says that the command is graceful. For one that writes, writing to a pipe that
// nobody reads any more fails from now on. Otherwise it ends the process by SIGPIPE, as is
// right for what only prints, and wrong for a backup whose progress somebody has looked at
// through head. What the process starts is not affected.
func (i *interrupts) begin(writes bool) {
	i.graceful.Store(true)
	if writes {
		i.unread = make(chan os.Signal, 1)
		signal.Notify(i.unread, syscall.SIGPIPE)
	}
}

// raise sends this process a signal, which is not caught any more.
func raise(s os.Signal) {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Signal(s) // nobody could be told
	}
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
func (i *interrupts) patience() context.Context {
	if i.waiting == nil {
		ctx, giveUp := context.WithCancel(context.Background())
		i.waiting = ctx
		context.AfterFunc(i.stop, func() { time.AfterFunc(patienceAfterStop, giveUp) })
		context.AfterFunc(i.kill, func() { time.AfterFunc(patienceAfterKill, giveUp) })
	}
	return i.waiting
}
