package lookersim

import (
	"fmt"
	"slices"
	"strings"
)

// fieldTree is a parsed fields parameter: names, each with the tree of its
// parentheses or nil for the whole value. A nil tree means everything.
type fieldTree map[string]fieldTree

// parseFields reads a list such as "id,title,folder(id,name)". A name after a
// space is kept with its space and so never found, as Looker drops such fields.
func parseFields(s string) (fieldTree, error) {
	if s == "" {
		return nil, nil
	}
	tree, rest, err := parseFieldList(s, 0)
	if err == nil && rest != "" {
		err = fmt.Errorf("unexpected %q", rest)
	}
	return tree, err
}

// maxFieldDepth keeps hostile input from growing the stack.
const maxFieldDepth = 32

func parseFieldList(s string, depth int) (fieldTree, string, error) {
	if depth > maxFieldDepth {
		return nil, "", fmt.Errorf("parentheses deeper than %d", maxFieldDepth)
	}
	tree := fieldTree{}
	for {
		i := strings.IndexAny(s, ",()")
		if i < 0 {
			tree[s] = nil
			return tree, "", nil
		}
		name := s[:i]
		switch s[i] {
		case '(':
			sub, rest, err := parseFieldList(s[i+1:], depth+1)
			if err != nil {
				return nil, "", err
			}
			if !strings.HasPrefix(rest, ")") {
				return nil, "", fmt.Errorf("%q: parenthesis not closed", name)
			}
			tree[name] = sub
			s = rest[1:]
			if s == "" || s[0] == ')' {
				return tree, s, nil
			}
			if s[0] != ',' {
				return nil, "", fmt.Errorf("unexpected %q after a parenthesis", s)
			}
			s = s[1:]
		case ')':
			tree[name] = nil
			return tree, s[i:], nil
		default:
			tree[name] = nil
			s = s[i+1:]
		}
	}
}

// fieldSet is a tree of names without parentheses, separated by spaces.
func fieldSet(names string) fieldTree {
	tree := fieldTree{}
	for name := range strings.FieldsSeq(names) {
		tree[name] = nil
	}
	return tree
}

// has reports whether the tree asks for a top-level name.
func (t fieldTree) has(name string) bool {
	if t == nil {
		return true
	}
	_, ok := t[name]
	return ok
}

// cut appends doc narrowed to the tree. Members that stay keep their bytes,
// key and value; only the separators between them are new.
func (t fieldTree) cut(b, doc []byte) []byte {
	if t == nil {
		return append(b, doc...)
	}
	i := skipSpace(doc, 0)
	if i >= len(doc) {
		return b
	}
	switch doc[i] {
	case '{':
		return t.cutObject(b, doc)
	case '[':
		b = append(b, '[')
		for start, end := range elements(doc) {
			b = t.cut(comma(b), doc[start:end])
		}
		return append(b, ']')
	}
	return append(b, doc...)
}

func (t fieldTree) cutObject(b, doc []byte) []byte {
	b = append(b, '{')
	for m := range members(doc) {
		sub, ok := t[string(m.key)]
		if !ok {
			continue
		}
		b = append(comma(b), doc[m.start:m.value]...)
		b = sub.cut(b, doc[m.value:m.end])
	}
	return append(b, '}')
}

// with appends doc with the values of the named top-level members changed.
func with(b, doc []byte, change func(value []byte) []byte, names ...string) []byte {
	return withEach(b, doc, func(b []byte, m member) []byte {
		value := doc[m.value:m.end]
		if slices.Contains(names, string(m.key)) {
			value = change(value)
		}
		return append(b, value...)
	})
}

// withEach appends doc with the values of its top-level members as put appends them.
func withEach(b, doc []byte, put func(b []byte, m member) []byte) []byte {
	b = append(b, '{')
	for m := range members(doc) {
		b = put(append(comma(b), doc[m.start:m.value]...), m)
	}
	return append(b, '}')
}

// without appends doc but for the named top-level members.
func without(b, doc []byte, names ...string) []byte {
	b = append(b, '{')
	for m := range members(doc) {
		if !slices.Contains(names, string(m.key)) {
			b = append(comma(b), doc[m.start:m.end]...)
		}
	}
	return append(b, '}')
}
