package main

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/lookervault/lookervault/internal/delta"
	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/plain"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
)

// shortValue is how many columns of a value are shown on one line; longer text is
// compared line by line.
const shortValue = 60

// showDocument shows how one document changed: member by member for people, as one
// object in JSON.
func showDocument(s *streams, choice table.Choice, span vault.Span, list iter.Seq2[history.Change, error]) error {
	found := history.Change{Ref: record.Ref{Kind: span.Kind, ID: span.ID}}
	for c, err := range list {
		if err != nil {
			return err
		}
		found = c
	}
	switch {
	case choice.IsObject():
		return changeTable(false).WriteObject(s.out, choice, found)
	case choice.Format != "" || len(choice.Columns) > 0:
		var rows []history.Change
		if len(found.Change) > 0 {
			rows = append(rows, found)
		}
		return show(s, changeTable(false), choice, table.Each(rows))
	}
	width, height := ui.TerminalSize(s.out)
	return s.paged(height, func(text *strings.Builder) error {
		w := &documentWriter{out: text, width: width, color: s.colors(s.out)}
		w.write(found)
		return nil
	})
}

// documentWriter writes how documents changed, for people. Lines that are wider than the
// screen go on in the next one: nothing is cut.
type documentWriter struct {
	out   io.Writer
	width int // 0 for a screen that takes any line
	color bool
}

// line writes a line behind a sign, and what it has no room for below, indented.
func (w *documentWriter) line(before string, sign byte, tone table.Tone, text string) {
	start := string(sign) + " "
	if sign == 0 {
		start = ""
	}
	room := 0
	if w.width > 0 {
		room = max(1, w.width-len(before)-len(start))
	}
	for i, part := range table.Fold(text, room) {
		if i > 0 {
			start = strings.Repeat(" ", len(start))
		}
		fmt.Fprintln(w.out, strings.TrimRight(before+table.Paint(start, tone, w.color)+part, " "))
	}
}

func (w *documentWriter) write(c history.Change) {
	if len(c.Change) == 0 {
		w.line("", 0, table.Plain, plain.Text(c.Ref.String())+" did not change.")
		return
	}
	title := plain.Text(fmt.Sprintf("%s  %s", c.Ref, c.Title()))
	if c.FolderPath != "" {
		title += plain.Text("  (" + c.FolderPath + ")")
	}
	title += ": " + strings.Join(c.Change, ", ")
	if c.Who != "" {
		title += ", by " + plain.Text(c.Who)
	}
	w.line("", 0, table.Plain, title)
	within := ""
	for _, e := range c.Edits {
		if e.Within != within {
			within = e.Within
			if within != "" {
				fmt.Fprintln(w.out)
				w.line("  ", 0, table.Plain, plain.Text(within))
			}
		}
		w.edit(e)
	}
	if len(c.NotSeen) == 0 {
		return
	}
	fmt.Fprintln(w.out)
	w.line("  ", 0, table.Plain, "Not seen by the key of one of the two runs, which is no administrator's:")
	for _, path := range c.NotSeen {
		w.line("  ", '?', table.Unsure, plain.Text(path))
	}
}

func (w *documentWriter) edit(e delta.Edit) {
	before, after := valueLines(e.Before), valueLines(e.After)
	path := plain.Text(e.Path)
	if element, ok := e.Element(); ok {
		sign, tone := byte('+'), table.Good
		if len(after) == 0 {
			sign, tone = '-', table.Bad
		}
		w.line("  ", sign, tone, path+": "+plain.Text(element))
		return
	}
	if len(before) <= 1 && len(after) <= 1 && len(first(before))+len(first(after)) <= 2*shortValue {
		switch {
		case len(before) == 0:
			w.line("  ", '+', table.Good, path+": "+first(after))
		case len(after) == 0:
			w.line("  ", '-', table.Bad, path+": "+first(before))
		default:
			w.line("  ", '~', table.Unsure, fmt.Sprintf("%s: %s → %s", path, first(before), first(after)))
		}
		return
	}
	w.line("  ", '~', table.Unsure, path+":")
	for _, line := range lineDiff(before, after) {
		w.compared(line)
	}
}

// compared writes a line of a comparison in the colour of its sign.
func (w *documentWriter) compared(line string) {
	tone := map[byte]table.Tone{'+': table.Good, '-': table.Bad, ' ': table.Dim}[line[0]]
	const before = "      "
	room := 0
	if w.width > 0 {
		room = max(1, w.width-len(before)-2)
	}
	for i, part := range table.Fold(line, room) {
		if i > 0 {
			part = "  " + part
		}
		fmt.Fprintf(w.out, "%s%s\n", before, table.Paint(part, tone, w.color))
	}
}

func first(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}

// valueLines are the lines of a value: text as it is, anything else as JSON, indented
// where it is long; none of a value that is not there.
func valueLines(value json.RawMessage) []string {
	if len(value) == 0 || string(value) == "null" {
		return nil
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		if text = string(value); len(text) > shortValue {
			if indented, err := json.MarshalIndent(value, "", "  "); err == nil {
				text = string(indented)
			}
		}
	} else if !strings.Contains(text, "\n") {
		text = string(value) // with its quotes
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = plain.Text(line)
	}
	return lines
}

// lineDiff compares lines: each begins with "+", "-" or a blank. What is the same far
// from a change is left out.
func lineDiff(before, after []string) []string {
	unified := string(diff.Diff("before", textOf(before), "after", textOf(after)))
	var shown []string
	hunks := 0
	for line := range strings.SplitSeq(strings.TrimSuffix(unified, "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "@@"):
			if hunks++; hunks > 1 {
				shown = append(shown, " …")
			}
		case hunks > 0:
			shown = append(shown, line[:1]+" "+line[1:])
		}
	}
	return shown
}

func textOf(lines []string) []byte {
	if len(lines) == 0 {
		return nil
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}
