package sqlite_test

import (
	"errors"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// TestNothingLost: whoever reads only the first documents hears of one that is not there any
// more, or not under its id, and not of one that is damaged in its place.
func TestNothingLost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, sql string
		lost      bool
	}{
		{"nothing", "SELECT 1", false},
		{"a document", "DELETE FROM heads WHERE item = '2'", true},
		{"its id", "UPDATE heads SET item = '9' WHERE item = '2'", true},
		{"its kind", "UPDATE heads SET kind = 'dashboardt' WHERE item = '2'", true},
		{"its instance", "UPDATE heads SET instance = 7 WHERE item = '2'", true},
		{"that it is there", "UPDATE heads SET state = 'gone' WHERE item = '2'", true},
		{"a document that is gone", "DELETE FROM heads WHERE state = 'gone'", true},
		{"what a run has counted", "UPDATE run_kinds SET new = new + 1 WHERE run = 1", true},
		{"in its place", "UPDATE heads SET settled_run = 1 WHERE item = '2'", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			aHistory(t, path)
			execute(t, path, "PRAGMA foreign_keys = 0", tt.sql)
			for _, kind := range []record.Kind{"", dashboards} {
				err := read(t, path).NothingLost(t.Context(), "acme", kind)
				if tt.lost != errors.Is(err, vault.ErrCorrupt) || !tt.lost && err != nil {
					t.Errorf("of %q: %v", kind, err)
				}
			}
		})
	}
}
