package canon

import (
	"maps"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// InnerPair is a thing in a document, of the source, and the one of the target that
// stands for it.
type InnerPair struct {
	Ref    record.Ref
	Target string
}

// InnerPairs returns what stands for the things that lie in a document without routes of
// their own, such as the palettes of a colour collection, in the same document of the
// target. Those that are alike stand for each other in their order, where there are as many
// of them in both; else they have none.
func InnerPairs(w *catalogue.Write, source, target []byte) ([]InnerPair, error) {
	var pairs []InnerPair
	for _, inner := range w.Inner {
		from, err := innerByKey(inner, source)
		if err != nil {
			return nil, err
		}
		to, err := innerByKey(inner, target)
		if err != nil {
			return nil, err
		}
		for _, key := range slices.Sorted(maps.Keys(from)) {
			if len(from[key]) != len(to[key]) {
				continue
			}
			for i, id := range from[key] {
				pairs = append(pairs, InnerPair{record.Ref{Kind: inner.Name, ID: id}, to[key][i]})
			}
		}
	}
	return pairs, nil
}

// InnerRefs returns the things that lie in a document without routes of their own.
func InnerRefs(w *catalogue.Write, body []byte) ([]record.Ref, error) {
	pairs, err := InnerPairs(w, body, body)
	if err != nil {
		return nil, err
	}
	refs := make([]record.Ref, len(pairs))
	for i, p := range pairs {
		refs[i] = p.Ref
	}
	return refs, nil
}

// innerByKey returns the ids of things in a document, in their order, by what tells them from
// others.
func innerByKey(inner catalogue.Inner, body []byte) (map[string][]string, error) {
	ids := make(map[string][]string)
	value := Member(body, inner.At)
	if !hasValue(value) {
		return ids, nil
	}
	rows, err := Rows(value)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		id := Text(Member(row, "id"))
		if id == "" {
			continue
		}
		var key strings.Builder
		for _, name := range inner.By {
			key.Write(quote(Text(Member(row, name)), nil))
		}
		ids[key.String()] = append(ids[key.String()], id)
	}
	return ids, nil
}
