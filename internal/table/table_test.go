package table_test

import (
	stdcmp "cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/lookervault/lookervault/internal/table"
)

type row struct {
	Kind, ID, Name, Folder string
	Bytes                  int
	Tags                   []string
}

func things() table.Table[row] {
	return table.Table[row]{
		One: "thing", Many: "things",
		Columns: []table.Column[row]{
			{Name: "kind", Value: func(r row) string { return r.Kind }, Varies: true},
			{Name: "id", Whole: true, Value: func(r row) string { return r.ID }},
			{Name: "name", Value: func(r row) string { return r.Name }},
			{Name: "folder_id", Head: "folder", Tail: true, Spare: 2, Value: func(r row) string { return r.Folder }},
			{
				Name: "bytes", Head: "size", Number: true, Spare: 1, Value: func(r row) string { return fmt.Sprint(r.Bytes) },
				Show: func(r row, _ table.Screen) string { return fmt.Sprint(r.Bytes, " B") },
			},
		},
		View: func(r row) any {
			return struct {
				Kind   string   `json:"kind"`
				ID     string   `json:"id"`
				Name   string   `json:"name"`
				Folder string   `json:"folder_id"`
				Bytes  int      `json:"bytes"`
				Tags   []string `json:"tags"`
				Note   *string  `json:"note,omitempty"`
			}{r.Kind, r.ID, r.Name, r.Folder, r.Bytes, r.Tags, nil}
		},
	}
}

var three = []row{
	{"looks", "10", "A look", "Finance / Reports", 12345, []string{"a"}},
	{"looks", "9", "Sales, \"north\" and everything that has to do with it", "Finance", 7, nil},
	{"looks", "x\x1b[2J", "né", "", 100, nil},
}

func from(rows []row, failed error) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
		if failed != nil {
			yield(row{}, failed)
		}
	}
}

