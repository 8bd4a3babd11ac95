package lookersim

import (
	"fmt"
	"strconv"
	"strings"
)

// splice returns doc with the value at path replaced. A path is member names
// and array indices joined by dots. A last name that the object lacks is added
// at its end; anything else that is missing is an error. Every other byte stays.
func splice(doc []byte, path string, value []byte) ([]byte, error) {
	name, rest, nested := strings.Cut(path, ".")
	start, end, found := locate(doc, name)
	if !found {
		return addMember(doc, path, value)
	}
	out := make([]byte, 0, len(doc)+len(value))
	out = append(out, doc[:start]...)
	if nested {
		inner, err := splice(doc[start:end], rest, value)
		if err != nil {
			return nil, err
		}
		out = append(out, inner...)
	} else {
		out = append(out, value...)
	}
	return append(out, doc[end:]...), nil
}

// locate finds a member of an object or an element of an array by its index.
func locate(doc []byte, name string) (start, end int, found bool) {
	for m := range members(doc) {
		if string(m.key) == name {
			return m.value, m.end, true
		}
	}
	index, err := strconv.Atoi(name)
	if err != nil {
		return 0, 0, false
	}
	for start, end := range elements(doc) {
		if index == 0 {
			return start, end, true
		}
		index--
	}
	return 0, 0, false
}

func addMember(doc []byte, name string, value []byte) ([]byte, error) {
	open := skipSpace(doc, 0)
	if strings.Contains(name, ".") || open >= len(doc) || doc[open] != '{' {
		return nil, fmt.Errorf("no member %q", name)
	}
	end := open + 1
	for m := range members(doc) {
		end = m.end
	}
	out := make([]byte, 0, len(doc)+len(name)+len(value)+4)
	out = append(out, doc[:end]...)
	if end > open+1 {
		out = append(out, ',')
	}
	out = appendString(out, name)
	out = append(out, ':')
	out = append(out, value...)
	return append(out, doc[end:]...), nil
}
