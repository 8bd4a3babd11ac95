// Package plain makes text of others fit to be shown: on one line, in a cell, in
// JSON and on a page, where it leaves alone what stands around it.
package plain

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Misleads reports whether a character does something to the text around it:
// control characters (C0, C1 and delete), line separators and what turns the
// direction of writing.
func Misleads(r rune) bool {
	if ' ' <= r && r <= '~' {
		return false // most are, and looking them up in tables takes ten times as long
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

// Text is s with a space for each character that misleads or is no UTF-8.
func Text(s string) string {
	if isPlain(s) {
		return s
	}
	return replace(s, Misleads)
}

// isPlain reports whether s is printable ASCII, as most cells are: that is seen four times
// faster than what else does not mislead.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Page is Text for a whole page, whose tabs and line breaks stay.
func Page(s string) string {
	return replace(s, func(r rune) bool { return r != '\n' && r != '\t' && Misleads(r) })
}

func replace(s string, bad func(rune) bool) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, bad) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if bad(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
}

// JSON is a JSON text on one line with each character that misleads written as
// \u0000: they stand in strings only, and mean the same.
func JSON(text string) string {
	if isPlain(text) || strings.IndexFunc(text, Misleads) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if Misleads(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Encode is a value as JSON on one line, with its text as it is but for characters that
// mislead.
func Encode(v any) (string, error) {
	var s strings.Builder
	enc := json.NewEncoder(&s)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return JSON(strings.TrimSuffix(s.String(), "\n")), nil
}
