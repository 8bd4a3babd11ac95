package canon

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// deepest is how many objects and arrays may be open at once.
const deepest = 10000

// scanner walks over one JSON text in place. It accepts what RFC 8259 does, and
// what Looker may send and a stored body must keep: members given twice, halves of
// surrogate pairs and bytes that are not UTF-8. Every error wraps [ErrInvalid] and
// names a place, never the text.
type scanner struct {
	text  []byte
	at    int // of the next byte
	depth int // objects and arrays that are open
}

// peek returns the first byte of the next token, 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.text) && s.text[s.at] > ' ' {
		return s.text[s.at]
	}
	return s.behindSpace()
}

func (s *scanner) behindSpace() byte {
	for ; s.at < len(s.text); s.at++ {
		if c := s.text[s.at]; !space(c) {
			return c
		}
	}
	return 0
}

func space(c byte) bool { return c <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t') }

// open steps into an object or array, whose bracket is next.
func (s *scanner) open() error {
	if s.depth++; s.depth > deepest {
		return s.wrong()
	}
	s.at++
	return nil
}

// more reports whether another member or element follows, and steps to it; if not,
// it steps behind the closing bracket.
func (s *scanner) more(first bool, closing byte) (bool, error) {
	switch c := s.peek(); {
	case c == closing:
		s.at++
		s.depth--
		return false, nil
	case first:
		return true, nil
	case c == ',':
		s.at++
		return true, nil
	}
	return false, s.wrong()
}

// walk steps over the object or array that is next, and calls step at each of its members
// or elements, which step steps over. The readers of every document of a run spell the loop
// out: there the calls would count.
func (s *scanner) walk(step func() error) error {
	closing := s.peek() + 2 // as ASCII has it
	if err := s.open(); err != nil {
		return err
	}
	for first := true; ; first = false {
		if more, err := s.more(first, closing); err != nil || !more {
			return err
		}
		if err := step(); err != nil {
			return err
		}
	}
}

// name reads the name of a member, with its quotes, and steps behind the colon.
func (s *scanner) name() (raw []byte, escaped bool, err error) {
	if s.peek() != '"' {
		return nil, false, s.wrong()
	}
	if raw, escaped, err = s.quoted(); err != nil {
		return nil, false, err
	}
	if s.peek() != ':' {
		return nil, false, s.wrong()
	}
	s.at++
	return raw, escaped, nil
}

// scalar reads a value that holds no other, a string with its quotes.
func (s *scanner) scalar() (raw []byte, escaped bool, err error) {
	c := s.peek()
	start := s.at
	switch c {
	case '"':
		return s.quoted()
	case 't':
		err = s.literal("true")
	case 'f':
		err = s.literal("false")
	case 'n':
		err = s.literal("null")
	default:
		err = s.number()
	}
	if err != nil {
		return nil, false, err
	}
	return s.text[start:s.at], false, nil
}

// skip steps over a value of any sort.
func (s *scanner) skip() error {
	c := s.peek()
	if c != '{' && c != '[' {
		_, _, err := s.scalar()
		return err
	}
	if err := s.open(); err != nil {
		return err
	}
	closing := c + 2 // as ASCII has it
	for first := true; ; first = false {
		more, err := s.more(first, closing)
		if err != nil || !more {
			return err
		}
		if c == '{' {
			if _, _, err := s.name(); err != nil {
				return err
			}
		}
		if err := s.skip(); err != nil {
			return err
		}
	}
}

// value reads a value of any sort, as its exact bytes.
func (s *scanner) value() ([]byte, error) {
	s.peek()
	start := s.at
	if err := s.skip(); err != nil {
		return nil, err
	}
	return s.text[start:s.at:s.at], nil
}

// end returns an error when anything follows.
func (s *scanner) end() error {
	if s.peek(); s.at < len(s.text) {
		return fmt.Errorf("%w: something follows the value at byte %d", ErrInvalid, s.at)
	}
	return nil
}

// wrong is the error for the byte that is next.
func (s *scanner) wrong() error {
	if s.at >= len(s.text) {
		return fmt.Errorf("%w: it ends in the middle", ErrInvalid)
	}
	return fmt.Errorf("%w: wrong at byte %d", ErrInvalid, s.at)
}

func (s *scanner) literal(text string) error {
	for i := range len(text) {
		if s.at >= len(s.text) || s.text[s.at] != text[i] {
			return s.wrong()
		}
		s.at++
	}
	return nil
}

func (s *scanner) number() error {
	s.skipByte('-')
	if !s.skipByte('0') && !s.digits() {
		return s.wrong()
	}
	if s.skipByte('.') && !s.digits() {
		return s.wrong()
	}
	if s.skipByte('e') || s.skipByte('E') {
		if !s.skipByte('+') {
			s.skipByte('-')
		}
		if !s.digits() {
			return s.wrong()
		}
	}
	return nil
}

// skipByte steps over a byte when it is c.
func (s *scanner) skipByte(c byte) bool {
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// digits steps over digits, and reports whether there was one.
func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.text) && s.text[s.at]-'0' <= 9 {
		s.at++
	}
	return s.at > start
}

// quoted reads a string, whose quote is next.
func (s *scanner) quoted() (raw []byte, escaped bool, err error) {
	start := s.at
	at := special(s.text, start+1)
	for at < len(s.text) && s.text[at] == '\\' {
		escaped, s.at = true, at
		if err := s.escape(); err != nil {
			return nil, false, err
		}
		at = special(s.text, s.at)
	}
	if s.at = at; !s.skipByte('"') {
		return nil, false, s.wrong() // a control character, or the end
	}
	return s.text[start:s.at], escaped, nil
}

// special returns where, from at on, the next byte stands that means something in
// a string: a quote, a backslash or a control character. It looks at eight bytes
// at a time: in found, the high bit of a byte is set where the byte is one of
// these. (A carry can set it falsely, but only above a true one.)
func special(text []byte, at int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; at+8 <= len(text); at += 8 {
		w := binary.LittleEndian.Uint64(text[at:])
		quote, back := w^ones*'"', w^ones*'\\'
		found := ((w-ones*' ')&^w | (quote-ones)&^quote | (back-ones)&^back) & high
		if found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for at < len(text) && text[at] >= ' ' && text[at] != '"' && text[at] != '\\' {
		at++
	}
	return at
}

// escape steps over an escape, whose backslash is next.
func (s *scanner) escape() error {
	if s.at++; s.at >= len(s.text) {
		return s.wrong()
	}
	switch s.text[s.at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
		return nil
	case 'u':
		s.at++
		for range 4 {
			if s.at >= len(s.text) || !hexadecimal(s.text[s.at]) {
				return s.wrong()
			}
			s.at++
		}
		return nil
	}
	return s.wrong()
}

func hexadecimal(c byte) bool { return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'f' }
