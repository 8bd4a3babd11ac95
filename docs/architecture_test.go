package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWhereItIsDecided: each file that the map names declares the function that it names first.
func TestWhereItIsDecided(t *testing.T) {
	page, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Where it is decided")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := regexp.MustCompile("(?m)^\\| [^|]* \\| `([^`]+)` \\| `(\\w+)`").FindAllStringSubmatch(section, -1)
	if len(rows) < 10 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		code, err := os.ReadFile(filepath.Join("..", row[1]))
		if err != nil {
			t.Error(err)
			continue
		}
		if !regexp.MustCompile(`(?m)^func (\([^)]*\) )?` + row[2] + `\(`).Match(code) {
			t.Errorf("%s declares no %s", row[1], row[2])
		}
	}
}

// TestFilesOfRestore: the package comment of restore names files that are there.
func TestFilesOfRestore(t *testing.T) {
	room := filepath.Join("..", "internal", "restore")
	comment, err := os.ReadFile(filepath.Join(room, "doc.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\b[a-z_]+\.go\b`).FindAllString(string(comment), -1)
	if len(names) < 30 {
		t.Fatalf("it names %d", len(names))
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(room, name)); err != nil {
			t.Error(err)
		}
	}
}
