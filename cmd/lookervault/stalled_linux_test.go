package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// stuckProcess is how long a process may take to do what a test waits for before it
// counts as one that never will.
const stuckProcess = 60 * time.Second

// fifo is a named pipe of one page that nobody reads until somebody calls drain.
type fifo struct {
	t    *testing.T
	read *os.File // both ends, so that neither side ever waits for the other one to open it
}

func newFIFO(t *testing.T) *fifo {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	f := &fifo{t: t, read: os.NewFile(uintptr(fd), path)}
	t.Cleanup(func() { _ = f.read.Close() })
	return f
}

// writer is the end that a process gets.
func (f *fifo) writer() *os.File {
	f.t.Helper()
	w, err := os.OpenFile(f.read.Name(), os.O_WRONLY, 0)
	if err != nil {
		f.t.Fatal(err)
	}
	return w
}

// waitUntilFull returns once no line of a log fits.
func (f *fifo) waitUntilFull() {
	f.t.Helper()
	eventually(f.t, "the pipe never fills", func() bool {
		n, err := unix.IoctlGetInt(int(f.read.Fd()), unix.TIOCINQ)
		return err == nil && n > 3500
	})
}

func eventually(t *testing.T, never string, happened func() bool) {
	t.Helper()
	again, late := time.NewTicker(20*time.Millisecond), time.After(stuckProcess)
	defer again.Stop()
	for !happened() {
		select {
		case <-again.C:
		case <-late:
			t.Fatal(never)
		}
	}
}

// drain reads what is left in the pipe of a process that has ended.
func (f *fifo) drain() []byte {
	f.t.Helper()
	if err := unix.SetNonblock(int(f.read.Fd()), true); err != nil {
		f.t.Fatal(err)
	}
	var all []byte
	buf := make([]byte, 1<<20)
	for {
		n, err := unix.Read(int(f.read.Fd()), buf)
		if errors.Is(err, unix.EAGAIN) || n == 0 {
			return all
		}
		if err != nil {
			f.t.Fatal(err)
		}
		all = append(all, buf[:n]...)
	}
}

// stalled is a run of many faults that hangs in the middle.
type stalled struct {
	t     *testing.T
	cmd   *exec.Cmd
	dir   string
	url   string // of the metrics
	said  *bufio.Scanner
	begun chan struct{} // closed when the run lists looks
	over  chan struct{} // closed when the process has ended
}

// startStalled starts a run whose listing of boards hangs, with outputs that may stall.
// The metrics' address is read from standard error where that is nil.
func startStalled(t *testing.T, stdout, stderr *os.File, args ...string) *stalled {
	t.Helper()
	r := &stalled{t: t, dir: t.TempDir(), begun: make(chan struct{}), over: make(chan struct{})}
	var once sync.Once
	options := lookersim.Options{Sizes: lookersim.Sizes{Looks: 60, Boards: 2}, TrashShare: -1, Observe: func(c lookersim.Call) {
		if strings.HasPrefix(c.Route, "GET /looks") {
			once.Do(func() { close(r.begun) })
		}
	}}
	for i := range 60 {
		options.BadRows = append(options.BadRows, lookersim.BadRow{Kind: "looks", At: i + 1, Form: lookersim.RowNull})
	}
	options.Rules = simtest.Rules(t, "route=GET /boards do=hang")
	_, url := simtest.New(t, options)
	r.cmd = exec.Command("lookervault", append([]string{"run", "looks", "boards", "--metrics-listen", "127.0.0.1:0", "--set", "retry.attempts=1"}, args...)...)
	r.cmd.Dir = r.dir
	r.cmd.Env = append(os.Environ(), environOf(url)...)
	r.cmd.Stdout = stdout
	if stderr != nil {
		r.cmd.Stderr = stderr
	} else {
		pipe, err := r.cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		r.said = bufio.NewScanner(pipe)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.cmd.Process.Kill() })
	guard := time.AfterFunc(2*stuckProcess, func() { _ = r.cmd.Process.Kill() }) // ends a wait for what it says
	t.Cleanup(func() { guard.Stop() })
	if stderr == nil {
		line := r.waitFor("serving metrics")
		r.url = regexp.MustCompile(`url=(http://\S+)`).FindStringSubmatch(line)[1]
	}
	return r
}

