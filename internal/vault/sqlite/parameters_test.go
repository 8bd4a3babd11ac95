package sqlite_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestParametersOfConditions: SQLite compiles a statement anew before each use where a bare
// parameter is what a column has to be, because its value could be of use to the plan. A plus in
// front of it says that it is not, so that statements which are kept are compiled once.
func TestParametersOfConditions(t *testing.T) {
	bare := regexp.MustCompile(`[\w)'] (=|IS|IS NOT) \?\d*`)
	assigned := regexp.MustCompile(`(?s)\bSET\b.*?(\bWHERE\b|$)`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	statements := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			literal, ok := node.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			conditions := assigned.ReplaceAllString(text, "")
			statements += strings.Count(conditions, "= +?")
			for _, found := range bare.FindAllString(conditions, -1) {
				t.Errorf("%s: %q: write +? in place of ?", set.Position(literal.Pos()), found)
			}
			return true
		})
	}
	if statements == 0 {
		t.Error("no statement has a condition: the test reads nothing")
	}
}
