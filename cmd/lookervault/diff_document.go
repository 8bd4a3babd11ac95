package main

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/lookervault/lookervault/internal/delta"
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
func (a *app) showDocument(choice table.Choice, span vault.Span, list iter.Seq2[change, error]) error {
	found := change{Kind: span.Kind, ID: span.ID, Change: []string{}, Changes: []delta.Edit{}}
	for c, err := range list {
		if err != nil {
			return err
		}
		found = c
	}
	switch choice.Format {
	case table.FormatJSON:
		line, err := encodeJSON(found)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.stdout, line)
		return err
	case "":
	default:
		var rows []change
		if len(found.Change) > 0 {
			rows = append(rows, found)
		}
		return show(a, changeTable(false), choice, each(rows))
	}
	width, height := ui.TerminalSize(a.stdout)
	return a.paged(height, func(text *strings.Builder) error {
		writeDocument(text, found, width, a.colors(a.stdout))
		return nil
	})
}

// writeDocument writes how a document changed, for people whose terminal has a width, 0
// for any.
func writeDocument(out io.Writer, c change, width int, color bool) {
	ref := record.Ref{Kind: c.Kind, ID: c.ID}
	if len(c.Change) == 0 {
		fmt.Fprintf(out, "%s did not change.\n", plain.Text(ref.String()))
		return
	}
	title := plain.Text(fmt.Sprintf("%s  %s", ref, c.Name))
	if c.FolderPath != "" {
		title += plain.Text("  (" + c.FolderPath + ")")
	}
	fmt.Fprintf(out, "%s: %s", title, strings.Join(c.Change, ", "))
	if c.Who != "" {
		fmt.Fprintf(out, ", by %s", plain.Text(c.Who))
	}
	fmt.Fprintln(out)
	within := ""
	for _, e := range c.Changes {
		if e.Within != within {
			within = e.Within
			if within != "" {
				fmt.Fprintf(out, "\n  %s\n", plain.Text(within))
			}
		}
		writeEdit(out, e, width, color)
	}
}

func writeEdit(out io.Writer, e delta.Edit, width int, color bool) {
	path := plain.Text(e.Path)
	if element, ok := e.Element(); ok {
		sign := table.Paint("+", table.Good, color)
		if len(valueLines(e.After)) == 0 {
			sign = table.Paint("-", table.Bad, color)
		}
		lines := []string{path + ": " + plain.Text(element)}
		if width > 0 {
			lines = table.Wrap(lines[0], max(20, width-len("      ")))
		}
		fmt.Fprintf(out, "  %s %s\n", sign, strings.Join(lines, "\n      "))
		return
	}
	before, after := valueLines(e.Before), valueLines(e.After)
	if len(before) <= 1 && len(after) <= 1 && len(first(before))+len(first(after)) <= 2*shortValue {
		switch {
		case len(before) == 0:
			fmt.Fprintf(out, "  %s %s: %s\n", table.Paint("+", table.Good, color), path, first(after))
		case len(after) == 0:
			fmt.Fprintf(out, "  %s %s: %s\n", table.Paint("-", table.Bad, color), path, first(before))
		default:
			fmt.Fprintf(out, "  %s %s: %s → %s\n", table.Paint("~", table.Unsure, color), path, first(before), first(after))
		}
		return
	}
	fmt.Fprintf(out, "  %s %s:\n", table.Paint("~", table.Unsure, color), path)
	for _, line := range lineDiff(before, after) {
		tone := map[byte]table.Tone{'+': table.Good, '-': table.Bad, ' ': table.Dim}[line[0]]
		fmt.Fprintf(out, "      %s\n", table.Paint(line, tone, color))
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
