package canon

import (
	"bytes"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
)

// Named returns the ids that a document names by a relation, each once, in the order
// in which they stand in its body. A number counts as it is spelled. A body that is
// not valid names nothing.
func Named(body []byte, r *catalogue.Relation) []string {
	if r.Unless != "" {
		if unless := Text(Member(body, r.Unless)); unless != "" && unless != "false" {
			return nil
		}
	}
	before := ""
	if r.Join != "" {
		before = Text(Member(body, r.Join)) + "::"
	}
	var ids []string
	seen := make(map[string]bool) // a role may have all users of an instance
	for _, id := range scalarsAt(body, r.Path) {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, before+id)
		}
	}
	return ids
}

// scalarsAt returns the texts, numbers and booleans at a path, whose arrays are walked.
func scalarsAt(value []byte, path string) (found []string) {
	value = bytes.TrimSpace(value)
	switch {
	case len(value) == 0:
	case value[0] == '[':
		elements, err := Rows(value)
		if err != nil {
			return nil
		}
		for _, element := range elements {
			found = append(found, scalarsAt(element, path)...)
		}
	case path != "":
		first, rest, _ := strings.Cut(path, ".")
		return scalarsAt(Member(value, first), rest)
	case value[0] != '{':
		if text := Text(value); text != "" {
			found = append(found, text)
		}
	}
	return found
}
