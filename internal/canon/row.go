package canon

import (
	"bytes"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
)

// RowFor returns the row by which one document is written: the kind's own, or a copy of
// it with another write row for a document that has one, such as each of the settings.
// body may be nil where only the id is known.
func RowFor(kind *catalogue.Spec, id string, body []byte) *catalogue.Spec {
	if len(kind.Variants) == 0 {
		return kind
	}
	w, why := kind.WriteOf(id, func(name string) string { return Text(Member(body, name)) })
	return kind.With(func(k *catalogue.Spec) { k.Write, k.NotWritten, k.Variants = w, why, nil })
}

// holdsMember reports whether a body has a member of that value; without one, any that says
// something.
func holdsMember(body []byte, m catalogue.Member) bool {
	values, _ := valuesAt(body, m.Name)
	return slices.ContainsFunc(values, func(value []byte) bool {
		if m.Value == "" {
			return saysSomething(value)
		}
		return Text(value) == m.Value
	})
}

// Guarded returns the first guard that keeps a document or part from being written, nil
// where none does.
func Guarded(w *catalogue.Write, body []byte) *catalogue.Guard {
	for i := range w.Guard {
		g := &w.Guard[i]
		if holdsMember(body, catalogue.Member{Name: g.Path, Value: g.Value}) && (len(g.Without) == 0 || !writesOneOf(w, body, g.Without)) {
			return g
		}
	}
	return nil
}

// writesOneOf reports whether what a row writes of a document holds one of some members.
func writesOneOf(w *catalogue.Write, body []byte, names []string) bool {
	all, err := formOf(w).written(body, false)
	return err != nil || slices.ContainsFunc(names, func(name string) bool { return hasValue(all.get(name)) })
}

// KeyOf returns what makes a document the same as another by a key: two that have the
// same are alike. It reports false for a document that has none of the key's members, or
// one that names what nothing stands for.
func KeyOf(w *catalogue.Write, key *catalogue.Key, body []byte, resolve Resolver) (string, bool) {
	members, ok := KeyMembers(w, key, body, resolve)
	var out strings.Builder
	found := false
	for _, values := range members {
		for _, text := range values {
			found = found || text != ""
			if key.Fold {
				text = strings.ToLower(text)
			}
			out.Write(quote(text, nil))
		}
		out.WriteByte(0)
	}
	return out.String(), ok && found
}

// KeyMembers returns the values of the members of a key, in their order, as they are on
// the target. It reports false where one names what nothing stands for, or was redacted.
func KeyMembers(w *catalogue.Write, key *catalogue.Key, body []byte, resolve Resolver) (members [][]string, ok bool) {
	if bytes.Contains(body, []byte(Marker)) && slices.ContainsFunc(key.Members, func(path string) bool { return redactedAt(body, path) }) {
		return nil, false // nobody knows what it was
	}
	f := formOf(w)
	text, err := Pick(body, key.Members)
	if err != nil {
		return nil, false
	}
	source, err := readMembers(body)
	if err != nil {
		return nil, false
	}
	for _, from := range f.From {
		if value := source.first(from.Paths); slices.Contains(key.Members, from.Member) && value != nil {
			if text, err = With(text, catalogue.Member{Name: from.Member, Value: string(value)}); err != nil {
				return nil, false
			}
		}
	}
	text, unmapped, err := f.replace(text, resolve)
	if err != nil {
		return nil, false
	}
	members = make([][]string, len(key.Members))
	for i, path := range key.Members {
		if slices.ContainsFunc(unmapped, func(n naming) bool { return n.by.Path == path }) {
			return nil, false
		}
		values, _ := valuesAt(text, path)
		for _, value := range values {
			members[i] = append(members[i], Text(value))
		}
	}
	return members, true
}

// Redacted returns the members that a row sends, itself or in parts, and whose values a backup does not have,
// because they were redacted before they were stored.
func Redacted(w *catalogue.Write, body []byte) (paths []string) {
	if !bytes.Contains(body, []byte(Marker)) {
		return nil
	}
	text, err := formOf(w).tree.pick(body, true)
	if err != nil {
		return nil
	}
	for _, path := range w.Fields {
		if values, _ := valuesAt(text, path); slices.ContainsFunc(values, IsRedacted) {
			paths = append(paths, path)
		}
	}
	for i := range w.Parts {
		part := &w.Parts[i]
		rows, err := PartRows(part, body)
		if err != nil {
			return paths
		}
		for _, row := range rows {
			for _, inner := range Redacted(part.Write, row.Body) {
				if path := strings.TrimPrefix(part.At+"."+inner, ".."); !slices.Contains(paths, path) {
					paths = append(paths, path)
				}
			}
		}
	}
	return paths
}

// HasRedacted reports whether something of what a row sends, at any depth, was redacted before it was stored.
func HasRedacted(w *catalogue.Write, body []byte) bool {
	if !bytes.Contains(body, []byte(Marker)) {
		return false
	}
	text, err := formOf(w).tree.pick(body, true)
	return err != nil || bytes.Contains(text, []byte(Marker))
}

// RequiredRedacted returns the members without which Looker makes no document of a row, and whose values a backup
// does not have, because they were redacted before they were stored. Parts are rows of their own.
func RequiredRedacted(w *catalogue.Write, body []byte) (paths []string) {
	if !bytes.Contains(body, []byte(Marker)) || lists(body) {
		return nil
	}
	all, err := formOf(w).written(body, false)
	if err != nil {
		return nil
	}
	for _, group := range w.Required {
		redacted := slices.DeleteFunc(slices.Clone(group), func(path string) bool { return !redactedAt(body, path) })
		known := slices.ContainsFunc(group, func(path string) bool { return !strings.Contains(path, ".") && hasValue(all.get(path)) })
		if !known {
			paths = append(paths, redacted...)
		}
	}
	return paths
}

// redactedAt reports whether a value at a path was redacted, or what it lay in.
func redactedAt(body []byte, path string) bool {
	for at := range len(path) + 1 {
		if at < len(path) && path[at] != '.' {
			continue
		}
		if values, _ := valuesAt(body, path[:at]); slices.ContainsFunc(values, IsRedacted) {
			return true
		}
	}
	return false
}

// IsRedacted reports whether a value was redacted before it was stored: nobody knows what it was.
func IsRedacted(value []byte) bool { return string(value) == Marker }
