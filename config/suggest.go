package config

import (
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/near"
)

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

// suggestion ends a complaint about a word: with the one that was probably meant, also
// by another name, or with the whole choice.
func suggestion(s string, words []string, others ...string) string {
	for _, choice := range [][]string{words, others} {
		if word, ok := near.Word(s, choice); ok {
			return "; did you mean " + word + "?"
		}
	}
	return "; there are " + strings.Join(slices.Sorted(slices.Values(words)), ", ")
}
