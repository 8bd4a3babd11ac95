package canon_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
)

func TestRows(t *testing.T) {
	tests := []struct {
		name, body string
		want       []string
	}{
		{"empty", " [ ] ", nil},
		{"compact", `[{"id":1},3,"s\u0026",[]]`, []string{`{"id":1}`, "3", `"s\u0026"`, "[]"}},
		{"spaces behind separators are the array's", `[{"a":1}, {"b":2}]`, []string{`{"a":1}`, `{"b":2}`}},
		{"laid out over lines", "[\n  {\"a\": 1.0},\n  {\"b\": 1e21}\n]\n", []string{`{"a": 1.0}`, `{"b": 1e21}`}},
		{"documents with line breaks at their ends", "[{\"id\" : 1}\n,{\"id\" : 2}\n]", []string{"{\"id\" : 1}\n", "{\"id\" : 2}\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := canon.Rows([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range rows {
				got = append(got, string(row))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// What is known of an element is taken, with the white space behind it, and the
// rest of the array is read.
func TestReaderRows(t *testing.T) {
	rules := canon.Compile(kind)
	tests := []struct {
		name, body string
		known      int // bytes of each element
		want       []string
	}{
		{"all of it", `[{"a":1},{"b":2}]`, 7, []string{`{"a":1}`, `{"b":2}`}},
		{"nothing", `[{"a":1},{"b":2}]`, 0, []string{`{"a":1}`, `{"b":2}`}},
		{"not the white space", `[{"a":1} , {"b":2}]`, 7, []string{`{"a":1} `, `{"b":2}`}},
		{"too little", `[{"a":1},{"b":2}]`, 6, nil},
		{"too much", `[{"a":1},{"b":2}]`, 8, nil},
		{"more than there is", `[{"a":1},{"b":2}]`, 99, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := canon.NewReader().Rows(rules, []byte(tt.body), func([]byte) int { return tt.known })
			if (err != nil) != (tt.want == nil) {
				t.Fatal(err)
			}
			var got []string
			for _, row := range rows {
				if got = append(got, string(row.Body)); (row.Doc == nil) != (tt.known > 0) {
					t.Errorf("of %s was read: %+v", row.Body, row.Doc)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRowsRefuses(t *testing.T) {
	for _, body := range []string{"", "{}", "null", "[", "[1", "[1,", "[1,]", "[1 2]", "[1]x", "[1][2]", `[{"a":1]`} {
		if rows, err := canon.Rows([]byte(body)); !errors.Is(err, canon.ErrInvalid) || rows != nil {
			t.Errorf("Rows(%q) = %q, %v; want ErrInvalid", body, rows, err)
		}
	}
}

func FuzzRows(f *testing.F) {
	for _, body := range []string{`[1,{"a":[]}, "x" ]`, "null", "{}", "[\"\xff\\ud800\"]", strings.Repeat("[", 10000) + strings.Repeat("]", 10000)} {
		f.Add(body)
	}
	rules, reader := canon.Compile(kind), canon.NewReader()
	f.Fuzz(func(t *testing.T, body string) {
		rows, err := canon.Rows([]byte(body))
		var want []json.RawMessage
		wrong := json.Unmarshal([]byte(body), &want)
		if array := strings.HasPrefix(strings.TrimLeft(body, " \t\r\n"), "["); (err == nil) != (wrong == nil && array) {
			t.Fatalf("Rows says %v, encoding/json %v", err, wrong)
		}
		if err != nil {
			return
		}
		if len(want) != len(rows) {
			t.Fatalf("%d rows, want %d", len(rows), len(want))
		}
		n := -1
		both, err := reader.Rows(rules, []byte(body), func([]byte) int {
			n++
			return n % 2 * len(want[n])
		})
		if err != nil || len(both) != len(rows) {
			t.Fatalf("%d rows when they are read and every second one is known, want %d: %v", len(both), len(rows), err)
		}
		for i, row := range both {
			if string(row.Body) != string(rows[i]) || (row.Doc == nil) != (i%2 == 1) {
				t.Errorf("row %d is %q, want %q; of it was read %+v", i, row.Body, rows[i], row.Doc)
			}
			if row.Doc == nil {
				continue
			}
			if alone, err := reader.Read(rules, row.Body); err != nil || !cmp.Equal(alone, *row.Doc) {
				t.Errorf("row %d is %+v, alone %+v, %v", i, *row.Doc, alone, err)
			}
		}
		for i := range rows {
			if strings.TrimRight(string(rows[i]), " \t\r\n") != string(want[i]) {
				t.Errorf("row %d = %q, want %q", i, rows[i], want[i])
			}
		}
	})
}
