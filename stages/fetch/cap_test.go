package fetch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// board is a made-up dashboard: so many tiles, the first of which has so many fields,
// and a text that makes it large.
type board struct{ tiles, fields, text int }

// document returns the document, or the row of a list that shows at most most elements of
// each array.
func (b board) document(id string, most int) string {
	elements := func(n int, each func(i int) string) string {
		var all []string
		for i := range min(n, most) {
			all = append(all, each(i))
		}
		return "[" + strings.Join(all, ",") + "]"
	}
	fields := elements(b.fields, func(i int) string { return fmt.Sprintf(`"field_%d"`, i) })
	tiles := elements(b.tiles, func(i int) string { return fmt.Sprintf(`{"id":"%s-%d","fields":%s}`, id, i, fields) })
	return fmt.Sprintf(`{"id":%q,"show_title":true,"title":"thing %s","text":%q,"dashboard_elements":%s}`, id, id, strings.Repeat("x", b.text), tiles)
}

// boards makes dashboards, the first of which has the id 1, in lists that show at most
// most elements of each array.
func boards(most int, all ...board) []stagestest.Thing {
	const everything = 1 << 20
	things := make([]stagestest.Thing, len(all))
	for i, b := range all {
		id := fmt.Sprint(i + 1)
		things[i] = stagestest.Thing{ID: id, Folder: "0", Text: b.document(id, everything), Raw: b.document(id, most)}
	}
	return things
}

// TestListsThatCutArraysOff: rows of a list hold no more than so many elements of an
// array, alike in all of them, and the largest row is not one that is cut.
func TestListsThatCutArraysOff(t *testing.T) {
	const all = 1000
	large, upTo25 := board{tiles: 2, text: 20000}, []board{}
	for i := range 39 {
		upTo25 = append(upTo25, board{tiles: i*7%25 + 1, fields: 2})
	}
	few := slices.Repeat([]board{{tiles: 3}}, 30)
	tests := []struct {
		name    string
		things  []stagestest.Thing
		singles int // at most
		poor    bool
	}{
		{name: "many are cut", things: boards(10, slices.Concat([]board{large}, upTo25)...), singles: 60, poor: true},
		{name: "two are cut at a round number", things: boards(20, slices.Concat(few, []board{large, {tiles: 31}, {tiles: 4}, {tiles: 33}}, few[:6])...), singles: 60, poor: true},
		{name: "one is cut at fifty", things: boards(50, slices.Concat(few, []board{large, {tiles: 31}, {tiles: 70}}, few[:7])...), singles: 60, poor: true},
		{name: "some are cut at seven", things: boards(7, slices.Concat(few, []board{large, {tiles: 11}, {tiles: 20}, {tiles: 8}}, few[:6])...), singles: 60, poor: true},
		{name: "a longer array of another sort hides no cut", things: boards(8, slices.Concat(few, []board{large, {tiles: 12, fields: 3}, {tiles: 11, fields: 2}, {tiles: 15}, {tiles: 1, fields: 8, text: 30000}}, few[:5])...), singles: 60, poor: true},
		{name: "arrays within arrays", things: boards(10, slices.Concat(few, []board{large, {tiles: 3, fields: 14}, {tiles: 2, fields: 15}, {tiles: 2, fields: 33}}, few[:6])...), singles: 60, poor: true},
		{name: "nothing is cut", things: boards(all, slices.Concat([]board{large}, upTo25)...), singles: 2},
		{name: "two with the most, and nothing is cut", things: boards(all, slices.Concat(few, []board{large, {tiles: 20}, {tiles: 20}, {tiles: 20}, {tiles: 2, fields: 10, text: 30000}, {tiles: 1, fields: 10, text: 30000}}, few[:4])...), singles: 3},
		{name: "few tiles, and nothing is cut", things: boards(all, slices.Concat([]board{large}, few, few[:9])...), singles: 1},
		{name: "each has ten", things: boards(all, slices.Repeat([]board{{tiles: 10, fields: 5}}, 40)...), singles: 1},
	}
	for _, tt := range tests {
		for _, pages := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s, %d pages", tt.name, pages), func(t *testing.T) {
				looker := &stagestest.Looker{Things: tt.things}
				r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
				r.Size = 40
				items := fetchPages(t, r, 40, pages)
				if diff := cmp.Diff(stagestest.Numbers(1, 40), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
					t.Errorf("bodies (-want +got):\n%s", diff)
				}
				told := strings.Contains(strings.Join(r.Ledger.Notes(), "\n"), "fetching one by one")
				if told != tt.poor {
					t.Errorf("poor: %v, want %v: %q", told, tt.poor, r.Ledger.Notes())
				}
				whole := wholeBodies(items, tt.things)
				if pages == 1 && len(whole) != 40 {
					t.Errorf("%d of 40 documents are stored whole", len(whole))
				}
				if singles := stagestest.Short(looker.Calls); len(singles) > tt.singles+pages {
					t.Errorf("%d calls, want at most %d: %q", len(singles), tt.singles+pages, singles)
				}
			})
		}
	}
}

// fetchPages asks for n documents, the first of which has the id 1, in so many pages.
func fetchPages(t *testing.T, r *stagestest.Rig, n, pages int) []record.Item {
	t.Helper()
	var asks []record.Ask
	for i := 0; i < n; i += n / pages {
		asks = append(asks, stagestest.PageAsk(i, stagestest.Numbers(i+1, i+n/pages)...))
	}
	return r.Fetch(t, asks...)
}

// wholeBodies returns the ids of the items that hold the document itself.
func wholeBodies(items []record.Item, things []stagestest.Thing) (whole []string) {
	for _, item := range items {
		for _, d := range things {
			if d.ID == item.ID && string(item.Body) == d.Text {
				whole = append(whole, d.ID)
			}
		}
	}
	return whole
}
