package lookersim

import (
	"bytes"
	"iter"
)

// The functions of this file read JSON that is known to be valid: generated
// bodies, and corpus documents checked when they were loaded.

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the index after the string that opens at i.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// skipValue returns the index after the value that begins at i.
func skipValue(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		return skipNested(b, i)
	}
	for i < len(b) {
		switch b[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			return i
		}
		i++
	}
	return i
}

func skipNested(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipString(b, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return i
}

// member is one member of an object: b[start:end] is the text from the opening
// quote of its key to the end of its value.
type member struct {
	key               []byte // between the quotes, escapes as they are
	start, value, end int
}

// members yields the members of the object that doc holds.
func members(doc []byte) iter.Seq[member] {
	return func(yield func(member) bool) {
		i := skipSpace(doc, 0)
		if i >= len(doc) || doc[i] != '{' {
			return
		}
		for i = skipSpace(doc, i+1); i < len(doc) && doc[i] == '"'; {
			m := member{start: i}
			i = skipString(doc, i)
			m.key = doc[m.start+1 : i-1]
			m.value = skipSpace(doc, skipSpace(doc, i)+1)
			m.end = skipValue(doc, m.value)
			if !yield(m) {
				return
			}
			i = skipSpace(doc, m.end)
			if i >= len(doc) || doc[i] != ',' {
				return
			}
			i = skipSpace(doc, i+1)
		}
	}
}

// elements yields where each value of the array in doc begins and ends.
func elements(doc []byte) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		i := skipSpace(doc, 0)
		if i >= len(doc) || doc[i] != '[' {
			return
		}
		for i = skipSpace(doc, i+1); i < len(doc) && doc[i] != ']'; {
			end := skipValue(doc, i)
			if !yield(i, end) {
				return
			}
			i = skipSpace(doc, end)
			if i >= len(doc) || doc[i] != ',' {
				return
			}
			i = skipSpace(doc, i+1)
		}
	}
}

// lookup returns the raw value of a member, nil when there is none.
func lookup(doc []byte, key string) []byte {
	for m := range members(doc) {
		if string(m.key) == key {
			return doc[m.value:m.end]
		}
	}
	return nil
}

func isNull(raw []byte) bool { return len(raw) == 0 || bytes.Equal(raw, []byte("null")) }
