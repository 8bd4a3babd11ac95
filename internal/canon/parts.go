package canon

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// PartRow is a part of a document.
type PartRow struct {
	// ID are the members that tell it from others, joined by "::"; "" where there is one
	// alone.
	ID string
	// Target is what routes name it by: its own id where it has one, else ID.
	Target string
	Body   []byte // points into the document's body
}

// PartRows returns the parts that lie in the body of a document or of another part, in
// the order in which they are made. Rows that are none, or not there any more, are left
// out. A document that does not say has none.
func PartRows(p *catalogue.Part, body []byte) ([]PartRow, error) {
	value := body
	if p.At != "." {
		value = Member(body, p.At)
	}
	parts, err := partsAt(p, value)
	if err != nil {
		return nil, err
	}
	rows := make([]PartRow, len(parts))
	for i, part := range parts {
		rows[i] = part.PartRow
	}
	return rows, nil
}

// WithoutParts returns the body of a document without the parts for which left holds,
// wherever they lie in it. It is told of a part's name and id, as [PartRow] has it.
func WithoutParts(w *catalogue.Write, body []byte, left func(part record.Ref) bool) ([]byte, error) {
	for i := range w.Parts {
		p := &w.Parts[i]
		value := body
		if p.At != "." {
			value = Member(body, p.At)
		}
		if p.One || !hasValue(value) {
			continue
		}
		rows, err := Rows(value)
		if err != nil {
			return nil, err
		}
		kept := make([][]byte, 0, len(rows))
		for _, row := range rows {
			source, err := readMembers(row)
			if err != nil {
				return nil, err
			}
			if left(record.Ref{Kind: p.Name, ID: partID(p, source)}) {
				continue
			}
			if row, err = WithoutParts(p.Write, row, left); err != nil {
				return nil, err
			}
			kept = append(kept, row)
		}
		list := slices.Concat([]byte{'['}, bytes.Join(kept, []byte{','}), []byte{']'})
		if p.At == "." {
			body = list
		} else if body, err = With(body, catalogue.Member{Name: p.At, Value: string(list)}); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// partID are the members that tell a part from others, joined by "::".
func partID(p *catalogue.Part, source members) string {
	texts := make([]string, len(p.By))
	for i, name := range p.By {
		texts[i] = Text(source.get(name))
	}
	return strings.Join(texts, "::")
}

// readPart is a part whose members have been read.
type readPart struct {
	PartRow
	source members
}

// partsAt returns the parts that a value holds.
func partsAt(p *catalogue.Part, value []byte) ([]readPart, error) {
	if !hasValue(value) {
		return nil, nil
	}
	elements := [][]byte{value}
	if !p.One {
		var err error
		if elements, err = Rows(value); err != nil {
			return nil, err
		}
	}
	parts := make([]readPart, 0, len(elements))
	for _, element := range elements {
		source, err := readMembers(element)
		if err != nil {
			return nil, err
		}
		gone := slices.ContainsFunc(p.Gone, func(name string) bool { return saysSomething(source.get(name)) })
		if gone || !p.Only.IsZero() && Text(source.get(p.Only.Name)) != p.Only.Value {
			continue
		}
		id := partID(p, source)
		parts = append(parts, readPart{PartRow{ID: id, Target: cmp.Or(Text(source.get("id")), id), Body: element}, source})
	}
	if p.Order != "" {
		slices.SortStableFunc(parts, func(a, b readPart) int {
			return compareNumbers(Text(a.source.get(p.Order)), Text(b.source.get(p.Order)))
		})
	}
	return parts, nil
}

// compareNumbers compares whole numbers; what is none comes last.
func compareNumbers(a, b string) int {
	number := func(text string) (negative bool, digits string, ok bool) {
		digits, negative = strings.CutPrefix(text, "-")
		digits = strings.TrimLeft(digits, "0")
		return negative, digits, text != "" && strings.Trim(digits, "0123456789") == ""
	}
	negativeA, digitsA, okA := number(a)
	negativeB, digitsB, okB := number(b)
	switch {
	case !okA || !okB:
		return cmp.Compare(laterLast(!okA), laterLast(!okB))
	case negativeA != negativeB:
		return cmp.Compare(laterLast(negativeB), laterLast(negativeA))
	}
	order := cmp.Or(cmp.Compare(len(digitsA), len(digitsB)), cmp.Compare(digitsA, digitsB))
	if negativeA {
		return -order
	}
	return order
}

func laterLast(late bool) int {
	if late {
		return 1
	}
	return 0
}

// SetIDs returns the ids that are in a set of a document, sorted, each once.
func SetIDs(s *catalogue.Set, body []byte) ([]string, error) {
	if err := (&scanner{text: body}).skip(); err != nil {
		return nil, err
	}
	ids := scalarsAt(body, s.At)
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// PartPair says which part of a target is which one of the source.
type PartPair struct{ Wanted, Current int } // positions in the lists; -1 for none

// PairParts pairs the parts that a source has with those that the target has. What a document
// has one of is a pair. Others are paired by known, which returns the id on the target of a
// part of the source, "" if nobody knows; then those that are equal; then by the row's pairs.
// Parts that no update can make the same are no pair. resolve maps the source's references to
// the target's. The pairs come in the order of wanted, after them what the target has besides.
func PairParts(p *catalogue.Part, wanted, current []PartRow, resolve Resolver, known func(id string) string) ([]PartPair, error) {
	m := pairing{part: p, to: make([]int, len(wanted)), from: make([]int, len(current))}
	for i := range m.to {
		m.to[i] = -1
	}
	for i := range m.from {
		m.from[i] = -1
	}
	var err error
	if m.wanted, err = m.normal(wanted, resolve); err != nil {
		return nil, err
	}
	if m.current, err = m.normal(current, Itself); err != nil {
		return nil, err
	}
	if p.One && len(wanted) == 1 && len(current) == 1 {
		m.makePair(0, 0)
	}
	for i, row := range wanted {
		id := known(row.ID)
		if k := slices.IndexFunc(current, func(c PartRow) bool { return c.ID == id }); id != "" && k >= 0 {
			m.makePair(i, k)
		}
	}
	m.match(func(s side) string { return string(s.text) }, false)
	for _, pair := range p.Pairs {
		m.match(func(s side) string { return s.pairingKey(p.Write, pair.Members) }, pair.Sole)
	}
	var pairs []PartPair
	for i, k := range m.to {
		pairs = append(pairs, PartPair{i, k})
	}
	for k, i := range m.from {
		if i < 0 {
			pairs = append(pairs, PartPair{-1, k})
		}
	}
	return pairs, nil
}

// pairing is one assignment of parts to each other.
type pairing struct {
	part            *catalogue.Part
	wanted, current []side
	to, from        []int
}

// side is a part of one side: its normal form.
type side struct {
	text []byte
	all  members
}

func (m *pairing) normal(rows []PartRow, resolve Resolver) ([]side, error) {
	sides := make([]side, len(rows))
	for i, row := range rows {
		text, err := NormalOf(m.part.Write, row.Body, resolve)
		if err != nil {
			return nil, err
		}
		all, err := readMembers(text)
		if err != nil {
			return nil, err
		}
		sides[i] = side{text, all}
	}
	return sides, nil
}

// pairingKey is the members of a part by which it is paired, "" where it has none of them.
func (s side) pairingKey(w *catalogue.Write, names []string) string {
	var key strings.Builder
	found := false
	for _, name := range names {
		value := s.all.get(name)
		if value == nil && slices.ContainsFunc(w.Nested, func(n catalogue.Nested) bool { return n.Member == name }) {
			value = s.all.get(nestedName(name))
		}
		found = found || value != nil
		key.Write(value)
		key.WriteByte(0)
	}
	if !found {
		return ""
	}
	return key.String()
}

// makePair makes two parts a pair, unless one has one or no update can make them the same.
func (m *pairing) makePair(i, k int) {
	fixed := m.part.Fixed
	if m.to[i] >= 0 || m.from[k] >= 0 || fixed != "" && string(m.wanted[i].all.get(fixed)) != string(m.current[k].all.get(fixed)) {
		return
	}
	m.to[i], m.from[k] = k, i
}

// match pairs those that have no pair by a key. sole means that a key which two parts of
// one side have says nothing.
func (m *pairing) match(key func(side) string, sole bool) {
	at := make(map[string][]int)
	for k, c := range m.current {
		if name := key(c); m.from[k] < 0 && name != "" {
			at[name] = append(at[name], k)
		}
	}
	of := make(map[string]int)
	for i, w := range m.wanted {
		if m.to[i] < 0 {
			of[key(w)]++
		}
	}
	for i, w := range m.wanted {
		name := key(w)
		list := at[name]
		if m.to[i] >= 0 || len(list) == 0 || sole && (len(list) > 1 || of[name] > 1) {
			continue
		}
		m.makePair(i, list[0])
		if m.to[i] == list[0] {
			at[name] = list[1:]
		}
	}
}

// nestedName is the member of a normal form that holds a nested document whole, in the
// place of the one that names it.
func nestedName(member string) string { return strings.TrimSuffix(member, "_id") }
