package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	"gopkg.in/ini.v1"
)

// defaultSection is the section of looker.ini that the SDKs write in their samples.
const defaultSection = "Looker"

// iniKeys are the keys that count in a section of looker.ini; what else stands there is for the SDKs.
var iniKeys = []string{"base_url", "client_id", "client_secret", "verify_ssl", "timeout"}

// iniOptions read a value as it stands, as Python's SDK does: a secret may hold # ; % or end in a backslash.
var iniOptions = ini.LoadOptions{
	InsensitiveKeys:         true,
	IgnoreInlineComment:     true,
	IgnoreContinuation:      true,
	PreserveSurroundedQuote: true,
	ChildSectionDelimiter:   "\x00", // a dot in a name means nothing
}

// lookerINI reads the section that looker.ini names, wherever that is set, into the low layer.
func (l *loader) lookerINI() {
	const key = "looker.ini"
	named, at := l.high.k.String(key), l.high.origins[key]
	if named == "" {
		named, at = l.low.k.String(key), l.low.origins[key]
	}
	if named == "" || l.src.ReadOnly {
		return
	}
	path, section, _ := strings.Cut(strings.TrimSpace(named), "#")
	shown := path
	if at.written != "" {
		shown, _, _ = strings.Cut(at.written, "#")
	}
	data, err := readFile(l.beside(at, path))
	if err != nil {
		l.problems.add(at, key, shown+": "+reason(err))
		return
	}
	file, err := ini.LoadSources(iniOptions, data)
	if err != nil {
		l.problems.add(origin{layer: fromINI, name: shown, line: iniLine(data, err)}, "", "not a valid ini file; lines are [section] or key=value")
		return
	}
	chosen, found := iniSection(file, section)
	if !found {
		l.problems.add(at, key, iniMissing(file, shown, section))
		return
	}
	if l.readByOthers(l.beside(at, path)) && chosen.HasKey("client_secret") {
		l.warn(origin{layer: fromINI, name: shown}, "", "others can read it, and it holds the client secret; chmod 600 "+shown+" keeps it to you")
	}
	l.iniValues(chosen, origin{layer: fromINI, name: shown + "#" + chosen.Name()})
}

// readByOthers reports whether somebody else than its owner can read a file.
func (l *loader) readByOthers(path string) bool {
	info, err := os.Stat(path)
	return err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o044 != 0
}

// iniValues sets what the section holds. To overrule the YAML file in earnest is worth a warning.
func (l *loader) iniValues(section *ini.Section, at origin) {
	for _, name := range iniKeys {
		if !section.HasKey(name) {
			continue
		}
		key := join("looker", name)
		value := unquote(section.Key(name).Value())
		if value == "" {
			continue
		}
		if below, set := l.low.origins[key]; set && l.overrules(key, value) {
			l.warn(below, key, "not used: "+at.String()+" says otherwise; keep it in one of the two")
		}
		l.put(l.low, key, value, at)
	}
}

// overrules reports whether value differs from what the file says, where that is not just the default spelled out.
func (l *loader) overrules(key, value string) bool {
	f := l.schema.byKey[key]
	fallback := f.in(Default(l.src.Cores))
	below, what := decode(f, l.low.k.Get(key))
	above, wrong := decode(f, value)
	if what != "" || wrong != "" {
		return false
	}
	return !reflect.DeepEqual(below.Interface(), fallback.Interface()) && !reflect.DeepEqual(below.Interface(), above.Interface())
}

// iniSection finds the named section, or the one that is meant when none is named.
func iniSection(file *ini.File, name string) (*ini.Section, bool) {
	if name == "" {
		name = defaultSection
		if !file.HasSection(name) {
			for _, s := range file.Sections() {
				if s.Name() != ini.DefaultSection || len(s.Keys()) > 0 {
					return s, true
				}
			}
		}
	}
	if !file.HasSection(name) {
		return nil, false
	}
	return file.Section(name), true
}

// iniMissing says which sections there are instead.
func iniMissing(file *ini.File, path, section string) string {
	var names []string
	for _, s := range file.Sections() {
		if s.Name() != ini.DefaultSection {
			names = append(names, s.Name())
		}
	}
	if len(names) == 0 {
		return path + " has no section"
	}
	return path + " has no section [" + section + "]" + suggestion(section, names)
}

// iniLine finds the line that the parser choked on (0 = not known). The line itself is not shown: it may hold the secret.
func iniLine(data []byte, err error) int {
	var delimiter ini.ErrDelimiterNotFound
	var name ini.ErrEmptyKeyName
	var text string
	switch {
	case errors.As(err, &delimiter):
		text = delimiter.Line
	case errors.As(err, &name):
		text = name.Line
	default:
		return 0
	}
	for i, line := range bytes.Split(data, []byte("\n")) {
		if string(bytes.TrimSpace(line)) == strings.TrimSpace(text) {
			return i + 1
		}
	}
	return 0
}

// unquote takes off a pair of quotes around the whole value, as the SDKs do.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	for _, quote := range []string{`"`, `'`} {
		if len(s) >= 2 && strings.HasPrefix(s, quote) && strings.HasSuffix(s, quote) {
			return s[1 : len(s)-1]
		}
	}
	return s
}

// beside is a path of the configuration as it can be opened: one that the file names is relative to the file.
func (l *loader) beside(at origin, path string) string {
	if at.layer == fromFile && !filepath.IsAbs(path) && path != "" {
		return filepath.Join(filepath.Dir(at.name), path)
	}
	return path
}
