package delta_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/delta"
)

func TestCompare(t *testing.T) {
	tests := []struct {
		name, before, after string
		want                []string // path: before > after (within)
		words               string
	}{
		{"nothing", `{"a":1,"b":[1,2]}`, `{"b":[1,2],"a":1}`, nil, ""},
		{"null is missing", `{"a":null}`, `{}`, nil, ""},
		{"renamed", `{"title":"Old"}`, `{"title":"New"}`, []string{`/title: "Old" > "New"`}, `renamed from "Old"`},
		{"moved", `{"folder_id":"3","folder":{"id":"3"}}`, `{"folder_id":"4","folder":{"id":"4"}}`,
			[]string{`/folder/id: "3" > "4"`, `/folder_id: "3" > "4"`}, "moved to folder 4"},
		{"trashed", `{"deleted":false}`, `{"deleted":true,"deleted_at":"now","deleter_id":"7"}`,
			[]string{"/deleted: false > true", `/deleted_at: null > "now"`, `/deleter_id: null > "7"`}, "moved to the trash"},
		{"numbers keep their spelling", `{"a":1.0,"big":9007199254740993}`, `{"a":1,"big":9007199254740994}`,
			[]string{"/a: 1.0 > 1", "/big: 9007199254740993 > 9007199254740994"}, "a changed, big changed"},
		{"names are escaped", `{"filters":{"a/b~c":"x"}}`, `{"filters":{"a/b~c":"y"}}`, []string{`/filters/a~1b~0c: "x" > "y"`}, "filters changed"},
		{"scalars as a whole", `{"fields":["a","b"]}`, `{"fields":["b","c"]}`, []string{`/fields: ["a","b"] > ["b","c"]`}, "fields changed"},
		{
			"tiles by id, not by place",
			`{"dashboard_elements":[{"id":"1","title":"One","note":"x"},{"id":"2","title":"Two"}]}`,
			`{"dashboard_elements":[{"id":"3","title":"Three"},{"id":"1","title":"One","note":"y"}]}`,
			[]string{
				`/dashboard_elements/3: null > {"id":"3","title":"Three"} (Three)`, `/dashboard_elements/1/note: "x" > "y" (One)`,
				`/dashboard_elements/2: {"id":"2","title":"Two"} > null (Two)`,
			},
			"tile Three added, tile Two removed, tile One changed",
		},
		{
			"tiles by title where the ids are new",
			`{"dashboard_elements":[{"id":"1","title":"One","note":"x"},{"id":"2","title":"Two"}]}`,
			`{"dashboard_elements":[{"id":"12","title":"Two"},{"id":"11","title":"One","note":"x"}]}`,
			[]string{`/dashboard_elements/12/id: "2" > "12" (Two)`, `/dashboard_elements/11/id: "1" > "11" (One)`, `/dashboard_elements: ["11","12"] > ["12","11"]`},
			"2 tiles changed, tiles in another order",
		},
		{
			"a title that two have is no name",
			`{"dashboard_elements":[{"title":"T","n":1},{"title":"T","n":2}]}`, `{"dashboard_elements":[{"title":"T","n":2},{"title":"T","n":3}]}`,
			[]string{`/dashboard_elements/T: null > {"n":3,"title":"T"} (T)`, `/dashboard_elements/T: {"n":1,"title":"T"} > null (T)`},
			"tile T added",
		},
		{
			"queries by what they ask for",
			`{"query_id":"1","query":{"id":"1","slug":"a","fields":["x"],"share_url":"u"}}`, `{"query_id":"2","query":{"id":"2","slug":"b","fields":["y"],"share_url":"v"}}`,
			[]string{`/query/fields: ["x"] > ["y"]`}, "query changed: fields",
		},
		{
			"a query that asks for the same under another id",
			`{"query_id":"1","query":{"id":"1","slug":"a","fields":["x"]}}`, `{"query_id":"2","query":{"id":"2","slug":"b","fields":["x"]}}`,
			[]string{`/query_id: "1" > "2"`}, "query id changed",
		},
		{"another kind of value", `{"a":[1]}`, `{"a":{"b":1}}`, []string{`/a: [1] > {"b":1}`}, "a changed"},
		{"a document that is a list", `[{"id":"1"}]`, `[{"id":"1"},{"id":"2"}]`, []string{`/2: null > {"id":"2"}`}, "id 2 added"},
		{"a named element of such a list", `[{"id":"1"},{"id":"2","display_name":"Ann"}]`, `[{"id":"1"}]`, []string{`/2: {"display_name":"Ann","id":"2"} > null`}, "Ann removed"},
		{"a member that came", `{"a":null}`, `{"a":1}`, []string{`/a: null > 1`}, "a added"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			edits, err := delta.Compare([]byte(tt.before), []byte(tt.after))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range edits {
				line := fmt.Sprintf("%s: %s > %s", e.Path, e.Before, e.After)
				if e.Within != "" {
					line += " (" + e.Within + ")"
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.words, delta.Words(edits, func(id string) string { return "folder " + id })); diff != "" {
				t.Errorf("words (-want +got)\n%s", diff)
			}
			if back, err := delta.Compare([]byte(tt.after), []byte(tt.before)); err != nil || (len(back) == 0) != (len(edits) == 0) {
				t.Errorf("the way back has %d edits, the way there %d: %v", len(back), len(edits), err)
			}
		})
	}
}

func TestCompareWhatIsNoJSON(t *testing.T) {
	for _, pair := range [][2]string{{`{`, `{}`}, {`{}`, `nope`}} {
		if _, err := delta.Compare([]byte(pair[0]), []byte(pair[1])); err == nil || !strings.Contains(err.Error(), "read a document") {
			t.Errorf("%v: %v", pair, err)
		}
	}
}

func TestWordsAreFew(t *testing.T) {
	edits, err := delta.Compare([]byte(`{}`), []byte(`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := delta.Words(edits, nil), "a added, b added, c added, d added, 2 more"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// FuzzCompare: whatever two documents are, a document does not differ from itself, and
// two that differ in one direction differ in the other.
func FuzzCompare(f *testing.F) {
	f.Add(`{"a":[{"id":1},{"id":2}]}`, `{"a":[{"id":2},{"id":1,"x":null}]}`)
	f.Add(`[[],{}]`, `[{},[]]`)
	f.Add(`{"dashboard_elements":[{"title":"T"},{"title":"T"}]}`, `{"dashboard_elements":[{"title":"T"}]}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		there, err := delta.Compare([]byte(a), []byte(b))
		if err != nil {
			return
		}
		delta.Words(there, func(id string) string { return id })
		back, err := delta.Compare([]byte(b), []byte(a))
		if err != nil || (len(there) == 0) != (len(back) == 0) {
			t.Errorf("%d edits there, %d back, %v", len(there), len(back), err)
		}
		if same, err := delta.Compare([]byte(a), []byte(a)); err != nil || len(same) > 0 {
			t.Errorf("%q differs from itself: %v, %v", a, same, err)
		}
	})
}
