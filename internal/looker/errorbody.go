package looker

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// maxMessage bounds what is kept of a server's words, in runes.
const maxMessage = 200

var (
	htmlTitle  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`) })
	htmlHidden = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?is)<(script|style)\b.*?(</(script|style)\s*>|$)|<!--.*?(-->|$)`)
	})
	htmlTag = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s)<[^>]*(>|$)`) })
)

// message makes one short line of an error's body: the message of Looker's error,
// or, where pages may be repeated, the words of a page or text. scrub takes secrets
// out of a text of any length that may be cut.
func message(body []byte, pages bool, scrub func(string) string) string {
	if text, ok := lookerMessage(body); ok {
		return line(scrub(text))
	}
	if !pages {
		return ""
	}
	return words(scrub(string(body)))
}

// maxFieldErrors bounds how many members an error tells of.
const maxFieldErrors = 20

// fieldErrors reads what Looker's ValidationError says about single members. scrub is
// that of message.
func fieldErrors(body []byte, scrub func(string) string) []FieldError {
	var e struct {
		Errors any `json:"errors"`
	}
	if json.Unmarshal(body, &e) != nil {
		return nil
	}
	var list []FieldError
	details, _ := e.Errors.([]any)
	for _, d := range details {
		one, _ := d.(map[string]any)
		said := func(member string) string { return line(scrub(loose(one[member]))) }
		if f := (FieldError{Field: said("field"), Code: said("code"), Message: said("message")}); f != (FieldError{}) {
			list = append(list, f)
		}
		if len(list) == maxFieldErrors {
			break
		}
	}
	return list
}

// lookerMessage reads the message of Looker's Error and ValidationError (OpenAPI),
// and reports whether the body is one. Members are read loosely: `field` has been
// seen as a list.
func lookerMessage(body []byte) (string, bool) {
	var e struct {
		Message any `json:"message"`
		Errors  any `json:"errors"`
	}
	if json.Unmarshal(body, &e) != nil || e.Message == nil {
		return "", false
	}
	parts := []string{loose(e.Message)}
	details, _ := e.Errors.([]any)
	for _, d := range details {
		one, _ := d.(map[string]any)
		field, text := loose(one["field"]), loose(one["message"])
		switch {
		case field != "" && text != "":
			parts = append(parts, field+": "+text)
		case text != "":
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; "), true
}

func loose(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		var parts []string
		for _, one := range v {
			parts = append(parts, loose(one))
		}
		return strings.Join(parts, ", ")
	}
	b, _ := json.Marshal(v) // v came from JSON
	return string(b)
}

// words is the text of a page without its markup, its title where it has one.
func words(s string) string {
	if !strings.Contains(s, "<") {
		return line(s)
	}
	if m := htmlTitle().FindStringSubmatch(s); m != nil {
		if title := line(htmlTag().ReplaceAllString(m[1], " ")); title != "" {
			return title
		}
	}
	s = htmlHidden().ReplaceAllString(s, " ")
	return line(htmlTag().ReplaceAllString(s, " "))
}

// line makes s printable, one line, and short.
func line(s string) string {
	var b strings.Builder
	space, n := false, 0
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError || !unicode.IsPrint(r) {
			space = b.Len() > 0
			continue
		}
		if space {
			n++
		}
		if n++; n > maxMessage {
			return b.String() + "..."
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
