package canon

import (
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
)

// Unknown returns, as canonical JSON, the members of a document that its write row does
// not know: neither sent, nor left, nor the server's own, nor volatile. They are never
// written, and tell that somebody else has changed the document. Those of parts are by
// their ids, as in a normal form.
func Unknown(kind *catalogue.Spec, body []byte) ([]byte, error) {
	if kind.Write == nil {
		return nil, nil
	}
	u := unknown{reader: NewReader()}
	return u.unknownOf(formOf(kind.Write), kind.Volatile, "", body)
}

type unknown struct{ reader *Reader }

func (u unknown) unknownOf(f *form, volatile []string, owner string, body []byte) ([]byte, error) {
	text, err := u.reader.Canonical(f.knowing(volatile, owner), body)
	if err != nil {
		return nil, err
	}
	if lists(text) {
		text = []byte("{}")
	}
	all, err := readMembers(text)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(m member) bool { return hollow(m.value) })
	for i := range f.Parts {
		p := &f.Parts[i]
		rows, err := PartRows(p, body)
		if err != nil {
			return nil, err
		}
		var parts members
		inside := below(volatile, p.At)
		for _, row := range rows {
			text, err := u.unknownOf(formOf(p.Write), inside, p.Owner, row.Body)
			if err != nil {
				return nil, err
			}
			if !hollow(text) {
				parts = append(parts, member{name: row.ID, value: text})
			}
		}
		if len(parts) > 0 {
			all = all.with(string(p.Name), parts.sorted().bytes())
		}
	}
	return all.sorted().bytes(), nil
}

// below returns the paths that lead into the parts at a member.
func below(paths []string, at string) (inside []string) {
	var steps steps
	for _, path := range paths {
		first, rest, more := strings.Cut(path, ".")
		switch {
		case at == "." || first == "**":
			inside = append(inside, path)
		case more:
			steps.makeMember(first)
			if steps.find([]byte(at)) != nil {
				inside = append(inside, rest)
			}
			steps.exact, steps.globs, steps.lengths = nil, nil, [32]uint64{}
		}
	}
	return inside
}

// hollow reports whether a value is null, or holds nothing but what is hollow.
func hollow(value []byte) bool {
	switch {
	case !hasValue(value):
		return true
	case value[0] == '[':
		rows, err := Rows(value)
		return err == nil && !slices.ContainsFunc(rows, func(row []byte) bool { return !hollow(row) })
	case value[0] == '{':
		all, err := readMembers(value)
		return err == nil && !slices.ContainsFunc(all, func(m member) bool { return !hollow(m.value) })
	}
	return false
}

// knowing are rules by which all that the row knows is left out; owner is the member of
// a part that names its document. They are made once: to make them takes longer than to read
// a part by them.
func (f *form) knowing(volatile []string, owner string) *Rules {
	key := strings.Join(append([]string{owner}, volatile...), "\x00")
	if rules, ok := f.known.Load(key); ok {
		return rules.(*Rules)
	}
	rules, _ := f.known.LoadOrStore(key, f.makeKnowing(volatile, owner))
	return rules.(*Rules)
}

func (f *form) makeKnowing(volatile []string, owner string) *Rules {
	r := &Rules{root: &node{}}
	if owner != "" {
		r.makeStep(owner).volatile = true
	}
	for _, path := range catalogue.Everywhere {
		r.makeStep(path).volatile = true
	}
	for _, list := range [][]string{volatile, f.Fields, f.Given} {
		for _, path := range list {
			r.makeStep(path).volatile = true
		}
	}
	for path := range f.Left {
		r.makeStep(path).volatile = true
	}
	for _, p := range f.Parts {
		if p.At != "." {
			r.makeStep(p.At).volatile = true
		}
	}
	for _, s := range f.Sets {
		r.makeStep(s.At).volatile = true
	}
	for _, from := range f.From {
		for _, path := range from.Paths {
			r.makeStep(path).volatile = true
		}
	}
	return r
}
