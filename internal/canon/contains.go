package canon

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// Contains reports whether a document says all that body says: body may lack members and
// elements that the document has, and have members that are null or empty where the document
// has more. Volatile members do not count. A key that sees less than another gets such bodies.
// What cannot be read contains nothing.
func (r *Reader) Contains(rules *Rules, document, body []byte) bool {
	whole, wholeErr := r.decoded(rules, document)
	part, partErr := r.decoded(rules, body)
	return wholeErr == nil && partErr == nil && contains(whole, part)
}

// Says reports whether a JSON value says all that part says, as [Reader.Contains] does of documents.
// An empty text is null; what is no JSON says nothing.
func Says(whole, part []byte) bool {
	all, allErr := decodedValue(whole)
	some, someErr := decodedValue(part)
	return allErr == nil && someErr == nil && contains(all, some)
}

// decoded returns the values of the canonical form of a document.
func (r *Reader) decoded(rules *Rules, body []byte) (value any, err error) {
	form, err := r.Canonical(rules, body)
	if err != nil {
		return nil, err
	}
	return decodedValue(form)
}

func decodedValue(text []byte) (value any, err error) {
	if len(text) == 0 {
		return nil, nil //nolint:nilnil // null
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

func contains(whole, part any) bool {
	switch part := part.(type) {
	case nil:
		return true
	case string:
		return part == "" || reflect.DeepEqual(whole, any(part))
	case map[string]any:
		has, _ := whole.(map[string]any)
		for name, value := range part {
			if !contains(has[name], value) {
				return false
			}
		}
		return true
	case []any:
		has, _ := whole.([]any)
		return containsInOrder(has, part)
	}
	return reflect.DeepEqual(whole, part)
}

// containsInOrder reports whether the elements of part stand among those of whole, in their
// order.
func containsInOrder(whole, part []any) bool {
	for _, element := range part {
		at := 0
		for at < len(whole) && !contains(whole[at], element) {
			at++
		}
		if at == len(whole) {
			return false
		}
		whole = whole[at+1:]
	}
	return true
}
