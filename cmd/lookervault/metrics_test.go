package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/simtest"
)

// TestMetricsWhileARunLasts asks for metrics in the middle of a run, which waits
// for the answer, and reads the file that it leaves.
func TestMetricsWhileARunLasts(t *testing.T) {
	t.Parallel()
	sim, _ := simtest.New(t, lookersim.Options{Sizes: lookersim.Sizes{Looks: 5, Boards: 2}, TrashShare: -1})
	asked := make(chan struct{})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/boards") {
			<-asked
			http.Error(w, "no boards", http.StatusInternalServerError)
			return
		}
		sim.ServeHTTP(w, r)
	}))
	defer front.Close()
	asking := sync.OnceFunc(func() { close(asked) })
	defer asking()
	dir := t.TempDir()
	backup := exec.Command("lookervault", "run", "looks", "boards", "--metrics-listen", "127.0.0.1:0", "--metrics-file", "lookervault.prom", "--set", "retry.attempts=1")
	backup.Dir = dir
	backup.Env = append(os.Environ(), environOf(front.URL)...)
	stderr, err := backup.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := backup.Start(); err != nil {
		t.Fatal(err)
	}
	defer backup.Process.Kill()

	var base string
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), "run begun") {
		if found := regexp.MustCompile(`url=(http://\S+)/metrics`).FindStringSubmatch(lines.Text()); found != nil {
			base = found[1]
		}
	}
	if base == "" {
		t.Fatal("it does not say where it serves metrics")
	}
	ask := func(path string) string {
		t.Helper()
		response, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", path, response.Status, err)
		}
		return string(body)
	}
	// The run cannot be over: it waits for the boards.
	if body := ask("/healthz"); body != "ok\n" {
		t.Errorf("healthz: %q", body)
	}
	again, late := time.NewTicker(20*time.Millisecond), time.After(patience)
	defer again.Stop()
	for _, want := range []string{"lookervault_run_id 1", `lookervault_documents_listed{kind="boards"} 0`, `lookervault_api_calls_total{result="good"}`} {
		// What is counted comes with the first thing to count.
		for body := ask("/metrics"); !strings.Contains(body, want); body = ask("/metrics") {
			select {
			case <-again.C:
			case <-late:
				t.Fatalf("no %s in\n%s", want, body)
			}
		}
	}
	asking()
	_, _ = io.Copy(io.Discard, stderr)
	_ = backup.Wait()
	file, err := os.ReadFile(filepath.Join(dir, "lookervault.prom"))
	if err != nil || !strings.Contains(string(file), `outcome="partial"} 1`) || !strings.Contains(string(file), `lookervault_oldest_observation_timestamp_seconds{instance_name="`) {
		t.Errorf("the file holds %v\n%s", err, file)
	}
}
