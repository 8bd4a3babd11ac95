package lookersim

import (
	"slices"
	"strings"
)

var tileFields = fieldSet("body_text note_display note_state note_text refresh_interval rich_content_json subtitle_text title title_hidden title_text " +
	"aria_description filter_id extension_id")

// newTile is a tile of which a request says nothing.
const newTile = `{"body_text":null,"body_text_as_html":null,"dashboard_id":null,"dashboard_layout_id":null,"edit_uri":null,"id":null,"look":null,"look_id":null,"lookml_link_id":null,` +
	`"merge_result_id":null,"query":null,"query_id":null,"note_display":null,"note_state":null,"note_text":null,"note_text_as_html":null,"refresh_interval":null,` +
	`"refresh_interval_to_i":null,"filter_id":null,"result_maker":null,"result_maker_id":null,"subtitle_text":null,"title":null,"title_hidden":false,"title_text":null,` +
	`"type":null,"rich_content_json":null,"extension_id":null,"alert_count":0,"title_text_as_html":null,"subtitle_text_as_html":null,"aria_description":null,` +
	`"certification_metadata":null}`

// shown names what a tile may show; it shows exactly one of them, or is text.
var shown = []string{"look_id", "query_id", "merge_result_id", "extension_id"}

func isText(kind string) bool { return kind == "text" || kind == "button" }

func createTile(e *edit) ([]byte, *refusal) {
	if e.text("dashboard_id") == "" {
		return nil, missing("dashboard_id")
	}
	o, no := e.open(e.text("dashboard_id"))
	if no != nil {
		return nil, no
	}
	d := draft{set([]byte(newTile), "can", []byte(tileCan))}
	d.str("id", e.w.partID())
	d.str("dashboard_id", o.id)
	d.str("type", e.tileType())
	d.str("dashboard_layout_id", rawValue(lookup(o.layouts[o.active()].doc, "id")).text)
	if no := e.fillTile(o, &d); no != nil {
		return nil, no
	}
	o.elements = append(slices.Clone(o.elements), d.body)
	e.owned(partElement, d.text("id"), o)
	for k := range o.layouts {
		e.place(o, k, d.text("id"))
	}
	e.close(o)
	return d.body, nil
}

// tileType is the type that a request gives, or what it amounts to.
func (e *edit) tileType() string {
	if kind := e.text("type"); kind != "" {
		return kind
	}
	for _, name := range shown {
		if e.text(name) != "" {
			return "vis"
		}
	}
	return "text"
}

// fillTile sets what a request says of a tile.
func (e *edit) fillTile(o *opened, d *draft) *refusal {
	if no := e.checkTile(d); no != nil {
		return no
	}
	d.take(e.sent, tileFields)
	for _, name := range []string{"body_text", "note_text", "title_text", "subtitle_text"} {
		if e.has(name) {
			d.opt(name+"_as_html", strings.ReplaceAll(d.text(name), "\n", "<br>\n"))
		}
	}
	if id := e.text("dashboard_layout_id"); id != "" {
		if o.layoutOf(id) < 0 {
			return unknown("dashboard_layout_id", id)
		}
		d.str("dashboard_layout_id", id)
	}
	if e.showsOther() {
		e.fillShown(d)
	}
	if m := lookup(e.sent, "result_maker"); len(m) > 0 && m[0] == '{' && lookup(m, "filterables") != nil && !isNull(lookup(d.body, "result_maker")) {
		d.raw("result_maker", set(lookup(d.body, "result_maker"), "filterables", accepted("", lookup(m, "filterables"))))
	}
	return nil
}

// active is the layout that a dashboard is seen with.
func (o *opened) active() int {
	for i, l := range o.layouts {
		if rawValue(lookup(l.doc, "active")).text == "true" {
			return i
		}
	}
	return 0
}

// showsOther reports whether a request says what a tile shows.
func (e *edit) showsOther() bool { return slices.ContainsFunc(shown, e.has) }

