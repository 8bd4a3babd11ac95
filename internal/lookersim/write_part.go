package lookersim

import (
	"slices"
	"strconv"
)

// partKind is what a part of a dashboard or a board is.
type partKind uint8

const (
	partElement partKind = iota
	partFilter
	partLayout
	partComponent
	partSection // of a board
	partItem    // of a section
)

type partKey struct {
	kind partKind
	id   string
}

// opened is a dashboard that a write takes apart to change it.
type opened struct {
	f     found
	shell draft
	parts
	id string
}

// open takes a dashboard apart. What lies in the trash is not changed.
func (e *edit) open(id string) (*opened, *refusal) {
	f, ok := e.row("dashboards", id)
	if !ok || f.row.state != present {
		return nil, absent
	}
	o := &opened{f: f, id: id}
	o.shell, o.parts = e.w.apart(f)
	return o, nil
}

// close stores the dashboard again.
func (e *edit) close(o *opened) {
	if !e.w.opts.Quirks.StillDates {
		o.shell.touch(e)
	}
	e.w.storeDashboard(o.f, o.shell, o.parts, o.f.row.state)
}

// owned notes which dashboard a new part belongs to.
func (e *edit) owned(kind partKind, id string, o *opened) { e.own(partKey{kind, id}, o.id) }

// own notes which document a new part belongs to.
func (e *edit) own(part partKey, owner string) {
	e.w.partOwners[part] = owner
}

// openPart takes the dashboard apart that the part of the path belongs to.
// Within is where the part lies, the layout of a component in layout.
func (e *edit) openPart(kind partKind) (o *opened, within, layout int, no *refusal) {
	for _, owner := range e.w.ownersOf(kind, e.id()) {
		o, no := e.open(owner)
		if no != nil {
			continue
		}
		if within, layout = o.find(kind, e.id()); within >= 0 {
			return o, within, layout, nil
		}
	}
	return nil, 0, 0, absent
}

// editingPart is a write of the tile, filter or layout that the path names: the i-th of
// its dashboard.
func editingPart(kind partKind, write func(e *edit, o *opened, i int) ([]byte, *refusal)) writeFunc {
	return func(e *edit) ([]byte, *refusal) {
		o, i, _, no := e.openPart(kind)
		if no != nil {
			return nil, no
		}
		return write(e, o, i)
	}
}

func (o *opened) find(kind partKind, id string) (within, layout int) {
	switch kind {
	case partElement:
		return indexOfID(o.elements, id), 0
	case partFilter:
		return indexOfID(o.filters, id), 0
	case partLayout:
		return o.layoutOf(id), 0
	}
	for k, l := range o.layouts {
		if i := indexOfID(l.components, id); i >= 0 {
			return i, k
		}
	}
	return -1, 0
}

func (o *opened) layoutOf(id string) int {
	return slices.IndexFunc(o.layouts, func(l layout) bool { return rawValue(lookup(l.doc, "id")).text == id })
}

// ownersOf are the dashboards that a part may belong to: a new part is known,
// ids that the seed made tell it, and of documents from elsewhere all are tried.
func (w *world) ownersOf(kind partKind, id string) []string {
	if owner, ok := w.partOwners[partKey{kind, id}]; ok {
		return []string{owner}
	}
	var list []string
	if n, err := strconv.ParseInt(id, 10, 64); err == nil {
		list = append(list, strconv.FormatInt(map[partKind]int64{
			partElement: n / int64(w.tileStride), partFilter: n / 8, partLayout: n / 2, partComponent: n / 2 / int64(w.tileStride),
		}[kind], 10))
	}
	for f := range w.tables["dashboards"].present() {
		if over := f.row.over; over != nil && !over.drawn {
			list = append(list, f.t.idOf(w, f.row))
		}
	}
	return list
}

var componentFields = fieldSet("row column width height deleted granular_row granular_column granular_width granular_height")

// updateComponent moves a tile of a layout.
func updateComponent(e *edit) ([]byte, *refusal) {
	o, i, k, no := e.openPart(partComponent)
	if no != nil {
		return nil, no
	}
	l := o.layouts[k]
	d := draft{l.components[i]}
	for _, name := range []string{"dashboard_layout_id", "dashboard_element_id"} {
		if e.has(name) && e.text(name) != d.text(name) {
			return nil, invalid(name, "invalid", name+" cannot be changed")
		}
	}
	d.take(e.sent, componentFields)
	o.layouts = slices.Clone(o.layouts)
	o.layouts[k] = layout{l.doc, replaced(l.components, i, d.body)}
	e.close(o)
	return d.body, nil
}

// place adds a component for a tile below what a layout holds.
func (e *edit) place(o *opened, k int, element string) {
	l := o.layouts[k]
	row := int64(0)
	for _, doc := range l.components {
		top, height := rawValue(lookup(doc, "row")).text, rawValue(lookup(doc, "height")).text
		a, _ := strconv.ParseInt(top, 10, 32) // null counts as 0
		b, _ := strconv.ParseInt(height, 10, 32)
		row = max(row, a+b)
	}
	id := e.w.partID()
	c := begin(nil)
	c.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
	c.str("id", id)
	c.str("dashboard_layout_id", rawValue(lookup(l.doc, "id")).text)
	c.str("dashboard_element_id", element)
	c.num("row", row)
	c.num("column", 0)
	c.num("width", 8)
	c.num("height", 6)
	c.members(`"deleted":false,"element_title":null,"element_title_hidden":false,"vis_type":"looker_column","granular_row":null,"granular_column":null,` +
		`"granular_width":null,"granular_height":null`)
	o.layouts = slices.Clone(o.layouts)
	o.layouts[k] = layout{l.doc, append(slices.Clone(l.components), c.end())}
	e.owned(partComponent, id, o)
}

