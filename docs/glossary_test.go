package docs_test

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// glossary returns the rows of a table of the glossary, without its head: of the first table,
// or of the one behind a heading.
func glossary(t *testing.T, heading string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("GLOSSARY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, found := strings.Cut(string(text), heading)
	if !found {
		t.Fatalf("no %q", heading)
	}
	part, _, _ = strings.Cut(part, "\n## ")
	for line := range strings.Lines(part) {
		if cells := strings.Split(strings.TrimSpace(line), "|"); len(cells) > 3 {
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells[1:len(cells)-1])
		}
	}
	return rows[2:]
}

// TestGlossary: each word stands there once, in order, and lives where the glossary says.
func TestGlossary(t *testing.T) {
	rows := glossary(t, "# Glossary\n")
	if len(rows) < 30 {
		t.Fatalf("%d words", len(rows))
	}
	var words []string
	path := regexp.MustCompile("`([^`]+)`")
	for _, row := range rows {
		words = append(words, row[0])
		places := path.FindAllStringSubmatch(row[len(row)-1], -1)
		if len(places) == 0 {
			t.Errorf("%q lives nowhere", row[0])
		}
		for _, place := range places {
			if _, err := os.Stat(filepath.Join("..", place[1])); err != nil {
				t.Errorf("%q: %v", row[0], err)
			}
		}
	}
	if !slices.IsSorted(words) {
		t.Error("the words are in no order")
	}
	if len(slices.Compact(words)) != len(rows) {
		t.Error("a word stands there twice")
	}
}

// TestRetiredWords: what the glossary retires is in no name, comment, text or page. A phrase
// that a line break cuts is found as well.
func TestRetiredWords(t *testing.T) {
	var words []string
	for _, row := range glossary(t, "## Retired words\n") {
		words = append(words, strings.ReplaceAll(strings.Trim(row[0], "`"), " ", `\s+`))
	}
	if len(words) < 5 {
		t.Fatalf("%d retired words", len(words))
	}
	retired := regexp.MustCompile(`(?i)\b(?:` + strings.Join(words, "|") + `)\b`)
	refuse := func(path, text string) {
		for _, found := range retired.FindAllString(text, -1) {
			t.Errorf("%s: %q is retired, see docs/GLOSSARY.md", path, found)
		}
	}
	seen := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != ".." && (strings.HasPrefix(name, ".") || name == "testdata") {
			return fs.SkipDir
		}
		if entry.IsDir() || path == filepath.Join("..", "docs", "glossary_test.go") {
			return nil
		}
		switch filepath.Ext(name) {
		case ".go":
			seen++
			text, err := source(path)
			refuse(path, text)
			return err
		case ".md", ".yaml":
			text, err := os.ReadFile(path)
			page, _, _ := strings.Cut(string(text), "\n## Retired words\n")
			refuse(path, page)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 100 {
		t.Errorf("%d files were read, which cannot be all", seen)
	}
}

// source returns the comments, texts and names of a Go file: each as one text, with a zero byte
// behind it, and names as their words, "shutBy" as "shut By".
func source(path string) (string, error) {
	code, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var all strings.Builder
	var tokens scanner.Scanner
	tokens.Init(token.NewFileSet().AddFile(path, -1, len(code)), code, nil, scanner.ScanComments)
	for {
		switch _, sort, text := tokens.Scan(); sort {
		case token.EOF:
			return all.String(), nil
		case token.COMMENT: // the next line of it may follow
			all.WriteString(strings.Trim(text, "/* ") + "\n")
		case token.STRING:
			all.WriteString("\x00" + text + "\x00")
		case token.IDENT:
			all.WriteString("\x00" + wordsOf(text) + "\x00")
		case token.SEMICOLON: // also the line break behind a comment
		default:
			all.WriteByte(0)
		}
	}
}

// wordsOf parts a name into its words.
func wordsOf(name string) string {
	var words strings.Builder
	for i, r := range name {
		if i > 0 && (unicode.IsUpper(r) || r == '_') {
			words.WriteByte(' ')
		}
		words.WriteRune(r)
	}
	return words.String()
}