// checkTile checks the rules of types: tiles of text show nothing, others
// exactly one thing.
func (e *edit) checkTile(d *draft) *refusal {
	kind := d.text("type")
	if e.has("type") && isText(e.text("type")) != isText(kind) {
		return invalid("type", "invalid", "The type of a tile cannot change between text and visualization")
	}
	if isText(kind) {
		for _, name := range append(slices.Clone(shown), "result_maker_id") {
			if e.text(name) != "" {
				return invalid("result_maker_id", "invalid", "Result Maker IDs should not be provided for text elements")
			}
		}
		return nil
	}
	if !e.showsOther() && d.text("result_maker_id") != "" {
		return nil
	}
	var shows []string
	for _, name := range shown {
		if e.text(name) != "" || !e.has(name) && d.text(name) != "" {
			shows = append(shows, name)
		}
	}
	switch {
	case len(shows) == 0:
		return invalid("query_id", "missing_field", "Must provide either a look_id, query_id, merge_result_id or extension_id")
	case len(shows) > 1:
		return invalid(shows[1], "invalid", "Must provide only one of look_id, query_id, merge_result_id and extension_id")
	}
	return e.checkShown(shows[0])
}

// checkShown checks that what a request names is there.
func (e *edit) checkShown(name string) *refusal {
	id, ok := e.text(name), true
	switch {
	case id == "":
	case name == "look_id":
		_, ok = e.row("looks", id)
	case name == "query_id":
		_, _, ok = e.w.queryNamed(id)
	case name == "merge_result_id":
		_, ok = e.w.mergeNamed(id)
	}
	if !ok {
		return unknown(name, id)
	}
	return nil
}

// fillShown sets what a tile shows, and the result maker that servers make of it.
func (e *edit) fillShown(d *draft) {
	for _, name := range shown {
		if e.has(name) {
			d.opt(name, e.text(name))
		}
	}
	d.null("look", "query")
	m := draft{[]byte(`{"id":null,"dynamic_fields":null,"filterables":[],"sorts":null,"merge_result_id":null,"total":false,"query_id":null,"sql_query_id":null,"query":null,"vis_config":null}`)}
	if old := lookup(d.body, "result_maker"); !isNull(old) {
		m.raw("filterables", lookup(old, "filterables"))
	}
	var from []byte
	switch {
	case d.text("look_id") != "":
		f, _ := e.row("looks", d.text("look_id"))
		look := f.t.document(e.w, nil, f.row, nil)
		d.raw("look", look)
		from = lookup(look, "query")
	case d.text("query_id") != "":
		id, query, _ := e.w.queryNamed(d.text("query_id"))
		d.raw("query", query)
		d.str("query_id", e.w.queryName(id))
		m.raw("query", query)
		m.str("query_id", e.w.queryName(id))
		from = query
	case d.text("merge_result_id") != "":
		from, _ = e.w.mergeNamed(d.text("merge_result_id"))
		m.str("merge_result_id", d.text("merge_result_id"))
	default:
		d.null("result_maker", "result_maker_id")
		return
	}
	for _, name := range []string{"dynamic_fields", "sorts", "vis_config"} {
		if v := lookup(from, name); v != nil {
			m.raw(name, v)
		}
	}
	if d.text("result_maker_id") == "" {
		d.str("result_maker_id", e.w.partID())
	}
	m.str("id", d.text("result_maker_id"))
	d.raw("result_maker", m.body)
}

func updateTile(e *edit, o *opened, i int) ([]byte, *refusal) {
	d := draft{o.elements[i]}
	if no := e.fillTile(o, &d); no != nil {
		return nil, no
	}
	o.elements = replaced(o.elements, i, d.body)
	e.close(o)
	return e.w.echoTile(nil, d.body), nil
}

// deleteTile takes the tile's places and its alerts along.
func deleteTile(e *edit, o *opened, i int) ([]byte, *refusal) {
	o.elements = slices.Delete(slices.Clone(o.elements), i, i+1)
	o.layouts = slices.Clone(o.layouts)
	for k, l := range o.layouts {
		kept := slices.DeleteFunc(slices.Clone(l.components), func(c []byte) bool {
			return rawValue(lookup(c, "dashboard_element_id")).text == e.id()
		})
		o.layouts[k] = layout{l.doc, kept}
	}
	e.close(o)
	e.dropWhere("alerts", "dashboard_element_id", e.id())
	return nil, nil
}

// dropWhere deletes the items of a kind whose member names something that is gone.
func (e *edit) dropWhere(kind, member, id string) {
	e.dropIf(kind, member, func(other string) bool { return other == id })
}

func (e *edit) dropIf(kind, member string, gone func(id string) bool) {
	for f := range e.w.tables[kind].present() {
		if gone(f.t.attribute(e.w, f.row, member).text) {
			e.w.remove(f.t, f.index)
		}
	}
}
