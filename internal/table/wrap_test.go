package table_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/table"
)

// TestWrapLines leaves lines that fit as they are, their blanks included.
func TestWrapLines(t *testing.T) {
	const said = "short  one\n  a line that is longer than the screen\n\nlast"
	want := "short  one\n  a line\n    that is\n    longer\n    than the\n    screen\n\nlast"
	if diff := cmp.Diff(want, table.WrapLines(said, 14)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(said, table.WrapLines(said, 0)); diff != "" {
		t.Errorf("no screen (-want +got)\n%s", diff)
	}
}

// TestWrapSentences breaks lines between words only, and writes no line end that was not
// there: what follows a question stands behind it.
func TestWrapSentences(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string
		width            int
	}{
		{"words", "stored in looker-demo.db (2 MiB).\n", "stored in\nlooker-demo.db\n(2 MiB).\n", 16},
		{"a long word", "see https://example.com/a/b/c for more\n", "see\nhttps://example.com/a/b/c\nfor more\n", 12},
		{"a short word before a long one", "a https://example.com/a/b/c\n", "a\nhttps://example.com/a/b/c\n", 12},
		{"a question", "It cannot be taken back. Go on? [y/N] ", "It cannot be taken\nback. Go on? [y/N] ", 20},
		{"a question that just fits", "Go on? [y/N] ", "Go on? [y/N] ", 12},
		{"indented", "  one two three\n", "  one two\n    three\n", 11},
		{"colour", "\x1b[33mNote: \x1b[0mone two \x1b[31mthree\x1b[0m four\n", "\x1b[33mNote: \x1b[0mone\ntwo \x1b[31mthree\x1b[0m\nfour\n", 10},
		{"wide letters", "日本 日本 日本\n", "日本 日本\n日本\n", 10},
		{"no screen", "one two three\n", "one two three\n", 0},
		{"two lines", "one two\nthree four\n", "one\ntwo\nthree\nfour\n", 5},
	} {
		if diff := cmp.Diff(tt.want, table.WrapSentences(tt.text, tt.width)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestFold(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  []string
	}{
		{"short", 9, []string{"short"}},
		{"  + indented  text", 13, []string{"  + indented", "text"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"日本語", 1, []string{"日", "本", "語"}},
		{"any width", 0, []string{"any width"}},
		{"\x1b[31mred\x1b[0m and \x1b[32mgreen\x1b[0m", 8, []string{"\x1b[31mred\x1b[0m and", "\x1b[32mgreen\x1b[0m"}},
		{"\x1b[31mabcdef\x1b[0m", 4, []string{"\x1b[31mabcd", "ef\x1b[0m"}},
	} {
		if diff := cmp.Diff(tt.want, table.Fold(tt.text, tt.width)); diff != "" {
			t.Errorf("%q at %d (-want +got)\n%s", tt.text, tt.width, diff)
		}
	}
}
