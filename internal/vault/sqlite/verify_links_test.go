package sqlite_test

import (
	"os"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// What names a link that leads nowhere is asked only where the passes over them say so, so
// each of them has to, whatever else would find the same.
func TestLinks(t *testing.T) {
	source := newPath(t)
	aFullVault(t, source)
	whole := readFile(t, source)
	tests := []struct {
		name, sql string
		want      bool
	}{
		{"as it was written", "SELECT 1", false},
		{"head of a version that is missing", "UPDATE heads SET version = 99 WHERE item = '5'", true},
		{"head of another document's version", "UPDATE heads SET version = (SELECT id FROM versions WHERE item = '6') WHERE item = '5'", true},
		{"head of another instance", "UPDATE heads SET instance = 9 WHERE item = '5'", true},
		{"head of another kind", "UPDATE heads SET kind = 'looks' WHERE item = '5'", true},
		{"head of another state", "UPDATE heads SET state = 'trashed' WHERE item = '5'", true},
		{"head of what is gone", "UPDATE heads SET state = 'gone' WHERE item = '5'", true},
		{"head of an older version", "UPDATE heads SET version = (SELECT min(id) FROM versions WHERE item = '1') WHERE item = '1'", true},
		{"head of a run that is missing", "UPDATE heads SET settled_run = 99 WHERE item = '5'", true},
		{"head missing", "DELETE FROM heads WHERE item = '5'", true},
		{"head of a document that is gone, missing", "DELETE FROM heads WHERE state = 'gone'", true},
		{"version current beside the head's", "UPDATE versions SET last_run = NULL WHERE last_run IS NOT NULL AND item = '1'", true},
		{"version begun in a run that is missing", "UPDATE versions SET first_run = 99 WHERE item = '5'", true},
		{"version ended in a run that is missing", "UPDATE versions SET last_run = 99 WHERE last_run IS NOT NULL AND item = '1'", true},
		{"version gone in a run that is missing", "UPDATE versions SET gone_run = 99 WHERE gone_run IS NOT NULL", true},
		{"version of an instance that is missing", "DELETE FROM instances", true},
		{"version of another document", "UPDATE versions SET item = '77' WHERE last_run IS NOT NULL AND item = '1'", true},
		{"body missing", "DELETE FROM bodies WHERE hash = (SELECT hash FROM versions WHERE item = '5')", true},
		{"body of another size", "UPDATE bodies SET size = size + 1 WHERE hash = (SELECT hash FROM versions WHERE item = '5')", true},
		{"body of no version", "INSERT INTO bodies VALUES (zeroblob(32), 'none', 0, x'', NULL)", true},
		{"body of no row that is expected", "INSERT INTO bodies (rowid, hash, codec, size, data) VALUES (-5, zeroblob(32), 'none', 0, x'')", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			writeFile(t, path, whole)
			execute(t, path, tt.sql)
			passed, lookedUp, err := read(t, path).Loose(t.Context())
			if err != nil || passed != tt.want || lookedUp != tt.want {
				t.Errorf("passes say %v, look-ups %v, %v, want %v", passed, lookedUp, err, tt.want)
			}
		})
	}
}

// Where there are too many bodies to tell whether versions lead to all, each is looked up.
func TestTooManyBodies(t *testing.T) {
	for n, want := range map[int]bool{3: true, sqlite.BodySetLimit + 1: false} {
		if hold, ok := sqlite.ManyBodies(n); hold || ok != want {
			t.Errorf("of %d: hold %v, told %v, want %v", n, hold, ok, want)
		}
	}
}

// A body whose rowid is out of bounds is no damage, only none that look-ups can tell.
func TestVerifyOfARowFarAway(t *testing.T) {
	path := newPath(t)
	aFullVault(t, path)
	execute(t, path, "UPDATE bodies SET rowid = 1 << 40 WHERE hash = (SELECT hash FROM versions WHERE item = '5')")
	sound(t, path)
	if passed, lookedUp, err := read(t, path).Loose(t.Context()); passed || !lookedUp || err != nil {
		t.Errorf("passes say %v, look-ups %v, %v, want that only look-ups cannot tell", passed, lookedUp, err)
	}
}

// Heads are followed to their versions while their rows are checked. Where versions cannot be
// read, a damaged head is named all the same, once.
func TestHeadsBesideVersionsThatCannotBeRead(t *testing.T) {
	path := newPath(t)
	aFullVault(t, path)
	if err := sqlite.Execute(path, "UPDATE heads SET policy = 99 WHERE item = '5'"); err != nil {
		t.Fatal(err)
	}
	root, err := sqlite.Value(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'versions'")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole[(root.(int64)-1)*16384] = 0xff // no page of a tree begins with it
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	findings, err := read(t, path).Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	named, unread := 0, 0
	for _, f := range findings {
		if f.Table == "heads" && strings.Contains(f.Problem, "checksum") {
			named++
		}
		if f.Table == "versions" && strings.Contains(f.Problem, "cannot be read") {
			unread++
		}
	}
	if named != 1 || unread == 0 {
		t.Errorf("%d heads are named, %d times versions: %v", named, unread, findings)
	}
}
