package sqlite_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// TestIndexThatLeadsPastVersions: an index that lacks the versions of a document, as a
// damaged page makes it, makes no answer shorter without an error.
func TestIndexThatLeadsPastVersions(t *testing.T) {
	t.Parallel()
	for _, index := range []string{"versions_item", "versions_begun", "versions_gone"} {
		t.Run(index, func(t *testing.T) {
			path := newPath(t)
			aFullVault(t, path)
			sql, err := sqlite.Value(path, "SELECT sql FROM sqlite_schema WHERE name = '"+index+"'")
			if err != nil {
				t.Fatal(err)
			}
			want := make(map[string][]string)
			for _, q := range questions {
				if want[q.name], err = asked(t.Context(), path, q); err != nil {
					t.Fatal(err)
				}
			}
			whole := sql.(string)
			less, filter, partial := strings.Cut(whole, " WHERE ")
			less += " WHERE NOT (kind = 'dashboards' AND item = '2')"
			if partial {
				less += " AND " + filter
			}
			if err := sqlite.Execute(path, "DROP INDEX "+index, less,
				"PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = '"+whole+"' WHERE name = '"+index+"'"); err != nil {
				t.Fatal(err)
			}
			for _, q := range questions {
				got, err := asked(t.Context(), path, q)
				if problem := judge(want[q.name], got, err); problem != "" {
					t.Errorf("%s: %s", q.name, problem)
				}
			}
		})
	}
}
