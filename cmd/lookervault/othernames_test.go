package main

import (
	"io"
	"slices"
	"strings"
	"testing"
)

// Each command that is named for another program's is one that there is, and hides none.
func TestOtherNames(t *testing.T) {
	root := newEnvironment(nil, io.Discard, io.Discard, nil, &interrupts{}).root(nil)
	for name, meant := range otherNames {
		if found, rest, err := root.Find(strings.Fields(meant)); err != nil || len(rest) > 0 || !found.IsAvailableCommand() {
			t.Errorf("%s leads to %s, which there is not: %v", name, meant, err)
		}
		for _, cmd := range root.Commands() {
			if cmd.Name() == name || slices.Contains(cmd.Aliases, name) {
				t.Errorf("%s is a command itself", name)
			}
		}
	}
}
