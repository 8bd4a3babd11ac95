package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/lookervault/lookervault/internal/ui"
)

// column is a column of a table of T.
type column[T any] struct {
	head   string
	cell   func(T) string
	number bool // aligned right
}

// render writes rows to standard output: as one JSON array of what view makes of
// them, as a table on a terminal, else tab-separated without a head.
func render[T any](out io.Writer, asJSON bool, view func(T) any, columns []column[T], rows iter.Seq2[T, error]) error {
	switch {
	case asJSON:
		return renderJSON(out, view, rows)
	case isTerminal(out):
		return renderTable(out, columns, rows)
	default:
		return renderTabs(out, columns, rows)
	}
}

func renderJSON[T any](out io.Writer, view func(T) any, rows iter.Seq2[T, error]) error {
	w := bufio.NewWriter(out)
	between := "[\n  "
	for row, err := range rows {
		if err != nil {
			if between != "[\n  " {
				fmt.Fprintln(w) // a whole line, and no end of the array
			}
			return errors.Join(err, w.Flush())
		}
		line, err := encodeJSON(view(row))
		if err != nil {
			return err
		}
		fmt.Fprint(w, between, line)
		between = ",\n  "
	}
	if between == "[\n  " {
		fmt.Fprint(w, "[")
	} else {
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "]")
	return w.Flush()
}

func renderTabs[T any](out io.Writer, columns []column[T], rows iter.Seq2[T, error]) error {
	w := bufio.NewWriter(out)
	for row, err := range rows {
		if err != nil {
			return errors.Join(err, w.Flush())
		}
		for i, c := range columns {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, plainText(c.cell(row)))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

func renderTable[T any](out io.Writer, columns []column[T], rows iter.Seq2[T, error]) error {
	t := newTable(out)
	var head table.Row
	var configs []table.ColumnConfig
	for i, c := range columns {
		head = append(head, c.head)
		if c.number {
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	t.AppendHeader(head)
	t.SetColumnConfigs(configs)
	for row, err := range rows {
		if err != nil {
			return err
		}
		var cells table.Row
		for _, c := range columns {
			cells = append(cells, plainText(c.cell(row)))
		}
		t.AppendRow(cells)
	}
	t.Render()
	return nil
}

// newTable is a table without lines between its rows, cut to the terminal.
func newTable(out io.Writer) table.Writer { return ui.NewTable(out) }

// plainText is text that stays in its cell.
func plainText(s string) string { return ui.PlainText(s) }

// encodeJSON is a value on one line, with its text as it is.
func encodeJSON(v any) (string, error) { return ui.EncodeJSON(v) }

// count is a number as people read it.
func count(n int64) string { return ui.Count(n) }

// plural is "1 call", "2 calls".
func plural(n int64, one, many string) string { return ui.Plural(n, one, many) }
