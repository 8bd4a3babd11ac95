package delta

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Edit is one difference between two versions of a document.
type Edit struct {
	// Path leads to the member as a JSON pointer does (RFC 6901), but an element of a
	// list of objects is named by its id, or by its title where it has none:
	// "/dashboard_elements/17/title".
	Path string
	// Before and After are the values, null where there was none.
	Before json.RawMessage
	After  json.RawMessage
	// Within names the innermost element that the member is of by its title, "" for a
	// member of the document itself.
	Within string
}

// Compare returns how two JSON documents differ, in the order of their members. It
// returns an error when one of them is not JSON.
func Compare(before, after []byte) ([]Edit, error) {
	a, err := decode(before)
	if err != nil {
		return nil, err
	}
	b, err := decode(after)
	if err != nil {
		return nil, err
	}
	c := &comparison{}
	c.values("", "", a, b)
	return withoutEchoes(c.edits), nil
}

func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("read a document: %w", err)
	}
	return value, nil
}

type comparison struct{ edits []Edit }

func (c *comparison) add(path, within string, before, after any) {
	c.edits = append(c.edits, Edit{Path: path, Before: encode(before), After: encode(after), Within: within})
}

func encode(value any) json.RawMessage {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if e.Encode(value) != nil {
		return json.RawMessage("null")
	}
	return bytes.TrimSpace(text.Bytes())
}

// values compares two values. What is missing is nil, and the same as null.
func (c *comparison) values(path, within string, before, after any) {
	switch a := before.(type) {
	case map[string]any:
		if b, ok := after.(map[string]any); ok {
			c.objects(path, within, a, b)
			return
		}
	case []any:
		if b, ok := after.([]any); ok {
			c.lists(path, within, a, b)
			return
		}
	}
	if !reflect.DeepEqual(before, after) {
		c.add(path, within, before, after)
	}
}

func (c *comparison) objects(path, within string, before, after map[string]any) {
	names := slices.AppendSeq(slices.Collect(maps.Keys(before)), maps.Keys(after))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if isQuery(path) && bookkeeping[name] {
			continue
		}
		c.values(path+"/"+escape(name), within, before[name], after[name])
	}
}

// isQuery reports whether the object at a path is a query that is nested.
func isQuery(path string) bool { return strings.HasSuffix(path, "/query") }

// bookkeeping are members of a query that say nothing about what it asks for. Two
// queries that ask for the same have one id in one place and another in another.
var bookkeeping = map[string]bool{
	"id": true, "slug": true, "client_id": true, "share_url": true, "expanded_share_url": true, "url": true,
	"has_table_calculations": true, "runtime": true,
}

// lists compares two lists: those of objects element by element, others as a whole.
func (c *comparison) lists(path, within string, before, after []any) {
	if !objectsOnly(before) || !objectsOnly(after) || len(before)+len(after) == 0 {
		if !reflect.DeepEqual(before, after) {
			c.add(path, within, before, after)
		}
		return
	}
	pairs := match(before, after)
	for _, p := range pairs {
		name := p.name()
		switch {
		case p.after < 0:
			c.add(path+"/"+escape(name), titleOf(before[p.before]), before[p.before], nil)
		case p.before < 0:
			c.add(path+"/"+escape(name), titleOf(after[p.after]), nil, after[p.after])
		default:
			c.values(path+"/"+escape(name), cmp.Or(titleOf(after[p.after]), within), before[p.before], after[p.after])
		}
	}
	c.order(path, within, pairs)
}

func objectsOnly(list []any) bool {
	return !slices.ContainsFunc(list, func(element any) bool {
		_, ok := element.(map[string]any)
		return !ok
	})
}

// order adds an edit where elements that both lists hold stand in another order.
func (c *comparison) order(path, within string, pairs []pair) {
	both := slices.DeleteFunc(slices.Clone(pairs), func(p pair) bool { return p.before < 0 || p.after < 0 })
	names := func(position func(pair) int) []any {
		slices.SortStableFunc(both, func(x, y pair) int { return position(x) - position(y) })
		var list []any
		for _, p := range both {
			list = append(list, p.name())
		}
		return list
	}
	was := names(func(p pair) int { return p.before })
	is := names(func(p pair) int { return p.after })
	if !reflect.DeepEqual(was, is) {
		c.add(path, within, was, is)
	}
}

// withoutEchoes leaves out what changes because a nested query changed: the ids of it.
func withoutEchoes(edits []Edit) []Edit {
	asked := make(map[string]bool) // objects whose query asks for something else
	for _, e := range edits {
		if owner, _, ok := strings.Cut(e.Path, "/query/"); ok {
			asked[owner] = true
		}
	}
	return slices.DeleteFunc(edits, func(e Edit) bool {
		owner, id := strings.CutSuffix(e.Path, "/query_id")
		if !id {
			owner, id = strings.CutSuffix(e.Path, "/result_maker_id")
		}
		return id && asked[owner]
	})
}

// pointer writes names as a JSON pointer does, and plainName reads them.
var (
	pointer   = strings.NewReplacer("~", "~0", "/", "~1")
	plainName = strings.NewReplacer("~1", "/", "~0", "~")
)

func escape(name string) string { return pointer.Replace(name) }

// unescape is the name of one part of a path.
func unescape(part string) string {
	return plainName.Replace(part)
}
