package fetch

import (
	"math/bits"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
)

// shapes is what a run knows of the members that rows of a kind have. It is guarded by
// the lock of the kind's habits.
type shapes struct {
	index  map[string]int // of the members, in the order in which they appeared
	all    members        // those that any row has
	known  map[uint64]*shape
	rows   int             // of all shapes
	kept   int             // documents that were kept as not compared
	groups map[members]int // rows that were seen of those that lack the same members
	proven string          // id of the document whose row was compared for all rows
	spoken members         // what that row lacks: it speaks for the first that lacks the same
}

// shape is what rows of one [canon.Shape] have.
type shape struct {
	has  members
	rows int
	// uncompared are documents that nothing was stored of, whose rows are taken for right: their
	// neighbours had no more then.
	uncompared []record.Listed
}

// mostUncompared is how many documents of a kind are kept that were not compared.
const mostUncompared = 10_000

// take keeps a document whose row is taken for right.
func (s *shapes) take(of uint64, want record.Listed) {
	if known := s.known[of]; known != nil && s.kept < mostUncompared {
		known.uncompared = append(known.uncompared, record.Listed{ID: want.ID, State: want.State})
		s.kept++
	}
}

// late returns the documents that were kept and whose rows turn out to be poorer than their
// neighbours, each once.
func (s *shapes) late() (rows []record.Listed) {
	for _, known := range s.known {
		if len(known.uncompared) == 0 {
			continue
		}
		if suspicion, _ := s.suspicion(known); suspicion == strong {
			rows = append(rows, known.uncompared...)
			known.uncompared = nil
		}
	}
	return rows
}

// members are the members of a row, one bit each. What stands behind the first 256
// different members of a kind is not looked at.
type members struct {
	present    bitset
	containers bitset // objects and arrays
	filled     bitset // objects, and arrays that are not empty, of the members that matter
}

type bitset [4]uint64

func (b *bitset) set(i int)           { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i int) bool       { return b[i/64]&(1<<(i%64)) != 0 }
func (b bitset) or(o bitset) bitset   { return b.each(o, func(x, y uint64) uint64 { return x | y }) }
func (b bitset) less(o bitset) bitset { return b.each(o, func(x, y uint64) uint64 { return x &^ y }) }

func (b bitset) each(o bitset, op func(x, y uint64) uint64) bitset {
	for i := range b {
		b[i] = op(b[i], o[i])
	}
	return b
}

func (b bitset) empty() bool { return b == bitset{} }

// within reports whether another set has all bits of this one.
func (b *bitset) within(o *bitset) bool {
	for i := range b {
		if b[i]&^o[i] != 0 {
			return false
		}
	}
	return true
}

// bits calls yield with the number of each bit that is set.
func (b bitset) bits(yield func(int) bool) {
	for i, word := range b {
		for ; word != 0; word &= word - 1 {
			if !yield(64*i + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}

func newShapes() shapes {
	return shapes{index: make(map[string]int), known: make(map[uint64]*shape), groups: make(map[members]int)}
}

// add records a row. It calls read for the members of a shape that it has not
// seen before.
func (s *shapes) add(of uint64, read func() map[string]canon.Part) {
	known, ok := s.known[of]
	if !ok {
		known = &shape{has: s.members(read())}
		s.known[of] = known
		s.all.present = s.all.present.or(known.has.present)
		s.all.containers = s.all.containers.or(known.has.containers)
	}
	known.rows++
	s.rows++
}

func (s *shapes) members(parts map[string]canon.Part) (has members) {
	for name, part := range parts {
		i, ok := s.index[name]
		if !ok {
			i = len(s.index)
			if i == 64*len(bitset{}) {
				continue
			}
			s.index[name] = i
		}
		has.present.set(i)
		if part.Container {
			has.containers.set(i)
		}
		if !part.Volatile && (part.Object || part.Elements > 0) {
			has.filled.set(i)
		}
	}
	return has
}

// lacks are the members that a shape does not have, or has as null where others have an
// object or array.
func (s *shapes) lacks(has members) bitset {
	return s.all.present.less(has.present).or(s.all.containers.less(has.containers))
}

// lacksMember reports whether a member that some row has is among the lacks of a shape.
func (s *shapes) lacksMember(has *members, i int) bool {
	return !has.present.has(i) || s.all.containers.has(i) && !has.containers.has(i)
}

// suspicion is how much speaks against a row that lacks what others have.
type suspicion uint8

const (
	innocent suspicion = iota // it lacks nothing
	usual                     // no row that has what it lacks has all that it has
	possible                  // some have, but most rows lack it
	strong                    // it is poorer than its neighbours: they have all that it has, and more
)

// suspicion tells what speaks against rows of a shape, and what they lack.
//
// A row that has lost a member looks like a row of its own document without that: its
// neighbours have all that it has, and the member too. Documents that lack a member
// mostly have something else in its place, such as users who log in in another way. An
// array without elements counts for nothing.
func (s *shapes) suspicion(of *shape) (suspicion, bitset) {
	lacks := s.lacks(of.has)
	if lacks.empty() {
		return innocent, lacks
	}
	worst := usual
	for i := range lacks.bits {
		have, richer := 0, 0
		for _, other := range s.known {
			if s.lacksMember(&other.has, i) {
				continue
			}
			have += other.rows
			if other.has.covers(&of.has) {
				richer += other.rows
			}
		}
		switch {
		case richer == 0:
		case 2*have >= s.rows && richer >= of.rows:
			return strong, lacks
		default:
			worst = possible
		}
	}
	return worst, lacks
}

// weakGroup returns what a row lacks where that is no strong suspicion, nothing where it lacks
// nothing or is suspicious for it.
func (s *shapes) weakGroup(m matched) (lacks bitset) {
	known := s.known[m.doc.Shape]
	if known == nil {
		return bitset{}
	}
	suspicion, lacks := s.suspicion(known)
	if suspicion != usual && suspicion != possible {
		return bitset{}
	}
	return lacks
}

// covers reports whether a row has all that another has.
func (m *members) covers(other *members) bool {
	return other.present.within(&m.present) && other.filled.within(&m.filled)
}

// comparisonDue reports whether a row is to be compared with its document: always where it is
// poorer than its neighbours; else of the rows that lack the same the first and then
// fewer and fewer, and the more of them the more there is to say against them.
func (s *shapes) comparisonDue(of *shape) (due bool, lacks bitset) {
	suspicion, lacks := s.suspicion(of)
	if suspicion == innocent {
		return false, lacks
	}
	group := members{present: lacks}
	s.groups[group]++
	n := uint(s.groups[group])
	switch {
	case suspicion == strong:
		return true, lacks
	case n == 1 && group == s.spoken:
		return false, lacks
	case suspicion == possible:
		return powerOf(4, n), lacks
	default:
		return powerOf(64, n), lacks
	}
}

// spokenFor records that the row of a document of some shape was compared for all rows.
func (s *shapes) spokenFor(id string, of uint64) {
	s.proven = id
	if known := s.known[of]; known != nil {
		s.spoken = members{present: s.lacks(known.has)}
	}
}

// powerOf reports whether n is a power of base, which is a power of two.
func powerOf(base, n uint) bool {
	return bits.OnesCount(n) == 1 && bits.TrailingZeros(n)%bits.TrailingZeros(base) == 0
}

// names are the names of members, sorted.
func (s *shapes) names(of bitset) []string {
	var names []string
	for name, i := range s.index {
		if of.has(i) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
