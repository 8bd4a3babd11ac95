package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/table"
)

var update = flag.Bool("update", false, "write the golden files anew")

// reads are the commands that read a vault. Those without json have no such output.
var reads = []struct {
	name, args string
	json       bool
	code       int
}{
	{name: "list", args: "list", json: true},
	{name: "list-deleted", args: "list --deleted", json: true},
	{name: "list-past", args: "list looks --run 3", json: true},
	{name: "list-folder", args: "list --folder Finance --sort -size", json: true},
	{name: "tree", args: "tree", json: true},
	{name: "tree-csv", args: "tree Shared --format csv"},
	{name: "tree-yaml", args: "tree 2 --format yaml"},
	{name: "tree-past", args: "tree Ops --run 1"},
	{name: "cat", args: "cat dashboards 10 --format yaml"},
	{name: "log", args: "log", json: true},
	{name: "log-document", args: "log dashboards 10", json: true},
	{name: "diff", args: "diff", json: true},
	{name: "diff-all", args: "diff 1 6", json: true},
	{name: "diff-stat", args: "diff 1 6 --stat", json: true},
	{name: "diff-lost", args: "diff 1 6 --lost", json: true},
	{name: "diff-document", args: "diff 1 2 dashboards 10", json: true},
	{name: "find", args: "find sales", json: true},
	{name: "find-field", args: "find --field orders.total", json: true},
	{name: "find-history", args: "find --history revenue", json: true},
	{name: "runs", args: "runs", json: true},
	{name: "runs-show", args: "runs show 4", json: true},
	{name: "runs-show-tsv", args: "runs show 4 --format tsv --sort -bytes --limit 3"},
	{name: "runs-show-columns", args: "runs show 4 --columns kind,changed,dangling --limit 2"},
	{name: "faults", args: "faults", json: true},
	{name: "verify", args: "verify", json: true},
	{name: "stats", args: "stats"},
	{name: "gone", args: "cat dashboards 12 --run 3", code: 1},
	{name: "pruned", args: "cat dashboards 12 --run 5", code: 1},
	{name: "prune", args: "prune --keep-last 2 --dry-run", json: true},
	{name: "find-user", args: "find --user Bob --history", json: true},
	{name: "diff-removed", args: "diff 2 1 dashboards 10"},
	{name: "report", args: "report -o report.html"},
	{name: "reindex", args: "reindex"},
	{name: "help", args: "--help"},
	{name: "help-run", args: "help run"},
	{name: "help-restore-plan", args: "restore plan --help"},
	{name: "help-exit-codes", args: "help exit-codes"},
}

// ofMachine is what differs from machine to machine, or from version to version of what
// the file is made with.
var ofMachine = regexp.MustCompile(`[0-9.]+ ?(ms|µs|s|B|KiB|MiB|MB/s|GB/s|%)\b|[0-9]+m?[0-9.]+m?s\b`)

// maskMachine takes that out, and the blanks that align it.
func maskMachine(output string) string {
	output = regexp.MustCompile(` +`).ReplaceAllString(ofMachine.ReplaceAllString(output, "N"), " ")
	return regexp.MustCompile(`\d+\.\d+|\d{3,}`).ReplaceAllString(output, "N")
}

// colourCode begins or ends a colour.
var colourCode = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// goldenWidths are the terminals that goldens are of.
var goldenWidths = []int{60, 80, 120, 200}

// goldenOf is a command whose output is compared with a file.
type goldenOf struct {
	name, args string
	code       int
	json       bool // it takes --json
	exact      bool // its lines are for programs: as wide as they are
	environ    []string
	slow       bool                // it asks a server: whether it is the same without colours is seen once
	mask       func(string) string // takes out what differs from machine to machine
}

// TestGolden compares what every command that reads a vault prints with files.
func TestGolden(t *testing.T) {
	files := goldenFiles(t)
	goldenVault(t)
	for _, read := range reads {
		t.Run(read.name, func(t *testing.T) {
			g := goldenOf{name: read.name, args: read.args, code: read.code, json: read.json, exact: strings.Contains(read.args, "--format")}
			if read.name == "stats" || read.name == "verify" {
				g.mask = maskMachine
			}
			g.compare(t, files)
		})
	}
}

