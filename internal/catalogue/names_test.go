package catalogue_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// mayName are the files that may spell the name of a kind, and why.
var mayName = map[string]string{
	"internal/catalogue/":               "the rows themselves",
	"internal/lookersim/":               "the simulator is another program: it serves what Looker serves",
	"internal/bench/":                   "it measures one kind of the simulator's",
	"internal/delta/words.go":           "words for members, one of which has the name of a kind",
	"internal/looker/url.go":            "the first words of addresses of Looker's pages",
	"cmd/lookervault/sim.go":            "flags for how much the simulator holds",
	"internal/vault/vaulttest/words.go": "support of tests",
	"stages/stagestest/":                "support of tests",
}

// TestNothingElseKnowsAKindByName: what is special about a kind is in its row. Code
// that compares with a kind's name, or keeps a table of names, is another place to
// look after when a kind is added.
func TestNothingElseKnowsAKindByName(t *testing.T) {
	root := filepath.Join("..", "..")
	files := token.NewFileSet()
	seen, allowances := 0, make(map[string]bool)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || entry.Name() == "tools"):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		for allowed := range mayName {
			if strings.HasPrefix(name, allowed) {
				allowances[allowed] = true
				return nil
			}
		}
		seen++
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if _, isKind := catalogue.Find(record.Kind(text)); err == nil && isKind {
				t.Errorf("%s:%d names the kind %q: the fact belongs into the kind's row", name, files.Position(literal.Pos()).Line, text)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for allowed := range mayName {
		if !allowances[allowed] {
			t.Errorf("%s may name kinds, and is not there", allowed)
		}
	}
	if seen < 100 {
		t.Errorf("%d files were read, which cannot be all", seen)
	}
}
