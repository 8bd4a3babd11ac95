package ui

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// maxLines is how many lines bars may have on the highest terminal.
const maxLines = 80

// Screen is what bars draw: a job at one moment. [Frame] is one; a job that shows
// something else has its own.
type Screen interface {
	// Lines lays it out for a terminal of so many columns and rows: none wider than
	// the terminal less one column, and together less one row.
	Lines(width, height int) []string
}

// Bars shows screens on a terminal, each drawn over the one before. What is
// written to it meanwhile goes above them, from any goroutine; Show and Close are
// called by one at a time.
type Bars struct {
	size    func() (width, height int)
	refresh chan any
	flushed chan struct{}
	mpb     *mpb.Progress
	bar     *mpb.Bar

	mu    sync.Mutex
	lines []string
	over  bool
}

// NewBars draws on out, a terminal whose size is asked for before every frame.
func NewBars(out io.Writer, size func() (width, height int)) *Bars {
	b := &Bars{size: size, refresh: make(chan any), flushed: make(chan struct{}, 1), lines: []string{""}}
	b.mpb = mpb.New(mpb.WithConsoleWriter(&console{out: out, size: size, flushed: b.flushed}), mpb.WithManualRefresh(b.refresh))
	below := make([]mpb.BarFiller, maxLines-1)
	for i := range below {
		below[i] = mpb.BarFillerFunc(func(w io.Writer, _ decor.Statistics) error { return b.fill(w, i+1) })
	}
	head := mpb.BarFillerFunc(func(w io.Writer, _ decor.Statistics) error {
		_, err := io.WriteString(w, b.line(0))
		return err
	})
	b.bar, _ = b.mpb.Add(0, head, mpb.BarFillerTrim(), mpb.BarBtmExtender(below...)) // fails only after Wait
	return b
}

// Show draws a screen.
func (b *Bars) Show(s Screen) {
	width, height := b.size()
	b.mu.Lock()
	b.lines = s.Lines(width, min(height, maxLines))
	b.mu.Unlock()
	b.draw()
}

// draw lets what was written above and the newest lines appear, and waits for
// that.
func (b *Bars) draw() {
	b.mu.Lock()
	over := b.over
	b.mu.Unlock()
	if !over {
		b.refresh <- nil
		<-b.flushed
	}
}

// Write writes whole lines above the bars.
func (b *Bars) Write(p []byte) (int, error) {
	n, err := b.mpb.Write(p)
	if err != nil {
		return n, fmt.Errorf("write above the bars: %w", err)
	}
	return n, nil
}

// Close removes the bars; what was written above them stays. It may be called
// again.
func (b *Bars) Close() {
	b.mu.Lock()
	again := b.over
	b.over = true
	b.mu.Unlock()
	if !again {
		b.bar.Abort(true)
		b.mpb.Wait()
	}
}

func (b *Bars) line(i int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i < len(b.lines) {
		return b.lines[i]
	}
	return ""
}

// fill writes a line with its end; a line that is not there takes no room.
func (b *Bars) fill(w io.Writer, i int) error {
	line := b.line(i)
	if line == "" {
		return nil
	}
	_, err := io.WriteString(w, line+"\n")
	return err
}

// console is how the bars reach the terminal. Unlike the usual one it asks how
// wide the terminal is before it clears what it drew: lines that were drawn on a
// wider one have wrapped since.
type console struct {
	bytes.Buffer

	out  io.Writer
	size func() (width, height int)

	flushed chan<- struct{}
	drawn   []int // widths of the lines that the next frame takes the place of
}

// IsTerminal is always true: where there is no terminal there are no bars.
func (c *console) IsTerminal() bool { return true }

// GetTermSize tells more rows than there are: [Frame.Lines] fits the terminal
// already, and lines that take no room would be counted.
func (c *console) GetTermSize() (width, height int, err error) {
	width, _ = c.size()
	return width, 10 * maxLines, nil
}

// Flush draws what was written, whose last lines are the new frame.
func (c *console) Flush(lines int) error {
	width, _ := c.size()
	rows := 0
	for _, w := range c.drawn {
		rows += 1 + max(w-1, 0)/max(width, 1)
	}
	var frame bytes.Buffer
	if rows > 0 {
		fmt.Fprintf(&frame, "\x1b[%dA\r\x1b[J", rows)
	}
	all := bytes.Split(bytes.TrimSuffix(c.Bytes(), []byte("\n")), []byte("\n"))
	c.drawn = c.drawn[:0]
	for _, line := range all[max(len(all)-lines, 0):] {
		c.drawn = append(c.drawn, text.StringWidthWithoutEscSequences(string(line)))
	}
	frame.Write(c.Bytes())
	c.Reset()
	// A terminal that is gone is no reason to stop: the run goes on without it.
	_, _ = frame.WriteTo(c.out)
	select {
	case c.flushed <- struct{}{}:
	default: // the last frames, which nobody waits for
	}
	return nil
}
