package looker_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	syntax "go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestConstantsAreTraced doubles and halves each constant of the rate and of the number of calls,
// and sees that a trace changes. It takes ten minutes, and the go tool:
// LOOKERVAULT_TEST_MUTATIONS=1 asks for it.
func TestConstantsAreTraced(t *testing.T) {
	if os.Getenv("LOOKERVAULT_TEST_MUTATIONS") == "" {
		t.Skip("LOOKERVAULT_TEST_MUTATIONS is not set")
	}
	for _, file := range []string{"pace.go", "width.go", "crowd.go", "crowds.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for name, at := range constants(t, text) {
			for _, change := range []string{"*2", "/2"} {
				t.Run(name+change, func(t *testing.T) {
					changed := string(text[:at[0]]) + "(" + string(text[at[0]:at[1]]) + ")" + change + string(text[at[1]:])
					if said := tracedWith(t, file, changed); !strings.Contains(said, "--- FAIL: TestTraceOf") {
						t.Errorf("no trace changes: %s", said)
					}
				})
			}
		}
	}
}

// constants returns where the values of a file's constants begin and end, by name.
func constants(t *testing.T, text []byte) map[string][2]int {
	t.Helper()
	files := syntax.NewFileSet()
	file, err := parser.ParseFile(files, "", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	at := make(map[string][2]int)
	ast.Inspect(file, func(n ast.Node) bool {
		declared, ok := n.(*ast.GenDecl)
		if !ok || declared.Tok != syntax.CONST {
			return true
		}
		for _, spec := range declared.Specs {
			if spec, ok := spec.(*ast.ValueSpec); ok {
				value := spec.Values[0]
				at[spec.Names[0].Name] = [2]int{files.Position(value.Pos()).Offset, files.Position(value.End()).Offset}
			}
		}
		return false
	})
	return at
}

// tracedWith runs the traces with a text in the place of a file, and returns what they say.
func tracedWith(t *testing.T, file, text string) string {
	t.Helper()
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	changed, list := filepath.Join(folder, "changed.go"), filepath.Join(folder, "overlay.json")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{changed: []byte(text), list: overlay} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-overlay", list, "-run", "^TestTraceOf", ".")
	out, err := cmd.CombinedOutput()
	if err == nil {
		return "the traces are as they were"
	}
	return string(out)
}
