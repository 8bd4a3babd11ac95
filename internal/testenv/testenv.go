// Package testenv is what tests are given from outside: by the environment, how long they may
// go on, and files that are not in the repository; by the machine, a port, and folders in memory.
package testenv

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
)

// These variables ask tests for more rounds than a few.
const (
	Seeds = "LOOKERVAULT_TEST_SEEDS" // of what is random
	Kills = "LOOKERVAULT_TEST_KILLS" // of processes
	Flips = "LOOKERVAULT_TEST_FLIPS" // of bits and bytes of a vault
)

// These variables name files, and make no test longer.
const (
	spec   = prefix + "SPEC"
	corpus = prefix + "CORPUS"
)

const prefix = "LOOKERVAULT_TEST_"

// Rounds returns the number that a variable asks for, else the usual one.
func Rounds(t testing.TB, variable string, usual int) int {
	t.Helper()
	if !More(variable) {
		return usual
	}
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil || n < 1 {
		t.Fatalf("%s is no number of rounds: %q", variable, os.Getenv(variable))
	}
	return n
}

// More reports whether a variable asks for more rounds than a few.
func More(variable string) bool { return os.Getenv(variable) != "" }

// Corpus returns a folder with documents of real servers, in files <kind>_<id>_*.json. Without
// one the test is skipped.
func Corpus(t testing.TB) string {
	t.Helper()
	return given(t, corpus, "a folder of documents of real servers")
}

// ReadAPI decodes Looker's OpenAPI description into v. Without one the test is skipped.
func ReadAPI(t testing.TB, v any) {
	t.Helper()
	path := given(t, spec, "Looker's OpenAPI document (Looker.4.0.oas.json, gzip allowed)")
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var text io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if text, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.NewDecoder(text).Decode(v); err != nil {
		t.Fatal(err)
	}
}

func given(t testing.TB, variable, what string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Skipf("%s is not set: it names %s", variable, what)
	}
	return path
}
