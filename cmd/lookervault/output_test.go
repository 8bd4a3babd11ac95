package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/plain"
)

func TestPlainText(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"words", "Revenue by Région, 数据 🙂", "Revenue by Région, 数据 🙂"},
		{"lines and tabs", "a\tb\r\nc", "a b  c"},
		{"colour", "\x1b[31mred", " [31mred"},
		{"title of the window", "\x1b]0;gotcha\a", " ]0;gotcha "},
		{"one-byte sequences", "a\u009b2Jb\u0085c", "a 2Jb c"},
		{"null and delete", "a\x00b\x7fc", "a b c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, plainText(test.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCountAndPlural(t *testing.T) {
	for _, test := range []struct {
		n            int64
		count, calls string
	}{
		{0, "0", "0 calls"},
		{1, "1", "1 call"},
		{2, "2", "2 calls"},
		{1234567, "1,234,567", "1,234,567 calls"},
		{-1, "-1", "-1 calls"},
	} {
		got := [2]string{count(test.n), plural(test.n, "call", "calls")}
		if diff := cmp.Diff([2]string{test.count, test.calls}, got); diff != "" {
			t.Errorf("%d (-want +got):\n%s", test.n, diff)
		}
	}
}

func TestEncodeJSON(t *testing.T) {
	got, err := plain.Encode(map[string]string{"a": "<b> & \u2028 \x00 ü"})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"a":"<b> & \u2028 \u0000 ü"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, err := plain.Encode("\u009b \u202e \u007f"); err != nil || got != `"\u009b \u202e \u007f"` {
		t.Errorf("what misleads is %s, %v", got, err)
	}
	if _, err := plain.Encode(func() {}); err == nil {
		t.Error("a function was encoded")
	}
}

func TestIsTerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, stream := range map[string]any{"file": file, "buffer": &strings.Builder{}, "nothing": nil} {
		if isTerminal(stream) {
			t.Errorf("a %s is no terminal", name)
		}
	}
}
