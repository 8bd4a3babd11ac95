package main

import (
	"io"
	"testing"

	"github.com/lookervault/lookervault/config"
)

// TestLookWatch: a look shows itself on a terminal, and elsewhere where somebody asks for it.
func TestLookWatch(t *testing.T) {
	for _, tt := range []struct {
		progress    string
		tty, asJSON bool
		quiet       bool
		want        string
	}{
		{"auto", true, false, false, "bar"},
		{"auto", false, false, false, "none"},
		{"auto", true, false, true, "none"},
		{"plain", false, false, false, "plain"},
		{"plain", true, true, false, "plain"},
		{"none", true, false, false, "none"},
	} {
		s := &streams{out: io.Discard, err: newTerminal(io.Discard), quiet: tt.quiet}
		s.err.tty = tt.tty
		w, err := newLookWatch(s, config.Default(2), tt.progress, tt.asJSON)
		if err != nil || w.mode != tt.want {
			t.Errorf("%+v: %+v, %v", tt, w, err)
		}
	}
	if _, err := newLookWatch(&streams{out: io.Discard, err: newTerminal(io.Discard)}, config.Default(2), "loud", false); err == nil {
		t.Error("a wrong mode is taken")
	}
}
