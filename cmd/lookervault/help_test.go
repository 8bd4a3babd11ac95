package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// runHere runs the program within this test.
func runHere(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err strings.Builder
	code = run(args, strings.NewReader(""), &out, &err, nil)
	return code, out.String(), err.String()
}

// available is a command in the help text of the one above it.
var available = regexp.MustCompile(`(?m)^  ([a-z][-a-z]*) {2,}[A-Z]`)

// commands finds every command by the help texts.
func commands(t *testing.T, path ...string) [][]string {
	t.Helper()
	found := [][]string{path}
	_, help, _ := runHere(t, append(slices.Clone(path), "--help")...)
	_, list, _ := strings.Cut(help, "\nUsage:\n")
	list, _, _ = strings.Cut(list, "\nFlags:\n")
	for _, match := range available.FindAllStringSubmatch(list, -1) {
		found = append(found, commands(t, append(slices.Clone(path), match[1])...)...)
	}
	return found
}

// typeNamed is a flag whose value has the name of a type, as "--rate float".
var typeNamed = regexp.MustCompile(`(?m)^ +(?:-\w, )?--[-a-z]+ (?:float|duration|int|string)\S*`)

func TestHelp(t *testing.T) {
	all := commands(t)
	if len(all) < 10 {
		t.Fatalf("found only %v", all)
	}
	for _, path := range all {
		t.Run(strings.Join(append([]string{"lookervault"}, path...), " "), func(t *testing.T) {
			code, help, stderr := runHere(t, append(slices.Clone(path), "--help")...)
			if code != 0 || stderr != "" {
				t.Errorf("exit code %d, stderr %q", code, stderr)
			}
			if strings.Contains(help, "=true|false") || strings.Contains(help, " [=NAME]  ") || strings.Contains(strings.ToLower(help), "exit code") != slices.Equal(path, []string{"help", "exit-codes"}) {
				t.Errorf("not as people write it:\n%s", help)
			}
			for line := range strings.Lines(help) {
				if width := len([]rune(strings.TrimSuffix(line, "\n"))); width > helpWidth {
					t.Errorf("%d columns: %s", width, line)
				}
			}
			if named := typeNamed.FindString(help); named != "" {
				t.Errorf("a value is called by its type: %s", named)
			}
			if !strings.Contains(help, "\nUsage:\n") {
				t.Errorf("does not tell the usage:\n%s", help)
			}
			if again, by, _ := runHere(t, append([]string{"help"}, path...)...); again != 0 || by != help {
				t.Errorf("help says something else than --help:\n%s", by)
			}
			if len(path) == 0 || path[0] == "completion" {
				return // help and completion are cobra's
			}
			if code, _, stderr := runHere(t, append(slices.Clone(path), "--no-such-flag")...); code != 2 ||
				!strings.HasSuffix(stderr, "; see lookervault "+strings.Join(path, " ")+" --help\n") {
				t.Errorf("unknown flag: exit code %d, stderr %q", code, stderr)
			}
		})
	}
}

// TestWrapExamples: a command that the help parts does the same when it is copied.
func TestWrapExamples(t *testing.T) {
	for _, test := range []struct {
		name, examples, want string
		width                int
	}{
		{"room enough", "  run --demo\n  list looks", "  run --demo\n  list looks\n", 12},
		{"between words", "  export ID=client SECRET=secret", "  export ID=client \\\n    SECRET=secret\n", 24},
		{"room for the backslash", "  run dashboards looks --resume", "  run dashboards \\\n    looks --resume\n", 23},
		{"not in quotes", `  list --json | jq '.[] | "\(.kind) \(.id)"'`, "  list --json | jq \\\n    '.[] | \"\\(.kind) \\(.id)\"'\n", 32},
		{"a word wider than the screen", "  tree Shared/Finance/Reports/2026", "  tree \\\n    Shared/Finance/Reports/2026\n", 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, wrapExamples(test.examples, test.width)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestExamplesCanBeCopied: on the narrowest usual terminal the help's examples are, continued
// by backslashes, what the commands' own texts say.
func TestExamplesCanBeCopied(t *testing.T) {
	var out narrow
	long := &cobra.Command{Use: "sim", Short: "Serve", Example: "  sim --fault 'kind=looks p=0.01' --latency 20ms --rate 40", Run: func(*cobra.Command, []string) {}}
	long.SetOut(&out)
	printHelp(long, nil)
	got := strings.ReplaceAll(out.String(), "\\\n    ", "")
	if !strings.Contains(got, "\nExamples:\n"+long.Example+"\n\nUsage:\n") {
		t.Errorf("the example is not as it was written:\n%s", out.String())
	}
}

// narrow is a terminal of 40 columns.
type narrow struct{ strings.Builder }

func (*narrow) Size() (width, height int) { return 40, 24 }
