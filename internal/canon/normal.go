package canon

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// unresolved stands before the id of what nothing stands for, so that it is equal to no
// other one.
const unresolved = "?"

// UnresolvedID is how a normal form writes an id for which nothing stands.
func UnresolvedID(id string) string { return unresolved + id }

// Unresolved reports whether an id of a normal form is one for which nothing stands.
func Unresolved(id string) bool { return strings.HasPrefix(id, unresolved) }

// Normal returns the normal form of a document, which is what plans, checks and undo
// compare: canonical JSON of exactly the members that its kind's write row sends, with
// references resolved, sets sorted and what means nothing left out. A member that is
// missing and one that is null are the same, and so is "" where the row says so.
//
// Parts are an object by their ids ("dashboard_elements":{"311":{...}}), so that their
// order says nothing; their ids are resolved as references of the part's name are. What
// nothing stands for is written "?17". A document that is nested whole takes the place of
// the member that names it: "query":{...} instead of "query_id", so that two queries of
// different ids with the same content are equal.
//
// A kind that is not written has no normal form, which is an error. See [RowFor] for
// kinds whose documents have rows of their own.
func Normal(kind *catalogue.Spec, body []byte, resolve Resolver) ([]byte, error) {
	if kind.Write == nil {
		return nil, fmt.Errorf("%s are not written: %s", kind.Name, kind.NotWritten)
	}
	return NormalOf(kind.Write, body, resolve)
}

// NormalOf is [Normal] for a write row: of a part, or of a document that has one of its
// own.
func NormalOf(w *catalogue.Write, body []byte, resolve Resolver) ([]byte, error) {
	n := normalizer{NewReader(), resolve, nil}
	return n.normalForm(formOf(w), body)
}

// normalizer makes normal forms of one side of a restore.
type normalizer struct {
	reader  *Reader
	resolve Resolver
	// known are the members that count, by row; all of them for a row that is not there.
	known map[*form]map[string]bool
}

// counts returns the members of a row that count.
func (n normalizer) counts(f *form, all members) members {
	known, ok := n.known[f]
	if !ok {
		return all
	}
	return slices.DeleteFunc(all, func(m member) bool { return !known[m.name] })
}

// around are the parts of the documents that a part lies in: their ids, by name.
type around map[record.Kind][]string

func (n normalizer) normalForm(f *form, body []byte) ([]byte, error) {
	if lists(body) {
		return n.normalRows(f, body)
	}
	source, err := readMembers(body)
	if err != nil {
		return nil, err
	}
	return n.object(f, body, source, nil)
}

// object is the normal form of a document whose members have been read.
func (n normalizer) object(f *form, body []byte, source members, outer around) ([]byte, error) {
	here, parts, err := f.around(source, outer)
	if err != nil {
		return nil, err
	}
	text, err := n.ownMembers(f, source, here)
	if err != nil || len(f.Parts) == 0 && len(f.Sets) == 0 {
		return text, err
	}
	all, err := readMembers(text)
	if err != nil {
		return nil, err
	}
	return n.inside(f, body, all, here, parts)
}

// ownMembers is the normal form of a document without its parts and sets.
func (n normalizer) ownMembers(f *form, source members, here around) ([]byte, error) {
	all, err := f.takeWritten(source, true)
	if err != nil {
		return nil, err
	}
	all = n.counts(f, all)
	err = f.nested(source, all, func(member string, below *form, raw []byte) error {
		text, err := n.normalForm(below, raw)
		all = all.without(member).with(nestedName(member), text)
		return err
	})
	if err != nil {
		return nil, err
	}
	text, err := n.references(f, all.bytes(), here)
	if err != nil {
		return nil, err
	}
	if all, err = readMembers(text); err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(m member) bool { return !hasValue(m.value) })
	return n.reader.Canonical(f.rules, all.bytes())
}

// normalRows is the normal form of a document that is an array: of the rows that are written
// together, or of its parts and sets.
func (n normalizer) normalRows(f *form, body []byte) ([]byte, error) {
	if len(f.Parts) > 0 || len(f.Sets) > 0 {
		parts := make([][]readPart, len(f.Parts))
		for i := range f.Parts {
			var err error
			if parts[i], err = partsAt(&f.Parts[i], body); err != nil {
				return nil, err
			}
		}
		return n.inside(f, body, nil, nil, parts)
	}
	rows, err := Rows(body)
	if err != nil {
		return nil, err
	}
	texts := make([][]byte, len(rows))
	for i, row := range rows {
		all, err := f.written(row, true)
		if err != nil {
			return nil, err
		}
		texts[i] = n.counts(f, all).bytes()
	}
	text, err := n.references(f, append(append([]byte{'['}, bytes.Join(texts, []byte{','})...), ']'), nil)
	if err != nil {
		return nil, err
	}
	return n.reader.Canonical(f.rules, text)
}

