package main

import (
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
)

// tableFlags are the flags that every command with a table takes.
type tableFlags struct {
	choice table.Choice
	json   bool
}

// add adds the flags to a command whose columns are those of t.
func (f *tableFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.json, "json", false, "as one JSON array")
	f.addChoice(cmd)
}

// choiceFlags are the flags that [tableFlags.addChoice] adds.
var choiceFlags = []string{"format", "columns", "sort", "limit"}

// addChoice adds the flags without --json, to a command that has its own.
func (f *tableFlags) addChoice(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.choice.Format, "format", "", "table, tsv, csv, json or yaml (default a table on a terminal, tab-separated without a head in a pipe)")
	flags.StringSliceVar(&f.choice.Columns, "columns", nil, "the columns to show, by their headings or their names in JSON")
	flags.StringVar(&f.choice.Sort, "sort", "", "the column to sort by; -COLUMN from high to low")
	flags.IntVar(&f.choice.Limit, "limit", 0, "show so many rows at most (default all)")
}

// chosen is the choice that the flags make of t. A wrong one is an error of usage.
func chosen[T any](f *tableFlags, t table.Table[T]) (table.Choice, error) {
	choice := f.choice
	switch {
	case f.json && choice.Format != "" && choice.Format != table.FormatJSON:
		return choice, usage(fmt.Errorf("--json and --format %s exclude each other", choice.Format))
	case f.json:
		choice.Format = table.FormatJSON
	}
	if err := t.Check(choice); err != nil {
		return choice, usage(err)
	}
	return choice, nil
}

// show writes a table to standard output: through a pager where it is longer than the
// terminal.
func show[T any](s *streams, t table.Table[T], choice table.Choice, rows iter.Seq2[T, error]) error {
	out := table.Output{Out: s.out, Color: s.colors(s.out)}
	width, height := ui.TerminalSize(s.out)
	if width == 0 || choice.Format != "" && choice.Format != table.FormatTable {
		return t.Write(out, choice, rows)
	}
	out.Screen = s.screen(width)
	return s.paged(height, func(text *strings.Builder) error {
		out.Out = text
		return t.Write(out, choice, rows)
	})
}

func (s *streams) screen(width int) *table.Screen {
	return &table.Screen{Width: width, Now: s.now(), Zone: time.Local}
}

// colors reports whether what is written to a stream has colours: on a terminal that
// has them, unless --no-color or NO_COLOR forbids it; and wherever CLICOLOR_FORCE asks
// for it.
func (s *streams) colors(stream any) bool {
	switch {
	case s.noColor || s.variables.get("NO_COLOR") != "":
		return false
	case s.variables.get("CLICOLOR_FORCE") != "" && s.variables.get("CLICOLOR_FORCE") != "0":
		return true
	}
	return isTerminal(stream) && s.variables.get("TERM") != "dumb" && s.variables.get("CLICOLOR") != "0"
}

// blankZero shows a number on a screen, and nothing for 0.
func blankZero[T any](number func(T) int64) func(T, table.Screen) string {
	return func(row T, _ table.Screen) string {
		if n := number(row); n != 0 {
			return count(n)
		}
		return ""
	}
}
