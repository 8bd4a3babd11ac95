package config

import (
	"regexp"
	"strings"
	"sync"
)

// variable is the name of an environment variable, alone or with a default behind ":-".
var variable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)(:-.*)?$`) })

// expand replaces ${VAR} and ${VAR:-default} in s and turns $${ into ${. lookup is how a variable is looked up. found
// reports whether there was a variable at all; wrong says what is wrong, naming no value.
func expand(s string, lookup func(string) (string, bool)) (expanded string, found bool, wrong string) {
	var b strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			return b.String() + s, found, ""
		}
		if i > 0 && s[i-1] == '$' {
			b.WriteString(s[:i-1] + "${")
			s = s[i+2:]
			continue
		}
		b.WriteString(s[:i])
		inner, rest, closed := strings.Cut(s[i+2:], "}")
		m := variable().FindStringSubmatch(inner)
		if !closed || m == nil {
			return "", true, "has a ${ that begins no ${VAR} or ${VAR:-default}; write $${ for a plain ${"
		}
		name, fallback := m[1], m[2]
		value, set := lookup(name)
		switch {
		case fallback != "" && value == "":
			value = fallback[len(":-"):]
		case !set:
			return "", true, "needs the environment variable " + name + ", which is not set; " +
				"set it, or write ${" + name + ":-default}"
		}
		b.WriteString(value)
		found, s = true, rest
	}
}
