package lookersim

import (
	"bytes"
	"slices"
)

// parts are the tiles, filters and layouts of a dashboard that was written to,
// apart, so that a change of one of them copies no other. They are never changed
// in place.
type parts struct {
	elements, filters [][]byte
	layouts           []layout
}

// layout is a layout with its components apart.
type layout struct {
	doc        []byte
	components [][]byte
}

// The arrays of a dashboard and of a layout that are kept apart.
const (
	elementsMember   = "dashboard_elements"
	filtersMember    = "dashboard_filters"
	layoutsMember    = "dashboard_layouts"
	componentsMember = "dashboard_layout_components"
)

// list cuts an array into its values.
func list(array []byte) [][]byte {
	var values [][]byte
	for start, end := range elements(array) {
		values = append(values, bytes.Clone(array[start:end]))
	}
	return values
}

// split takes a dashboard apart: the shell keeps empty arrays.
func split(doc []byte) (shell []byte, p *parts) {
	p = &parts{elements: list(lookup(doc, elementsMember)), filters: list(lookup(doc, filtersMember))}
	for _, l := range list(lookup(doc, layoutsMember)) {
		p.layouts = append(p.layouts, layout{doc: withEmpty(l, componentsMember), components: list(lookup(l, componentsMember))})
	}
	return withEmpty(doc, elementsMember, filtersMember, layoutsMember), p
}

// withEmpty is doc with empty arrays for the named members.
func withEmpty(doc []byte, names ...string) []byte {
	return with(nil, doc, func([]byte) []byte { return []byte("[]") }, names...)
}

// join appends the whole dashboard.
func (p *parts) join(w *world, b, shell []byte) []byte {
	return withEach(b, shell, func(b []byte, m member) []byte {
		switch string(m.key) {
		case elementsMember:
			return joined(b, p.elements, w.echoTile)
		case filtersMember:
			return joined(b, p.filters, nil)
		case layoutsMember:
			b = append(b, '[')
			for _, l := range p.layouts {
				b = l.join(comma(b))
			}
			return append(b, ']')
		}
		return append(b, shell[m.value:m.end]...)
	})
}

func (l layout) join(b []byte) []byte {
	return withEach(b, l.doc, func(b []byte, m member) []byte {
		if string(m.key) == componentsMember {
			return joined(b, l.components, nil)
		}
		return append(b, l.doc[m.value:m.end]...)
	})
}

func joined(b []byte, values [][]byte, each func(b, value []byte) []byte) []byte {
	b = append(b, '[')
	for _, v := range values {
		b = comma(b)
		if each == nil {
			b = append(b, v...)
		} else {
			b = each(b, v)
		}
	}
	return append(b, ']')
}

// indexOfID finds a part by its id, -1 for none.
func indexOfID(list [][]byte, id string) int {
	return slices.IndexFunc(list, func(doc []byte) bool { return rawValue(lookup(doc, "id")).text == id })
}

// replaced is a copy of list with one value in another's place.
func replaced(list [][]byte, i int, doc []byte) [][]byte {
	list = slices.Clone(list)
	list[i] = doc
	return list
}

// apart returns the shell and the parts of a dashboard, for a change.
func (w *world) apart(f found) (draft, parts) {
	if over := f.row.over; over != nil && over.parts != nil {
		return draft{over.body}, *over.parts
	}
	shell, p := split(f.t.document(w, nil, f.row, nil))
	return draft{shell}, *p
}

// storeDashboard makes a shell and parts the document of a dashboard.
func (w *world) storeDashboard(f found, d draft, p parts, s state) found {
	over := &override{body: d.body, parts: &p, drawn: f.row.over == nil}
	if old := f.row.over; old != nil {
		over.id, over.drawn = old.id, old.drawn
	}
	return w.storeOver(f.t, f.index, over, s)
}
