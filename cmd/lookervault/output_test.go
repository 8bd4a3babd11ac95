package main

import (
	"encoding/json"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	got, err := encodeJSON(map[string]string{"a": "<b> & \u2028 \x00 ü"})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"a":"<b> & \u2028 \u0000 ü"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, err := encodeJSON("\u009b \u202e \u007f"); err != nil || got != `"\u009b \u202e \u007f"` {
		t.Errorf("what misleads is %s, %v", got, err)
	}
	if _, err := encodeJSON(func() {}); err == nil {
		t.Error("a function was encoded")
	}
}

// thing is a row of the tables below.
type thing struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

var thingColumns = []column[thing]{
	{head: "name", cell: func(t thing) string { return t.Name }},
	{head: "n", cell: func(t thing) string { return strconv.Itoa(t.N) }, number: true},
}

var errLost = errors.New("lost")

// things yields rows and then an error, if it is not nil.
func things(err error, rows ...thing) iter.Seq2[thing, error] {
	return func(yield func(thing, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
		if err != nil {
			yield(thing{}, err)
		}
	}
}

func TestRender(t *testing.T) {
	rows := []thing{{"one", 1}, {"t\two\nlines\x1b[31m", 22}}
	view := func(row thing) any { return row }
	for _, test := range []struct {
		name string
		json bool
		rows []thing
		want string
	}{
		{"tabs", false, rows, "one\t1\nt wo lines [31m\t22\n"},
		{"no tabs", false, nil, ""},
		{"json", true, rows, "[\n" + `  {"name":"one","n":1},` + "\n" + `  {"name":"t\two\nlines\u001b[31m","n":22}` + "\n]\n"},
		{"no json", true, nil, "[]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if err := render(&out, test.json, view, thingColumns, things(nil, test.rows...)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if test.json && !json.Valid([]byte(out.String())) {
				t.Error("not JSON")
			}
			if err := render(&out, test.json, view, thingColumns, things(errLost, test.rows...)); !errors.Is(err, errLost) {
				t.Errorf("got %v, want what the rows ended with", err)
			}
			if err := render(broken{}, test.json, view, thingColumns, things(nil, rows...)); !errors.Is(err, errLost) {
				t.Errorf("got %v, want what the output ended with", err)
			}
		})
	}
}

// broken is an output that takes nothing.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errLost }

func TestRenderTable(t *testing.T) {
	var out strings.Builder
	err := renderTable(&out, thingColumns, things(nil, thing{"one", 1}, thing{"t\two\nlines", 22}))
	if err != nil {
		t.Fatal(err)
	}
	want := "NAME       N\none        1\nt wo lines  22\n"
	got := strings.Join(strings.Fields(out.String()), " ")
	if diff := cmp.Diff(strings.Join(strings.Fields(want), " "), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := strings.Count(out.String(), "\n"); n != 3 {
		t.Errorf("%d lines, want 3:\n%s", n, out.String())
	}
	if err := renderTable(&out, thingColumns, things(errLost)); !errors.Is(err, errLost) {
		t.Errorf("got %v, want what the rows ended with", err)
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
