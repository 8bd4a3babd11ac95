package canon

import "fmt"

// Rows returns the elements of an array as their exact bytes, which point into
// body. Anything but one whole, valid array is an error that wraps [ErrInvalid];
// then no rows are returned.
//
// White space between an element and the separator behind it is the element's
// own: a server that writes documents into an array as they are leaves it there.
// White space behind a separator is the array's, and so is what stands before
// the closing bracket of an array that is laid out over several lines.
func Rows(body []byte) ([][]byte, error) {
	s := scanner{text: body}
	return s.elements(s.skip)
}

// elements reads a text that is one array, each element of which step steps over.
func (s *scanner) elements(step func() error) ([][]byte, error) {
	body := s.text
	if s.peek() != '[' {
		if err := s.skip(); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w: not an array of documents", ErrInvalid)
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	laidOut := s.at < len(body) && space(body[s.at])
	var rows [][]byte
	for first := true; ; first = false {
		if more, err := s.more(first, ']'); err != nil {
			return nil, err
		} else if !more {
			break
		}
		s.peek()
		start := s.at
		if err := step(); err != nil {
			return nil, err
		}
		end := s.at
		if c := s.peek(); c == ',' || !laidOut {
			end = s.at
		}
		rows = append(rows, body[start:end:end])
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	return rows, nil
}

// Member returns the raw value of a member of an object, nil when it has none or
// is no object. It looks no further than the first member of that name: ids stand
// near the beginning of large documents.
func Member(object []byte, member string) []byte {
	s := scanner{text: object}
	if s.peek() != '{' || s.open() != nil {
		return nil
	}
	for first := true; ; first = false {
		if more, err := s.more(first, '}'); err != nil || !more {
			return nil
		}
		name, escaped, err := s.name()
		if err != nil {
			return nil
		}
		if here := !escaped && string(name[1:len(name)-1]) == member || escaped && Text(name) == member; !here {
			if s.skip() != nil {
				return nil
			}
			continue
		}
		value, err := s.value()
		if err != nil {
			return nil
		}
		return value
	}
}
