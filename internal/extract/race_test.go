//go:build race

package extract_test

// raced tells that the race detector watches, which makes everything ten times
// as slow: repetitions then are a few only.
const raced = true