var layoutFields = fieldSet("type active width column_width label description order lookml_link_id")

func createLayout(e *edit) ([]byte, *refusal) {
	if e.text("dashboard_id") == "" {
		return nil, missing("dashboard_id")
	}
	o, no := e.open(e.text("dashboard_id"))
	if no != nil {
		return nil, no
	}
	d := draft{e.newLayout(o.id, o.shell.text("title"), int64(len(o.layouts)), false)}
	d.take(e.sent, layoutFields)
	o.layouts = append(slices.Clone(o.layouts), layout{doc: d.body})
	last := len(o.layouts) - 1
	e.owned(partLayout, d.text("id"), o)
	for _, element := range o.elements {
		e.place(o, last, rawValue(lookup(element, "id")).text)
	}
	o.activate(last)
	e.close(o)
	return o.layouts[last].join(nil), nil
}

// activate leaves no other layout active when that one is.
func (o *opened) activate(i int) {
	if rawValue(lookup(o.layouts[i].doc, "active")).text != "true" {
		return
	}
	for k, l := range o.layouts {
		if k != i {
			o.layouts[k] = layout{set(l.doc, "active", []byte("false")), l.components}
		}
	}
}

func updateLayout(e *edit, o *opened, i int) ([]byte, *refusal) {
	l := o.layouts[i]
	if e.text("active") == "false" && rawValue(lookup(l.doc, "active")).text == "true" {
		return nil, invalid("active", "invalid", "A dashboard has one active layout: activate another")
	}
	d := draft{l.doc}
	d.take(e.sent, layoutFields)
	o.layouts = slices.Clone(o.layouts)
	o.layouts[i] = layout{d.body, l.components}
	o.activate(i)
	e.close(o)
	return o.layouts[i].join(nil), nil
}

func deleteLayout(e *edit, o *opened, i int) ([]byte, *refusal) {
	if rawValue(lookup(o.layouts[i].doc, "active")).text == "true" {
		return nil, invalid("id", "invalid", "The active layout cannot be deleted")
	}
	o.layouts = slices.Delete(slices.Clone(o.layouts), i, i+1)
	e.close(o)
	return nil, nil
}

var filterFields = fieldSet("name title type default_value model explore dimension row listens_to_filters allow_multiple_values required ui_config")

func createFilter(e *edit) ([]byte, *refusal) {
	for _, name := range []string{"dashboard_id", "name", "title", "type"} {
		if e.text(name) == "" {
			return nil, missing(name)
		}
	}
	o, no := e.open(e.text("dashboard_id"))
	if no != nil {
		return nil, no
	}
	d := draft{[]byte(`{"can":{"index":true,"show":true,"create":true,"update":true,"destroy":true},"id":null,"dashboard_id":null,"name":null,"title":null,"type":null,
		"default_value":null,"model":null,"explore":null,"dimension":null,"field":null,"row":0,"listens_to_filters":[],"allow_multiple_values":true,"required":false,"ui_config":null}`)}
	d.body = accepted("", d.body)
	d.str("id", e.w.partID())
	d.str("dashboard_id", o.id)
	d.num("row", int64(len(o.filters)))
	if no := e.fillFilter(o, &d); no != nil {
		return nil, no
	}
	o.filters = append(slices.Clone(o.filters), d.body)
	e.owned(partFilter, d.text("id"), o)
	e.close(o)
	return d.body, nil
}

// fillFilter sets what a request says of a filter. Names and titles are unique
// within a dashboard.
func (e *edit) fillFilter(o *opened, d *draft) *refusal {
	d.take(e.sent, filterFields)
	for _, name := range []string{"name", "title"} {
		if d.text(name) == "" {
			return missing(name)
		}
		for _, other := range o.filters {
			if rawValue(lookup(other, "id")).text != d.text("id") && rawValue(lookup(other, name)).text == d.text(name) {
				return taken(422, name, "Filter with this "+name+" already exists.")
			}
		}
	}
	if d.text("type") == "field_filter" && d.text("dimension") != "" {
		d.raw("field", []byte(e.w.filterField()))
	} else {
		d.null("field")
	}
	return nil
}

func updateFilter(e *edit, o *opened, i int) ([]byte, *refusal) {
	d := draft{o.filters[i]}
	if no := e.fillFilter(o, &d); no != nil {
		return nil, no
	}
	o.filters = replaced(o.filters, i, d.body)
	e.close(o)
	return d.body, nil
}

func deleteFilter(e *edit, o *opened, i int) ([]byte, *refusal) {
	o.filters = slices.Delete(slices.Clone(o.filters), i, i+1)
	e.close(o)
	return nil, nil
}
