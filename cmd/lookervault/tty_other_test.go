//go:build !linux

package main

import (
	"fmt"
	"os"
)

// tty is for Linux; scripts ask for [linux].
func tty() {
	fmt.Fprintln(os.Stderr, "tty: not here")
	os.Exit(99)
}
