package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// runsOnly is a vault that can be asked for its runs, and for nothing else.
type runsOnly struct {
	vault.Reader
	instance string // that was asked for
	closed   bool
}

func (r *runsOnly) RunsInBrief(_ context.Context, instance string, _ int) ([]record.Run, error) {
	r.instance = instance
	began := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	return []record.Run{{ID: 7, Instance: instance, Started: began, Finished: began.Add(time.Minute), Outcome: record.RunComplete}}, nil
}

func (r *runsOnly) CheckRows(context.Context, ...vault.Tables) error { return nil }

func (r *runsOnly) Close() error {
	r.closed = true
	return nil
}

// A command runs by what its options name, without a command line, a configuration or a file.
func TestRunsByItsOptionsAlone(t *testing.T) {
	var out bytes.Buffer
	reader := &runsOnly{}
	err := runRuns(t.Context(), runsOptions{
		streams: &streams{out: &out, now: time.Now},
		reading: reading{open: func(context.Context) (vault.Reader, error) { return reader, nil }, instance: "prod"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(out.String(), "\t")[:5]
	if diff := cmp.Diff([]string{"7", "prod", "2026-03-01T02:00:00Z", "1m0s", "complete"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if reader.instance != "prod" || !reader.closed {
		t.Errorf("asked for %q, closed: %t", reader.instance, reader.closed)
	}
}

// Each way to call a command wrongly points to the help of that command, not of another.
func TestWrongUsePointsToTheCommand(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, test := range []struct{ name, args, want string }{
		{"a flag", "list --nonsense", "see lookervault list --help"},
		{"an argument", "cat", "see lookervault cat --help"},
		{"a kind", "list nonsense", "see lookervault list --help"},
		{"flags that exclude each other", "runs --json --format csv", "see lookervault runs --help"},
		{"a command below another", "runs show x", "see lookervault runs show --help"},
		{"a command that there is not", "restore nonsense", "see lookervault restore --help"},
		{"help of a command that there is not", "help runs nonsense", "see lookervault runs --help"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, _, stderr := runHere(t, strings.Fields(test.args)...)
			if code != codeUsage || !strings.HasSuffix(strings.TrimSpace(stderr), test.want) || strings.Count(stderr, "--help") != 1 {
				t.Errorf("exit code %d: %s\nwant %d: ... %s", code, stderr, codeUsage, test.want)
			}
		})
	}
}
