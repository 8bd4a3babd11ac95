package main

import (
	"io"
	"sync"

	"github.com/lookervault/lookervault/internal/ui"
)

// terminal is standard error: text for people. While something is drawn at its
// end, lines go above that. It is safe for use by many goroutines.
type terminal struct {
	out io.Writer
	tty bool

	mu    sync.Mutex
	above io.Writer // nil while nothing is drawn
}

func newTerminal(out io.Writer) *terminal { return &terminal{out: out, tty: isTerminal(out)} }

// Write writes whole lines.
func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.above != nil {
		if n, err := t.above.Write(p); err == nil {
			return n, nil
		}
	}
	return t.out.Write(p)
}

// divert sends what is written to above, until nil is given.
func (t *terminal) divert(above io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.above = above
}

// Size is how many columns and rows there are, 0 where there is no terminal.
func (t *terminal) Size() (width, height int) { return ui.TerminalSize(t.out) }
