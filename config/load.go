package config

import (
	"cmp"
	"maps"
	"reflect"
	"runtime"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// Sources is everything a configuration is read from. Nothing else is looked at.
type Sources struct {
	Path     string            // the configuration file; it must exist. Empty = look in Dir
	Dir      string            // the folder in which lookervault.yaml is looked for; it need not be there. Empty = none
	Flags    *pflag.FlagSet    // parsed flags; only those that were set and that FlagKeys names count. May be nil
	FlagKeys map[string]string // name of a flag ("workers") to its key ("stages.fetch.workers")
	Set      []string          // key=value, as --set gives them
	Kinds    []string          // kinds named as positional arguments; they replace the key kinds. Empty = none named
	Environ  []string          // NAME=value, as os.Environ gives them
	ReadOnly bool              // for reading commands: ${VAR} and looker.ini are left alone, so nothing of them need be there
	Names    CheckNames        // nil = nobody knows which kinds there are
	Cores    int               // processor cores for the default of stages.serialize.workers; 0 = those of this machine
}

// CheckNames returns what is wrong with the kinds that a configuration names, each as [Loaded.SelectKinds] and its like
// return it, or nil.
type CheckNames func(*Loaded) []error

// Loaded is a configuration that is free of problems, and where its values came from.
type Loaded struct {
	Config   Config
	File     string   // the configuration file that was read; empty = none was
	Warnings []string // what works but is likely not meant, one line each, for the user

	origins map[string]origin
}

// Load reads the configuration. The error is a [*Problems] with everything that is wrong. Missing credentials are no problem
// here: see [Config.RequireLooker].
func Load(src Sources) (*Loaded, error) {
	l := newLoader(src)
	path := l.locate()
	if path != "" {
		data, err := readFile(path)
		if err != nil {
			l.problems.add(origin{layer: fromFile, name: path}, "", reason(err))
			return nil, l.problems.err()
		}
		l.document(path, data)
	}
	return l.finish(path)
}

// loader holds what is gathered during one Load. The looker.ini section comes between the two layers, once both have said
// where it is.
type loader struct {
	src      Sources
	schema   schema
	low      *values // the file, then looker.ini
	high     *values // environment and command line
	problems report
	warnings []string
}

// values are merged values as the sources spell them, strings or lists of strings, and where each came from.
type values struct {
	k       *koanf.Koanf
	origins map[string]origin
}

func newValues() *values { return &values{k: koanf.New("."), origins: map[string]origin{}} }

func newLoader(src Sources) *loader {
	src.Cores = cmp.Or(src.Cores, runtime.GOMAXPROCS(0))
	return &loader{src: src, schema: newSchema(), low: newValues(), high: newValues()}
}

// finish adds the sources above the file and makes the configuration.
func (l *loader) finish(path string) (*Loaded, error) {
	l.environment()
	l.commandLine()
	l.lookerINI()
	merged := l.low
	l.check(merged.k.Merge(l.high.k))
	maps.Copy(merged.origins, l.high.origins)
	c, usable := l.build(merged)
	if c.Looker.CAFile != "" {
		c.Looker.CAFile = l.beside(merged.origins["looker.ca_file"], c.Looker.CAFile)
	}
	l.validate(c, merged, usable)
	loaded := &Loaded{Config: c, File: path, Warnings: l.warnings, origins: merged.origins}
	if l.src.Names != nil {
		l.problems.addNames(l.src.Names(loaded), merged.origins)
	}
	if err := l.problems.err(); err != nil {
		return nil, err
	}
	return loaded, nil
}

// build decodes the merged values over the defaults. usable are the keys whose value could be read.
func (l *loader) build(merged *values) (c Config, usable map[string]bool) {
	c, usable = Default(l.src.Cores), map[string]bool{}
	root := reflect.ValueOf(&c).Elem()
	for _, f := range l.schema.fields {
		if f.table() {
			usable[f.key] = true
			root.FieldByIndex(f.index).Set(typed(f, l.table(f, merged)))
			continue
		}
		at, set := merged.origins[f.key]
		if !set || at.deferred {
			usable[f.key] = true
			continue
		}
		raw := merged.k.Get(f.key)
		value, what := decode(f, raw)
		if what != "" {
			l.problems.add(at, f.key, show(f, at, raw)+" "+what+f.allowed())
			continue
		}
		usable[f.key] = true
		root.FieldByIndex(f.index).Set(value)
	}
	return c, usable
}

// typed is a table of texts as a value of the field.
func typed(f field, texts map[string]string) reflect.Value {
	if !f.secret() {
		return reflect.ValueOf(texts)
	}
	secrets := make(map[string]Secret, len(texts))
	for name, text := range texts {
		secrets[name] = NewSecret(text)
	}
	return reflect.ValueOf(secrets)
}

// table is the value of a key that is a table, as texts.
func (l *loader) table(f field, merged *values) map[string]string {
	table := map[string]string{}
	for key, at := range merged.origins {
		in, name := l.schema.tableOf(key)
		if name == "" || in.key != f.key || at.deferred {
			continue
		}
		raw := merged.k.Get(key)
		text, ok := raw.(string)
		if !ok {
			l.problems.add(at, key, show(field{key: key, typ: f.typ.Elem()}, at, raw)+" is a list; a single value is expected")
			continue
		}
		if !f.secret() { // a password may end in a space
			text = strings.TrimSpace(text)
		}
		table[name] = text
	}
	return table
}

// put overrides the value of a key.
func (l *loader) put(v *values, key string, value any, at origin) {
	l.check(v.k.Load(confmap.Provider(map[string]any{key: value}, "."), nil))
	v.origins[key] = at
}

// check reports an error of koanf's. None is expected: all that it reads is in memory.
func (l *loader) check(err error) {
	if err != nil {
		l.problems.add(origin{}, "", err.Error())
	}
}

// lookup finds a variable in the injected environment.
func (l *loader) lookup(name string) (string, bool) {
	for _, entry := range l.src.Environ {
		if n, value, ok := strings.Cut(entry, "="); ok && n == name {
			return value, true
		}
	}
	return "", false
}

func (l *loader) warn(at origin, key, text string) {
	l.warnings = append(l.warnings, Problem{Where: at.String(), Key: key, Text: text}.String())
}

// SetByHand reports whether the value of a key came from the environment or the command line:
// somebody asked for it, even where it is the default.
func (l *Loaded) SetByHand(key string) bool { return l.origins[key].layer >= fromEnvironment }

// Origin says where the value of a key came from: "default", "lookervault.yaml:12", "looker.ini#Looker",
// "LOOKERSDK_TIMEOUT", "--workers" or "arguments". A reading command does not replace ${VAR}; where that leaves the default in
// force, the place is followed by "(not resolved)".
func (l *Loaded) Origin(key string) string {
	at, ok := l.origins[key]
	switch {
	case !ok:
		return "default"
	case at.deferred:
		return at.String() + " (not resolved)"
	}
	return at.String()
}
