package main

import (
	"os"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
)

// TestRunOutlivesItsReaders closes the reading ends of what a run writes to, as head and a
// pager do that somebody has left.
func TestRunOutlivesItsReaders(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		of   func(w, null *os.File) (stdout, stderr *os.File)
		args []string
		want int
	}{
		{"events", func(w, null *os.File) (stdout, stderr *os.File) { return w, null }, []string{"--json"}, codeFailed},
		{"progress", func(w, null *os.File) (stdout, stderr *os.File) { return null, w }, []string{"--progress", "plain"}, codeIncomplete},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			read, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer null.Close()
			if err := read.Close(); err != nil {
				t.Fatal(err)
			}
			stdout, stderr := test.of(w, null)
			r := startStalled(t, "status=500", stdout, stderr, test.args...)
			_ = w.Close()
			code, died := r.end()
			if code != test.want || died != 0 {
				t.Errorf("exit code %d, signal %v; want %d and none", code, died, test.want)
			}
			if got := r.outcome(); got != record.RunPartial {
				t.Errorf("outcome %s, want %s, as a list that fails makes it", got, record.RunPartial)
			}
		})
	}
}

// TestRestoreTellsItsEndWithoutAReader restores while nobody takes its events.
func TestRestoreTellsItsEndWithoutAReader(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"run", "--demo", "--quiet"}, {"sim", "trash", "dashboards", "5"}, {"restore", "plan", "dashboards/5", "--demo"}} {
		if code, _, stderr := runHere(t, args...); code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, stderr)
		}
	}
	_, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil { // writing to it fails
		t.Fatal(err)
	}
	var said strings.Builder
	code := runProcess([]string{"restore", "apply", "1", "--demo", "--yes", "--json"}, strings.NewReader(""), w, &said, nil, nil)
	if code != codeFailed || !strings.Contains(said.String(), "complete  restore 1 of demo: 1 done") || !strings.Contains(said.String(), "write events: ") {
		t.Errorf("exit code %d, want %d, with the end of the restore and why nobody was told: %s", code, codeFailed, said.String())
	}
}
