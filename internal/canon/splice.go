package canon

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// anyDepth is the step of a path that stands for any depth.
const anyDepth = "**"

// visitor is told of each scalar that a path leads to, and of the text from the beginning
// of the object on that holds it, nil where none does. It returns what takes its place: the same bytes for no change,
// nil for an element of an array that is left out. What it returns is copied.
type visitor func(raw, holder []byte) []byte

// splice calls visit for every scalar at a path and returns the value with what visit
// returned, all other bytes as they are. The result is value itself where nothing was
// changed.
func splice(value []byte, path string, visit visitor) ([]byte, error) {
	s := splicing{scanner: scanner{text: value}, visit: visit}
	if err := s.spliceValue(strings.Split(path, "."), nil); err != nil {
		return nil, err
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	if s.copied == 0 {
		return value, nil
	}
	return append(s.out, value[s.copied:]...), nil
}

// splicing is one walk over a value.
type splicing struct {
	scanner
	visit  visitor
	out    []byte
	copied int // how much of the text is in out
}

// replace writes other bytes in the place of some.
func (s *splicing) replace(start, end int, by []byte) {
	s.out = append(s.out, s.text[s.copied:start]...)
	s.out = append(s.out, by...)
	s.copied = end
}

// spliceValue steps over the value that is next.
func (s *splicing) spliceValue(path []string, holder []byte) error {
	switch s.peek() {
	case '[':
		return s.array(path)
	case '{':
		if len(path) == 0 {
			return s.skip()
		}
		return s.object(path)
	}
	start := s.at
	raw, err := s.value()
	if err != nil || len(path) > 0 {
		return err
	}
	if by := s.visit(raw, holder); by != nil && !bytes.Equal(by, raw) {
		s.replace(start, s.at, by)
	}
	return nil
}

// array walks the elements.
func (s *splicing) array(path []string) error {
	if len(path) == 0 {
		return s.scalars()
	}
	return s.walk(func() error {
		if len(path) == 1 && path[0] == anyDepth {
			return s.below(nil)
		}
		return s.spliceValue(path, nil)
	})
}

// scalars visits the elements of an array that a path leads to. An array that loses one
// is written anew.
func (s *splicing) scalars() error {
	s.peek()
	start := s.at
	var elements [][]byte
	changed := false
	err := s.walk(func() error {
		raw, err := s.value()
		if err != nil {
			return err
		}
		by := raw
		if !container(raw[0]) {
			by = s.visit(raw, nil)
		}
		changed = changed || !bytes.Equal(by, raw)
		if by != nil {
			elements = append(elements, bytes.Clone(by))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if changed {
		s.replace(start, s.at, append(append([]byte{'['}, bytes.Join(elements, []byte{','})...), ']'))
	}
	return nil
}

// object steps into the members that the path names.
func (s *splicing) object(path []string) error {
	s.peek()
	holder := s.text[s.at:]
	return s.walk(func() error {
		raw, escaped, err := s.name()
		if err != nil {
			return err
		}
		name := string(raw[1 : len(raw)-1])
		if escaped {
			name = Text(raw)
		}
		return s.member(name, path, holder)
	})
}

// member steps over the value of a member, or into it.
func (s *splicing) member(name string, path []string, holder []byte) error {
	switch {
	case name == path[0]:
		return s.spliceValue(path[1:], holder)
	case path[0] == anyDepth && len(path) == 1:
		return s.below(holder)
	case path[0] == anyDepth && name == path[1]:
		return s.spliceValue(path[2:], holder)
	case path[0] == anyDepth:
		return s.spliceValue(path, nil)
	}
	return s.skip()
}

// below visits every scalar of a value.
func (s *splicing) below(holder []byte) error {
	if container(s.peek()) {
		return s.spliceValue([]string{anyDepth}, nil)
	}
	return s.spliceValue(nil, holder)
}

// quote is a text as JSON. A number that was one stays one, if it can.
func quote(text string, was []byte) []byte {
	if len(was) > 0 && was[0] != '"' && text != "" && strings.Trim(text, "0123456789") == "" {
		return []byte(text)
	}
	quoted, err := jsontext.AppendQuote(nil, text)
	if err != nil { // halves of surrogate pairs, which ids have not
		quoted, _ = jsontext.AppendQuote(nil, strings.ToValidUTF8(text, "\uFFFD"))
	}
	return quoted
}

// valuesAt returns the values at a path, of any sort, as their exact bytes. Arrays that
// stand before the end of the path are walked.
func valuesAt(value []byte, path string) (found [][]byte, walked bool) {
	value = bytes.TrimSpace(value)
	switch {
	case len(value) == 0:
		return nil, false
	case path == "":
		return [][]byte{value}, false
	case value[0] == '[':
		elements, err := Rows(value)
		if err != nil {
			return nil, true
		}
		for _, element := range elements {
			below, _ := valuesAt(element, path)
			found = append(found, below...)
		}
		return found, true
	}
	first, rest, _ := strings.Cut(path, ".")
	return valuesAt(Member(value, first), rest)
}
