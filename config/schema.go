package config

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/lookervault/lookervault/internal/near"
)

// reserved are names of the file that later versions give a meaning. They may be there, but empty.
var reserved = []string{"snapshot"}

// field is one key and the place of its value in [Config].
type field struct {
	key   string
	index []int
	typ   reflect.Type
}

func (f field) list() bool  { return f.typ.Kind() == reflect.Slice }
func (f field) table() bool { return f.typ.Kind() == reflect.Map }
func (f field) secret() bool {
	return f.typ == reflect.TypeFor[Secret]() || f.typ == reflect.TypeFor[map[string]Secret]()
}

// tableExample is an entry of each table, as it may stand in a complaint.
var tableExample = map[string]string{"refresh": "content_access: 7d", "restore.secrets": "connections/thelook.password: ${VAR}"}

// dotted are the tables whose names may hold dots.
var dotted = []string{"restore.secrets"}

// private reports whether the value, though no secret of Looker's, is not shown: it often holds somebody else's.
func (f field) private() bool {
	return strings.HasPrefix(f.key, "hooks.") && f.typ == reflect.TypeFor[string]()
}

// hidden reports whether the value must not be seen by others.
func (f field) hidden() bool { return f.secret() || f.private() }

// in is the field's value in a configuration.
func (f field) in(c Config) reflect.Value { return reflect.ValueOf(c).FieldByIndex(f.index) }

// schema is the set of keys, read off the koanf tags of [Config].
type schema struct {
	fields   []field // in the order of the struct
	byKey    map[string]field
	sections map[string][]string // path of a section (the root is "") to the names in it
}

func newSchema() schema {
	s := schema{byKey: map[string]field{}, sections: map[string][]string{}}
	s.walk(reflect.TypeFor[Config](), "", nil)
	return s
}

func (s *schema) walk(t reflect.Type, section string, index []int) {
	for i := range t.NumField() {
		member := t.Field(i)
		name := member.Tag.Get("koanf")
		f := field{key: join(section, name), index: append(slices.Clone(index), i), typ: member.Type}
		s.sections[section] = append(s.sections[section], name)
		if f.typ.Kind() == reflect.Struct && !f.secret() {
			s.walk(f.typ, f.key, f.index)
			continue
		}
		s.fields = append(s.fields, f)
		s.byKey[f.key] = f
	}
}

// find returns the field of a key that may be set: one of [Config], or any name in one that is a table.
func (s *schema) find(key string) (field, bool) {
	if f, ok := s.byKey[key]; ok {
		return f, !f.table()
	}
	if f, name := s.tableOf(key); name != "" {
		return field{key: key, typ: f.typ.Elem()}, true
	}
	return field{}, false
}

// tableOf is the table that a key is in, and its name there, "" for none.
func (s *schema) tableOf(key string) (f field, name string) {
	for _, section := range dotted {
		if name, ok := strings.CutPrefix(key, section+"."); ok {
			return s.byKey[section], name
		}
	}
	section, name := parent(key)
	if f := s.byKey[section]; section != "" && f.typ != nil && f.table() {
		return f, name
	}
	return field{}, ""
}

// isSection reports whether the key has keys below it.
func (s *schema) isSection(key string) bool {
	return key != "" && (s.sections[key] != nil || s.isTable(key))
}

func (s *schema) isTable(key string) bool {
	f, ok := s.byKey[key]
	return ok && f.table()
}

// ranOn matches a name of a secret with more behind it than a slip of the pen.
var ranOn = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?is)^(.*?(?:secret|password|token))(?:[^a-z0-9_].*|.{3,})$`)
})

// keyName is the part of a key that is a name. What follows may be a value that was
// run into it, as in "client_secret:abc", which YAML reads as one key, and is never shown.
func keyName(key string) string {
	if end := strings.IndexAny(key, ":= \t\"'"); end >= 0 {
		key = key[:end]
	}
	if found := ranOn().FindStringSubmatch(key); found != nil {
		return found[1]
	}
	return key
}

// unknown says that there is no such key and which one was probably meant.
func (s *schema) unknown(key string) string {
	if name := keyName(key); name != key {
		if _, ok := s.byKey[name]; ok {
			return "unknown key, as it goes on behind the name; is a space missing behind the colon?"
		}
		return "unknown key; its name ends before what is not shown here"
	}
	if s.isTable(key) {
		return "is a table; set a key in it, as " + key + "." + tableExample[key]
	}
	if s.isSection(key) {
		return "is a section; set a key in it: " + strings.Join(s.sections[key], ", ")
	}
	if near := s.meant(key); len(near) > 0 {
		return "unknown key; did you mean " + strings.Join(near, " or ") + "?"
	}
	section, _ := parent(key)
	for s.sections[section] == nil {
		section, _ = parent(section)
	}
	names := strings.Join(s.sections[section], ", ")
	if section == "" {
		return "unknown key; there are " + names
	}
	return "unknown key; " + section + " has " + names
}

// meant are the keys that may have been meant by one that does not exist: one of the same section with a slip in its name,
// one of the same name elsewhere, one with a slip in its section.
func (s *schema) meant(key string) []string {
	section, name := parent(key)
	siblings := s.sections[section]
	if word, ok := near.Word(name, siblings); ok {
		return []string{join(section, word)}
	}
	keys := slices.DeleteFunc(slices.Collect(maps.Keys(s.sections)), func(section string) bool { return section == "" })
	keys = slices.AppendSeq(keys, maps.Keys(s.byKey))
	slices.Sort(keys)
	if found := misplaced(key, keys); len(found) > 0 || siblings != nil {
		return found
	}
	if word, ok := near.Word(key, keys); ok {
		return []string{word}
	}
	return nil
}

// join puts the parts of a key together.
func join(section, name string) string {
	if section == "" {
		return name
	}
	return section + "." + name
}

// parent takes a key apart: the section ("" for the root) and the name in it.
func parent(key string) (section, name string) {
	i := strings.LastIndexByte(key, '.')
	return key[:max(i, 0)], key[i+1:]
}

// reservedKey reports whether the key is, or lies below, a reserved name, and which.
func reservedKey(key string) (string, bool) {
	top, _, _ := strings.Cut(key, ".")
	return top, slices.Contains(reserved, top)
}