// inside adds the normal forms of parts and sets.
func (n normalizer) inside(f *form, body []byte, all members, here around, parts [][]readPart) ([]byte, error) {
	for i := range f.Sets {
		text, err := n.normalSet(&f.Sets[i], body)
		if err != nil {
			return nil, err
		}
		all = all.with(f.Sets[i].At, text)
	}
	for i := range f.Parts {
		p := &f.Parts[i]
		text, err := n.parts(p, parts[i], here)
		if err != nil {
			return nil, err
		}
		if text != nil {
			all = all.with(string(p.Name), text)
		}
	}
	return all.sorted().bytes(), nil
}

// sorted returns the members in the order of the canonical form.
func (m members) sorted() members {
	slices.SortStableFunc(m, func(a, b member) int { return bytes.Compare(quote(a.name, nil), quote(b.name, nil)) })
	return m
}

func (n normalizer) normalSet(s *catalogue.Set, body []byte) ([]byte, error) {
	ids, err := SetIDs(s, body)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		ids[i] = n.standsFor(s.Kind, id)
	}
	slices.Sort(ids)
	texts := make([][]byte, len(ids))
	for i, id := range ids {
		texts[i] = quote(id, nil)
	}
	return append(append([]byte{'['}, bytes.Join(texts, []byte{','})...), ']'), nil
}

func (n normalizer) parts(p *catalogue.Part, rows []readPart, here around) ([]byte, error) {
	f := formOf(p.Write)
	var all members
	for _, row := range rows {
		if p.About != "" && here[p.About] != nil && !slices.Contains(here[p.About], row.ID) {
			continue
		}
		text, err := n.object(f, row.Body, row.source, here)
		if err != nil {
			return nil, err
		}
		if p.One {
			return text, nil
		}
		name := n.partName(p, row)
		if bytes.Equal(all.get(name), text) {
			continue // what is said twice is said once
		}
		for twice := 2; all.index(name) >= 0; twice++ {
			name = fmt.Sprint(unresolved, row.ID, "#", twice)
		}
		all = append(all, member{name: name, value: text})
	}
	if p.One {
		return nil, nil
	}
	return all.sorted().bytes(), nil
}

// partName is the name of a part in a normal form: what tells it from others, resolved.
func (n normalizer) partName(p *catalogue.Part, row readPart) string {
	if p.About != "" {
		return n.standsFor(p.About, row.ID)
	}
	texts := make([]string, len(p.By))
	for i, name := range p.By {
		text := Text(row.source.get(name))
		refs := slices.IndexFunc(p.Write.Refs, func(r catalogue.Reference) bool { return r.Path == name })
		switch {
		case text == "":
		case name == p.Key() && !p.Chosen:
			text = n.standsFor(p.Name, text)
		case refs >= 0:
			text = n.standsFor(p.Write.Refs[refs].Kind, text)
		}
		texts[i] = text
	}
	return strings.Join(texts, "::")
}

// standsFor is the id of what stands for a document, in a normal form.
func (n normalizer) standsFor(kind record.Kind, id string) string {
	if to, ok := n.resolve(kind, id); ok {
		return to
	}
	return UnresolvedID(id)
}

// references resolves the references of a body for comparing. All of them become texts.
func (n normalizer) references(f *form, body []byte, here around) ([]byte, error) {
	renamed := false
	text, err := f.eachReference(body, func(named naming) []byte {
		inside, known := here[record.Kind(named.by.Within)]
		switch {
		case named.by.Within == "" || !known:
		case named.by.Sole && len(inside) < 2, !slices.Contains(inside, named.text):
			if named.holder == nil {
				return nil
			}
			return []byte("null")
		}
		to, ok := named.resolved(n.resolve)
		renamed = renamed || named.renamed(to, ok)
		switch {
		case ok:
		case named.by.Loose:
			to = named.text
		default:
			to = UnresolvedID(named.text)
		}
		return quote(to, nil)
	})
	if err == nil && renamed {
		return f.withoutStale(text)
	}
	return text, err
}

// around returns the parts in a document, in the order of the row's, and their ids with
// those of what the document lies in.
func (f *form) around(source members, outer around) (around, [][]readPart, error) {
	if len(f.Parts) == 0 {
		return outer, nil, nil
	}
	here := make(around, len(f.Parts)+len(outer))
	maps.Copy(here, outer)
	parts := make([][]readPart, len(f.Parts))
	for i := range f.Parts {
		p := &f.Parts[i]
		value := source.get(p.At)
		if value == nil {
			continue // a row of a list does not say
		}
		rows, err := partsAt(p, value)
		if err != nil {
			return nil, nil, err
		}
		ids := make([]string, len(rows))
		for i, row := range rows {
			ids[i] = row.ID
		}
		here[p.Name], parts[i] = ids, rows
	}
	return here, parts, nil
}
