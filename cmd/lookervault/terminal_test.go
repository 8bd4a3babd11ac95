package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/internal/secret"
)

// halted is a terminal that takes nothing until it goes on.
type halted struct {
	goOn chan struct{}
	strings.Builder
}

func (h *halted) Write(p []byte) (int, error) {
	<-h.goOn
	return h.Builder.Write(p)
}

// TestSentencesAreWrapped: on a terminal between words, elsewhere not at all; what draws over
// a line and what somebody copies stay as they are, and no secret is parted.
func TestSentencesAreWrapped(t *testing.T) {
	const said = "stored in looker-demo.db, and so on\n"
	for _, test := range []struct {
		name string
		tty  bool
		to   func(*terminal) io.Writer
		text string
		want string
	}{
		{"a terminal", true, func(t *terminal) io.Writer { return t }, said, "stored in\nlooker-demo.db, and\nso on\n"},
		{"aloud", true, func(t *terminal) io.Writer { return t.loud() }, said, "stored in\nlooker-demo.db, and\nso on\n"},
		{"a log", true, func(t *terminal) io.Writer { return t.verbatim() }, said, said},
		{"a pipe", false, func(t *terminal) io.Writer { return t }, said, said},
		{"drawn over", true, func(t *terminal) io.Writer { return t }, "\rchecking scheduled_plans\x1b[K", "\rchecking scheduled_plans\x1b[K"},
		{"a secret with blanks", true, func(t *terminal) io.Writer { return t }, "refused: open sesame my dear, please do\n", "refused: ***, please\ndo\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			term := newTerminal(&out)
			term.tty, term.width = test.tty, func() int { return 20 }
			term.hide(secret.NewSet("open sesame my dear"))
			fmt.Fprint(test.to(term), test.text)
			if got := strings.ReplaceAll(out.String(), secret.Mask, "***"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestDecoupledTerminal writes to a terminal that was halted: nobody waits for it,
// and what it did not take is told of.
func TestDecoupledTerminal(t *testing.T) {
	for _, test := range []struct {
		name   string
		lines  int
		goesOn bool
		want   []string
	}{
		{"goes on in time", 3, true, []string{"line 0", "line 1", "line 2"}},
		{"never goes on", 3, false, nil},
		{"goes on too late for some", maxTexts + 11, true, []string{"line 0", "line 1", "lookervault: 10 writes to standard error were dropped"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out := &halted{goOn: make(chan struct{})}
				term := newTerminal(out)
				term.decouple()
				began := time.Now()
				for i := range test.lines {
					fmt.Fprintf(term, "line %d\n", i)
					synctest.Wait() // the first one is under way, the others wait
				}
				if time.Since(began) != 0 || term.ready() {
					t.Errorf("waited %v, ready %v; want not to wait", time.Since(began), term.ready())
				}
				if test.goesOn {
					close(out.goOn)
				}
				patience, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				term.close(patience)
				if took := time.Since(began); took > time.Second {
					t.Errorf("closed after %v", took)
				}
				if !test.goesOn {
					close(out.goOn) // lets the writer end
					return
				}
				for _, want := range test.want {
					if !strings.Contains(out.String(), want) {
						t.Errorf("%q is missing at the end of %q", want, out.String()[max(0, out.Len()-200):])
					}
				}
			})
		})
	}
}
