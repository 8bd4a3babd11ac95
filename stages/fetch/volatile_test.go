package fetch_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// inFolder is a dashboard or look as its own route gives it; folder is the volatile member of
// that name, "" for none.
func inFolder(id, title, folder string) string {
	if folder != "" {
		folder = `,"folder":` + folder
	}
	return fmt.Sprintf(`{"id":%q,"show_title":true,"public_slug":null,"is_run_on_load":true,"title":%q%s}`, id, title, folder)
}

// TestRowsThatLackWhatIsVolatile: rows of a list lack a member that makes no change of a document,
// and that their neighbours have. It is stored all the same, by every way to ask for many.
func TestRowsThatLackWhatIsVolatile(t *testing.T) {
	asks := []record.Ask{
		{Kind: "dashboards", How: record.Page, State: record.Present, Want: stagestest.Want(stagestest.Numbers(1, 20)...)},
		{Kind: "dashboards", How: record.IDs, State: record.Present, Want: stagestest.Want(stagestest.Numbers(1, 20)...)},
		{Kind: "looks", How: record.Folder, State: record.Present, Folder: "0", Want: stagestest.Want(stagestest.Numbers(1, 20)...)},
	}
	for _, ask := range asks {
		for _, row := range []string{"", "null"} {
			t.Run(fmt.Sprintf("%s, %q", ask.How, row), func(t *testing.T) {
				looker := &stagestest.Looker{}
				for i, id := range stagestest.Numbers(1, 20) {
					thing := stagestest.Thing{ID: id, Folder: "0", Text: inFolder(id, "thing "+id, `{"id":"0"}`)}
					if i%3 == 2 {
						thing.Raw = inFolder(id, "thing "+id, row)
					}
					looker.Things = append(looker.Things, thing)
				}
				r := stagestest.NewRig(looker, stagestest.KindOf(t, ask.Kind))
				r.Size = 20
				for _, item := range r.Fetch(t, ask) {
					if want := inFolder(item.ID, "thing "+item.ID, `{"id":"0"}`); string(item.Body) != want {
						t.Errorf("%s is stored as %s, want %s", item.Ref, item.Body, want)
					}
				}
			})
		}
	}
}

// TestRowsWithoutWhatIsVolatileThatAreRight: where the documents lack the member as well, rows are
// stored, and rows that are alike are not compared.
func TestRowsWithoutWhatIsVolatileThatAreRight(t *testing.T) {
	tests := []struct {
		name    string
		folder  func(i int) string
		singles int
	}{
		{"none has it", func(int) string { return "" }, 1},
		{"all have it", func(int) string { return `{"id":"0"}` }, 1},
		{"two lack it", func(i int) string { return []string{`{"id":"0"}`, ""}[max(0, i-17)/2] }, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			looker := &stagestest.Looker{}
			for i, id := range stagestest.Numbers(1, 20) {
				looker.Things = append(looker.Things, stagestest.Thing{ID: id, Text: inFolder(id, "thing "+id, tt.folder(i))})
			}
			r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
			r.Size = 20
			items := r.Fetch(t, stagestest.PageAsk(0, stagestest.Numbers(1, 20)...))
			if diff := cmp.Diff(stagestest.Numbers(1, 20), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
				t.Errorf("bodies (-want +got):\n%s", diff)
			}
			if len(looker.Calls)-1 > tt.singles || r.Ledger.Notes() != nil {
				t.Errorf("calls %q, notes %q: want a page and %d single fetches", looker.Calls, r.Ledger.Notes(), tt.singles)
			}
		})
	}
}

// TestChangedRowThatLacksWhatIsVolatile: no row of the list has the member, but the stored version
// of a document that has changed does.
func TestChangedRowThatLacksWhatIsVolatile(t *testing.T) {
	looker := &stagestest.Looker{}
	kind := stagestest.KindOf(t, "dashboards")
	r := stagestest.NewRig(looker, kind)
	ask := stagestest.PageAsk(0, stagestest.Numbers(1, 6)...)
	r.Store.Bodies = make(map[record.Ref][]byte)
	reader := canon.NewReader()
	for i, id := range stagestest.Numbers(1, 6) {
		stored := inFolder(id, "before", `{"id":"0"}`)
		doc, err := reader.Read(canon.Compile(kind), []byte(stored))
		if err != nil {
			t.Fatal(err)
		}
		r.Store.Bodies[record.Ref{Kind: "dashboards", ID: id}] = []byte(stored)
		ask.Want[i].Hash, ask.Want[i].Size, ask.Want[i].Fingerprint = sha256.Sum256([]byte(stored)), int64(len(stored)), doc.Fingerprint
		looker.Things = append(looker.Things, stagestest.Thing{ID: id, Text: inFolder(id, "now", `{"id":"0"}`), Raw: inFolder(id, "now", "")})
	}
	r.Size = 6
	for _, item := range r.Fetch(t, ask) {
		if want := inFolder(item.ID, "now", `{"id":"0"}`); string(item.Body) != want {
			t.Errorf("%s is stored as %s, want %s", item.Ref, item.Body, want)
		}
	}
	if notes := strings.Join(r.Ledger.Notes(), "\n"); !slices.Contains(looker.Calls, "GET /dashboards/1") || !strings.Contains(notes, "folder is missing") {
		t.Errorf("calls %q, notes %q: want each document alone", looker.Calls, notes)
	}
}
