package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/simtest"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	if code, stdout, stderr := tr.do("faults"); code != 1 || stdout != "" || !strings.Contains(stderr, "lookervault run") {
		t.Errorf("without a vault: exit code %d, %q, %q", code, stdout, stderr)
	}
	simtest.SetRules(t, tr.sim, "route=GET /boards status=500")
	tr.environ = append(tr.environ, "LOOKERVAULT_RETRY__ATTEMPTS=1")
	if code, _, stderr := tr.do("run", "boards", "roles"); code != 4 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	cells := strings.Split(strings.TrimSuffix(tr.must("faults"), "\n"), "\t")
	if len(cells) != len(faultTable.Columns) {
		t.Fatalf("%q, want one line of %d columns", cells, len(faultTable.Columns))
	}
	got := append(cells[:6:6], cells[8])
	if diff := cmp.Diff([]string{"1", "boards", "", "server", "500", "1", "-"}, got); diff != "" {
		t.Errorf("fault (-want +got):\n%s", diff)
	}

	simtest.SetRules(t, tr.sim)
	tr.must("run", "boards", "roles")
	if got := tr.must("faults"); got != "" {
		t.Errorf("open faults after a good run: %q", got)
	}
	if got := tr.must("faults", "--json"); strings.TrimSpace(got) != "[]" {
		t.Errorf("no faults as JSON: %q", got)
	}
	var faults []struct {
		Run         int64
		Kind, ID    string
		Class       string
		Status      int
		Message     string
		ResolvedRun int64 `json:"resolved_run"`
	}
	if err := json.Unmarshal([]byte(tr.must("faults", "1", "--json")), &faults); err != nil {
		t.Fatal(err)
	}
	if len(faults) != 1 || faults[0].Kind != "boards" || faults[0].Status != 500 || faults[0].ResolvedRun != 2 || faults[0].Message == "" {
		t.Errorf("faults of run 1: %+v", faults)
	}
	for args, want := range map[string]int{"99": 1, "x": 2, "0": 2} {
		if code, _, stderr := tr.do("faults", args); code != want || stderr == "" {
			t.Errorf("faults %s: exit code %d, want %d: %q", args, code, want, stderr)
		}
	}
}

// TestOneOpenFaultOfOneDocument: what fails night after night is one open fault.
func TestOneOpenFaultOfOneDocument(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	simtest.SetRules(t, tr.sim, "route=GET /boards status=500")
	tr.environ = append(tr.environ, "LOOKERVAULT_RETRY__ATTEMPTS=1")
	for range 3 {
		if code, _, stderr := tr.do("run", "boards"); code != 4 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
	}
	lines := strings.Split(strings.TrimSpace(tr.must("faults")), "\n")
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "3\tboards\t") {
		t.Errorf("open faults %q, want that of run 3", lines)
	}
	if lines := strings.Split(strings.TrimSpace(tr.must("faults", "2")), "\n"); len(lines) != 1 || !strings.HasPrefix(lines[0], "2\tboards\t") {
		t.Errorf("faults of run 2: %q", lines)
	}
}
