// Package near finds the word that somebody meant who wrote another one.
package near

import (
	"slices"
	"strings"
)

// Word returns the word with the fewest edits from s, if a slip makes up for them: at
// most a third of the letters behind the last dot in s, and at least one; else a word of
// which s is the beginning, three letters at least. Of equals it returns the first.
func Word(s string, words []string) (string, bool) {
	name := s[strings.LastIndexByte(s, '.')+1:]
	if word, ok := Within(s, words, max(1, len(name)/3)); ok {
		return word, true
	}
	begins := func(word string) bool { return strings.HasPrefix(word, s) }
	if at := slices.IndexFunc(words, begins); at >= 0 && len(name) >= beginning {
		return words[at], true
	}
	return "", false
}

// beginning is how many letters of a word say which is meant.
const beginning = 3

// Within is [Word] with the number of edits that are allowed.
func Within(s string, words []string, allowed int) (best string, found bool) {
	for _, word := range words {
		if n := edits(s, word); n <= allowed {
			best, found = word, true
			allowed = n - 1
		}
	}
	return best, found
}

// edits is how many bytes are to be put in, left out, replaced, or swapped with their
// neighbour to make b of a (optimal string alignment).
func edits(a, b string) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			substitute := row[j]
			if a[i] != b[j] {
				substitute++
			}
			next[j+1] = min(substitute, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
