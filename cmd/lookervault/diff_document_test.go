package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/delta"
	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
)

// TestDocumentOnANarrowTerminal: no line is wider than the terminal, and nothing is lost.
func TestDocumentOnANarrowTerminal(t *testing.T) {
	value := func(v any) json.RawMessage {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	long := strings.Repeat("word ", 30) + "end"
	c := history.Change{
		Ref: record.Ref{Kind: "dashboards", ID: "17"}, Name: "A name that is longer than the terminal is wide", Change: []string{"changed"}, Who: "Ann Lee",
		Edits: []delta.Edit{
			{Path: "/dashboard_elements/17/body_text/which_is_long", Before: value("one two three four five six"), After: value("seven eight nine ten"), Within: "A tile with a long title in a long row"},
			{Path: "/description", Before: value(long), After: value(long + "\nand " + long)},
			{Path: "/slug", After: value("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz")},
		},
	}
	said := func(width int) string {
		var out strings.Builder
		(&documentWriter{out: &out, width: width}).write(c)
		return out.String()
	}
	for line := range strings.Lines(said(40)) {
		if got := table.Width(strings.TrimSuffix(line, "\n")); got > 40 {
			t.Errorf("%d columns: %q", got, line)
		}
	}
	bare := strings.NewReplacer(" ", "", "\n", "").Replace
	if narrow, wide := bare(said(40)), bare(said(0)); narrow != wide {
		t.Errorf("something is lost:\n%s\n%s", narrow, wide)
	}
}
