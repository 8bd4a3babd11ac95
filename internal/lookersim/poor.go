package lookersim

import (
	"encoding/json"
	"fmt"
	"strings"
)

// PoorForm is in what way a row of a list is poorer than its document.
type PoorForm string

// The ways. An array that is shortened has half of its elements, one less, or none. What
// is no array is null then.
const (
	PoorMissing PoorForm = "missing"
	PoorNull    PoorForm = "null"
	PoorHalf    PoorForm = "half"
	PoorOne     PoorForm = "one"
	PoorEmpty   PoorForm = "empty"
)

func (f PoorForm) check() error {
	switch f {
	case PoorMissing, PoorNull, PoorHalf, PoorOne, PoorEmpty:
		return nil
	}
	return fmt.Errorf("poor form %q is not missing, null, half, one or empty", string(f))
}

// checkPoor reports what is wrong with the quirks of poor rows.
func (q Quirks) checkPoor() error {
	for _, entry := range q.PoorRows {
		if kind, _, _ := strings.Cut(entry, "."); !knownKind(kind) {
			return fmt.Errorf("poor rows: no kind %q", kind)
		}
	}
	for _, form := range q.PoorForms {
		if err := form.check(); err != nil {
			return err
		}
	}
	return nil
}

// poorOf returns the members of a kind's rows that are poorer, and whether any are.
func (q Quirks) poorOf(t *table) (paths []string, poor bool) {
	for _, entry := range q.PoorRows {
		switch kind, path, named := strings.Cut(entry, "."); {
		case kind != t.kind:
		case named:
			paths, poor = append(paths, path), true
		default:
			paths, poor = append(paths, t.poor...), true
		}
	}
	return paths, poor
}

// poorer is the row of a kind whose rows are poorer than its documents.
func (c *call) poorer(f found, doc []byte, paths []string) []byte {
	every, forms := int32(c.quirks().PoorEvery), c.quirks().PoorForms
	if every == 0 {
		every = 1
		if forms == nil {
			forms = []PoorForm{PoorMissing}
		}
	}
	if f.row.num%every != 0 {
		return doc
	}
	if forms == nil {
		forms = []PoorForm{PoorMissing, PoorNull, PoorHalf}
	}
	form := forms[int(f.row.num/every)%len(forms)]
	for _, path := range paths {
		doc = form.apply(doc, strings.Split(path, "."))
	}
	return doc
}

// apply makes the member at a path poorer.
func (f PoorForm) apply(doc []byte, path []string) []byte {
	switch {
	case len(path) > 1:
		return with(nil, doc, func(value []byte) []byte {
			if !strings.HasPrefix(string(value), "{") {
				return value
			}
			return f.apply(value, path[1:])
		}, path[0])
	case f == PoorMissing:
		return without(nil, doc, path[0])
	}
	return with(nil, doc, f.shorten, path[0])
}

// shorten is a value that is an array without some of its elements, and null for another one.
func (f PoorForm) shorten(value []byte) []byte {
	var rows []json.RawMessage
	if f == PoorNull || string(value) == "null" || json.Unmarshal(value, &rows) != nil {
		return []byte("null")
	}
	switch f {
	case PoorOne:
		rows = rows[:max(0, len(rows)-1)]
	case PoorEmpty:
		rows = rows[:0]
	default:
		rows = rows[:len(rows)/2]
	}
	short, err := json.Marshal(append([]json.RawMessage{}, rows...))
	if err != nil {
		return []byte("null")
	}
	return short
}
