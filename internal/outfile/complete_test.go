package outfile_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEveryOutputGoesThroughHere: nothing but this package writes to a path that a user
// names. What else opens files for writing is listed with its reason.
func TestEveryOutputGoesThroughHere(t *testing.T) {
	want := []string{
		"internal/lookersim/state.go OpenFile",   // the simulator's own journal, which it locks and appends to
		"internal/outfile/outfile.go CreateTemp", // this package
		"internal/outfile/outfile.go OpenFile",
		"internal/vault/sqlite/copy.go OpenFile",
		"internal/vault/sqlite/lock_unix.go OpenFile",     // the lock file, which may be no link, pipe or device
		"internal/vault/sqlite/open.go OpenFile",          // the vault itself
		"internal/vault/sqlite/probe.go CreateTemp",       // a file in the vault's folder that is gone at once
		"internal/vault/sqlite/salvage_first.go OpenFile", // a copy in a folder of its own that is gone at once
	}
	opens := []string{"Create", "CreateTemp", "OpenFile", "WriteFile"}
	var got []string
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || path.Base(path.Dir(name)) == "vaulttest" {
			return err
		}
		if strings.HasPrefix(name, "internal/bench/") || strings.HasPrefix(name, "internal/release/") {
			return nil // programs for those who work on this one
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			selector, ok := node.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if of, ok := selector.X.(*ast.Ident); ok && of.Name == "os" && slices.Contains(opens, selector.Sel.Name) {
				got = append(got, name+" "+selector.Sel.Name)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("what a user names is written by outfile.Write (-want +got):\n%s", diff)
	}
}
