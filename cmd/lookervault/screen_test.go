package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/rogpeppe/go-internal/testscript"
)

func screen(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 2, "screen FILE OUT")
	lines, err := shown(ts.ReadFile(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}

func fits(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 2, "fits COLUMNS FILE")
	columns, err := strconv.Atoi(args[0])
	ts.Check(err)
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		line = strings.TrimRight(line, "\r\n")
		if got := text.StringWidthWithoutEscSequences(line); got > columns {
			ts.Fatalf("%d columns, want at most %d: %q", got, columns, line)
		}
	}
}

// sequence is a control sequence of a terminal.
var sequence = regexp.MustCompile(`^\x1b\[([?0-9;]*)([A-Za-z])`)

// shown is what a terminal that is as wide as it takes shows after it got raw,
// line by line. A control character that the program has no use for is an error.
func shown(raw string) ([]string, error) {
	lines, row, column := [][]rune{nil}, 0, 0
	put := func(r rune) {
		for len(lines[row]) <= column {
			lines[row] = append(lines[row], ' ')
		}
		lines[row][column] = r
		column++
	}
	for at := 0; at < len(raw); {
		if found := sequence.FindStringSubmatch(raw[at:]); found != nil {
			at += len(found[0])
			n, _ := strconv.Atoi(found[1])
			switch found[2] {
			case "A":
				row = max(0, row-max(n, 1))
			case "K":
				lines[row] = lines[row][:min(column, len(lines[row]))]
			case "J":
				lines = lines[:row+1]
				lines[row] = lines[row][:min(column, len(lines[row]))]
			case "m", "h", "l":
			default:
				return nil, fmt.Errorf("unexpected sequence %q", found[0])
			}
			continue
		}
		r := []rune(raw[at:min(at+4, len(raw))])[0]
		at += len(string(r))
		switch {
		case r == '\r':
			column = 0
		case r == '\n':
			if row++; row == len(lines) {
				lines = append(lines, nil)
			}
		case r < ' ' || r >= 0x7f && r < 0xa0:
			return nil, fmt.Errorf("unexpected control character %q before %q", r, raw[at:min(at+20, len(raw))])
		default:
			put(r)
		}
	}
	text := make([]string, len(lines))
	for i, line := range lines {
		text[i] = strings.TrimRight(string(line), " ")
	}
	return text, nil
}

func TestShown(t *testing.T) {
	for _, test := range []struct {
		name, raw string
		want      []string
		wrong     bool
	}{
		{name: "lines", raw: "one\r\ntwo\r\n", want: []string{"one", "two", ""}},
		{name: "drawn over", raw: "10%\r20%\r\x1b[Kdone\r\n", want: []string{"done", ""}},
		{name: "erased", raw: "said\r\na\r\nb\r\n\x1b[2A\r\x1b[J", want: []string{"said", ""}},
		{name: "not erased", raw: "left over\rshort", want: []string{"shortover"}},
		{name: "colour", raw: "\x1b[1;31mred\x1b[0m ü", want: []string{"red ü"}},
		{name: "title", raw: "\x1b]0;gotcha\a", wrong: true},
		{name: "bell", raw: "\a", wrong: true},
		{name: "screen cleared", raw: "\x1b[2J\x1b[H", wrong: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := shown(test.raw)
			if (err != nil) != test.wrong {
				t.Fatalf("unexpected error: %v", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
