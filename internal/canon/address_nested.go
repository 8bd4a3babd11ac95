package canon

import (
	"bytes"
	"strconv"

	"github.com/lookervault/lookervault/internal/catalogue"
)

// rename gives other ids to the documents that lie in a body and its parts, whole, and in whose
// texts something will be rewritten.
func (a Addresses) rename(w *catalogue.Write, body []byte, prefix string) (renamed []byte, err error) {
	for _, nested := range w.Nested {
		kind, ok := catalogue.Find(nested.Kind)
		if !ok || kind.Write == nil {
			continue
		}
		var failed error
		body, err = splice(body, prefix+nested.Member, func(raw, holder []byte) []byte {
			id, err := a.otherID(kind.Write, nested, holder)
			if err != nil {
				failed = err
			}
			if id == "" {
				return raw
			}
			return strconv.AppendQuote(nil, id)
		})
		if err == nil {
			err = failed
		}
		if err != nil {
			return nil, err
		}
	}
	for i := range w.Parts {
		if body, err = a.rename(w.Parts[i].Write, body, belowPart(prefix, &w.Parts[i])); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// otherID is the id of what lies in the object with which a text begins, "" where none of its
// texts changes.
func (a Addresses) otherID(w *catalogue.Write, nested catalogue.Nested, text []byte) (string, error) {
	s := scanner{text: text}
	object, err := s.value()
	if err != nil {
		return "", err
	}
	all, err := readMembers(object)
	if err != nil {
		return "", err
	}
	raw := all.first(nested.At)
	if raw == nil || lists(raw) {
		return "", nil
	}
	rewritten, _, err := a.in(raw, textPaths(w, ""))
	if err != nil || bytes.Equal(rewritten, raw) {
		return "", err
	}
	return a.Renamed(rewritten), nil
}
