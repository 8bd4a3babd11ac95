package main

import (
	"bufio"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// TestSim starts the simulator as the README does and backs it up with what it
// prints.
func TestSim(t *testing.T) {
	sim := exec.Command("lookervault", "sim", "--listen", "127.0.0.1:0", "--dashboards", "5", "--looks", "4", "--token-ttl", "1d", "--fault", "route=GET /looks/{id} id=2 status=500")
	stderr, err := sim.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.Start(); err != nil {
		t.Fatal(err)
	}
	defer sim.Process.Kill()
	var environ []string
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), "lookervault run") {
		if exports, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "export "); ok {
			environ = append(environ, strings.Fields(exports)...)
		}
	}
	if len(environ) != 3 {
		t.Fatalf("printed %q, want the three variables", environ)
	}
	backup := exec.Command("lookervault", "run", "dashboards", "looks")
	backup.Dir = t.TempDir()
	backup.Env = append(os.Environ(), append(environ, "LOOKERVAULT_RATE_LIMIT__PER_SECOND=0", "LOOKERVAULT_RETRY__ATTEMPTS=1")...)
	out, err := backup.CombinedOutput()
	if backup.ProcessState.ExitCode() != 4 || !strings.Contains(string(out), "looks/2") && !strings.Contains(string(out), "1 failed") {
		t.Errorf("%v, want exit code 4:\n%s", err, out)
	}
	if err := sim.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := sim.Wait(); err != nil {
		t.Errorf("a signal ends it in order, got %v", err)
	}
}

// A terminal that is closed ends the program as Ctrl-C does.
func TestHangup(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("whoever started the tests has SIGHUP ignored, as nohup does")
	}
	sim := exec.Command("lookervault", "sim", "--listen", "127.0.0.1:0")
	stderr, err := sim.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.Start(); err != nil {
		t.Fatal(err)
	}
	defer sim.Process.Kill()
	if line, err := bufio.NewReader(stderr).ReadString('\n'); err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	if err := sim.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := sim.Wait(); err != nil {
		t.Errorf("SIGHUP ends it in order, got %v", err)
	}
}
