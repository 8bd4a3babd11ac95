package table

import (
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

// WrapLines wraps each line that is wider than a screen, whose width is 0 where it takes
// any line; others stay as they are. The rest of a line is indented as its beginning is, and
// a little more where that is at all.
func WrapLines(s string, width int) string {
	if width <= 0 {
		return s
	}
	var b strings.Builder
	for line := range strings.Lines(s) {
		bare := strings.TrimSuffix(line, "\n")
		if textWidth(bare) <= width {
			b.WriteString(line)
			continue
		}
		indent := bare[:len(bare)-len(strings.TrimLeft(bare, " "))]
		further := indent
		if indent != "" {
			further += "  "
		}
		for _, part := range Fold(bare[len(indent):], max(1, width-len(further))) {
			b.WriteString(indent + part + "\n")
			indent = further
		}
	}
	return b.String()
}

// Wrap parts text into lines of at most width columns: between words, and within one
// that is wider than a line.
func Wrap(s string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(s) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case width > 0 && textWidth(*last)+1+textWidth(word) > width:
			lines = append(lines, word)
		default:
			*last += " " + word
		}
		for width > 0 && textWidth(lines[len(lines)-1]) > width {
			long := lines[len(lines)-1]
			part := breakBefore(long, width, "_:/")
			lines[len(lines)-1] = part
			lines = append(lines, strings.TrimPrefix(long, part))
		}
	}
	return lines
}

// breakBefore is the beginning of a text that is wider than a line, one character at least:
// up to the last of some characters, unless that stands near its beginning, else as much as
// there is room for.
func breakBefore(s string, width int, after string) string {
	part := text.Trim(s, max(1, width))
	if part == "" { // a character that is wider than the line
		_, size := utf8.DecodeRuneInString(s)
		return s[:size]
	}
	if i := strings.LastIndexAny(part, after); i > 0 && 3*i >= len(part) {
		return part[:i+1]
	}
	return part
}

// Fold parts text into lines of at most width columns, all of its blanks included, but for
// those where a line ends.
func Fold(s string, width int) []string {
	var lines []string
	for width > 0 && textWidth(s) > width {
		part := breakBefore(s, width, " ")
		lines = append(lines, strings.TrimRight(part, " "))
		s = strings.TrimLeft(strings.TrimPrefix(s, part), " ")
	}
	if s != "" || lines == nil {
		lines = append(lines, s)
	}
	return lines
}
