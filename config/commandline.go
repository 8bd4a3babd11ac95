package config

import (
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/posflag"
	"github.com/spf13/pflag"
)

// What is wrong with a reserved name that says something, and with a secret that everybody on the machine can read.
const (
	notYet  = "not available in this version"
	notHere = "secrets do not belong on the command line; use "
)

// elsewhere says where a secret key is set instead of on the command line.
func elsewhere(key string) string {
	if slices.ContainsFunc(dotted, func(table string) bool { return strings.HasPrefix(key, table+".") }) {
		return notHere + "${VAR} in " + FileName // no variable has such a name
	}
	variable := ownName(key)
	for name, sdk := range sdkKeys {
		if sdk == key {
			variable = name
		}
	}
	return notHere + variable + " or ${VAR} in " + FileName
}

// commandLine reads flags, --set and positional kinds into the high layer.
func (l *loader) commandLine() {
	if l.src.Flags != nil {
		l.check(l.high.k.Load(posflag.ProviderWithFlag(l.src.Flags, ".", nil, l.flag), nil))
	}
	for _, assignment := range l.src.Set {
		l.set(assignment)
	}
	if len(l.src.Kinds) > 0 && l.claim("kinds", "arguments") {
		l.put(l.high, "kinds", l.src.Kinds, l.high.origins["kinds"])
	}
}

// flag is the key and value of a flag that was set and stands for a key.
func (l *loader) flag(f *pflag.Flag) (string, any) {
	key := l.src.FlagKeys[f.Name]
	switch {
	case !f.Changed || key == "":
		return "", nil
	case l.schema.byKey[key].hidden():
		l.problems.add(origin{layer: fromCommandLine, name: "--" + f.Name}, key, elsewhere(key))
		return "", nil
	case !l.claim(key, "--"+f.Name):
		return "", nil
	}
	if items, ok := posflag.FlagVal(l.src.Flags, f).([]string); ok {
		return key, items
	}
	return key, f.Value.String()
}

// set reads one --set key=value.
func (l *loader) set(assignment string) {
	at := origin{layer: fromCommandLine, name: "--set"}
	key, value, ok := strings.Cut(assignment, "=")
	key = strings.TrimSpace(key)
	f, known := l.schema.find(key)
	top, later := reservedKey(key)
	switch {
	case !ok || key == "":
		// What was given may be a secret in the wrong form, so it is not repeated.
		l.problems.add(at, "", "wants key=value, like stages.fetch.workers=8")
	case later:
		l.problems.add(at, top, notYet)
	case !known:
		l.problems.add(at, key, l.schema.unknown(key))
	case f.hidden():
		l.problems.add(at, key, elsewhere(key))
	case l.claim(key, "--set"):
		l.put(l.high, key, value, l.high.origins[key])
	}
}

// claim notes that a key is set by the named part of the command line, and reports whether it is the first to.
func (l *loader) claim(key, name string) bool {
	at := origin{layer: fromCommandLine, name: name}
	if before := l.high.origins[key]; before.layer == fromCommandLine {
		text := "set twice on the command line, by " + before.name + " and by " + name
		if before.name == name {
			text = "set twice by " + name
		}
		l.problems.add(at, key, text)
		return false
	}
	l.high.origins[key] = at
	return true
}
