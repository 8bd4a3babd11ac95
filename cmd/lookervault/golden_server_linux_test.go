package main

import (
	"regexp"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// maskServer takes out what differs from run to run of a simulated Looker: its port, log
// lines, times, how full the disk is; and the number of the schema.
func maskServer(output string) string {
	output = regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\dT\S+ \[.*\n`).ReplaceAllString(output, "")
	output = regexp.MustCompile(`(?m)^disk.*\n( +.*\n)*`).ReplaceAllString(output, "")
	output = regexp.MustCompile(`schema \d;`).ReplaceAllString(output, "schema N;")
	output = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:]+Z`).ReplaceAllString(output, "TIME")
	output = regexp.MustCompile(`\d{4}-\d\d-\d\d(\s+)\d\d:\d\d:\d\d`).ReplaceAllString(output, "DATE${1}TIME")
	return regexp.MustCompile(`127\.0\.0\.1:\d{5}`).ReplaceAllString(output, "127.0.0.1:PORT!")
}

// TestGoldenOfServer compares what commands print that ask a Looker, and those about kinds
// and restores.
func TestGoldenOfServer(t *testing.T) {
	files := goldenFiles(t)
	tr := trialHere(t, lookersim.Options{Seed: 3})
	tr.environ = append(tr.environ, "LOOKERVAULT_LOOKER__NAME=acme",
		"LOOKERVAULT_STAGES__LIST__WORKERS=1", "LOOKERVAULT_STAGES__FETCH__WORKERS=1", // as many calls each time
		"LOOKERVAULT_RETRY__MAX_WAIT=10ms")
	compare := func(name, args string, code int) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			goldenOf{name: name, args: args, code: code, environ: tr.environ, slow: true, mask: maskServer}.compare(t, files)
		})
	}
	compare("kinds", "kinds", 0)
	compare("check-first", "check", 0)
	compare("dry-run-first", "run --dry-run", 0)
	if code, _, said := tr.do("run"); code != 0 {
		t.Fatal(said)
	}
	for _, mutation := range []string{"op=trash kind=looks id=4", "op=delete kind=dashboards id=5", "op=title kind=dashboards id=7 value=Another title"} {
		tr.mutate(mutation)
	}
	compare("check", "check", 0)
	compare("dry-run", "run --dry-run", 0)
	if code, _, said := tr.do("run"); code != 0 {
		t.Fatal(said)
	}
	if code, _, said := tr.do("restore", "plan", "--lost"); code != 0 {
		t.Fatal(said)
	}
	compare("restore-show", "restore show 1", 0)
	compare("restore-status-planned", "restore status", 0)
	if code, _, said := tr.do("restore", "apply", "1", "--yes"); code != 0 {
		t.Fatal(said)
	}
	compare("restore-status", "restore status 1", 0)
	compare("restore-status-failed", "restore status 1 --failed", 0)
	compare("restore-missing", "restore show 9", 2)
}

// mutate changes the simulated Looker.
func (tr *trial) mutate(text string) {
	tr.t.Helper()
	change, err := lookersim.ParseChange(text)
	if err == nil {
		_, err = tr.sim.Mutate(change)
	}
	if err != nil {
		tr.t.Fatalf("%s: %v", text, err)
	}
}
