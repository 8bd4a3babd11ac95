package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
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