// waitFor reads standard error until a line with text, and returns that.
func (r *stalled) waitFor(text string) string {
	r.t.Helper()
	for r.said.Scan() {
		if strings.Contains(r.said.Text(), text) {
			return r.said.Text()
		}
	}
	r.t.Fatalf("standard error ended without %q", text)
	return ""
}

// end waits for the process, and reports its exit code or the signal that it died of.
func (r *stalled) end() (code int, died syscall.Signal) {
	r.t.Helper()
	go func() {
		defer close(r.over)
		if r.said != nil {
			for r.said.Scan() {
			}
		}
		_ = r.cmd.Wait()
	}()
	select {
	case <-r.over:
	case <-time.After(stuckProcess):
		_ = r.cmd.Process.Signal(syscall.SIGQUIT)
		r.t.Fatal("the process does not end")
	}
	if status := r.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		return 0, status.Signal()
	}
	return r.cmd.ProcessState.ExitCode(), 0
}

func (r *stalled) outcome() record.Outcome {
	r.t.Helper()
	reader := simtest.Reader(r.t, filepath.Join(r.dir, "looker.db"))
	defer reader.Close()
	runs, err := reader.Runs(r.t.Context(), "")
	if err != nil || len(runs) != 1 {
		r.t.Fatalf("%d runs, %v", len(runs), err)
	}
	return runs[0].Outcome
}

// waitUntilBegun returns once the vault holds the run.
func (r *stalled) waitUntilBegun() {
	r.t.Helper()
	select {
	case <-r.begun:
	case <-time.After(stuckProcess):
		r.t.Fatal("nobody asks for looks")
	}
}

// waitForFaults returns once the metrics say that all bad rows are committed, which is
// three times more of events than the pipe holds.
func (r *stalled) waitForFaults() {
	r.t.Helper()
	eventually(r.t, "/metrics never tells of all faults", func() bool {
		return bytes.Contains(r.metrics(), []byte("lookervault_documents_committed_total{kind=\"looks\"} 120\n"))
	})
}

func (r *stalled) metrics() []byte {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), stuckProcess)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatalf("/metrics while nobody reads: %v", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatalf("/metrics while nobody reads: %v", err)
	}
	return body
}

// lines parses events: each is whole.
func lines(t *testing.T, output []byte) (events []map[string]any) {
	t.Helper()
	if !bytes.HasSuffix(output, []byte("\n")) {
		t.Fatalf("the last line is torn: %q", output[max(0, len(output)-200):])
	}
	for line := range bytes.Lines(output) {
		var event map[string]any
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		events = append(events, event)
	}
	return events
}

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
			r := startStalled(t, w, nil, "--json", "--progress", "none", "--set", "looker.timeout=120s", "--set", "shutdown.grace=1s")
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
	r := startStalled(t, w, nil, "--json", "--progress", "none", "--set", "looker.timeout=1s")
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
	r := startStalled(t, nil, w, "--progress", "plain", "--set", "log.level=debug", "--set", "looker.timeout=120s", "--set", "shutdown.grace=1s")
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
	r := startStalled(t, nil, terminal, "--progress", "bar", "--set", "log.level=debug", "--set", "looker.timeout=120s", "--set", "shutdown.grace=1s")
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
// with, so the second signal ends it.
func TestSignalsEndADumpWhoseReaderStalls(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, stderr := runHere(t, "run", "--demo", "--progress", "none", "dashboards"); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	out := newFIFO(t)
	w := out.writer()
	r := &stalled{t: t, over: make(chan struct{}), cmd: exec.Command("lookervault", "dump", "--db", demoVault)}
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
	if status := r.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGINT && status.ExitStatus() != 130 {
		t.Errorf("%v, want 130, or death by the signal", r.cmd.ProcessState)
	}
}
