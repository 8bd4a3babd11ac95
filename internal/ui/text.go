package ui

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"github.com/lookervault/lookervault/internal/plain"
)

// Count is a number as people read it: "12,345".
func Count(n int64) string { return humanize.Comma(n) }

// Size is a number of bytes as people read it: "14 MiB".
func Size(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

// Plural is "1 call", "2 calls".
func Plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Moment is a time in a sentence: where people are on a terminal, else RFC 3339 in UTC.
func Moment(t time.Time, terminal bool) string {
	if terminal {
		return t.Local().Format(time.DateTime)
	}
	return t.UTC().Format(time.RFC3339)
}

// PlainText is text that stays in its line and leaves the terminal alone: names
// come from whoever may edit a title.
func PlainText(s string) string { return plain.Text(s) }

// perSecond is a rate: two digits that matter below ten, whole numbers above.
func perSecond(rate float64) string {
	switch {
	case rate <= 0:
		return "0/s"
	case rate < 9.95:
		return fmt.Sprintf("%.1f/s", rate)
	}
	return Count(int64(rate+0.5)) + "/s"
}

// clock is a duration as a stop watch shows it: "0:07", "1:02:03".
func clock(d time.Duration) string {
	s := int64(max(d, 0).Round(time.Second) / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// remaining is how long something still takes: never nothing.
func remaining(d time.Duration) string { return clock(max(d, time.Second)) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// percent is a share of a whole, cut and not rounded: 100 % means all.
func percent(part, whole int64) string {
	if whole <= 0 {
		return "-"
	}
	return fmt.Sprintf("%d%%", min(part, whole)*100/whole)
}

func share(s float64) string { return fmt.Sprintf("%.0f%%", 100*s) }

// fit cuts a line to a width in columns and marks the cut.
func fit(line string, width int) string {
	if text.StringWidthWithoutEscSequences(line) <= width {
		return line
	}
	return text.Trim(line, max(0, width-1)) + "…"
}

// left and right fill up to a width in columns.
func left(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-text.StringWidthWithoutEscSequences(s)))
}

func right(s string, width int) string {
	return strings.Repeat(" ", max(0, width-text.StringWidthWithoutEscSequences(s))) + s
}

// TerminalSize is the size of a terminal in columns and rows, 0 for anything
// else. A stream that stands for a terminal tells by a method Size.
func TerminalSize(stream any) (width, height int) {
	if sized, ok := stream.(interface{ Size() (width, height int) }); ok {
		return sized.Size()
	}
	file, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, 0
	}
	width, height, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0, 0
	}
	return cmp.Or(width, 80), cmp.Or(height, 24) // some terminals do not tell
}
