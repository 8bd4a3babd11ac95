package secret

import (
	"slices"
	"strings"
	"sync"
)

// Mask stands where a secret was.
const Mask = "***"

// A Set is the values that nothing may show: keys, tokens, passwords, addresses
// that are as good as a password. The nil Set is empty. All methods may be called
// by any number of goroutines.
type Set struct {
	mu     sync.RWMutex
	values []value
	passed []value // the newest of those that replace each other, oldest first
}

// maxPassed is how many values are kept that replace each other. An answer can repeat
// the token that its call was made with: that is the newest one or, for calls that were
// in the air when it was renewed, one of few before it. A run of weeks renews it
// hourly, and each value kept costs time in every text.
const maxPassed = 16

// NewSet is a set of these values; empty ones do not count.
func NewSet(values ...string) *Set {
	s := &Set{}
	s.Add(values...)
	return s
}

// Add adds values; empty ones and those that are there already do not count.
// They stay for ever; what is renewed again and again is for [Set.AddPassing].
func (s *Set) Add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, plain := range values {
		if plain != "" && !slices.ContainsFunc(s.values, func(v value) bool { return v.plain == plain }) {
			s.values = append(s.values, newValue(plain))
		}
	}
}

// AddPassing adds a value that replaces the one before, as a token that was renewed.
// The set holds the newest 16 of them.
func (s *Set) AddPassing(plain string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	isPlain := func(v value) bool { return v.plain == plain }
	if plain == "" || slices.ContainsFunc(s.values, isPlain) || slices.ContainsFunc(s.passed, isPlain) {
		return
	}
	kept := s.passed[max(0, len(s.passed)+1-maxPassed):]
	s.passed = append(slices.Clone(kept), newValue(plain))
}

func (s *Set) all() []value {
	if s == nil {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Concat(s.values, s.passed)
}

// Scrub replaces every value in the text by ***: in plain, percent-encoded, with
// the escapes of JSON, Go and HTML, in any mixture and repetition of them, and as
// base64 or hexadecimal, alone or within something longer. Case does not count.
func (s *Set) Scrub(text string) string { return scrub(text, s.all(), false) }

// ScrubLong is Scrub for texts of the program's own: values below six bytes stand in too
// many of them by chance, and are left.
func (s *Set) ScrubLong(text string) string {
	long := slices.DeleteFunc(slices.Clone(s.all()), func(v value) bool { return len(v.plain) < minWithin })
	return scrub(text, long, false)
}

// ScrubStart is Scrub for a text that was cut somewhere: at its end the beginning
// of a value is replaced as well.
func (s *Set) ScrubStart(text string) string { return scrub(text, s.all(), true) }

func scrub(text string, values []value, cut bool) string {
	if text == "" || len(values) == 0 {
		return text
	}
	var b strings.Builder
	kept := 0
	for at := 0; at < len(text); {
		end := at
		for _, v := range values {
			end = max(end, v.match(text, at, cut))
		}
		if end == at {
			at++
			continue
		}
		b.WriteString(text[kept:at])
		b.WriteString(Mask)
		at, kept = end, end
	}
	if kept == 0 {
		return text
	}
	b.WriteString(text[kept:])
	return b.String()
}

// minWithin is how many bytes a value must have to be looked for within others: a
// shorter one stands in too many of them by chance.
const minWithin = 6

// Holds reports whether the text is one of the values or has one in it, however
// it is spelled. Values below six bytes count only where they are the whole text.
func (s *Set) Holds(text string) bool {
	for _, v := range s.all() {
		if text == v.plain {
			return true
		}
		if len(v.plain) >= minWithin && scrub(text, []value{v}, false) != text {
			return true
		}
	}
	return false
}
