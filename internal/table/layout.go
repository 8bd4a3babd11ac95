package table

import (
	"fmt"
	"slices"
	"strings"

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
	spare  int
	natural,
	width int
}

func newStrip(head string, cells []string, number, whole bool, spare int, tones []Tone) strip {
	s := strip{head: strings.ToUpper(head), cells: cells, tones: tones, number: number, whole: whole || number, spare: spare}
	s.natural = textWidth(s.head)
	for _, cell := range cells {
		s.natural = max(s.natural, textWidth(cell))
	}
	s.width = s.natural
	return s
}

func textWidth(s string) int { return text.StringWidthWithoutEscSequences(s) }

// fit makes the sheet as wide as the screen at most: the widest column of words
// shrinks first, then the one that people can best do without is left out. A column
// that may neither shrink nor be left out keeps its width.
func (s *sheet) fit(width int) {
	if width <= 0 {
		return
	}
	for !s.shrink(width, comfortable) {
		at := s.leastNeeded()
		if at < 0 {
			s.shrink(width, narrowest)
			break
		}
		s.out = append(s.out, strings.ToLower(s.columns[at].head))
		s.columns = slices.Delete(s.columns, at, at+1)
	}
	s.cutCells()
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

func (s *sheet) cutCells() {
	for i := range s.columns {
		c := &s.columns[i]
		for n, cell := range c.cells {
			if textWidth(cell) > c.width {
				c.cells[n] = text.Trim(cell, c.width-1) + "…"
				s.cut++
			}
		}
	}
}

// lines yields the head and the rows, without blanks at their ends.
func (s *sheet) lines(color bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		var heads []string
		for _, c := range s.columns {
			heads = append(heads, c.head)
		}
		if !yield(paint(s.line(heads), Dim, color)) || len(s.columns) == 0 {
			return
		}
		for n := range s.columns[0].cells {
			cells := make([]string, len(s.columns))
			for i, c := range s.columns {
				cells[i] = c.cells[n]
			}
			line := s.line(cells)
			if color {
				line = s.painted(cells, n)
			}
			if !yield(line) {
				return
			}
		}
	}
}

func (s *sheet) line(cells []string) string {
	var b strings.Builder
	for i, c := range s.columns {
		if i > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		b.WriteString(c.pad(cells[i], cells[i]))
	}
	return strings.TrimRight(b.String(), " ")
}

// painted is line n with the tones of its cells.
func (s *sheet) painted(cells []string, n int) string {
	last := len(s.columns) - 1
	for last > 0 && cells[last] == "" {
		last--
	}
	var b strings.Builder
	for i, c := range s.columns[:last+1] {
		if i > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		cell := paint(cells[i], c.tone(n), true)
		if i == last && !c.number {
			b.WriteString(cell)
			break
		}
		b.WriteString(c.pad(cells[i], cell))
	}
	return b.String()
}

func (c strip) tone(n int) Tone {
	if c.tones == nil {
		return Plain
	}
	return c.tones[n]
}

// pad fills shown, which looks as wide as cell, up to the width of its column.
func (c strip) pad(cell, shown string) string {
	blanks := strings.Repeat(" ", max(0, c.width-textWidth(cell)))
	if c.number {
		return blanks + shown
	}
	return shown + blanks
}

// paint colours text. Empty text stays empty.
func paint(s string, tone Tone, color bool) string {
	codes := [...]int{Plain: 0, Dim: 2, Good: 32, Unsure: 33, Bad: 31}
	if !color || tone == Plain || s == "" {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", codes[tone], s)
}
