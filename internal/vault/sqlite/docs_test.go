package sqlite_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

const docsPath = "../../../docs/VAULT.md"

// Every query of the documentation runs and finds something.
func TestDocumentedQueries(t *testing.T) {
	text := readFile(t, docsPath)
	path := newPath(t)
	aFullVault(t, path)
	blocks := strings.Split(string(text), "```sql\n")[1:]
	if len(blocks) < 8 {
		t.Fatalf("only %d queries found", len(blocks))
	}
	for _, block := range blocks {
		query, _, _ := strings.Cut(block, "```")
		rows, err := sqlite.Rows(path, strings.TrimSpace(query))
		if err != nil {
			t.Errorf("%v in\n%s", err, query)
		} else if len(rows) == 0 {
			t.Errorf("nothing found by\n%s", query)
		}
	}
}

// Every table, view and column has its place in the documentation.
func TestDocumentedSchema(t *testing.T) {
	text := readFile(t, docsPath)
	path := newPath(t)
	aFullVault(t, path)
	for _, name := range names(t, path, `SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'`) {
		if !strings.Contains(string(text), "**"+name+"**") && !strings.Contains(string(text), "| `"+name+"` |") {
			t.Errorf("%s is not documented", name)
		}
	}
	for _, name := range names(t, path, `SELECT DISTINCT c.name FROM sqlite_schema s, pragma_table_info(s.name) c
		WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite_%'`) {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("column %s is not documented", name)
		}
	}
}

func names(t *testing.T, path, query string) (list []string) {
	t.Helper()
	rows, err := sqlite.Rows(path, query)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		list = append(list, strings.TrimSuffix(strings.TrimPrefix(row, `[]driver.Value{"`), `"}`))
	}
	return list
}
