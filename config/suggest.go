package config

import (
	"slices"
	"strings"
)

// nearest is the word with the fewest edits from s, if a slip makes up for them: those of a third of the last name in s. Of
// equals it is the first.
func nearest(s string, words []string) (string, bool) {
	_, name := parent(s)
	return nearestWithin(s, words, max(1, len(name)/3))
}

// nearestWithin is nearest with the number of edits that are allowed.
func nearestWithin(s string, words []string, most int) (best string, found bool) {
	for _, word := range words {
		if n := edits(s, word); n <= most {
			best, found, most = word, true, n-1
		}
	}
	return best, found
}

// misplaced are the keys that end in key as it is, or the only key of that name below the same top section.
func misplaced(key string, keys []string) []string {
	var whole, cousins []string
	section, name := parent(key)
	top, _, _ := strings.Cut(section, ".")
	for _, k := range keys {
		if strings.HasSuffix(k, "."+key) {
			whole = append(whole, k)
		}
		if _, n := parent(k); top != "" && n == name && strings.HasPrefix(k, top+".") {
			cousins = append(cousins, k)
		}
	}
	switch {
	case len(whole) > 0 && len(whole) <= 4:
		return whole
	case len(cousins) == 1:
		return cousins
	}
	return nil
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// suggestion ends a complaint about a word: with the one that was probably meant, or with the whole choice.
func suggestion(s string, words []string) string {
	if near, ok := nearest(s, words); ok {
		return "; did you mean " + near + "?"
	}
	return "; there are " + strings.Join(slices.Sorted(slices.Values(words)), ", ")
}