func TestWrite(t *testing.T) {
	screen := func(width int) *table.Screen {
		return &table.Screen{Width: width, Now: time.Unix(0, 0), Zone: time.UTC}
	}
	tests := []struct {
		name   string
		screen *table.Screen
		choice table.Choice
		want   string
	}{
		{"a pipe", nil, table.Choice{}, "looks\t10\tA look\tFinance / Reports\t12345\n" +
			"looks\t9\tSales, \"north\" and everything that has to do with it\tFinance\t7\n" +
			"looks\tx [2J\tné\t\t100\n"},
		{"tabs with a head", nil, table.Choice{Format: "tsv", Columns: []string{"size", "id"}, Sort: "-bytes", Limit: 2}, "" +
			"bytes\tid\n12345\t10\n100\tx [2J\n"},
		{"commas", nil, table.Choice{Format: "csv", Columns: []string{"name"}, Limit: 2}, "" +
			"name\nA look\n\"Sales, \"\"north\"\" and everything that has to do with it\"\n"},
		{"JSON of some members", nil, table.Choice{Format: "json", Columns: []string{"ID", "tags", "note"}, Limit: 1}, "" +
			"[\n  {\"id\":\"10\",\"tags\":[\"a\"],\"note\":\"\"}\n]\n"},
		{"JSON of nothing", nil, table.Choice{Format: "json", Sort: "id", Limit: -1}, "[]\n"},
		{"YAML of nothing", nil, table.Choice{Format: "yaml", Limit: -1}, "[]\n"},
		{"YAML", nil, table.Choice{Format: "yaml", Limit: 1}, "" +
			"- kind: looks\n  id: \"10\"\n  name: A look\n  folder_id: Finance / Reports\n  bytes: 12345\n  tags:\n    - a\n"},
		{"numbers before words", nil, table.Choice{Sort: "id", Columns: []string{"id"}}, "9\n10\nx [2J\n"},
		{"from high to low", nil, table.Choice{Sort: "-id", Columns: []string{"id"}}, "x [2J\n10\n9\n"},
		{"a member that has no column", nil, table.Choice{Columns: []string{"tags", "id"}}, "[\"a\"]\t10\n\t9\n\tx [2J\n"},
		{"wide", screen(200), table.Choice{}, "" +
			"ID     NAME                                                  FOLDER                SIZE\n" +
			"10     A look                                                Finance / Reports  12345 B\n" +
			"9      Sales, \"north\" and everything that has to do with it  Finance                7 B\n" +
			"x [2J  né                                                                         100 B\n" +
			"\n3 things.\n"},
		{"narrow", screen(60), table.Choice{}, "" +
			"ID     NAME                       FOLDER                SIZE\n" +
			"10     A look                     Finance / Reports  12345 B\n" +
			"9      Sales, \"north\" and every…  Finance                7 B\n" +
			"x [2J  né                                              100 B\n" +
			"\n3 things. Cells with … are cut (--format tsv shows all).\n"},
		{"a path keeps its end", screen(28), table.Choice{Columns: []string{"name", "folder", "id"}, Limit: 1}, "" +
			"NAME    FOLDER            ID\n" +
			"A look  …nance / Reports  10\n\nThe first thing (--limit).\nCells with … are cut\n(--format tsv shows all).\n"},
		{"very narrow", screen(34), table.Choice{Limit: 2}, "" +
			"ID  NAME                      SIZE\n" +
			"10  A look                 12345 B\n" +
			"9   Sales, \"north\" and e…      7 B\n" +
			"\nThe first 2 things (--limit). No\nroom for folder (--columns, or a\nwider terminal). Cells with … are\ncut (--format tsv shows all).\n"},
		{"nothing on a screen", screen(80), table.Choice{Limit: -1}, "No things.\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			rows := three
			if tt.choice.Limit < 0 {
				rows, tt.choice.Limit = nil, 0
			}
			if err := things().Write(table.Output{Out: &out, Screen: tt.screen}, tt.choice, from(rows, nil)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestNoLineIsWiderThanTheScreen holds on every screen on which the columns that are
// never cut have room, and then every cell that is cut is told of.
func TestNoLineIsWiderThanTheScreen(t *testing.T) {
	for width := 24; width < 110; width++ {
		for _, color := range []bool{false, true} {
			var out strings.Builder
			screen := &table.Screen{Width: width}
			if err := things().Write(table.Output{Out: &out, Screen: screen, Color: color}, table.Choice{}, from(three, nil)); err != nil {
				t.Fatal(err)
			}
			body, foot, _ := strings.Cut(out.String(), "\n\n")
			for line := range strings.Lines(out.String()) {
				line = strings.TrimSuffix(line, "\n")
				if n := text.StringWidthWithoutEscSequences(line); n > width {
					t.Errorf("%d columns, want %d: %q", n, width, line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("blanks at the end: %q", line)
				}
			}
			foot = strings.Join(strings.Fields(text.StripEscape(foot)), " ")
			if cut := strings.Contains(body, "…"); cut != strings.Contains(foot, "are cut") {
				t.Errorf("at %d columns a cell is cut: %v, but the foot says %q", width, cut, foot)
			}
			if out := !strings.Contains(body, "FOLDER"); out != strings.Contains(foot, "No room for") {
				t.Errorf("at %d columns a column is left out: %v, but the foot says %q", width, out, foot)
			}
		}
	}
}

// TestSentencesTakeSeveralLines where the screen is too narrow for them.
func TestSentencesTakeSeveralLines(t *testing.T) {
	said := table.Table[string]{
		One: "word", Many: "words", View: func(s string) any { return struct{}{} },
		Columns: []table.Column[string]{
			{Name: "n", Number: true, Value: func(s string) string { return fmt.Sprint(len(s)) }},
			{Name: "said", Wraps: true, Value: func(s string) string { return s }},
			{Name: "id", Whole: true, Value: func(string) string { return "12" }},
		},
	}
	rows := func(yield func(string, error) bool) {
		_ = yield("one two three four five", nil) && yield("a-word-that-is-wider-than-its-column", nil)
	}
	want := " N  SAID              ID\n" +
		"23  one two three     12\n" +
		"    four five\n" +
		"36  a-word-that-is-   12\n" +
		"    wider-than-its-\n" +
		"    column\n\n2 words.\n"
	var out strings.Builder
	if err := said.Write(table.Output{Out: &out, Screen: &table.Screen{Width: 24}}, table.Choice{}, rows); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestColor has codes only where they mean something, and only where colour is wanted.
func TestColor(t *testing.T) {
	gone := table.Table[string]{
		One: "state", Many: "states", View: func(s string) any { return struct{}{} },
		Columns: []table.Column[string]{{
			Name: "state", Value: func(s string) string { return s },
			Tone: func(s string) table.Tone {
				if s == "gone" {
					return table.Bad
				}
				return table.Plain
			},
		}},
	}
	rows := func(yield func(string, error) bool) { _ = yield("gone", nil) && yield("here", nil) }
	for _, tt := range []struct {
		color bool
		want  string
	}{
		{true, "\x1b[2mSTATE\x1b[0m\n\x1b[31mgone\x1b[0m\nhere\n\n\x1b[2m2 states.\x1b[0m\n"},
		{false, "STATE\ngone\nhere\n\n2 states.\n"},
	} {
		var out strings.Builder
		if err := gone.Write(table.Output{Out: &out, Screen: &table.Screen{}, Color: tt.color}, table.Choice{}, rows); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, out.String()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestChoiceThatCannotBeServed(t *testing.T) {
	tests := []struct {
		choice table.Choice
		want   string
	}{
		{table.Choice{Columns: []string{"id", "naem"}}, `--columns: there is no column "naem"; did you mean name?`},
		{table.Choice{Columns: []string{"zzzzz"}}, `--columns: there is no column "zzzzz"; there are kind, id, name, folder_id, folder, bytes, size, tags, note`},
		{table.Choice{Columns: []string{"id", "name", "ID"}}, `--columns: id is named twice`},
		{table.Choice{Sort: "-sise"}, `--sort: there is no column "sise"; did you mean size?`},
		{table.Choice{Format: "jsn"}, `--format: unknown format "jsn"; did you mean json?`},
		{table.Choice{Format: "html"}, `--format: unknown format "html"; there are table, tsv, csv, json, yaml`},
		{table.Choice{Limit: -1}, `--limit: -1 is less than 0`},
	}
	for _, tt := range tests {
		err := things().Check(tt.choice)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%+v: %v, want %s", tt.choice, err, tt.want)
		}
	}
}

// TestErrorAmongTheRows leaves whole lines, and an array that can be read.
func TestErrorAmongTheRows(t *testing.T) {
	broken := errors.New("the file is damaged")
	for format, want := range map[string]string{
		"": "9\n", "tsv": "id\n9\n", "csv": "id\n9\n", "json": "[\n  {\"id\":\"9\"}\n]\n", "yaml": "- id: \"9\"\n", "table": "ID\n9\n",
	} {
		var out strings.Builder
		err := things().Write(table.Output{Out: &out}, table.Choice{Format: format, Columns: []string{"id"}}, from(three[1:2], broken))
		if !errors.Is(err, broken) {
			t.Errorf("%q: error %v, want %v", format, err, broken)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", format, diff)
		}
	}
	// What comes first of all may lie behind the error.
	for limit := range 4 {
		var out strings.Builder
		err := things().Write(table.Output{Out: &out}, table.Choice{Sort: "-bytes", Limit: limit}, from(three, broken))
		if !errors.Is(err, broken) {
			t.Errorf("sorted, limit %d: error %v, want %v", limit, err, broken)
		}
	}
	for _, format := range []string{"json", "yaml"} {
		var out strings.Builder
		err := things().Write(table.Output{Out: &out}, table.Choice{Format: format}, from(nil, broken))
		if !errors.Is(err, broken) || out.String() != "" {
			t.Errorf("%s of an error before the first row: error %v, output %q, want none", format, err, out.String())
		}
	}
}

// broken is an output that takes nothing.
type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

func TestOutputThatTakesNothing(t *testing.T) {
	full := errors.New("no space left")
	for _, format := range append(table.Formats(), "") {
		if err := things().Write(table.Output{Out: broken{full}}, table.Choice{Format: format}, from(three, nil)); !errors.Is(err, full) {
			t.Errorf("%q: %v, want what the output ended with", format, err)
		}
	}
}

func TestSortNames(t *testing.T) {
	names := []string{"b", "10", "9", "A", "a", "1e1", "-3", "model::x", "", "010"}
	want := slices.Clone(names)
	slices.SortFunc(want, table.Compare)
	table.SortNames(names)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("not in the order of Compare (-want +got):\n%s", diff)
	}
}

// TestCompare compares each two of some texts as the order is described: numbers by their
// value, words in lower case.
func TestCompare(t *testing.T) {
	texts := []string{
		"", "a", "A", "aB", "Ab", "ab", "abc", "Z", "z", "_", "[", "a b", "É", "é", "eé", "EÉ", "K", "\u212a", "k", "\u212ab", "kA", "İ", "i", "日本", "a\xff", "abcdefgh", "ABCDEFG", "abcdefÉ", "abcdefé", "abcdefgÉ", "abcdef", "A\xfe",
		"1", "01", "9", "10", "-3", "-", "1e3", "1000", "123456789012345", "1234567890123456", "12345678901234567890", "1.5", "1x", "0x10", "+1",
	}
	for _, a := range texts {
		for _, b := range texts {
			x, failedA := strconv.ParseFloat(a, 64)
			y, failedB := strconv.ParseFloat(b, 64)
			isNumber := func(text string, failed error) bool { return failed == nil && text[0] != '+' }
			want := stdcmp.Or(stdcmp.Compare(strings.ToLower(a), strings.ToLower(b)), stdcmp.Compare(a, b))
			switch numberA, numberB := isNumber(a, failedA), isNumber(b, failedB); {
			case numberA && numberB:
				want = stdcmp.Or(stdcmp.Compare(x, y), stdcmp.Compare(a, b))
			case numberA:
				want = -1
			case numberB:
				want = 1
			}
			if got := table.Compare(a, b); got != want {
				t.Errorf("Compare(%q, %q) is %d, want %d", a, b, got, want)
			}
			if got := stdcmp.Compare(table.Rank(a), table.Rank(b)); got != 0 && got != want {
				t.Errorf("the ranks of %q and %q compare as %d, want %d or 0", a, b, got, want)
			}
		}
	}
}

// TestTotal is a row below the others for people, whatever the order, and none for programs.
// It keeps no column that says nothing else. Where no flags choose, none is named.
func TestTotal(t *testing.T) {
	numbers := table.Table[int]{
		One: "number", Many: "numbers", View: func(n int) any { return struct{}{} }, Fixed: true,
		Total: func(rows []int) (sum int) {
			for _, n := range rows {
				sum += n
			}
			return sum
		},
		Columns: []table.Column[int]{
			{Name: "n", Number: true, Value: strconv.Itoa},
			{Name: "sign", Varies: true, Value: func(n int) string { return fmt.Sprint(n < 9) }},
			{Name: "double", Number: true, Spare: 1, Value: func(n int) string { return strconv.Itoa(2 * n) }},
		},
	}
	rows := func(yield func(int, error) bool) { _ = yield(4, nil) && yield(6, nil) }
	for _, tt := range []struct{ format, want string }{
		{"table", " N\n 6\n 4\n10\n\n2\nnumbers.\nNo room\nfor\ndouble\n(a wider\nterminal\nshows\nall).\n"},
		{"tsv", "n\tsign\tdouble\n6\ttrue\t12\n4\ttrue\t8\n"},
	} {
		var out strings.Builder
		err := numbers.Write(table.Output{Out: &out, Screen: &table.Screen{Width: 8}}, table.Choice{Format: tt.format, Sort: "-n"}, rows)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.format, diff)
		}
	}
}

// TestNothingIsCutThatNames: on the narrowest screen kinds and ids take several lines.
func TestNothingIsCutThatNames(t *testing.T) {
	rows := from([]row{{Kind: "user_attribute_group_values", ID: "thelook::order_items_and_more", Name: "A long name of a document", Bytes: 7}}, nil)
	named := table.Table[row]{
		One: "thing", Many: "things", View: func(r row) any { return r },
		Columns: []table.Column[row]{
			{Name: "kind", Whole: true, Value: func(r row) string { return r.Kind }},
			{Name: "id", Whole: true, Value: func(r row) string { return r.ID }},
			{Name: "name", Value: func(r row) string { return r.Name }},
		},
	}
	var out strings.Builder
	if err := named.Write(table.Output{Out: &out, Screen: &table.Screen{Width: 40}}, table.Choice{}, rows); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if n := table.Width(strings.TrimSuffix(line, "\n")); n > 40 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	for _, part := range []string{"user_", "attribute_", "group_values", "thelook::", "order_items_", "and_more"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is missing in\n%s", part, out.String())
		}
	}
}