func goldenFiles(t *testing.T) string {
	t.Helper()
	files, err := filepath.Abs(filepath.Join("testdata", "golden"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// compare compares what the command prints with its file among files: on terminals of
// every width with and without colours, in a pipe, and as JSON. What a width shares with
// the one before, and what colours change nothing in, is written once.
func (g goldenOf) compare(t *testing.T, files string) {
	t.Helper()
	var got strings.Builder
	before := ""
	section := func(what, output, said string) {
		text := g.masked(output)
		if said != "" {
			text += "-- on standard error\n" + g.masked(said)
		}
		if text == before {
			text = "(as above)\n"
		} else {
			before = text
		}
		fmt.Fprintf(&got, "== %s\n%s", what, text)
	}
	for _, columns := range goldenWidths {
		output, said := g.onScreen(t, columns)
		section(fmt.Sprintf("%s: a terminal of %d columns", g.args, columns), output, said)
	}
	args := strings.Fields(g.args)
	output, said := pipedIn(t, g.code, g.environ, args...)
	section("in a pipe", output, said)
	colored, said := pipedIn(t, g.code, append([]string{"CLICOLOR_FORCE=1"}, g.environ...), args...)
	if diff := cmp.Diff(g.masked(output), g.masked(colourCode.ReplaceAllString(colored, ""))); diff != "" {
		t.Errorf("colours in a pipe change what is written (-without +with):\n%s", diff)
	}
	section("in a pipe with colours", colored, said)
	if g.json {
		output, said := pipedIn(t, g.code, g.environ, append(args, "--json")...)
		section("as JSON", output, said)
	}
	compareGolden(t, filepath.Join(files, g.name+".txt"), got.String())
}

func (g goldenOf) masked(output string) string {
	output = strings.ReplaceAll(output, "\r\n", "\n")
	if g.mask != nil {
		output = g.mask(output)
	}
	return output
}

// onScreen is what the command prints on a terminal, in colour. No line is wider than it,
// nothing is cut without a word about it, and without colours it is the same.
func (g goldenOf) onScreen(t *testing.T, columns int) (colored, said string) {
	t.Helper()
	args := strings.Fields(g.args)
	colored, said = onScreen(t, columns, g.code, g.environ, args...)
	plain := colourCode.ReplaceAllString(colored, "")
	if !g.slow || columns == goldenWidths[0] {
		with := plain
		plain, _ = onScreen(t, columns, g.code, append([]string{"NO_COLOR=1"}, g.environ...), args...)
		if diff := cmp.Diff(g.masked(plain), g.masked(with)); diff != "" {
			t.Errorf("%d columns: colours change what is shown (-without +with):\n%s", columns, diff)
		}
	}
	if strings.Contains(plain, "\x1b") {
		t.Errorf("%d columns: colours although nobody wants them:\n%q", columns, plain)
	}
	for line := range strings.Lines(plain) {
		if got := text.StringWidthWithoutEscSequences(strings.TrimRight(line, "\r\n")); got > columns && !g.exact {
			t.Errorf("%d of %d columns: %q", got, columns, line)
		}
		if bare := strings.TrimRight(line, "\r\n"); bare != strings.TrimRight(bare, " ") && !g.exact {
			t.Errorf("%d columns: blanks at the end of %q", columns, line)
		}
	}
	if strings.Contains(plain, "…") && !regexp.MustCompile(`with … are\s+cut`).MatchString(plain) {
		t.Errorf("%d columns: something is cut, and nothing says so:\n%s", columns, plain)
	}
	return colored, said
}

// compareGolden compares with a file, or writes it anew.
func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got, -update writes it anew)\n%s", diff)
	}
}

// TestHelpFits: no line of a help text is wider than the terminal.
func TestHelpFits(t *testing.T) {
	t.Chdir(t.TempDir())
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
		for _, columns := range []int{60, 80} {
			printed, _ := onScreen(t, columns, 0, nil, args...)
			for line := range strings.Lines(printed) {
				if got := table.Width(strings.TrimRight(line, "\r\n")); got > columns {
					t.Errorf("%s at %d columns: %d: %q", cmd.CommandPath(), columns, got, line)
				}
			}
		}
		for _, sub := range cmd.Commands() {
			if !sub.Hidden {
				walk(sub)
			}
		}
	}
	walk(newEnvironment(nil, io.Discard, io.Discard, nil, &interrupts{}).root(nil))
}

// piped is what a command prints where nobody looks.
func piped(t *testing.T, code int, args ...string) (printed, told string) {
	t.Helper()
	return pipedIn(t, code, nil, args...)
}

// pipedIn is piped in an environment.
func pipedIn(t *testing.T, code int, environ []string, args ...string) (printed, told string) {
	t.Helper()
	var out, said bytes.Buffer
	if got := run(args, strings.NewReader(""), &out, &said, environ); got != code {
		t.Fatalf("exit code %d, want %d: %s", got, code, said.String())
	}
	return out.String(), said.String()
}

// onScreen is what a command prints on a terminal. What it says on standard error goes
// elsewhere: sentences are the terminal's to wrap.
func onScreen(t *testing.T, columns, code int, environ []string, args ...string) (printed, told string) {
	t.Helper()
	controller, terminal, err := openTerminal(uint16(columns))
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	read := make(chan string)
	go func() {
		all, _ := io.ReadAll(controller) // it ends with EIO
		read <- string(all)
	}()
	var said bytes.Buffer
	got := run(append(args, "--no-pager"), strings.NewReader(""), terminal, &said, append([]string{"TERM=xterm"}, environ...))
	if err := terminal.Close(); err != nil {
		t.Fatal(err)
	}
	all := <-read
	if err := controller.Close(); err != nil {
		t.Fatal(err)
	}
	if got != code {
		t.Fatalf("exit code %d, want %d: %s%s", got, code, all, said.String())
	}
	return all, said.String()
}
