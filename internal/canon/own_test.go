package canon_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
)

// TestOwnChanges: by the rules for own changes a dashboard is the same where only what it
// shows of others moved, or what its list tells.
func TestOwnChanges(t *testing.T) {
	const body = `{"id":"1","title":"A title","folder_id":"5","folder":{"id":"5","name":"A folder"},"updated_at":"2026-01-01","dashboard_elements":[` +
		`{"id":"10","look_id":"7","title":"Of a look","look":{"id":"7","title":"A look"},"result_maker":{"sorts":["a of the look"]}},` +
		`{"id":"11","look_id":null,"title":"Of a query","query_id":"3","result_maker":{"sorts":["a of the tile"]}}]}`
	kind, _ := catalogue.Find("dashboards")
	rules, reader := canon.Compile(kind.Own()), canon.NewReader()
	read := func(text string) string {
		doc, err := reader.Read(rules, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return doc.Fingerprint.String()
	}
	for _, test := range []struct {
		name, old, changed string
		own                bool
	}{
		{"the date", `"2026-01-01"`, `"2026-01-02"`, false},
		{"the name of the folder", `"A folder"`, `"Another"`, false},
		{"the folder, which the list tells", `"folder_id":"5"`, `"folder_id":"6"`, false},
		{"the look", `"A look"`, `"Another"`, false},
		{"the query of the look", `"a of the look"`, `"b"`, false},
		{"which look", `"look_id":"7"`, `"look_id":"8"`, true},
		{"how a tile sorts", `"a of the tile"`, `"b"`, true},
		{"the title of a tile", `"Of a look"`, `"Another"`, true},
		{"the title", `"A title"`, `"Another"`, true},
	} {
		changed := strings.Replace(body, test.old, test.changed, 1)
		if changed == body {
			t.Fatalf("%s: nothing was changed", test.name)
		}
		if own := read(body) != read(changed); own != test.own {
			t.Errorf("%s: a change of its own: %t, want %t", test.name, own, test.own)
		}
	}
}
