package canon

import (
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// replace replaces the references of a document by what stands for them; all other bytes stay
// as they are. A number stays a number. What names a document for which nothing stands becomes
// null, an element of an array is left out; where the row says that the document cannot be
// without, its reference is among those that are returned, and what was made must not be sent.
func (f *form) replace(picked []byte, resolve Resolver) (sent []byte, unmapped []naming, err error) {
	renamed := false
	sent, err = f.eachReference(picked, func(n naming) []byte {
		to, ok := n.resolved(resolve)
		renamed = renamed || n.renamed(to, ok)
		switch {
		case ok && to == n.text, !ok && n.by.Loose:
			return n.raw
		case ok:
			return quote(to, n.raw)
		}
		if !n.by.Optional {
			unmapped = append(unmapped, n)
		}
		if n.holder == nil {
			return nil
		}
		return []byte("null")
	})
	if err == nil && renamed {
		sent, err = f.withoutStale(sent)
	}
	return sent, unmapped, err
}

// renamed reports whether a name of the document itself is another one on the target.
func (n naming) renamed(to string, ok bool) bool {
	return ok && to != n.text && !strings.Contains(n.by.Path, ".")
}

// withoutStale makes null what repeats names that have been replaced.
func (f *form) withoutStale(object []byte) ([]byte, error) {
	if len(f.Stale) == 0 || lists(object) {
		return object, nil
	}
	all, err := readMembers(object)
	if err != nil {
		return nil, err
	}
	for _, name := range f.Stale {
		if all.get(name) != nil {
			all = all.with(name, []byte("null"))
		}
	}
	return all.bytes(), nil
}

// naming is a value that names a document.
type naming struct {
	by     *catalogue.Reference
	ref    record.Ref
	text   string // the value's
	raw    []byte // its exact bytes
	holder []byte // from the object on whose member it is, nil for an element of an array
}

// resolved returns the text that takes the value's place.
func (n naming) resolved(resolve Resolver) (string, bool) {
	to, ok := resolve(n.ref.Kind, n.ref.ID)
	if !ok {
		return "", false
	}
	if n.by.Join != "" {
		if _, after, ok := strings.Cut(to, "::"); ok {
			return after, true
		}
	}
	if n.by.Prefix {
		if _, after, ok := strings.Cut(n.text, "::"); ok {
			return to + "::" + after, true
		}
	}
	return to, true
}

// eachReference calls visit for each value of a body that names a document, and returns
// the body with what visit returned. Those that need a member beside them come first,
// while it stands as it was.
func (f *form) eachReference(body []byte, visit func(naming) []byte) ([]byte, error) {
	for _, joined := range []bool{true, false} {
		for i := range f.Refs {
			by := &f.Refs[i]
			if (by.Join != "") != joined || by.Unless != "" && hasValue(Member(body, by.Unless)) {
				continue
			}
			changed, err := splice(body, by.Path, func(raw, holder []byte) []byte {
				n, ok := names(by, raw, holder)
				if !ok {
					return raw
				}
				return visit(n)
			})
			if err != nil {
				return nil, err
			}
			body = changed
		}
	}
	return body, nil
}

// names reads a value that may name a document.
func names(by *catalogue.Reference, raw, holder []byte) (naming, bool) {
	text := Text(raw)
	if text == "" || raw[0] == 't' || raw[0] == 'f' || by.Having != "" && !strings.Contains(text, by.Having) || string(raw) == Marker {
		return naming{}, false
	}
	n := naming{by: by, ref: record.Ref{Kind: by.Kind, ID: text}, text: text, raw: raw, holder: holder}
	switch {
	case by.Prefix:
		n.ref.ID, _, _ = strings.Cut(text, "::")
	case by.Join != "":
		before := Text(Member(holder, by.Join))
		if before == "" {
			return naming{}, false
		}
		n.ref.ID = before + "::" + text
	}
	return n, true
}

// Reference is a reference of a document, with the row's word on it.
type Reference struct {
	record.Ref
	By catalogue.Reference
	// Part is the part that names it, nothing for the document itself and what it nests.
	Part record.Kind
	// Nested means that the document which is named lies beside the name, whole.
	Nested bool
}

// References returns what a document names by its write row: itself, by the parts that
// lie in it and by the documents that it nests. Each is there once a part of it. Parts
// that are named within the document are not among them.
func References(w *catalogue.Write, body []byte) ([]Reference, error) {
	var found []Reference
	err := formOf(w).references(body, "", func(r Reference) {
		i := slices.IndexFunc(found, func(have Reference) bool { return have.Ref == r.Ref && have.Part == r.Part })
		if i < 0 {
			found = append(found, r)
			return
		}
		found[i].Nested = found[i].Nested || r.Nested
	})
	return found, err
}

func (f *form) references(body []byte, part record.Kind, found func(Reference)) error {
	text, err := f.sending(body)
	if err != nil {
		return err
	}
	var whole []NestedDocument
	if len(f.Nested) > 0 && !lists(body) {
		if whole, err = f.nestedIn(body); err != nil {
			return err
		}
	}
	if _, err := f.eachReference(text, func(n naming) []byte {
		if n.by.Within == "" {
			nested := slices.ContainsFunc(whole, func(d NestedDocument) bool { return d.Ref == n.ref })
			found(Reference{Ref: n.ref, By: *n.by, Part: part, Nested: nested})
		}
		return n.raw
	}); err != nil {
		return err
	}
	for i := range f.Sets {
		ids, err := SetIDs(&f.Sets[i], body)
		if err != nil {
			return err
		}
		for _, id := range ids {
			found(Reference{
				Ref: record.Ref{Kind: f.Sets[i].Kind, ID: id}, By: catalogue.Reference{Path: f.Sets[i].At, Kind: f.Sets[i].Kind, Optional: true}, Part: part,
			})
		}
	}
	for _, d := range whole {
		if err := formOf(catalogue.Lookup(d.Kind).Write).references(d.Body, part, found); err != nil {
			return err
		}
	}
	for i := range f.Parts {
		p := &f.Parts[i]
		rows, err := PartRows(p, body)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if _, kind := catalogue.Find(p.About); kind {
				found(Reference{Ref: record.Ref{Kind: p.About, ID: row.ID}, By: catalogue.Reference{Path: p.By[0], Kind: p.About}, Part: p.Name})
			}
			if err := formOf(p.Write).references(row.Body, p.Name, found); err != nil {
				return err
			}
		}
	}
	return nil
}

