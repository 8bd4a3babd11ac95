package secret

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// letter is a character of a secret; what is no UTF-8 is a letter for each byte.
type letter struct {
	r   rune
	raw string
}

// names are the characters that HTML has names for.
var names = map[rune][]string{'&': {"amp;"}, '<': {"lt;"}, '>': {"gt;"}, '"': {"quot;"}, '\'': {"apos;"}}

// escapes are the letters that stand behind a backslash for those that cannot be printed.
var escapes = map[rune]byte{'\a': 'a', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v'}

// ends appends to places where each spelling of the letter ends that begins in the
// text at a place.
func (l letter) ends(text string, at int, places []int) []int {
	rest := text[at:]
	if rest == "" {
		return places
	}
	if len(rest) >= len(l.raw) && strings.EqualFold(rest[:len(l.raw)], l.raw) {
		places = append(places, at+len(l.raw))
	}
	if l.r == ' ' {
		places = letter{'+', "+"}.ends(text, at, places) // as queries have it
	}
	switch rest[0] {
	case '%':
		places = l.percent(text, at, places)
	case '\\':
		places = l.backslash(text, at, places)
	case '&':
		places = l.entity(text, at, places)
	}
	return places
}

// percent reads %41, also where the percent sign was encoded again: %2541.
func (l letter) percent(text string, at int, places []int) []int {
	ends := []int{at}
	for i := range len(l.raw) {
		var next []int
		for _, end := range ends {
			if end >= len(text) || text[end] != '%' {
				continue
			}
			for end++; ; end += len("25") {
				if number(text, end, 2) == rune(l.raw[i]) {
					next = append(next, end+2)
				}
				if !strings.HasPrefix(text[end:], "25") {
					break
				}
			}
		}
		ends = next
	}
	return append(places, ends...)
}

// backslash reads \u0041, \x41, \101, \n and \", also where the backslash was escaped
// again.
func (l letter) backslash(text string, at int, places []int) []int {
	end := at
	for end < len(text) && text[end] == '\\' {
		end++
		if l.r == '\\' {
			places = append(places, end)
		}
		rest := text[end:]
		switch {
		case rest == "":
		case rest[0] == 'u':
			places = l.unicode(text, end, places)
		case rest[0] == 'U' && number(text, end+1, 8) == l.r:
			places = append(places, end+1+8)
		case rest[0] == 'x' && number(text, end+1, 2) == l.r:
			places = append(places, end+1+2)
		case escapes[l.r] != 0 && rest[0] == escapes[l.r]:
			places = append(places, end+1)
		case strings.HasPrefix(rest, l.raw) && l.r != '\\':
			places = append(places, end+len(l.raw))
		}
		if n, err := strconv.ParseUint(text[end:min(end+3, len(text))], 8, 8); err == nil && len(rest) >= 3 && rune(n) == l.r {
			places = append(places, end+3)
		}
	}
	return places
}

// unicode reads the letter behind a backslash as u0041, as u{41}, and as the pair
// of them that JSON has for what lies above.
func (l letter) unicode(text string, at int, places []int) []int {
	rest := text[at:]
	if inner, _, ok := strings.Cut(strings.TrimPrefix(rest, "u{"), "}"); ok && strings.HasPrefix(rest, "u{") {
		if n, err := strconv.ParseUint(inner, 16, 32); err == nil && rune(n) == l.r {
			places = append(places, at+len("u{}")+len(inner))
		}
	}
	first := number(text, at+1, 4)
	if first == l.r {
		return append(places, at+1+4)
	}
	second := strings.TrimLeft(text[min(at+1+4, len(text)):], `\`)
	if strings.HasPrefix(second, "u") && utf16.IsSurrogate(first) {
		start := len(text) - len(second)
		if utf16.DecodeRune(first, number(text, start+1, 4)) == l.r {
			places = append(places, start+1+4)
		}
	}
	return places
}

// entity reads &#65;, &#x41; and &amp;, also where the ampersand was escaped
// again.
func (l letter) entity(text string, at int, places []int) []int {
	for at++; ; at += len("amp;") {
		rest := text[at:]
		for _, name := range names[l.r] {
			if strings.HasPrefix(rest, name) {
				places = append(places, at+len(name))
			}
		}
		if digits, _, ok := strings.Cut(rest, ";"); ok && strings.HasPrefix(digits, "#") {
			base, of := 10, digits[1:]
			if of != "" && (of[0] == 'x' || of[0] == 'X') {
				base, of = 16, of[1:]
			}
			if n, err := strconv.ParseUint(of, base, 32); err == nil && rune(n) == l.r {
				places = append(places, at+len(digits)+1)
			}
		}
		if !strings.HasPrefix(rest, "amp;") {
			return places
		}
	}
}

// number reads hexadecimal digits of a text; -1 where there are not that many.
func number(text string, at, digits int) rune {
	if at+digits > len(text) {
		return -1
	}
	n, err := strconv.ParseUint(text[at:at+digits], 16, 32)
	if err != nil {
		return -1
	}
	return rune(n)
}
