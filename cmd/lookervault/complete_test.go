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

// free are the flags that name files, which shells complete themselves.
var free = []string{"config", "db", "output", "metrics-file"}

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

// shells are real ones with how each is asked what it offers behind some words: a script
// with the words as its arguments, behind the completion script. Only what a terminal would
// do is replaced.
var shells = []struct {
	name  string
	flags []string
	ask   string
}{
	{"bash", []string{"--norc", "-c"}, `
_get_comp_words_by_ref() { # of bash-completion, as far as it is needed here
	cur=${COMP_WORDS[COMP_CWORD]}; prev=${COMP_WORDS[COMP_CWORD-1]}; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD
}
compopt() { :; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
__start_lookervault
printf '%s\n' "${COMPREPLY[@]}"
`},
	{"zsh", []string{"-f", "-c"}, `
_describe() { print -l -- "${completions[@]//\\\\:/:}" }
words=("$@"); CURRENT=$#
_lookervault
`},
	{"fish", []string{"--no-config", "-c"}, `
complete -C (string join ' ' -- $argv)
`},
}

// Real shells complete with the script that the program prints for them, and with the
// environment that it asks in.
func TestShellsComplete(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "lookervault")); err != nil {
		t.Fatal(err)
	}
	if code, _, said := runHere(t, "run", "--demo", "folders", "--db", filepath.Join(dir, "looker.db"), "--progress", "none"); code != 0 {
		t.Fatal(said)
	}
	tests := []struct {
		words []string
		want  string
	}{
		{[]string{"lookervault", "list", "dash"}, "dashboards"},
		{[]string{"lookervault", "run", "--progress", "pl"}, "plain"},
		{[]string{"lookervault", "run", "--set", "stages.batch.rec"}, "stages.batch.records="},
		{[]string{"lookervault", "list", "--columns", "id,na"}, "id,name"},
		{[]string{"lookervault", "runs", "--columns", "outc"}, "outcome"},
		{[]string{"lookervault", "list", "--sort", "si"}, "size"},
		{[]string{"lookervault", "list", "--sort", "-"}, "-size"},
		{[]string{"lookervault", "list", "--sort", "-by"}, "-bytes"},
		{[]string{"lookervault", "run", "--dry-run", "--sort", "-it"}, "-items"},
		{[]string{"lookervault", "runs", "show", "la"}, "latest"},
		{[]string{"lookervault", "cat", "folders", "1"}, "1"},
		{[]string{"lookervault", "cat", "folders/1"}, "folders/1"},
		{[]string{"lookervault", "help", "fau"}, "faults"},
	}
	for _, shell := range shells {
		t.Run(shell.name, func(t *testing.T) {
			path, err := exec.LookPath(shell.name)
			if err != nil {
				t.Skip("it is not installed")
			}
			code, script, said := runHere(t, "completion", shell.name)
			if code != 0 {
				t.Fatal(said)
			}
			for _, test := range tests {
				args := append(slices.Clone(shell.flags), script+shell.ask)
				if shell.name != "fish" {
					args = append(args, shell.name) // $0
				}
				cmd := exec.CommandContext(t.Context(), path, append(args, test.words...)...)
				cmd.Dir = dir
				cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir}
				out, err := cmd.CombinedOutput()
				if offered := strings.FieldsFunc(strings.ReplaceAll(string(out), `\`, ""), func(r rune) bool { return r == '\n' || r == '\t' || r == ' ' || shell.name == "zsh" && r == ':' }); err != nil || !slices.Contains(offered, test.want) {
					t.Errorf("%v: %v, %q, want %s among it", test.words, err, out, test.want)
				}
			}
		})
	}
}
