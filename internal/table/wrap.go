package table

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

// WrapLines wraps each line that is wider than a screen, whose width is 0 where it takes
// any line; others stay as they are. The rest of a line is indented as its beginning is, and
// a little more where that is at all. A word that is wider than the screen is parted.
func WrapLines(s string, width int) string { return wrapLines(s, width, Fold) }

// WrapSentences is [WrapLines] that never parts a word: paths, addresses and commands can be
// copied from a terminal, which continues them in the next row.
func WrapSentences(s string, width int) string { return wrapLines(s, width, foldWords) }

func wrapLines(s string, width int, fold func(line string, width int) []string) string {
	if width <= 0 {
		return s
	}
	var b strings.Builder
	for line := range strings.Lines(s) {
		bare := strings.TrimSuffix(line, "\n")
		if textWidth(strings.TrimRight(bare, " ")) <= width {
			b.WriteString(line)
			continue
		}
		indent := bare[:len(bare)-len(strings.TrimLeft(bare, " "))]
		further := indent
		if indent != "" {
			further += "  "
		}
		parts := fold(bare[len(indent):], max(1, width-len(further)))
		b.WriteString(indent + strings.Join(parts, "\n"+further) + line[len(bare):])
	}
	return b.String()
}

// foldWords parts text into lines of at most width columns, between words only. Blanks
// where a line ends are left out, those behind the last word stay.
func foldWords(s string, width int) []string {
	var lines []string
	for textWidth(s) > width {
		at := strings.LastIndexByte(prefix(s, width+1), ' ')
		if at <= 0 {
			at = strings.IndexByte(s, ' ')
		}
		rest := ""
		if at > 0 {
			rest = strings.TrimLeft(s[at:], " ")
		}
		if rest == "" {
			break
		}
		lines = append(lines, strings.TrimRight(s[:at], " "))
		s = rest
	}
	return append(lines, s)
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
			part := breakBefore(long, width, "_:/-")
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
	part := prefix(s, max(1, width))
	if textWidth(part) == 0 { // a character that is wider than the line
		_, size := utf8.DecodeRuneInString(s[len(part):])
		return s[:len(part)+size]
	}
	if i := strings.LastIndexAny(part, after); i > 0 && 3*textWidth(part[:i]) >= textWidth(part) {
		return part[:i+1]
	}
	return part
}

// sequence is a control sequence, which takes no room on a screen.
var sequence = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\x1b\[[0-9;]*[A-Za-z]`) })

// prefix is the beginning of a text that takes at most width columns, with the control
// sequences that stand at its end.
func prefix(s string, width int) string {
	at := 0
	for at < len(s) {
		if found := sequence().FindString(s[at:]); found != "" {
			at += len(found)
			continue
		}
		r, size := utf8.DecodeRuneInString(s[at:])
		if width -= text.RuneWidth(r); width < 0 {
			break
		}
		at += size
	}
	return s[:at]
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