// nested calls visit for each document that lies in source, whole, and that a member which
// is sent, one of all, names.
func (f *form) nested(source, all members, visit func(member string, below *form, raw []byte) error) error {
	for _, n := range f.Nested {
		kind, ok := catalogue.Find(n.Kind)
		if !ok || kind.Write == nil || !hasValue(all.get(n.Member)) {
			continue
		}
		if raw := source.first(n.At); raw != nil && !lists(raw) {
			if err := visit(n.Member, formOf(kind.Write), raw); err != nil {
				return err
			}
		}
	}
	return nil
}

// NestedDocument is a document that lies in another one, whole.
type NestedDocument struct {
	record.Ref
	Body []byte // points into the other one's body
}

// NestedIn returns the documents that lie in the body of a document or part, and that a
// member which is sent names: the query of a look or tile.
func NestedIn(w *catalogue.Write, body []byte) (found []NestedDocument, err error) {
	return formOf(w).nestedIn(body)
}

func (f *form) nestedIn(body []byte) (found []NestedDocument, err error) {
	source, err := readMembers(body)
	if err != nil {
		return nil, err
	}
	all, err := f.takeWritten(source, true)
	if err != nil {
		return nil, err
	}
	err = f.nested(source, all, func(member string, _ *form, raw []byte) error {
		i := slices.IndexFunc(f.Nested, func(n catalogue.Nested) bool { return n.Member == member })
		found = append(found, NestedDocument{record.Ref{Kind: f.Nested[i].Kind, ID: Text(all.get(member))}, raw})
		return nil
	})
	return found, err
}

// sending returns the members of a body that are sent, references as they stand there:
// of an array, of each of its elements.
func (f *form) sending(body []byte) ([]byte, error) {
	if !lists(body) {
		all, err := f.written(body, false)
		if err != nil {
			return nil, err
		}
		return all.bytes(), nil
	}
	rows, err := Rows(body)
	if err != nil {
		return nil, err
	}
	out := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			out = append(out, ',')
		}
		all, err := f.written(row, false)
		if err != nil {
			return nil, err
		}
		out = append(out, all.bytes()...)
	}
	return append(out, ']'), nil
}
