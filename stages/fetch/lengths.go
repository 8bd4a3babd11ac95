package fetch

import (
	"cmp"
	"math"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
)

// lengths is what a run knows of the arrays in rows of a kind. It is guarded by the lock of the
// kind's habits.
//
// Lists may hold no more than so many elements of each, alike in all rows. Such a limit shows
// as several rows whose longest array has one length, and no row with more. Or some rows of a
// list may lack elements that their documents have. Those are mostly among the rows whose
// arrays are the shortest.
type lengths map[uint64]*placeLengths

// maxPlaces bounds how many places of a kind's documents are told apart, whatever their
// members are called.
const maxPlaces = 256

// placeLengths is what is known of the arrays at one place of documents.
type placeLengths struct {
	rows              map[int]int // by the number of elements
	shortest, longest int
	// compared are the most elements of a row that was found to be its document, and least the
	// fewest of such a row that was compared alone.
	compared, least int
}

// add records a row.
func (l lengths) add(all []record.Length) {
	for _, length := range all {
		if l[length.Place] == nil && len(l) >= maxPlaces {
			continue
		}
		at := l.at(length.Place)
		at.rows[length.Elements]++
		at.shortest, at.longest = min(at.shortest, length.Elements), max(at.longest, length.Elements)
	}
}

// proven records a row that was found to be its document.
func (l lengths) proven(all []record.Length) {
	for _, length := range all {
		if at := l[length.Place]; at != nil {
			at.compared, at.least = max(at.compared, length.Elements), min(at.least, length.Elements)
		}
	}
}

func (l lengths) at(place uint64) *placeLengths {
	if l[place] == nil {
		l[place] = &placeLengths{rows: make(map[int]int), shortest: math.MaxInt, least: math.MaxInt}
	}
	return l[place]
}

// cut returns the places where a row may have been cut off: it has as many elements as
// any row has, and the number of these rows looks like a limit.
func (l lengths) cut(all []record.Length) (places []uint64) {
	for _, length := range all {
		at := l[length.Place]
		if at != nil && length.Elements == at.longest && at.longest >= canon.LongArray && at.longest > at.compared && at.likeLimit() {
			places = append(places, length.Place)
		}
	}
	return places
}

// short returns the places where a row has fewer elements than others, as few as any row, and
// fewer than each that was found to be its document.
func (l lengths) short(all []record.Length) (places []uint64) {
	for _, length := range all {
		at := l[length.Place]
		if at != nil && length.Own && length.Elements == at.shortest && at.shortest < at.longest && at.shortest < at.least {
			places = append(places, length.Place)
		}
	}
	return places
}

// likeLimit reports whether the longest arrays look as if they were cut off. Documents
// with more elements than others are rarer, so three with the most are suspect where
// fewer have one less. A limit that somebody chose is mostly a round number: then two
// are, or one where hardly any document comes to so many.
func (p *placeLengths) likeLimit() bool {
	n := p.rows[p.longest]
	switch {
	case p.longest%50 == 0:
		return true
	case p.longest%10 == 0:
		return n >= 2
	}
	return n >= 3 && n > p.rows[p.longest-1]
}

// likelyCut returns the fewest rows, as far as is found without trying them all, one of
// which is as long as any at each place where lists may cut arrays off. Comparing them
// shows whether lists do.
func (h *habits) likelyCut(found []matched) []matched {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fewest(found, h.lengths.cut)
}

// mostRowsOfFew is up to how many rows an answer has few of them.
const mostRowsOfFew = 12

// likelyShort returns rows one of which is as short as any at each place where rows of the kind
// differ in length, as [habits.likelyCut] does for the longest: where lists lack elements,
// comparing these shows it. No row is picked for its length where an agreement shows that all
// elements are there, nor where rows of another kind hold the same documents. Of a kind that
// has few rows one is picked all the same: those rows may hold none of the documents.
func (h *habits) likelyShort(found []matched) []matched {
	if len(h.kind.Doubles()) > 0 && len(found) > mostRowsOfFew {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return fewest(found, func(all []record.Length) []uint64 {
		return slices.DeleteFunc(h.lengths.short(all), h.rules.InAgreement)
	})
}

// mostReplaced is how many rows that are due for a comparison one with short arrays stands for.
const mostReplaced = 3

// withShort adds rows whose arrays are the shortest to those that are to be compared anyway. Each
// stands for some of them that lack the same members, and are not poorer than their neighbours:
// one of these is as good as another, so that no more calls are made.
func (h *habits) withShort(suspects, short []matched) []matched {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range short {
		group, replaced := h.shapes.weakGroup(m), 0
		if group.empty() || slices.ContainsFunc(suspects, func(s matched) bool { return s.want.ID == m.want.ID }) {
			continue
		}
		m.lacks = h.shapes.names(group)
		suspects = slices.DeleteFunc(suspects, func(s matched) bool {
			replaces := replaced < mostReplaced && isNew(s) && h.shapes.weakGroup(s) == group
			if replaces {
				replaced++
			}
			return replaces
		})
		suspects = append(suspects, m)
	}
	return withAll(suspects, short)
}

// fewest returns the fewest new rows, as far as is found without trying them all, that have all
// places among them which suspicious finds in any.
func fewest(found []matched, suspicious func([]record.Length) []uint64) (picked []matched) {
	type suspect struct {
		row    matched
		places []uint64
	}
	var suspects []suspect
	for _, m := range found {
		if !isNew(m) {
			continue
		}
		if places := suspicious(m.doc.Lengths); len(places) > 0 {
			suspects = append(suspects, suspect{m, places})
		}
	}
	for len(suspects) > 0 {
		most := slices.MaxFunc(suspects, func(a, b suspect) int {
			return cmp.Or(cmp.Compare(len(a.places), len(b.places)), cmp.Compare(len(a.row.row), len(b.row.row)))
		})
		picked = append(picked, most.row)
		settled := slices.Clone(most.places) // its own are deleted below
		for i := range suspects {
			suspects[i].places = slices.DeleteFunc(suspects[i].places, func(p uint64) bool { return slices.Contains(settled, p) })
		}
		suspects = slices.DeleteFunc(suspects, func(s suspect) bool { return len(s.places) == 0 })
	}
	return picked
}

// provenLengths records a row that was found to be its document.
func (h *habits) provenLengths(m matched) {
	if m.doc == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lengths.proven(m.doc.Lengths)
}

// noteLengths records the arrays of a row.
func (h *habits) noteLengths(all []record.Length) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lengths.add(all)
}

// withAll adds rows to those that are to be compared anyway.
func withAll(suspects, others []matched) []matched {
	for _, m := range others {
		if !slices.ContainsFunc(suspects, func(s matched) bool { return s.want.ID == m.want.ID }) {
			suspects = append(suspects, m)
		}
	}
	return suspects
}
