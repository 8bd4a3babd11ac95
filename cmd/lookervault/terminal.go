package main

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// terminal is standard error: text for people, with at most one status line at
// its end that is drawn over. Lines written meanwhile go above it. It is safe
// for use by many goroutines.
type terminal struct {
	out io.Writer
	tty bool

	mu     sync.Mutex
	status string
}

func newTerminal(out io.Writer) *terminal { return &terminal{out: out, tty: isTerminal(out)} }

const clearLine = "\r\x1b[K"

// Write writes whole lines above the status line.
func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.status == "" {
		return t.out.Write(p)
	}
	if _, err := t.out.Write([]byte(clearLine)); err != nil {
		return 0, err
	}
	n, err := t.out.Write(p)
	if err == nil {
		_, err = t.out.Write([]byte(t.status))
	}
	return n, err
}

// Status draws the status line, or removes it when it is empty. Nothing happens
// where there is no terminal.
func (t *terminal) Status(line string) {
	if !t.tty {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if width := t.width(); len(line) >= width {
		line = line[:max(0, width-1)]
	}
	if line != "" || t.status != "" {
		_, _ = t.out.Write([]byte(clearLine + line)) // a terminal that is gone is no reason to stop
	}
	t.status = line
}

func (t *terminal) width() int {
	if file, ok := t.out.(*os.File); ok {
		if width := terminalWidth(file); width > 0 {
			return width
		}
	}
	return 80
}

// terminalWidth is the width of a terminal in columns, 0 for anything else.
func terminalWidth(file *os.File) int {
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	if width == 0 {
		return 80 // some terminals do not tell
	}
	return width
}
