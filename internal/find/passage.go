package find

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Passage is a place in a document with what it says there.
type Passage struct {
	Path string // as in [Match.Where]
	// Excerpt is the text around the first of the words, on one line. What is left out is
	// shown by three dots.
	Excerpt string
	// Words are those of the query that the place holds, in the query's order and case:
	// words in lower case, or the field, explore, model or id.
	Words []string
}

const (
	passagesKept  = 5  // of a document
	excerptLength = 60 // runes of an excerpt without its dots
	excerptBefore = 20 // runes in front of the word, where there are as many
)

// seen is a place that holds something of a query.
type seen struct {
	path, text string
	words      []string
	weight     int
}

// see keeps the best places.
func (s *Searcher) see(place seen) {
	s.seen = append(s.seen, place)
	if len(s.seen) > 8*passagesKept {
		s.rank()
	}
}

func (s *Searcher) rank() {
	slices.SortStableFunc(s.seen, func(a, b seen) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(len(b.words), len(a.words)))
	})
	s.seen = s.seen[:min(len(s.seen), passagesKept)]
}

func (s *Searcher) best() []Passage {
	s.rank()
	passages := make([]Passage, len(s.seen))
	for i, place := range s.seen {
		passages[i] = Passage{place.path, excerpt(place.text, place.words), place.words}
	}
	return passages
}

// excerpt is the text around the first of some words that it holds.
func excerpt(text string, words []string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= excerptLength {
		return string(runes)
	}
	lower := make([]rune, len(runes))
	for i, r := range runes {
		lower[i] = unicode.ToLower(r)
	}
	first := len(runes)
	for _, word := range words {
		if at := indexOf(lower, []rune(strings.ToLower(word))); at >= 0 {
			first = min(first, at)
		}
	}
	if first == len(runes) {
		first = 0
	}
	from := min(max(0, first-excerptBefore), len(runes)-excerptLength)
	from, to := wordBounds(runes, from, from+excerptLength, first)
	said := string(runes[from:to])
	if from > 0 {
		said = "..." + said
	}
	if to < len(runes) {
		said += "..."
	}
	return said
}

// wordBounds moves the ends of an excerpt to the ends of words, where one is near, but not
// past the word that it is about.
func wordBounds(runes []rune, from, to, about int) (start, end int) {
	start, end = from, to
	if from > 0 {
		if blank := slices.Index(runes[from:about], ' '); blank >= 0 {
			start = from + blank + 1
		}
	}
	if to < len(runes) && runes[to] != ' ' {
		for i := to - 1; i > about+(to-about)/2; i-- {
			if runes[i] == ' ' {
				end = i
				break
			}
		}
	}
	return start, end
}

func indexOf(text, word []rune) int {
	for i := 0; i+len(word) <= len(text); i++ {
		if slices.Equal(text[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}
