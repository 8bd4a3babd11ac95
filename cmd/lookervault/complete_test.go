package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lookervault/lookervault/internal/table"
)

// free are the flags whose values nobody can know, or that name files or addresses,
// which shells complete themselves.
var free = []string{
	"config", "db", "output", "metrics-file", "metrics-listen", "name", "at",
	"sample", "field", "explore",
}

// Every flag that takes a word and every argument has something to offer.
func TestEveryValueIsCompleted(t *testing.T) {
	env := newEnvironment(nil, io.Discard, io.Discard, nil, &interrupts{})
	known := offers()
	seen := 0
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
		if cmd.Name() == "sim" {
			return // it has sizes and rules
		}
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if !strings.HasPrefix(flag.Value.Type(), "string") || slices.Contains(free, flag.Name) {
				return
			}
			seen++
			if known[flag.Name] == nil {
				t.Errorf("%s --%s offers nothing", cmd.CommandPath(), flag.Name)
			}
			if flag.Name == "columns" && len((completion{env, cmd, ""}).columnNames()) == 0 {
				t.Errorf("%s has columns that are not offered", cmd.CommandPath())
			}
		})
		for _, word := range argumentsOf(cmd) {
			if !slices.Contains([]string{"KIND", "KIND...", "ID", "RUN", "FOLDER", "A", "B", "PLAN", "RESTORE"}, word) {
				t.Errorf("%s takes %s, for which nothing is offered", cmd.CommandPath(), word)
			}
		}
	}
	walk(env.root(nil))
	if seen < 20 {
		t.Errorf("looked at %d flags only, so this shows nothing", seen)
	}
}

// What a shell is offered has no line break or control character, and is short.
func TestDescribed(t *testing.T) {
	got := described("17", "Sales\n\x1b[31mOverview\t"+strings.Repeat("x", 100))
	value, about, _ := strings.Cut(got, "\t")
	if value != "17" || strings.ContainsAny(about, "\n\t\x1b") || table.Width(about) > nameOfferedMax {
		t.Errorf("offered %q", got)
	}
	if got := described("17", " "); got != "17" {
		t.Errorf("offered %q", got)
	}
}

// A real bash completes with the script that the program prints.
func TestBashCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "lookervault")); err != nil {
		t.Fatal(err)
	}
	_, script, _ := runHere(t, "completion", "bash")
	const ask = `
_get_comp_words_by_ref() { # of bash-completion, as far as it is needed here
	cur=${COMP_WORDS[COMP_CWORD]}; prev=${COMP_WORDS[COMP_CWORD-1]}; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD
}
compopt() { :; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
__start_lookervault
printf '%s\n' "${COMPREPLY[@]}"
`
	tests := []struct {
		words []string
		want  string
	}{
		{[]string{"lookervault", "list", "dash"}, "dashboards"},
		{[]string{"lookervault", "run", "--progress", "pl"}, "plain"},
		{[]string{"lookervault", "run", "--set", "stages.batch.rec"}, "stages.batch.records="},
	}
	for _, test := range tests {
		cmd := exec.CommandContext(t.Context(), bash, append([]string{"--norc", "-c", script + ask, "bash"}, test.words...)...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir}
		out, err := cmd.CombinedOutput()
		if offered := strings.Fields(string(out)); err != nil || !slices.Contains(offered, test.want) {
			t.Errorf("%v: %v, %q, want %s among it", test.words, err, out, test.want)
		}
	}
}
