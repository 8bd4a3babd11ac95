package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

const (
	clientID     = "sim-client-id"
	clientSecret = "sim-client-secret"
)

// simulator starts a simulated Looker in a process of its own.
func (b *bench) simulator(flags ...string) (url string, stop func(), err error) {
	sim := exec.Command(b.program, append([]string{"sim", "--listen", "127.0.0.1:0"}, flags...)...)
	said := &sayings{url: make(chan string, 1)}
	sim.Stderr = said
	if err := sim.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = sim.Process.Signal(os.Interrupt)
		_ = sim.Wait()
	}
	select {
	case url := <-said.url:
		return url, stop, nil
	case <-time.After(10 * time.Second):
		stop()
		return "", nil, errors.New("the simulator did not say where it serves")
	}
}

// sayings waits for the simulator's address in what it prints.
type sayings struct {
	text []byte
	said bool
	url  chan string
}

func (s *sayings) Write(p []byte) (int, error) {
	if s.text = append(s.text, p...); !s.said {
		_, rest, found := bytes.Cut(s.text, []byte("LOOKERSDK_BASE_URL="))
		if url, _, whole := bytes.Cut(rest, []byte("\n")); found && whole {
			s.said = true
			s.url <- string(url)
		}
	}
	return len(p), nil
}

// measured is one process from start to end.
type measured struct {
	wall, cpu time.Duration
	rss       int64 // bytes, at most
	vault     int64 // bytes of the file
	bytes     int64 // of the documents
	calls     int64
}

// process runs a command and measures it.
func process(cmd *exec.Cmd) (measured, []byte, error) {
	cmd.Stderr = nil
	began := time.Now()
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		return measured{}, nil, err
	}
	return used(cmd, began), out, nil
}

// used is what a command that began at a time, and is over, took.
func used(cmd *exec.Cmd, began time.Time) measured {
	m := measured{wall: time.Since(began), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.rss = usage.Maxrss << 10
	}
	return m
}

// against is the program with a simulated Looker for its instance.
func (b *bench) against(url string, args ...string) *exec.Cmd {
	cmd := exec.Command(b.program, args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "LOOKERSDK_BASE_URL="+url, "LOOKERSDK_CLIENT_ID="+clientID, "LOOKERSDK_CLIENT_SECRET="+clientSecret)
	return cmd
}

// backup runs lookervault against a simulated Looker.
func (b *bench) backup(url, db string, flags ...string) (measured, error) {
	args := append([]string{"run", "dashboards", "--json", "--db", db, "--rate-limit-per-second", "0", "--set", "log.level=warn"}, flags...)
	m, out, err := process(b.against(url, args...))
	if err != nil {
		return m, err
	}
	var summary struct {
		Event string `json:"event"`
		Items int64  `json:"items"`
		Bytes int64  `json:"bytes"`
		Vault int64  `json:"vault_bytes"`
		Calls int64  `json:"calls"`
	}
	last := lastLine(out)
	if err := json.Unmarshal([]byte(last), &summary); err != nil {
		return m, err
	}
	if summary.Event != "run_finished" || summary.Items == 0 {
		return m, fmt.Errorf("unexpected summary: %s", last)
	}
	m.bytes, m.vault, m.calls = summary.Bytes, summary.Vault, summary.Calls
	return m, nil
}

// floorOf runs the floor against a simulated Looker, over so many connections.
func (b *bench) floorOf(url string, n, connections int) (measured, error) {
	db := filepath.Join(b.dir, "floor.db")
	defer remove(db)
	m, _, err := process(exec.Command(b.self, "-url", url, "-n", fmt.Sprint(n), "-c", fmt.Sprint(connections), "-db", db, "floor"))
	return m, err
}

// vault is where the vault is made.
func (b *bench) vault() string { return filepath.Join(b.dir, "vault.db") }

// remove removes a database and what stands beside it.
func remove(db string) {
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		_ = os.Remove(db + suffix)
	}
}

// median is the middle of several figures.
func median[T int64 | float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
