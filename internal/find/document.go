package find

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"unicode/utf8"
)

// document is a JSON text taken apart. Its memory is used again for the next one.
type document struct {
	text    []byte
	lower   []byte // text with the letters of ASCII in lower case
	isASCII bool
	at      int    // of the next byte of text
	depth   int    // objects and lists that are open
	nodes   []node // each value in front of what is in it
}

// A node is a value of a document.
type node struct {
	kind   byte // its first one: a quote, a bracket or a letter; '0' for any number
	holds  bool // it, or something in it, may be looked for
	name   span // of the member that it is the value of
	value  span // of a string, number or literal
	behind int  // the node that follows it and all that is in it
}

// A span is a text of a document: of a string what is between its quotes.
type span struct {
	from, to int
	escaped  bool // it has escapes, or is not UTF-8
	isOther  bool // so, or it is not ASCII: what is in lower is not the text in lower case
}

// begin begins another document.
func (d *document) begin(text []byte) {
	d.text, d.at, d.depth, d.nodes = text, 0, 0, d.nodes[:0]
	d.lower, d.isASCII = appendLower(d.lower[:0], text)
}

// appendLower appends a text with the letters of ASCII in lower case, eight bytes at a time. It
// reports whether the text is ASCII.
func appendLower(lower, text []byte) (_ []byte, isASCII bool) {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	lower = append(lower, text...)
	rest, all := lower, uint64(0)
	for ; len(rest) >= 8; rest = rest[8:] {
		w := binary.LittleEndian.Uint64(rest)
		all |= w
		// The high bit of a byte is set from A on in one sum, and behind Z in the other.
		c := w &^ high
		capitals := ((c + (0x80-'A')*ones) ^ (c + (0x80-'Z'-1)*ones)) & high &^ w
		binary.LittleEndian.PutUint64(rest, w|capitals>>2)
	}
	for i, c := range rest {
		all |= uint64(c)
		if 'A' <= c && c <= 'Z' {
			rest[i] = c + 'a' - 'A'
		}
	}
	return lower, all&high == 0
}

// errNoJSON says that a document is cut off or not JSON at all. What a vault holds was checked
// before it was stored, so no more is looked for than what keeps it from being taken apart.
var errNoJSON = errors.New("no JSON")

// deepest is how many objects and lists may be open at once, as for encoding/json.
const deepest = 10_000

// read takes the document apart. It asks of every value whether it may be something that is
// looked for, with the name of the member that it, or the list that it is in, is the value of.
func (d *document) read(asked func(name []byte, n *node) bool) error {
	return d.readValue(span{}, nil, asked)
}

func (d *document) readValue(name span, called []byte, asked func([]byte, *node) bool) (err error) {
	at, kind := len(d.nodes), d.peek()
	if kind == '-' || kind-'0' <= 9 {
		kind = '0'
	}
	d.nodes = append(d.nodes, node{kind: kind, name: name})
	holds, value := false, span{}
	if kind == '{' || kind == '[' {
		holds, err = d.readInside(kind, called, asked)
	} else {
		value, err = d.scalar()
	}
	if err != nil {
		return err
	}
	n := &d.nodes[at]
	n.value, n.behind = value, len(d.nodes)
	n.holds = (holds || asked(called, n)) && !echoes[string(called)]
	return nil
}

// readInside reads an object or a list, and reports whether something in it may be looked for.
func (d *document) readInside(kind byte, called []byte, asked func([]byte, *node) bool) (holds bool, err error) {
	if d.depth++; d.depth > deepest {
		return false, errNoJSON
	}
	d.at++
	for first := true; ; first = false {
		c := d.peek()
		if c == kind+2 { // as ASCII has it
			d.at++
			d.depth--
			return holds, nil
		}
		if !first && !d.skip(',') {
			return false, errNoJSON
		}
		var name span
		if kind == '{' {
			if name, err = d.scalar(); err != nil || !d.skip(':') {
				return false, errNoJSON
			}
			called = d.plain(name)
		}
		at := len(d.nodes)
		if err := d.readValue(name, called, asked); err != nil {
			return false, err
		}
		holds = holds || d.nodes[at].holds
	}
}

// peek is the first byte of what comes next, 0 at the end.
func (d *document) peek() byte {
	for ; d.at < len(d.text); d.at++ {
		if c := d.text[d.at]; c > ' ' {
			return c
		}
	}
	return 0
}

// skip steps over a byte that has to come next, and reports whether it does.
func (d *document) skip(c byte) bool {
	if d.peek() != c {
		return false
	}
	d.at++
	return true
}

// scalar reads a string, a number or a literal.
func (d *document) scalar() (s span, err error) {
	if d.peek() == '"' {
		return d.quoted()
	}
	s.from = d.at
	for d.at < len(d.text) && (fieldBytes[d.text[d.at]] || d.text[d.at] == '-' || d.text[d.at] == '+') {
		d.at++
	}
	if s.to = d.at; s.from == s.to {
		return s, errNoJSON
	}
	return s, nil
}

func (d *document) quoted() (s span, err error) {
	s.from = d.at + 1
	for s.to = s.from; ; s.to++ {
		size := bytes.IndexByte(d.text[s.to:], '"')
		if size < 0 {
			return s, errNoJSON
		}
		part := d.text[s.to : s.to+size]
		s.to += size
		s.escaped = s.escaped || bytes.IndexByte(part, '\\') >= 0
		if escapes := len(part) - len(bytes.TrimRight(part, `\`)); escapes%2 == 0 {
			break
		}
	}
	d.at = s.to + 1
	if s.isOther = s.escaped; !d.isASCII && !s.escaped {
		s.escaped = !utf8.Valid(d.text[s.from:s.to])
		s.isOther = slices.ContainsFunc(d.text[s.from:s.to], func(c byte) bool { return c >= utf8.RuneSelf })
	}
	return s, nil
}

// plain is a text as it is meant.
func (d *document) plain(s span) []byte {
	if !s.escaped {
		return d.text[s.from:s.to]
	}
	var text string
	if json.Unmarshal(d.text[s.from-1:s.to+1], &text) != nil {
		return nil // cannot be: it was read
	}
	return []byte(text)
}

// lowered is a text in lower case.
func (d *document) lowered(s span) []byte {
	if !s.isOther {
		return d.lower[s.from:s.to]
	}
	return bytes.ToLower(d.plain(s))
}

// inside yields the values right in an object or list, in their order.
func (d *document) inside(at int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for below := at + 1; below < d.nodes[at].behind; below = d.nodes[below].behind {
			if !yield(below) {
				return
			}
		}
	}
}

// members are the values of an object in the order of their names. Of several of one name the
// last one counts.
func (d *document) members(at int) []int {
	all := slices.Collect(d.inside(at))
	slices.SortStableFunc(all, func(a, b int) int {
		return bytes.Compare(d.plain(d.nodes[a].name), d.plain(d.nodes[b].name))
	})
	counting := all[:0]
	for i, member := range all {
		if i+1 == len(all) || !bytes.Equal(d.plain(d.nodes[member].name), d.plain(d.nodes[all[i+1]].name)) {
			counting = append(counting, member)
		}
	}
	return counting
}

// member is the value of a member of an object, 0 for none.
func (d *document) member(at int, name string) (found int) {
	for member := range d.inside(at) {
		if string(d.plain(d.nodes[member].name)) == name {
			found = member
		}
	}
	return found
}

// stringAt is a value that is a string, "" for any other and for none.
func (d *document) stringAt(at int) string {
	if at == 0 || d.nodes[at].kind != '"' {
		return ""
	}
	return string(d.plain(d.nodes[at].value))
}
