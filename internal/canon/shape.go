package canon

import (
	"fmt"
	"maps"
	"slices"
)

// A Shape tells apart documents of one kind that have other members: it is made of the
// names of the members, volatile ones included, of which of them are objects or arrays, and of
// which arrays are empty, in whatever order. Two documents of one shape have the same members.
type Shape uint64

// Offset and prime of FNV-1a, 64 bits.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// withMember returns the shape withMember one member more, the canonical form of whose value is
// value.
func (s Shape) withMember(name, value []byte) Shape {
	h := uint64(fnvOffset)
	for _, c := range name {
		h = (h ^ uint64(c)) * fnvPrime
	}
	if container(value[0]) {
		h = (h ^ '{') * fnvPrime
	}
	if value[0] == '[' && value[1] == ']' {
		h = (h ^ '[') * fnvPrime
	}
	return s + Shape(h)
}

// container reports whether a value that begins with that byte is an object or an
// array.
func container(first byte) bool { return first == '{' || first == '[' }

// Part is what is known of a member of a document.
type Part struct {
	Container bool // an object or an array
	Object    bool
	Elements  int  // of an array
	Volatile  bool // it moves without a change of the document
}

// Members returns the members of a document that matter, by name. A document that
// cannot be read has none.
func Members(rules *Rules, document []byte) map[string]Part {
	members := Parts(rules, document)
	maps.DeleteFunc(members, func(_ string, p Part) bool { return p.Volatile })
	return members
}

// Parts returns all members of a document, by name, also those that do not matter. A document
// that cannot be read has none.
func Parts(rules *Rules, document []byte) map[string]Part {
	s := &scanner{text: document}
	if s.peek() != '{' {
		return nil
	}
	members := make(map[string]Part)
	// What stands before the place where a document is not valid is known all the same.
	_ = s.walk(func() error {
		raw, _, err := s.name()
		if err != nil {
			return err
		}
		name := Text(raw)
		m := Part{Container: container(s.peek()), Object: s.peek() == '{'}
		if s.peek() == '[' {
			m.Elements, err = s.count()
		} else {
			err = s.skip()
		}
		m.Volatile = rules.step(rules.root, []byte(name)).volatile
		if err == nil {
			members[name] = m
		}
		return err
	})
	return members
}

// count steps behind an array and returns how many elements it has.
func (s *scanner) count() (n int, err error) {
	err = s.walk(func() error {
		n++
		return s.skip()
	})
	return n, err
}

// Lost returns what a row of a list has less than a document had before, sorted: paths
// of members that are missing, members that are no object or array any more, and
// arrays that have become shorter. Of what is volatile only the document's own members count,
// and no length.
func Lost(rules *Rules, row, document []byte) []string {
	lost := Missing(rules, row, document)
	has := Parts(rules, row)
	for name, had := range Parts(rules, document) {
		now, ok := has[name]
		switch {
		case !ok, had.Container && !now.Container: // one that is missing and matters is there already
			lost = append(lost, name)
		case now.Elements < had.Elements && !had.Volatile:
			lost = append(lost, fmt.Sprintf("%s (%d of %d)", name, now.Elements, had.Elements))
		}
	}
	slices.Sort(lost)
	return slices.Compact(lost)
}

// Lacks returns those of some members which a document has and a row has not, or which are no
// object or array in the row and one in the document.
func Lacks(rules *Rules, row, document []byte, members []string) (lacks []string) {
	if len(members) == 0 {
		return nil
	}
	has, had := Parts(rules, row), Parts(rules, document)
	for _, name := range members {
		is, ok := has[name]
		if was, there := had[name]; there && (!ok || was.Container && !is.Container) {
			lacks = append(lacks, name)
		}
	}
	return lacks
}
