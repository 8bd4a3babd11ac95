package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/lookervault/lookervault/internal/ui"
)

const (
	gap       = 2  // between columns
	narrowest = 16 // that a column of sentences becomes
	sentence  = 32 // cells above that are sentences, which may take several lines
)

// terminalColumns is how wide a terminal is, 100 for anything else.
func terminalColumns(out io.Writer) int {
	if width, _ := ui.TerminalSize(out); width > 0 {
		return width
	}
	return 100
}

// renderWrapped writes a table whose sentences take several lines where the
// terminal is too narrow for them. Nothing is cut.
func renderWrapped[T any](out io.Writer, width int, columns []column[T], rows []T) {
	var head table.Row
	widths := make([]int, len(columns))
	cells := make([]table.Row, len(rows))
	for i, c := range columns {
		head = append(head, c.head)
		widths[i] = len(c.head)
		for n, row := range rows {
			cell := plainText(c.cell(row))
			widths[i] = max(widths[i], text.StringWidthWithoutEscSequences(cell))
			cells[n] = append(cells[n], cell)
		}
	}
	t := newTable(out)
	t.SetOutputMirror(nil)
	t.Style().Size.WidthMax = 0
	t.AppendHeader(head)
	t.SetColumnConfigs(wraps(widths, width))
	t.AppendRows(cells)
	for line := range strings.Lines(t.Render()) {
		fmt.Fprintln(out, strings.TrimRight(line, " \n"))
	}
}

// wraps gives columns of words their width and shares what is left among those
// of sentences, each as much as it can use.
func wraps(widths []int, width int) []table.ColumnConfig {
	var open []int
	free := width - gap*len(widths)
	for i, w := range widths {
		if w > sentence {
			open = append(open, i)
		} else {
			free -= w
		}
	}
	var configs []table.ColumnConfig
	for len(open) > 0 {
		share := max(narrowest, free/len(open))
		fits := func(i int) bool { return widths[i] <= share }
		if !slices.ContainsFunc(open, fits) {
			for _, i := range open {
				configs = append(configs, table.ColumnConfig{Number: i + 1, WidthMax: share, WidthMaxEnforcer: text.WrapSoft})
			}
			break
		}
		for _, i := range open {
			if fits(i) {
				free -= widths[i]
			}
		}
		open = slices.DeleteFunc(open, fits)
	}
	return configs
}
