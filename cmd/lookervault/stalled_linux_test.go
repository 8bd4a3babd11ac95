package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lookervault/lookervault/internal/record"
)

// TestSignalsEndARunWhoseReaderStalls sends signals to a run whose standard output
// nobody reads.
func TestSignalsEndARunWhoseReaderStalls(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		signals []syscall.Signal
		dies    bool // it may die of the last signal, which then cuts everything short
	}{
		{"one SIGTERM", []syscall.Signal{syscall.SIGTERM}, false},
		{"two SIGINT", []syscall.Signal{syscall.SIGINT, syscall.SIGINT}, false},
		{"two SIGTERM", []syscall.Signal{syscall.SIGTERM, syscall.SIGTERM}, false},
		{"three SIGINT", []syscall.Signal{syscall.SIGINT, syscall.SIGINT, syscall.SIGINT}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			out := newFIFO(t)
			w := out.writer()
			r := startStalled(t, "do=hang", w, nil, "--json", "--progress", "none", "--set", "looker.timeout=120s", "--set", "shutdown.grace=1s")
			_ = w.Close()
			r.waitForFaults()
			for i, s := range test.signals {
				if err := r.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
					t.Fatal(err)
				}
				if i == 0 {
					r.waitFor("Stopping")
				}
			}
			code, died := r.end()
			if code != 130 && (!test.dies || died != syscall.SIGINT) {
				t.Errorf("exit code %d, signal %v; want 130", code, died)
			}
			events := lines(t, out.drain())
			if died != 0 {
				return
			}
			last := events[len(events)-1]
			if dropped, ok := last["events_dropped"].(float64); last["event"] != "run_finished" || !ok || dropped == 0 {
				t.Errorf("the last event is %v with events_dropped %v, want run_finished with a number", last["event"], last["events_dropped"])
			}
			if got := r.outcome(); got != record.RunInterrupted {
				t.Errorf("outcome %s, want interrupted", got)
			}
		})
	}
}

// TestReaderThatWakesMissesNothing lets the run end while nobody reads.
func TestReaderThatWakesMissesNothing(t *testing.T) {
	t.Parallel()
	out := newFIFO(t)
	w := out.writer()
	r := startStalled(t, "status=500", w, nil, "--json", "--progress", "none")
	_ = w.Close()
	r.waitFor("Incomplete:")
	if body := r.metrics(); !bytes.Contains(body, []byte("lookervault_run_id 1\n")) {
		t.Errorf("/metrics while nobody reads:\n%s", body)
	}
	if got := r.outcome(); got != record.RunPartial {
		t.Errorf("outcome %s while nobody reads, want partial", got)
	}
	var output []byte
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 1<<16)
		for !bytes.Contains(output, []byte(`"run_finished"`)) || !bytes.HasSuffix(output, []byte("\n")) {
			n, err := unix.Read(int(out.read.Fd()), buf)
			if err != nil && !errors.Is(err, unix.EINTR) {
				return
			}
			output = append(output, buf[:max(n, 0)]...)
		}
	}()
	if code, died := r.end(); code != 4 {
		t.Errorf("exit code %d, signal %v; want 4", code, died)
	}
	<-read
	faults := 0
	events := lines(t, output)
	for _, event := range events {
		if event["event"] == "fault" {
			faults++
		}
	}
	last := events[len(events)-1]
	if last["event"] != "run_finished" || last["events_dropped"] != 0.0 || faults < 60 {
		t.Errorf("%d faults, the last event is %v with events_dropped %v; want all 60, run_finished, 0", faults, last["event"], last["events_dropped"])
	}
}

// TestSignalsEndARunWhoseErrorsNobodyReads fills standard error with lines of the log.
func TestSignalsEndARunWhoseErrorsNobodyReads(t *testing.T) {
	t.Parallel()
	errs := newFIFO(t)
	w := errs.writer()
	r := startStalled(t, "do=hang", nil, w, "--progress", "plain", "--set", "log.level=debug", "--set", "looker.timeout=120s", "--set", "shutdown.grace=1s")
	_ = w.Close()
	errs.waitUntilFull()
	r.waitUntilBegun()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, died := r.end(); code != 130 {
		t.Errorf("exit code %d, signal %v; want 130", code, died)
	}
	if got := r.outcome(); got != record.RunInterrupted {
		t.Errorf("outcome %s, want interrupted", got)
	}
}

// TestSignalsEndARunOnAHaltedTerminal draws bars on a terminal that takes nothing, as
// after Ctrl-S.
func TestSignalsEndARunOnAHaltedTerminal(t *testing.T) {
	t.Parallel()
	controller, terminal, err := openTerminal(80)
	if err != nil {
		t.Fatal(err)
	}
	defer controller.Close()
	r := startStalled(t, "do=hang", nil, terminal, "--progress", "bar", "--set", "log.level=debug", "--set", "looker.timeout=120s", "--set", "shutdown.grace=1s")
	fds := []unix.PollFd{{Fd: int32(terminal.Fd()), Events: unix.POLLOUT}}
	eventually(t, "the terminal never fills", func() bool {
		n, err := unix.Poll(fds, 0)
		return err == nil && n == 0
	})
	_ = terminal.Close()
	r.waitUntilBegun()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, died := r.end(); code != 130 {
		t.Errorf("exit code %d, signal %v; want 130", code, died)
	}
	if got := r.outcome(); got != record.RunInterrupted {
		t.Errorf("outcome %s, want interrupted", got)
	}
}

// TestSignalsEndADumpWhoseReaderStalls: a command that only reads has nothing to hurry
// with, so the second signal ends it, and that of a process which was started to ignore
// SIGINT as well, as a shell starts what a script runs in the background.
func TestSignalsEndADumpWhoseReaderStalls(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, stderr := runHere(t, "run", "--demo", "--progress", "none", "dashboards"); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, how := range []struct{ name, trap string }{{"caught", "trap - INT"}, {"ignored", `trap "" INT`}} {
		t.Run(how.name, func(t *testing.T) {
			out := newFIFO(t)
			w := out.writer()
			r := &stalled{t: t, over: make(chan struct{})}
			r.cmd = exec.Command("sh", "-c", how.trap+`; exec lookervault dump --db "$0"`, demoVault)
			r.cmd.Stdout = w
			if err := r.cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = r.cmd.Process.Kill() })
			_ = w.Close()
			out.waitUntilFull()
			// Signals that come too fast are one, so more than two may be sent.
			go func() {
				defer close(r.over)
				_ = r.cmd.Wait()
			}()
			eventually(t, "signals do not end it", func() bool {
				_ = r.cmd.Process.Signal(syscall.SIGINT) // or it is over
				select {
				case <-r.over:
					return true
				default:
					return false
				}
			})
			if status := r.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGINT && status.ExitStatus() != codeInterrupted {
				t.Errorf("%v, want %d, or death by the signal", r.cmd.ProcessState, codeInterrupted)
			}
		})
	}
}
