package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/secret"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
)

// What may wait for a terminal that was halted, or for another reader of standard
// error.
const (
	maxTexts     = 8192
	maxTextBytes = 1 << 20
)

// terminal is standard error: text for people. Sentences that are wider than a terminal
// are wrapped between words. While something is drawn at its end, lines go above that. It
// is safe for use by many goroutines.
//
// At first whoever writes waits for the reader. From decouple on nobody does.
type terminal struct {
	out   io.Writer
	tty   bool
	width func() int // in columns, 0 where any line fits

	mu      sync.Mutex
	quiet   bool               // only what comes by loud is written
	secrets *secret.Set        // what no text shows
	texts   *job.Queue[[]byte] // nil before decouple
	above   io.Writer          // nil while nothing is drawn
	unread  int                // bytes that went above since the terminal took anything last
	lost    int64              // texts that were not even put into the queue
}

func newTerminal(out io.Writer) *terminal {
	width := func() int {
		columns, _ := ui.TerminalSize(out)
		return columns
	}
	return &terminal{out: out, tty: width() > 0, width: width}
}

// decouple lets writers go on whatever the reader does: what it does not take in time
// is dropped, counted, and told of by close. A log line must not hold up a run.
func (t *terminal) decouple() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.texts == nil {
		t.texts = job.NewQueue(job.QueueOptions[[]byte]{
			Deliver: func(_ context.Context, text []byte) error {
				_, err := t.out.Write(text)
				return err
			},
			MaxValues: maxTexts, MaxSize: maxTextBytes, Size: func(text []byte) int { return len(text) },
		})
	}
}

// hide keeps secrets out of everything that is written from now on.
func (t *terminal) hide(secrets *secret.Set) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.secrets = secrets
}

// Write writes whole lines, without secrets.
func (t *terminal) Write(text []byte) (int, error) { return t.put(text, t.wrap, false) }

// verbatim is where to write what is not to be wrapped, such as log lines: somebody may want to
// copy them.
func (t *terminal) verbatim() io.Writer { return verbatim{t} }

type verbatim struct{ *terminal }

func (v verbatim) Write(text []byte) (int, error) { return v.put(text, asItIs, false) }

// loud is where to write what must be said although somebody asked for quiet.
func (t *terminal) loud() io.Writer { return loud{t} }

type loud struct{ *terminal }

func (l loud) Write(text []byte) (int, error) { return l.put(text, l.wrap, true) }

// hush leaves out whatever does not come by loud.
func (t *terminal) hush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.quiet = true
}

// wrap is how sentences stand on the terminal. What draws over a line is none.
func (t *terminal) wrap(text string) string {
	if !t.tty || strings.HasPrefix(text, "\r") {
		return text
	}
	return table.WrapSentences(text, t.width())
}

func asItIs(text string) string { return text }

// put writes text without secrets, laid out then: a secret may hold blanks.
func (t *terminal) put(text []byte, layout func(string) string, loud bool) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.quiet && !loud {
		return len(text), nil
	}
	if _, err := t.writeScrubbed([]byte(layout(t.secrets.ScrubLong(string(text))))); err != nil {
		return 0, err
	}
	return len(text), nil
}

func (t *terminal) writeScrubbed(p []byte) (int, error) {
	if t.above == nil {
		return t.write(p)
	}
	t.unread += len(p)
	switch {
	case t.idle():
		t.unread = 0
	case t.unread > maxTextBytes:
		t.lost++
		return len(p), nil
	}
	if n, err := t.above.Write(p); err == nil {
		return n, nil
	}
	return t.write(p)
}

// write writes past what is drawn. It needs t.mu.
func (t *terminal) write(p []byte) (int, error) {
	if t.texts == nil {
		return t.out.Write(p)
	}
	if err := t.texts.Err(); err != nil {
		return 0, err
	}
	t.texts.Put(append([]byte(nil), p...)) // writers reuse what they gave
	return len(p), nil
}

func (t *terminal) idle() bool { return t.texts == nil || t.texts.Idle() }

// ready reports whether the reader has taken everything, so that it is worth while to
// draw.
func (t *terminal) ready() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.idle()
}

// divert sends what is written to above, until nil is given.
func (t *terminal) divert(above io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.above = above
}

// canvas is where bars are drawn: the terminal itself, past what is diverted to them.
// Its writes take no lock of the terminal, as whoever draws may be waited for by a
// Write that holds it.
func (t *terminal) canvas() io.Writer {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.texts == nil {
		return t.out
	}
	return canvas{t.texts}
}

type canvas struct{ texts *job.Queue[[]byte] }

// Write takes a frame.
func (c canvas) Write(p []byte) (int, error) {
	c.texts.Put(append([]byte(nil), p...))
	return len(p), nil
}

// close waits until the reader has taken everything, or patience ends, and says how
// much it missed. Nothing must be written after it.
func (t *terminal) close(patience context.Context) {
	t.mu.Lock()
	texts, lost := t.texts, t.lost
	t.mu.Unlock()
	if texts == nil || texts.Drain(patience) != nil {
		return
	}
	if n := lost + texts.Dropped(); n > 0 {
		texts.Put(fmt.Appendf(nil, "lookervault: %s to standard error were dropped while nobody read it\n", plural(n, "write", "writes")))
		_ = texts.Drain(patience) // who does not read it now never will
	}
}

// Size is how many columns and rows there are, 0 where there is no terminal.
func (t *terminal) Size() (width, height int) { return ui.TerminalSize(t.out) }
