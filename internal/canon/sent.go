package canon

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Resolver says which document stands for one that a body names, of the other side of a
// restore. It reports false where there is none. Kinds of parts are asked for as well.
type Resolver func(kind record.Kind, id string) (string, bool)

// Itself is the resolver of a document that stays where it is.
func Itself(_ record.Kind, id string) (string, bool) { return id, true }

// UnmappedError is of a body that names documents for which nothing stands.
type UnmappedError struct{ Refs []record.Ref }

// Error names them.
func (e *UnmappedError) Error() string {
	names := make([]string, len(e.Refs))
	for i, r := range e.Refs {
		names[i] = r.String()
	}
	return "nothing stands for " + strings.Join(names, ", ")
}

// form is a write row made ready for reading. It is read only, but for what is made once.
type form struct {
	*catalogue.Write
	tree  *tree
	rules *Rules   // of the normal form: which arrays are sets
	known sync.Map // of [*Rules] by which all that the row knows is left out
}

// forms are those of the catalogue's rows, which are made once.
var forms = sync.OnceValue(func() map[*catalogue.Write]*form {
	made := make(map[*catalogue.Write]*form)
	var add func(w *catalogue.Write)
	add = func(w *catalogue.Write) {
		if w == nil || made[w] != nil {
			return
		}
		made[w] = newForm(w)
		for _, p := range w.Parts {
			add(p.Write)
		}
	}
	for _, kind := range catalogue.All() {
		add(kind.Write)
		for _, v := range kind.Variants {
			add(v.Write)
		}
	}
	return made
})

// formOf returns the form of a row, and makes it for one that is not the catalogue's.
func formOf(w *catalogue.Write) *form {
	if f, ok := forms()[w]; ok {
		return f
	}
	return newForm(w)
}

func newForm(w *catalogue.Write) *form {
	f := &form{Write: w, tree: fieldsOf(w), rules: &Rules{root: &node{}}}
	for _, path := range w.Unordered {
		if path == "." {
			f.rules.root.unordered = true
			continue
		}
		f.rules.makeStep(path).node.unordered = true
	}
	return f
}

// members is an object that is being changed, in the order of its members.
type members []member

// member is a name without quotes and escapes, and a value's exact bytes. raw are those
// of a name that was read.
type member struct {
	name  string
	value []byte
	raw   []byte
}

// readMembers returns the members of an object. Values point into it. Of a member that is
// there twice the last one counts.
func readMembers(object []byte) (members, error) {
	s := scanner{text: object}
	if s.peek() != '{' {
		return nil, fmt.Errorf("%w: not an object", ErrInvalid)
	}
	var all members
	err := s.walk(func() error {
		raw, _, err := s.name()
		if err != nil {
			return err
		}
		value, err := s.value()
		all = append(all, member{Text(raw), value, raw})
		return err
	})
	if err != nil {
		return nil, err
	}
	return all.withoutRepeated(), s.end()
}

// withoutRepeated returns the members without those that another one of the same name follows.
func (m members) withoutRepeated() members {
	at := make(map[string]int, len(m))
	for i, one := range m {
		at[one.name] = i
	}
	if len(at) == len(m) {
		return m
	}
	kept := m[:0]
	for i, one := range m {
		if at[one.name] == i {
			kept = append(kept, one)
		}
	}
	return kept
}

func (m members) index(name string) int {
	return slices.IndexFunc(m, func(one member) bool { return one.name == name })
}

// get returns the value of a member, nil when there is none.
func (m members) get(name string) []byte {
	if i := m.index(name); i >= 0 {
		return m[i].value
	}
	return nil
}

// with returns the members with one set.
func (m members) with(name string, value []byte) members {
	if i := m.index(name); i >= 0 {
		m[i].value = value
		return m
	}
	return append(m, member{name: name, value: value})
}

func (m members) without(name string) members {
	if i := m.index(name); i >= 0 {
		return slices.Delete(m, i, i+1)
	}
	return m
}

// bytes writes the object.
func (m members) bytes() []byte {
	out := []byte{'{'}
	for i, one := range m {
		if i > 0 {
			out = append(out, ',')
		}
		name := one.raw
		if name == nil {
			name = quote(one.name, nil)
		}
		out = append(append(append(out, name...), ':'), one.value...)
	}
	return append(out, '}')
}

// hasValue reports whether a value is there and is not null.
func hasValue(value []byte) bool {
	value = bytes.TrimSpace(value)
	return len(value) > 0 && string(value) != "null"
}

// saysSomething reports whether a value is anything but missing, null, false, "" and an empty
// array or object.
func saysSomething(value []byte) bool {
	if !hasValue(value) {
		return false
	}
	value = bytes.TrimSpace(value)
	if container(value[0]) {
		s := scanner{text: value}
		return s.open() == nil && s.peek() != value[0]+2
	}
	return string(value) != "false" && string(value) != `""`
}

// written returns what the row writes of a document, references as they stand there.
func (f *form) written(body []byte, plain bool) (members, error) {
	source, err := readMembers(body)
	if err != nil {
		return nil, err
	}
	return f.takeWritten(source, plain)
}

// takeWritten returns what the row writes of a document that has been read.
func (f *form) takeWritten(source members, plain bool) (members, error) {
	all, err := f.tree.pickRead(source, plain)
	if err != nil {
		return nil, err
	}
	for _, from := range f.From {
		if slices.ContainsFunc(from.Unless, func(path string) bool { v, _ := source.valuesAt(path); return len(v) > 0 && hasValue(v[0]) }) {
			continue
		}
		if value := source.first(from.Paths); value != nil {
			all = all.with(from.Member, value)
		}
	}
	for _, o := range f.Omit {
		if value := source.get(o.Member); hasValue(value) && (len(o.Values) == 0 || slices.Contains(o.Values, Text(value))) {
			for _, name := range o.Fields {
				all = all.without(name)
			}
		}
	}
	chosen := false
	for _, name := range f.OneOf {
		switch {
		case !hasValue(all.get(name)):
		case chosen:
			all = all.with(name, []byte("null"))
		default:
			chosen = true
		}
	}
	if plain {
		all = slices.DeleteFunc(all, func(m member) bool { return f.means(m) == nil })
	}
	return all, nil
}

// means returns the value of a member, nil where it says nothing.
func (f *form) means(m member) []byte {
	if !hasValue(m.value) || string(m.value) == "{}" {
		return nil
	}
	path, ok := f.Void[m.name]
	if !ok {
		return m.value
	}
	path = strings.TrimPrefix(path, m.name+".")
	found, _ := valuesAt(m.value, path)
	if !slices.ContainsFunc(found, saysSomething) {
		return nil
	}
	return m.value
}

// valuesAt returns the values valuesAt a path. See [valuesAt].
func (m members) valuesAt(path string) (found [][]byte, walked bool) {
	first, rest, _ := strings.Cut(path, ".")
	return valuesAt(m.get(first), rest)
}

// first returns the value at the first path that leads to one which was not redacted.
func (m members) first(paths []string) []byte {
	for _, path := range paths {
		values, walked := m.valuesAt(path)
		values = slices.DeleteFunc(values, IsRedacted)
		if walked {
			return append(append([]byte{'['}, bytes.Join(values, []byte{','})...), ']')
		}
		if len(values) > 0 && hasValue(values[0]) {
			return values[0]
		}
	}
	return nil
}

// lists reports whether a body is an array of what a row writes.
func lists(body []byte) bool {
	s := scanner{text: body}
	return s.peek() == '['
}
