package main

import (
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
)

// noPage is a number of rows that every text fits into: what is no terminal.
const noPage = math.MaxInt

// defaultPager is what shows long output where PAGER names nothing.
const defaultPager = "less"

// paged writes to standard output, which is a terminal of so many rows, what write
// makes; through a pager where that does not fit. What an error left is written too.
func (s *streams) paged(rows int, write func(*strings.Builder) error) error {
	var text strings.Builder
	failed := write(&text)
	if pager := s.pager(); pager != "" && failed == nil && strings.Count(text.String(), "\n") >= rows {
		if err := s.page(pager, text.String()); !errors.Is(err, errNoPager) {
			return err
		}
	}
	_, err := io.WriteString(s.out, text.String())
	return errors.Join(failed, err)
}

// errNoPager says that the pager did not start, or failed.
var errNoPager = errors.New("no pager")

// pager is the command that shows long output, "" where nobody wants one.
func (s *streams) pager() string {
	if s.noPager {
		return ""
	}
	for _, name := range []string{"LOOKERVAULT_PAGER", "PAGER"} {
		for _, entry := range s.variables {
			if value, ok := strings.CutPrefix(entry, name+"="); ok {
				if value = strings.TrimSpace(value); value == "cat" {
					return ""
				}
				return value
			}
		}
	}
	return defaultPager
}

// page shows text in a pager, which the user ends. The pager gets no secrets: its
// environment is this process's without them.
func (s *streams) page(pager, text string) error {
	file, ok := s.out.(*os.File)
	if !ok {
		return errNoPager
	}
	if _, err := exec.LookPath(strings.Fields(pager)[0]); err != nil {
		return errNoPager
	}
	//nolint:noctx // the user ends it, as in git: an interrupt is for the pager
	cmd := exec.Command("sh", "-c", pager)
	cmd.Env = append(withoutOwn(s.variables), s.pagerDefaults()...)
	cmd.Stdout, cmd.Stderr = file, file
	in, err := cmd.StdinPipe()
	if err != nil {
		return errNoPager
	}
	if err := cmd.Start(); err != nil {
		return errNoPager
	}
	// A pager that is left before the end closes its input.
	_, _ = io.WriteString(in, text)
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		exited, ok := errors.AsType[*exec.ExitError](err)
		switch {
		case !ok:
			return err
		case exited.ExitCode() > 0: // not -1, which is a signal: the user had enough
			return errNoPager
		}
	}
	return nil
}

// pagerDefaults are the variables that make less leave what fits, pass colours through
// and leave the screen as it is, unless the user has set others.
func (s *streams) pagerDefaults() []string {
	if s.variables.get("LESS") != "" {
		return nil
	}
	return []string{"LESS=FRX"}
}

// withoutOwn leaves out of an environment what is for this program: its secrets are
// among that.
func withoutOwn(environ []string) []string {
	var kept []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "LOOKER") {
			kept = append(kept, entry)
		}
	}
	return kept
}
