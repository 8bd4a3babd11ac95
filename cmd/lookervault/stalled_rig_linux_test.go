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

// stalled is a run of many faults, and of a list that fails or hangs.
type stalled struct {
	t     *testing.T
	cmd   *exec.Cmd
	dir   string
	url   string // of the metrics
	said  *bufio.Scanner
	begun chan struct{} // closed when the run lists looks
	over  chan struct{} // closed when the process has ended
}

// startStalled starts a run whose listing of boards fails so, with outputs that may stall.
// The metrics' address is read from standard error where that is nil.
func startStalled(t *testing.T, boards string, stdout, stderr *os.File, args ...string) *stalled {
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
	options.Rules = simtest.Rules(t, "route=GET /boards "+boards)
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
