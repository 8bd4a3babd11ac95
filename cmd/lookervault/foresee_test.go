package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/simtest"
)

// TestProgressKnowsTheVault holds up a run before it has listed anything: what the
// whole is can then only come from the vault.
func TestProgressKnowsTheVault(t *testing.T) {
	t.Parallel()
	sim, url := simtest.New(t, lookersim.Options{Sizes: lookersim.Sizes{Looks: 5, Boards: 2}, TrashShare: -1})
	dir := t.TempDir()
	command := func(args ...string) *exec.Cmd {
		cmd := exec.Command("lookervault", append([]string{"run", "looks", "boards", "--json", "--progress", "none"}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), environOf(url)...)
		return cmd
	}
	// total reads events up to the first progress that knows the whole.
	total := func(cmd *exec.Cmd) (things int64, known bool) {
		t.Helper()
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Wait()
		defer cmd.Process.Kill()
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var event struct {
				Event string
				Total struct {
					Bound     bool
					Documents int64
				}
			}
			if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
				t.Fatal(err)
			}
			if event.Event == "progress" && !event.Total.Bound {
				return event.Total.Documents, true
			}
		}
		return 0, false
	}
	if _, known := total(command("--set", "retry.attempts=1")); !known {
		t.Error("a first run does not know the whole when all is listed")
	}
	if err := command().Run(); err != nil {
		t.Fatal(err)
	}
	simtest.SetRules(t, sim, "route=GET /boards do=hang", "route=GET /looks/search do=hang")
	if things, known := total(command("--set", "looker.timeout=100s")); !known || things != 7 {
		t.Errorf("a run that is held up before its lists expects %d documents (known: %v), want 7 as in the vault", things, known)
	}
}
