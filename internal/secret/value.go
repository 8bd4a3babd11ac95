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
	// minFolded is how many letters a value has that is looked for over broken lines: a
	// shorter one stands in too many texts by chance.
	minFolded = 8
	// minLine is how many letters a line of base64 has at least, the last one aside.
	minLine = 16
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
	for _, encoded := range v.encoded {
		n, end := follow(text, at, encoded, sameInBase64)
		if n == len(encoded) {
			return endOfBase64(text, end)
		}
		if cut && end == len(text) && n >= minCutEncoded {
			return end
		}
	}
	n, end := follow(text, at, v.hex, sameInHex)
	if v.hex != "" && (n == len(v.hex) || cut && end == len(text) && n >= minCutEncoded) {
		return end
	}
	return v.spelled(text, at, cut)
}

// follow returns how many letters of an encoded value stand in a text from a place on, and
// where they end. Lines may be broken between them.
func follow(text string, at int, encoded string, same func(have, want byte) bool) (n, end int) {
	for n < len(encoded) {
		if n > 0 {
			at = unfold(text, at)
		}
		if at == len(text) || !same(text[at], encoded[n]) {
			break
		}
		n, at = n+1, at+1
	}
	return n, at
}

// endOfBase64 returns the place behind the letters of base64 in a text, lines of which may
// be broken: what is encoded together with a value may be the value again. A word of
// prose is shorter than a line, and ends in no padding.
func endOfBase64(text string, at int) int {
	for at < len(text) && isBase64(text[at]) {
		at++
	}
	next := unfold(text, at)
	end := next
	for end < len(text) && isBase64(text[end]) {
		end++
	}
	if next == at || end-next < minLine && !strings.HasSuffix(text[next:end], "=") {
		return at
	}
	return endOfBase64(text, end)
}

// unfold returns the place behind line breaks and blanks, however the breaks are spelled,
// and the place itself where there are none. What breaks long lines breaks secrets, and
// what makes one line of them leaves a blank.
func unfold(text string, at int) int {
	for {
		behind := unfoldOne(text, at)
		if behind == at {
			return at
		}
		at = behind
	}
}

// unfoldOne is unfold for the first break or blank alone: the next one may be a letter.
func unfoldOne(text string, at int) int {
	if at == len(text) {
		return at
	}
	switch text[at] {
	case '\r', '\n', ' ', '\t':
		return at + 1
	case '%':
		if b := number(text, at+1, 2); b == '\r' || b == '\n' {
			return at + len("%0a")
		}
	case '\\':
		rest := strings.TrimLeft(text[at:], `\`)
		if strings.HasPrefix(rest, "r") || strings.HasPrefix(rest, "n") {
			return len(text) - len(rest) + 1
		}
	}
	return at
}

// spelled follows the letters of the value through the text, each in whatever
// spelling. Where a letter can be read in several ways, all are followed.
func (v *value) spelled(text string, at int, cut bool) (end int) {
	places, next := []int{at}, []int(nil)
	for i, l := range v.letters {
		next = next[:0]
		for _, place := range places {
			for {
				if cut && i >= minStart && unfinished(text[place:]) {
					return len(text)
				}
				next = l.ends(text, place, next)
				behind := unfoldOne(text, place)
				if i == 0 || len(v.letters) < minFolded || behind == place {
					break
				}
				place = behind
			}
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

// sameInBase64 reports whether a letter is the one that is wanted, in the standard
// alphabet or in that for addresses.
func sameInBase64(have, want byte) bool {
	return have == want || have == '-' && want == '+' || have == '_' && want == '/'
}

// sameInHex reports the same of a hexadecimal digit, whose case does not count.
func sameInHex(have, want byte) bool {
	return have == want || 'A' <= have && have <= 'F' && have-'A'+'a' == want
}

func isBase64(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("+/-_=", b) >= 0
}
