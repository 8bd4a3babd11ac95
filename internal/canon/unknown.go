package canon

import (
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
	return u.of(formOf(kind.Write), kind.Volatile, body)
}

type unknown struct{ reader *Reader }

func (u unknown) of(f *form, volatile []string, body []byte) ([]byte, error) {
	text, err := u.reader.Canonical(f.knowing(volatile), body)
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
	kept := all[:0]
	for _, m := range all {
		if !hollow(m.value) {
			kept = append(kept, m)
		}
	}
	all = kept
	for i := range f.Parts {
		p := &f.Parts[i]
		rows, err := PartRows(p, body)
		if err != nil {
			return nil, err
		}
		var parts members
		for _, row := range rows {
			text, err := u.of(formOf(p.Write), below(volatile, p.At), row.Body)
			if err != nil {
				return nil, err
			}
			if !hollow(text) {
				parts = append(parts, member{row.ID, text})
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
	for _, path := range paths {
		switch rest, ok := strings.CutPrefix(path, at+"."); {
		case ok:
			inside = append(inside, rest)
		case at == "." || strings.HasPrefix(path, "**."):
			inside = append(inside, path)
		}
	}
	return inside
}

// hollow reports whether a value holds nothing but objects without members.
func hollow(value []byte) bool {
	if len(value) == 0 || !container(value[0]) {
		return false
	}
	return strings.Trim(string(value), "[]{},") == ""
}

// knowing are rules by which all that the row knows is left out.
func (f *form) knowing(volatile []string) *Rules {
	r := &Rules{root: &node{}}
	for _, path := range catalogue.Everywhere {
		r.at(path).volatile = true
	}
	for _, list := range [][]string{volatile, f.Fields, f.Given} {
		for _, path := range list {
			r.at(path).volatile = true
		}
	}
	for path := range f.Left {
		r.at(path).volatile = true
	}
	for _, p := range f.Parts {
		if p.At != "." {
			r.at(p.At).volatile = true
		}
		if p.Owner != "" {
			r.at(p.Owner).volatile = true
		}
	}
	for _, s := range f.Sets {
		r.at(s.At).volatile = true
	}
	for _, from := range f.From {
		for _, path := range from.Paths {
			r.at(path).volatile = true
		}
	}
	return r
}
