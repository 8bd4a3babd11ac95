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
	root := filepath.Join("..", "..")
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
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
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
	if seen < 50 {
		t.Errorf("found only %d mentions, so this shows nothing", seen)
	}
	for _, gone := range []string{"verify ", "diff ", "prune "} {
		if gone = strings.TrimSpace(gone); strings.Contains(exitCodes, gone+" ") && !slices.Contains(known, gone) {
			t.Errorf("the exit codes name %s, which is no command", gone)
		}
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
