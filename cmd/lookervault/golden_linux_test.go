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
}

// ofMachine is what differs from machine to machine, or from version to version of what
// the file is made with.
var ofMachine = regexp.MustCompile(`[0-9.]+ ?(ms|µs|s|B|KiB|MiB|MB/s|GB/s|%)\b|[0-9]+m?[0-9.]+m?s\b`)

func masked(name, output string) string {
	if name != "stats" && name != "verify" {
		return output
	}
	output = regexp.MustCompile(` +`).ReplaceAllString(ofMachine.ReplaceAllString(output, "N"), " ")
	return regexp.MustCompile(`\d+\.\d+|\d{3,}`).ReplaceAllString(output, "N")
}

// TestGolden compares what every command that reads a vault prints with files: on
// terminals of 80 and 120 columns, in a pipe, and as JSON.
func TestGolden(t *testing.T) {
	files, err := filepath.Abs(filepath.Join("testdata", "golden"))
	if err != nil {
		t.Fatal(err)
	}
	goldenVault(t)
	for _, read := range reads {
		t.Run(read.name, func(t *testing.T) {
			args := strings.Fields(read.args)
			var got strings.Builder
			section := func(what, output, said string) {
				output = strings.ReplaceAll(masked(read.name, output), "\r\n", "\n")
				fmt.Fprintf(&got, "== %s\n%s", what, output)
				if said != "" {
					fmt.Fprintf(&got, "-- on standard error\n%s", masked(read.name, said))
				}
			}
			for _, columns := range []int{80, 120} {
				output, said := onScreen(t, columns, read.code, nil, args...)
				section(fmt.Sprintf("%s: a terminal of %d columns", read.args, columns), output, said)
			}
			output, said := piped(t, read.code, args...)
			section("in a pipe", output, said)
			if read.json {
				output, said := piped(t, read.code, append(args, "--json")...)
				section("as JSON", output, said)
			}
			file := filepath.Join(files, read.name+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-want +got, -update writes it anew)\n%s", diff)
			}
		})
	}
}

// TestEveryWidth: no line is wider than the terminal, nothing is cut without a word about
// it, and colours change nothing else.
func TestEveryWidth(t *testing.T) {
	goldenVault(t)
	for _, read := range reads {
		if strings.Contains(read.args, "--format tsv") {
			continue // its tabs are for programs
		}
		for _, columns := range []int{60, 80, 120, 200} {
			t.Run(fmt.Sprint(read.name, " ", columns), func(t *testing.T) {
				args := strings.Fields(read.args)
				plain, _ := onScreen(t, columns, read.code, []string{"NO_COLOR=1"}, args...)
				if !strings.Contains(read.args, "--format") { // those are for programs
					for line := range strings.Lines(plain) {
						if got := text.StringWidthWithoutEscSequences(strings.TrimRight(line, "\r\n")); got > columns {
							t.Errorf("%d columns: %q", got, line)
						}
					}
				}
				if strings.Contains(plain, "…") && !strings.Contains(plain, "cut") {
					t.Errorf("something is cut, and nothing says so:\n%s", plain)
				}
				colored, _ := onScreen(t, columns, read.code, []string{"CLICOLOR_FORCE=1"}, args...)
				lines, err := shown(colored)
				if err != nil {
					t.Fatal(err)
				}
				want, err := shown(plain)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, lines); diff != "" {
					t.Errorf("colours change what is shown (-without +with):\n%s", diff)
				}
			})
		}
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
	var out, said bytes.Buffer
	if got := run(args, strings.NewReader(""), &out, &said, nil); got != code {
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
