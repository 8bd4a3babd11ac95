package secret

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
)

var (
	address = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s'"<>|;\\]+`) })
	// named is a value behind a name that says what it is: token=..., Bearer ..., --password ...
	named = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)(?:password|passwd|pwd|secret|token|api_?key|bearer|basic)["']?(?:\s*[=:]\s*|\s+)["']?([^\s"'&;|]+)`)
	})
	user = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?:-u|--user)[\s=]+["']?([^\s"':]+:[^\s"']+)`) })
	// word is what a made-up key looks like: long, with digits in it.
	word = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z0-9_=+-]{16,}`) })
)

const (
	minHook = 16 // bytes of a hook that is looked for as a whole: less holds no key, but "true" stands in many texts
	minPart = 6  // bytes of a part of an address that is looked for by itself
	digits  = "0123456789"
)

// AddHook adds what is secret in a hook: all of it, each address in it with its
// host, path and parts, passwords, and words that look like a key. What a command
// is made of otherwise may be shown.
func (s *Set) AddHook(text string) {
	s.AddHookText(text)
	for _, found := range address().FindAllString(text, -1) {
		s.addAddress(found)
	}
	for _, pattern := range []*regexp.Regexp{named(), user()} {
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			s.Add(match[1])
		}
	}
	for _, found := range word().FindAllString(text, -1) {
		if strings.ContainsAny(found, digits) {
			s.Add(found)
		}
	}
}

// AddHookText adds a hook as a whole only, for texts that may have its host, or a
// word of it, by chance.
func (s *Set) AddHookText(text string) {
	if text = strings.TrimSpace(text); len(text) >= minHook {
		s.Add(text)
	}
}

func (s *Set) addAddress(text string) {
	s.Add(text)
	at, err := url.Parse(text)
	if err != nil {
		return
	}
	s.Add(at.Host, at.Hostname())
	password, _ := at.User.Password()
	parts := append(strings.Split(at.Path, "/"), at.Path, at.RequestURI(), at.Fragment, at.User.Username(), password)
	for _, values := range at.Query() {
		parts = append(parts, values...)
	}
	for _, part := range parts {
		if len(part) >= minPart {
			s.Add(part)
		}
	}
}
