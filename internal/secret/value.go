package secret

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"
)

// value is a secret and what is needed to recognise it.
type value struct {
	plain   string
	letters []letter
	encoded []string // in base64, at each of the three places where it may begin
	hex     string
}

const (
	// minEncoded is how long an encoded value must be to be looked for.
	minEncoded = 8
	// minStart is how many letters of a value at the end of a text that was cut
	// count as its beginning.
	minStart = 3
	// minCutEncoded is the same for an encoded value.
	minCutEncoded = 4
	// longestEscape is the longest spelling of a letter that counts as cut at the end
	// of a text.
	longestEscape = 12
)

func newValue(plain string) value {
	v := value{plain: plain, hex: hex.EncodeToString([]byte(plain))}
	for rest := plain; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		v.letters = append(v.letters, letter{r, rest[:size]})
		rest = rest[size:]
	}
	for shift := range 3 {
		// Letters of base64 that hold bits of a neighbour differ from text to text.
		all := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), plain...))
		first := (shift*8 + 5) / 6
		last := (shift + len(plain)) * 8 / 6
		if last-first >= minEncoded {
			v.encoded = append(v.encoded, all[first:last])
		}
	}
	if len(v.hex) < minEncoded {
		v.hex = ""
	}
	return v
}

// match returns where the value ends that begins in text at a place, and that place
// itself where none does. cut lets the end of the text stand for the rest of a
// value.
func (v *value) match(text string, at int, cut bool) (end int) {
	rest := text[at:]
	if cut && len(rest) >= minCutEncoded && v.begins(rest) {
		return len(text)
	}
	if v.hex != "" && len(rest) >= len(v.hex) && strings.EqualFold(rest[:len(v.hex)], v.hex) {
		return at + len(v.hex)
	}
	for _, encoded := range v.encoded {
		if inBase64(rest, encoded) {
			end = at + len(encoded)
			for end < len(text) && isBase64(text[end]) {
				end++
			}
			return end
		}
	}
	return v.spelled(text, at, cut)
}

// spelled follows the letters of the value through the text, each in whatever
// spelling. Where a letter can be read in several ways, all are followed.
func (v *value) spelled(text string, at int, cut bool) (end int) {
	places, next := []int{at}, []int(nil)
	for i, l := range v.letters {
		next = next[:0]
		for _, place := range places {
			if cut && i >= minStart && unfinished(text[place:]) {
				return len(text)
			}
			next = l.ends(text, place, next)
		}
		if len(next) == 0 {
			return at
		}
		slices.Sort(next)
		places, next = slices.Compact(next), places
	}
	return places[len(places)-1]
}

// unfinished reports whether a text has come to its end, or ends within what may be
// the spelling of a letter.
func unfinished(rest string) bool {
	return rest == "" || len(rest) < longestEscape && strings.ContainsRune(`%\&`, rune(rest[0]))
}

// begins reports whether the rest of a text is the beginning of the encoded value.
func (v *value) begins(rest string) bool {
	if len(rest) <= len(v.hex) && strings.EqualFold(rest, v.hex[:len(rest)]) {
		return true
	}
	return slices.ContainsFunc(v.encoded, func(encoded string) bool {
		return len(rest) <= len(encoded) && inBase64(rest, encoded[:len(rest)])
	})
}

// inBase64 reports whether a text begins with letters of base64, in the standard
// alphabet or in that for addresses.
func inBase64(text, encoded string) bool {
	if len(text) < len(encoded) {
		return false
	}
	for i := range len(encoded) {
		have, want := text[i], encoded[i]
		if have != want && (have != '-' || want != '+') && (have != '_' || want != '/') {
			return false
		}
	}
	return true
}

func isBase64(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("+/-_=", b) >= 0
}
