package secret

import (
	"bytes"
	"io"
)

// longestLine is how many bytes of a line a [Writer] waits for.
const longestLine = 64 << 10

// A Writer writes lines without secrets. It is for one goroutine at a time.
type Writer struct {
	set  *Set
	out  io.Writer
	line []byte
}

// Writer writes to out what is written to it, line by line and scrubbed. Close
// writes a last line that has no end.
func (s *Set) Writer(out io.Writer) *Writer { return &Writer{set: s, out: out} }

// Write keeps what is no whole line until the rest of it comes, up to 64 KiB.
func (w *Writer) Write(p []byte) (int, error) {
	w.line = append(w.line, p...)
	end := bytes.LastIndexByte(w.line, '\n') + 1
	if end == 0 && len(w.line) < longestLine {
		return len(p), nil
	}
	if end == 0 {
		end = len(w.line)
	}
	_, err := io.WriteString(w.out, w.set.ScrubStart(string(w.line[:end])))
	w.line = append(w.line[:0], w.line[end:]...)
	return len(p), err
}

// Close writes what is left. It does not close what it writes to.
func (w *Writer) Close() error {
	if len(w.line) == 0 {
		return nil
	}
	_, err := io.WriteString(w.out, w.set.Scrub(string(w.line)))
	w.line = nil
	return err
}
