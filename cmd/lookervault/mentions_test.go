package main

import (
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// mention is a command as people write it: at the beginning of a line of code, in
	// backquotes, or in a sentence of the program.
	mention = regexp.MustCompile(`(?:^|[^-/.\w])lookervault ((?:-[-\w]+ +[\w.]+ +)*)([a-z]+)`)
	// wordsAfter are what follows the program's name where it is not called.
	wordsAfter = []string{"backs", "backup", "against", "binary", "and"}
)

// Nothing that a user reads names a command that there is not.
func TestMentionedCommandsExist(t *testing.T) {
	known := []string{"help", "extract", "man"} // extract is another name of run; man is hidden
	for _, path := range commands(t) {
		known = append(known, strings.Join(path, " "))
	}
	seen := 0
	check := func(place, text string) {
		for line := range strings.SplitSeq(text, "\n") {
			for _, match := range mention.FindAllStringSubmatch(line, -1) {
				word := match[2]
				if slices.Contains(wordsAfter, word) {
					continue
				}
				seen++
				if !slices.Contains(known, word) {
					t.Errorf("%s names lookervault %s, which is no command: %s", place, word, strings.TrimSpace(line))
				}
			}
		}
	}
	everyText(t, check)
	if seen < 50 {
		t.Errorf("found only %d mentions, so this shows nothing", seen)
	}
	for _, gone := range []string{"verify ", "diff ", "prune "} {
		if gone = strings.TrimSpace(gone); strings.Contains(exitCodes, gone+" ") && !slices.Contains(known, gone) {
			t.Errorf("the exit codes name %s, which is no command", gone)
		}
	}
}

// everyText calls check with every text that a user may read: documents, deployments,
// strings of the program.
func everyText(t *testing.T, check func(place, text string)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		switch {
		case entry.IsDir() && (name == ".git" || name == "testdata" || name == "tools"):
			return filepath.SkipDir
		case entry.IsDir() || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		ext := filepath.Ext(name)
		if name == "Dockerfile" {
			ext = ".yaml"
		}
		switch ext {
		case ".md", ".yaml", ".yml", ".service", ".timer":
			text, err := os.ReadFile(path)
			check(path, string(text))
			return err
		case ".go":
			return stringsOf(path, check)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	// call is a command with what follows it, as far as it is surely one: to the end of
	// the code, of the part of a pipe, or of the sentence.
	call = regexp.MustCompile("(?:^|[^-/.\\w])lookervault((?: +[^ `|;&()\"'#,]+)+)")
	// flagOf is a long flag of a call, and helpFlag one in a help text.
	flagOf   = regexp.MustCompile(`(?:^|\s)--([a-z][-a-z]+)`)
	helpFlag = regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z][-a-z]+)`)
)

// Nothing that a user reads names a flag that its command does not have.
func TestMentionedFlagsExist(t *testing.T) {
	flags, all := make(map[string][]string), []string{"help", "version"}
	for _, path := range commands(t) {
		_, help, _ := runHere(t, append(slices.Clone(path), "--help")...)
		name := strings.Join(path, " ")
		for _, match := range helpFlag.FindAllStringSubmatch(help, -1) {
			flags[name] = append(flags[name], match[1])
		}
		all = append(all, flags[name]...)
	}
	flags["extract"] = flags["run"]
	seen := 0
	everyText(t, func(place, text string) {
		for line := range strings.SplitSeq(text, "\n") {
			for _, match := range call.FindAllStringSubmatch(line, -1) {
				name, theirs := "", flags[""]
				for word := range strings.FieldsSeq(match[1]) {
					longer := strings.TrimSpace(name + " " + word)
					if known, ok := flags[longer]; ok {
						name, theirs = longer, known
					}
				}
				for _, flag := range flagOf.FindAllStringSubmatch(match[1], -1) {
					seen++
					if !slices.Contains(theirs, flag[1]) {
						t.Errorf("%s: lookervault %s has no --%s: %s", place, name, flag[1], strings.TrimSpace(line))
					}
				}
			}
			inProgram := strings.Contains(place, ".go:") && !strings.Contains(place, "internal/bench") && !strings.Contains(place, "internal/release")
			for _, flag := range flagOf.FindAllStringSubmatch(line, -1) {
				if inProgram && !slices.Contains(all, flag[1]) {
					t.Errorf("%s: no command has --%s: %s", place, flag[1], strings.TrimSpace(line))
				}
			}
		}
	})
	if seen < 100 {
		t.Errorf("found only %d flags, so this shows nothing", seen)
	}
}

// stringsOf calls check with every string of a Go file.
func stringsOf(path string, check func(place, text string)) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	files := token.NewFileSet()
	if _, err := parser.ParseFile(files, path, text, parser.PackageClauseOnly); err != nil {
		return err
	}
	var s scanner.Scanner
	s.Init(files.AddFile(path, files.Base(), len(text)), text, nil, 0)
	for {
		at, kind, literal := s.Scan()
		switch kind {
		case token.EOF:
			return nil
		case token.STRING:
			check(files.Position(at).String(), strings.Trim(literal, "`\""))
		}
	}
}
