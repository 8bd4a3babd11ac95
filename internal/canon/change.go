package canon

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// shown is how many runes of a value a change shows.
const shown = 200

// Differences returns what is different in the second of two normal forms: by paths
// like "title", "dashboard_elements/311.query.limit" and "destinations[0].email_address",
// in their order. A value that is
// nil is not there. Long values are cut: a text of 200 runes and "…" takes their place.
func Differences(before, after []byte) ([]record.Change, error) {
	var changes []record.Change
	if err := differ("", before, after, &changes); err != nil {
		return nil, err
	}
	return changes, nil
}

func differ(path string, before, after []byte, changes *[]record.Change) error {
	switch {
	case bytes.Equal(before, after):
		return nil
	case len(before) == 0 || len(after) == 0 || before[0] != after[0]:
	case before[0] == '{':
		return differObjects(path, before, after, changes)
	case before[0] == '[':
		if done, err := differArrays(path, before, after, changes); done || err != nil {
			return err
		}
	}
	*changes = append(*changes, record.Change{Path: path, Before: cutValue(before), After: cutValue(after)})
	return nil
}

func differObjects(path string, before, after []byte, changes *[]record.Change) error {
	was, err := readMembers(before)
	if err != nil {
		return err
	}
	is, err := readMembers(after)
	if err != nil {
		return err
	}
	values := make(map[string][2][]byte, len(was)+len(is))
	for _, m := range was {
		values[m.name] = [2][]byte{m.value, nil}
	}
	for _, m := range is {
		values[m.name] = [2][]byte{values[m.name][0], m.value}
	}
	between := "."
	if partNames()[path[strings.LastIndexByte(path, '.')+1:]] {
		between = "/"
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		below := name
		if path != "" {
			below = path + between + name
		}
		if err := differ(below, values[name][0], values[name][1], changes); err != nil {
			return err
		}
	}
	return nil
}

// differArrays compares arrays of as many objects one by one. Others are one change.
func differArrays(path string, before, after []byte, changes *[]record.Change) (bool, error) {
	was, err := Rows(before)
	if err != nil {
		return false, err
	}
	is, err := Rows(after)
	if err != nil {
		return false, err
	}
	object := func(value []byte) bool { return value[0] == '{' }
	if len(was) != len(is) || len(was) == 0 || !object(was[0]) || !object(is[0]) {
		return false, nil
	}
	for i := range was {
		if err := differ(fmt.Sprintf("%s[%d]", path, i), was[i], is[i], changes); err != nil {
			return true, err
		}
	}
	return true, nil
}

// partNames are the members of normal forms that are objects by ids.
var partNames = sync.OnceValue(func() map[string]bool {
	names := make(map[string]bool)
	for w := range forms() {
		for _, p := range w.Parts {
			names[string(p.Name)] = !p.One
		}
	}
	return names
})

// telling are the members by which people know a part, in the order in which they are shown.
var telling = []string{"title", "title_text", "name", "label", "type"}

// tellingFirst is an object with the members first that say which one it is, as a tile with its
// title before its query: of what is cut these are what people need.
func tellingFirst(object []byte) []byte {
	all, err := readMembers(object)
	if err != nil {
		return object
	}
	rank := func(m member) int {
		if i := slices.Index(telling, m.name); i >= 0 && len(m.value) > len(`""`) && m.value[0] == '"' {
			return i
		}
		return len(telling)
	}
	slices.SortStableFunc(all, func(a, b member) int { return cmp.Compare(rank(a), rank(b)) })
	text := []byte{'{'}
	for i, m := range all {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, quote(m.name, nil)...), ':'), m.value...)
	}
	return append(text, '}')
}

// cutValue is a copy of a value that is short enough to be shown.
func cutValue(value []byte) json.RawMessage {
	if len(value) == 0 {
		return nil
	}
	if utf8.RuneCount(value) <= shown {
		return bytes.Clone(value)
	}
	text := string(value)
	switch value[0] {
	case '"':
		text = Text(value)
	case '{':
		text = string(tellingFirst(value))
	}
	runes := []rune(text)
	return quote(string(runes[:min(shown, len(runes))])+"…", nil)
}

// Changes returns what is different in wanted, whose references resolve leads to the
// target, from what the target has: [Differences] of their normal forms. Members that
// wanted does not hold at all, in no part of its kind, are no difference: the server that
// it came from did not know them. A nil current has nothing.
func Changes(w *catalogue.Write, current, wanted []byte, resolve Resolver) ([]record.Change, error) {
	f := formOf(w)
	known := make(map[*form]map[string]bool)
	if err := f.holding(wanted, known); err != nil {
		return nil, err
	}
	reader := NewReader()
	after, err := normalizer{reader, resolve, known}.normalForm(f, wanted)
	if err != nil {
		return nil, err
	}
	before := []byte("{}")
	if lists(wanted) && len(f.Parts) == 0 && len(f.Sets) == 0 {
		before = []byte("[]")
	}
	if current != nil {
		if before, err = (normalizer{reader, Itself, known}).normalForm(f, current); err != nil {
			return nil, err
		}
	}
	return Differences(before, after)
}

// holding notes the members that a body holds and the row sends, by row.
func (f *form) holding(body []byte, known map[*form]map[string]bool) error {
	rows := [][]byte{body}
	if lists(body) {
		var err error
		if rows, err = Rows(body); err != nil {
			return err
		}
	}
	if known[f] == nil {
		known[f] = make(map[string]bool)
	}
	for _, row := range rows {
		if lists(row) || len(f.Fields) == 0 {
			continue
		}
		source, err := readMembers(row)
		if err != nil {
			return err
		}
		all, err := f.takeWritten(source, false)
		if err != nil {
			return err
		}
		for _, m := range all {
			known[f][m.name] = true
		}
		if err := f.nested(source, all, func(_ string, below *form, raw []byte) error { return below.holding(raw, known) }); err != nil {
			return err
		}
	}
	for i := range f.Parts {
		parts, err := PartRows(&f.Parts[i], body)
		if err != nil {
			return err
		}
		for _, part := range parts {
			if err := formOf(f.Parts[i].Write).holding(part.Body, known); err != nil {
				return err
			}
		}
	}
	return nil
}
