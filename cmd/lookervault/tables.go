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
	flags := cmd.Flags()
	flags.BoolVar(&f.json, "json", false, "as one JSON array")
	flags.StringVar(&f.choice.Format, "format", "", "table, tsv, csv, json or yaml (default a table on a terminal, tab-separated without a head in a pipe)")
	flags.StringSliceVar(&f.choice.Columns, "columns", nil, "the columns to show, by their headings or their names in JSON")
	flags.StringVar(&f.choice.Sort, "sort", "", "the column to sort by; -COLUMN from high to low")
	flags.IntVar(&f.choice.Limit, "limit", 0, "show so many rows at most (default all)")
}

// chosen is the choice that the flags make of t. A wrong one is an error of usage.
func chosen[T any](cmd *cobra.Command, f *tableFlags, t table.Table[T]) (table.Choice, error) {
	choice := f.choice
	switch {
	case f.json && choice.Format != "" && choice.Format != table.FormatJSON:
		return choice, usage(cmd, fmt.Errorf("--json and --format %s exclude each other", choice.Format))
	case f.json:
		choice.Format = table.FormatJSON
	}
	if err := t.Check(choice); err != nil {
		return choice, usage(cmd, err)
	}
	return choice, nil
}

// show writes a table to standard output: through a pager where it is longer than the
// terminal.
func show[T any](a *app, t table.Table[T], choice table.Choice, rows iter.Seq2[T, error]) error {
	out := table.Output{Out: a.stdout, Color: a.colors(a.stdout)}
	width, height := ui.TerminalSize(a.stdout)
	if width == 0 || choice.Format != "" && choice.Format != table.FormatTable {
		return t.Write(out, choice, rows)
	}
	out.Screen = a.screen(width)
	return a.paged(height, func(text *strings.Builder) error {
		out.Out = text
		return t.Write(out, choice, rows)
	})
}

func (a *app) screen(width int) *table.Screen {
	return &table.Screen{Width: width, Now: a.now(), Zone: time.Local}
}

// colors reports whether what is written to a stream has colours: on a terminal that
// has them, unless --no-color or NO_COLOR forbids it; and wherever CLICOLOR_FORCE asks
// for it.
func (a *app) colors(stream any) bool {
	switch {
	case a.noColor || a.variable("NO_COLOR") != "":
		return false
	case a.variable("CLICOLOR_FORCE") != "" && a.variable("CLICOLOR_FORCE") != "0":
		return true
	}
	return isTerminal(stream) && a.variable("TERM") != "dumb" && a.variable("CLICOLOR") != "0"
}

// variable is a variable of the environment, "" when it is not set.
func (a *app) variable(name string) string {
	value := ""
	for _, entry := range a.environ {
		if key, v, _ := strings.Cut(entry, "="); key == name {
			value = v
		}
	}
	return value
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
