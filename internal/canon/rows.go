package canon

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Rows returns the elements of an array as their exact bytes, which point into
// body. Anything but one whole, valid array is an error that wraps [ErrInvalid];
// then no rows are returned.
//
// White space between an element and the separator behind it is the element's
// own: a server that writes documents into an array as they are leaves it there.
// White space behind a separator is the array's, and so is what stands before
// the closing bracket of an array that is laid out over several lines.
func Rows(body []byte) ([][]byte, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), lenient...)
	if kind := dec.PeekKind(); kind != '[' {
		if err := dec.SkipValue(); err != nil {
			return nil, invalid(err)
		}
		return nil, fmt.Errorf("%w: not an array of documents", ErrInvalid)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, invalid(err)
	}
	first := int(dec.InputOffset())
	laidOut := skipSpace(body, first) > first
	var rows [][]byte
	for dec.PeekKind() != ']' {
		value, err := dec.ReadValue()
		if err != nil {
			return nil, invalid(err)
		}
		end := int(dec.InputOffset())
		start := end - len(value)
		if own := skipSpace(body, end); own < len(body) && (body[own] == ',' || !laidOut) {
			end = own
		}
		rows = append(rows, body[start:end:end])
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, invalid(err)
	}
	if err := end(dec); err != nil {
		return nil, err
	}
	return rows, nil
}

// skipSpace returns where white space that begins at i ends.
func skipSpace(body []byte, i int) int {
	for i < len(body) && (body[i] == ' ' || body[i] == '\n' || body[i] == '\r' || body[i] == '\t') {
		i++
	}
	return i
}

// Member returns the raw value of a member of an object, nil when it has none or
// is no object. It looks no further than the first member of that name: ids stand
// near the beginning of large documents.
func Member(object []byte, member string) []byte {
	dec := jsontext.NewDecoder(bytes.NewBuffer(object), lenient...)
	if dec.PeekKind() != '{' {
		return nil
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadValue()
		if err != nil {
			return nil
		}
		if Text(name) != member {
			if dec.SkipValue() != nil {
				return nil
			}
			continue
		}
		value, err := dec.ReadValue()
		if err != nil {
			return nil
		}
		end := dec.InputOffset()
		return object[end-int64(len(value)) : end : end]
	}
	return nil
}
