package ui_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/ui"
)

// screen is a terminal that knows the few sequences that bars use.
type screen struct {
	mu            sync.Mutex
	width, height int
	rows          []string
}

func (s *screen) size() (width, height int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.width, s.height
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rest := string(p)
	for rest != "" {
		if up, after, ok := strings.Cut(rest, "A\r\x1b[J"); ok && strings.HasPrefix(rest, "\x1b[") {
			var n int
			if _, err := fmt.Sscanf(up, "\x1b[%d", &n); err != nil || n > len(s.rows) {
				return 0, fmt.Errorf("cannot go up %q from row %d", up, len(s.rows))
			}
			s.rows, rest = s.rows[:len(s.rows)-n], after
			continue
		}
		line, after, ok := strings.Cut(rest, "\n")
		if !ok {
			return 0, fmt.Errorf("unfinished line %q", rest)
		}
		s.rows, rest = append(s.rows, line), after
	}
	return len(p), nil
}

// narrow makes the terminal narrower: what is too wide wraps.
func (s *screen) narrow(width int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []string
	for _, row := range s.rows {
		for r := []rune(row); ; r = r[width:] {
			if len(r) <= width {
				rows = append(rows, string(r))
				break
			}
			rows = append(rows, string(r[:width]))
		}
	}
	s.width, s.rows = width, rows
}

func TestBars(t *testing.T) {
	s := &screen{width: 100, height: 24}
	bars := ui.NewBars(s, s.size)
	f := frameAt(14)
	bars.Show(f)
	fmt.Fprintln(bars, "a log line")
	bars.Show(frameAt(15))
	if diff := cmp.Diff(append([]string{"a log line"}, frameAt(15).Lines(100, 24)...), s.rows); diff != "" {
		t.Errorf("screen (-want +got):\n%s", diff)
	}
	s.narrow(50)
	bars.Show(f)
	if diff := cmp.Diff(append([]string{"a log line"}, f.Lines(50, 24)...), s.rows); diff != "" {
		t.Errorf("screen after it became narrower (-want +got):\n%s", diff)
	}
	fmt.Fprintln(bars, "the last log line")
	bars.Close()
	bars.Close()
	if diff := cmp.Diff([]string{"a log line", "the last log line"}, s.rows); diff != "" {
		t.Errorf("screen at the end (-want +got):\n%s", diff)
	}
	if _, err := bars.Write([]byte("too late\n")); err == nil {
		t.Error("what is written after the end must be refused, not lost")
	}
}

// Bars survive a terminal that is gone and many writers.
func TestBarsOnBrokenTerminal(t *testing.T) {
	bars := ui.NewBars(&failing{}, func() (int, int) { return 80, 24 })
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() { fmt.Fprintln(bars, "line", i) })
	}
	for s := range int64(20) {
		bars.Show(frameAt(s))
	}
	writers.Wait()
	bars.Close()
}
