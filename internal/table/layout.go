package table

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

const (
	gap = 2 // columns of the screen between two columns of the table
	// A column of words shrinks to comfortable before another one is left out, and to
	// narrowest when nothing more can be.
	comfortable = 16
	narrowest   = 6
)

// sheet is a table as it is laid out: heads and cells by column.
type sheet struct {
	columns []strip
	cut     int // cells that are not shown whole
	out     []string
}

// strip is a column of a sheet.
type strip struct {
	head   string
	cells  []string
	tones  []Tone
	number bool
	whole  bool // never cut
	wraps  bool // takes several lines
	tail   bool // keeps its end when it is cut
	spare  int
	natural,
	width int
}

// measured is the strip with the width that its cells need.
func (c strip) measured() strip {
	c.natural = textWidth(c.head)
	for _, cell := range c.cells {
		c.natural = max(c.natural, textWidth(cell))
	}
	c.width = c.natural
	return c
}

// Width is how many columns of a screen text takes.
func Width(s string) int { return textWidth(s) }

// Cut makes text fit into a width, and marks with … that something is missing.
func Cut(s string, width int) string {
	if textWidth(s) <= width {
		return s
	}
	return cut(s, width, false)
}

func textWidth(s string) int { return text.StringWidthWithoutEscSequences(s) }

// fit makes the sheet as wide as the screen at most: the widest column of words
// shrinks first, then the one that people can best do without is left out. Where even that
// is too wide, cells that are never cut take several lines. Numbers keep their width.
func (s *sheet) fit(width int) {
	if width <= 0 {
		return
	}
	for !s.shrink(width, comfortable) {
		at := s.leastNeeded()
		if at < 0 {
			if !s.shrink(width, narrowest) {
				s.wrapWhole()
				s.shrink(width, narrowest)
			}
			break
		}
		s.out = append(s.out, strings.ToLower(s.columns[at].head))
		s.columns = slices.Delete(s.columns, at, at+1)
	}
	s.cutCells()
}

// wrapWhole lets cells that are never cut take several lines.
func (s *sheet) wrapWhole() {
	for i := range s.columns {
		if c := &s.columns[i]; c.whole && !c.number {
			c.whole, c.wraps = false, true
		}
	}
}

// shrink makes the widest columns of words narrower, none below least, until the sheet
// fits. It reports whether it does.
func (s *sheet) shrink(width, least int) bool {
	for i := range s.columns {
		s.columns[i].width = s.columns[i].natural
	}
	for excess := s.total() - width; excess > 0; excess = s.total() - width {
		widest, second := -1, least
		for i, c := range s.columns {
			if c.whole || c.width <= max(least, textWidth(c.head)) {
				continue
			}
			switch {
			case widest < 0:
				widest = i
			case c.width > s.columns[widest].width:
				second = max(second, s.columns[widest].width)
				widest = i
			default:
				second = max(second, c.width)
			}
		}
		if widest < 0 {
			return false
		}
		c := &s.columns[widest]
		floor := max(least, textWidth(c.head), min(second, c.width-1))
		c.width = max(floor, c.width-excess)
	}
	return true
}

func (s *sheet) total() int {
	total := gap * (len(s.columns) - 1)
	for _, c := range s.columns {
		total += c.width
	}
	return total
}

// leastNeeded is the column that people can best do without, -1 when they need all.
func (s *sheet) leastNeeded() int {
	at := -1
	for i, c := range s.columns {
		if c.spare > 0 && (at < 0 || c.spare >= s.columns[at].spare) {
			at = i
		}
	}
	return at
}

// cutCells cuts what is wider than its column, but for columns that take several lines.
func (s *sheet) cutCells() {
	for i := range s.columns {
		c := &s.columns[i]
		if c.wraps {
			continue
		}
		for n, cell := range c.cells {
			if textWidth(cell) > c.width {
				c.cells[n] = cut(cell, c.width, c.tail)
				s.cut++
			}
		}
	}
}

// cut makes a cell fit into a width and marks where something is missing: at its
// beginning where the end tells more.
func cut(cell string, width int, tail bool) string {
	if !tail {
		return text.Trim(cell, width-1) + "…"
	}
	for textWidth(cell) > width-1 {
		_, size := utf8.DecodeRuneInString(cell)
		cell = cell[size:]
	}
	return "…" + cell
}

// lines yields the head and the rows, without blanks at their ends.
func (s *sheet) lines(color bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		heads := make([]string, len(s.columns))
		for i, c := range s.columns {
			heads[i] = c.head
		}
		if !yield(Paint(s.line(heads, nil), Dim, color)) || len(s.columns) == 0 {
			return
		}
		tones := make([]Tone, len(s.columns))
		for n := range s.columns[0].cells {
			for i, c := range s.columns {
				tones[i] = c.tones[n]
				if !color {
					tones[i] = Plain
				}
			}
			for _, cells := range s.row(n) {
				if !yield(s.line(cells, tones)) {
					return
				}
			}
		}
	}
}

// row is row n as lines of cells.
func (s *sheet) row(n int) [][]string {
	var lines [][]string
	for i, c := range s.columns {
		parts := []string{c.cells[n]}
		if c.wraps {
			parts = Wrap(c.cells[n], c.width)
		}
		for at, part := range parts {
			if at == len(lines) {
				lines = append(lines, make([]string, len(s.columns)))
			}
			lines[at][i] = part
		}
	}
	return lines
}

// line puts cells beside each other, without blanks at the end.
func (s *sheet) line(cells []string, tones []Tone) string {
	last := len(cells) - 1
	for last > 0 && cells[last] == "" {
		last--
	}
	var b strings.Builder
	for i, c := range s.columns[:last+1] {
		if i > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		shown := cells[i]
		if tones != nil {
			shown = Paint(shown, tones[i], true)
		}
		if i == last && !c.number {
			b.WriteString(shown)
		} else {
			b.WriteString(c.pad(cells[i], shown))
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// pad fills shown, which looks as wide as cell, up to the width of its column.
func (c strip) pad(cell, shown string) string {
	blanks := strings.Repeat(" ", max(0, c.width-textWidth(cell)))
	if c.number {
		return blanks + shown
	}
	return shown + blanks
}

// Paint colours text. Empty text stays empty.
func Paint(s string, tone Tone, color bool) string {
	codes := [...]int{Plain: 0, Dim: 2, Good: 32, Unsure: 33, Bad: 31}
	if !color || tone == Plain || s == "" {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", codes[tone], s)
}
