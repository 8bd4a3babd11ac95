package canon

import (
	"encoding/binary"
	"math/bits"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
)

const (
	// LongArray is from how many elements on the length of an array is told that is no member
	// of the document itself. Nearly all of these are shorter, and no server is known whose
	// lists hold less.
	LongArray = 5
	// arrayDepth is up to which depth: 1 for a member of the document itself, such as
	// the tiles of a dashboard, 2 for one of those, such as the items of a board's section.
	arrayDepth = 2
	// maxPlaces bounds how many places of one document are told apart, whatever it holds.
	maxPlaces = 64
)

// memberPath is where in a document the reader is, whatever the index in an array.
type memberPath struct {
	hash  uint64
	depth int
}

// member returns the place of a member whose quoted name and its prefix these are. Names
// are told apart by their first and last eight bytes and their length: dashboard_filters
// and dashboard_layouts differ in the last ones. It is called for every member of every
// document, so it does not go through the whole name.
func (p memberPath) member(quoted []byte, prefix uint64) memberPath {
	var suffix uint64
	if len(quoted) > 8 {
		suffix = binary.LittleEndian.Uint64(quoted[len(quoted)-8:])
	}
	h := (p.hash ^ prefix) * fnvPrime
	h = (bits.RotateLeft64(h, 29) ^ suffix ^ uint64(len(quoted))) * fnvPrime
	return memberPath{hash: h, depth: p.depth + 1}
}

// placeOf is the place of the member of a document that a path begins with.
func placeOf(path string) uint64 {
	name, _, _ := strings.Cut(path, ".")
	quoted := []byte(`"` + name + `"`)
	return memberPath{}.member(quoted, prefix(quoted)).hash
}

// noteLength records an array at the place where the reader is.
func (r *Reader) noteLength(elements int) {
	for i := range r.doc.Lengths {
		if l := &r.doc.Lengths[i]; l.Place == r.path.hash {
			l.Elements = max(l.Elements, elements)
			return
		}
	}
	if len(r.doc.Lengths) < maxPlaces {
		r.doc.Lengths = append(r.doc.Lengths, record.Length{Place: r.path.hash, Elements: elements, Own: r.path.depth == 1})
	}
}
