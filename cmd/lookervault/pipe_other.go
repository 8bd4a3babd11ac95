//go:build !linux

package main

import "io"

// wholeLines returns out: elsewhere nothing makes room in a pipe that nobody reads.
func wholeLines(out io.Writer) io.Writer { return out }
