package lookersim

import (
	"slices"
	"strconv"
	"strings"
)

var (
	boardFields   = fieldSet("title description user_id section_order deleted_at")
	sectionFields = fieldSet("title description item_order deleted_at")
	itemFields    = fieldSet("custom_description custom_title custom_url dashboard_id look_id lookml_dashboard_id order use_custom_description use_custom_title use_custom_url use_custom_image")
)

func boardWrites() kindWrites {
	return kindWrites{kind: "boards", fields: boardFields, required: []string{"title"},
		defaults: `{"description":null,"board_sections":[],"section_order":[],"deleted_at":null,"primary_homepage":false,"user_id":"1"}`,
		check: func(e *edit, d *draft, _ string) *refusal {
			if d.text("title") == "" {
				return missing("title")
			}
			if e.has("section_order") && !sameMembers(lookup(d.body, "section_order"), lookup(d.body, "board_sections")) {
				return invalid("section_order", "invalid", "section_order must name the sections of the board")
			}
			return e.refers("user_id", "users")
		},
		born: func(e *edit, num int32) { e.w.ownAccess(metadataID(metaBoard, num)) },
	}
}

// sameMembers reports whether a list of ids names exactly the documents of an array.
func sameMembers(ids, array []byte) bool {
	want, have := rawValue(ids).list, []string{}
	for from, to := range elements(array) {
		have = append(have, rawValue(lookup(array[from:to], "id")).text)
	}
	slices.Sort(want)
	slices.Sort(have)
	return slices.Equal(want, have)
}

// board is a board that a write takes apart.
type board struct {
	f        found
	shell    draft
	sections []section
}

type section struct {
	doc   draft
	items [][]byte
}

func (e *edit) openBoard(id string) (*board, bool) {
	f, ok := e.row("boards", id)
	if !ok {
		return nil, false
	}
	b := &board{f: f, shell: e.w.draftOf(f)}
	for _, doc := range list(lookup(b.shell.body, "board_sections")) {
		b.sections = append(b.sections, section{draft{doc}, list(lookup(doc, "board_items"))})
	}
	return b, true
}

func (e *edit) closeBoard(b *board) {
	out := []byte{'['}
	for _, s := range b.sections {
		out = comma(out)
		s.doc.raw("board_items", joined(nil, s.items, nil))
		s.doc.raw("visible_item_order", lookup(s.doc.body, "item_order"))
		out = append(out, s.doc.body...)
	}
	b.shell.raw("board_sections", append(out, ']'))
	b.shell.time("updated_at", e.now)
	e.w.store(b.f.t, b.f.index, b.shell, b.f.row.state)
}

// openSection finds a section: an id that the seed made tells its board.
func (e *edit) openSection(id string) (*board, int, bool) {
	owner, ok := e.w.partOwners[partKey{partSection, id}]
	if !ok {
		owner = strconv.FormatInt(number(id)/8, 10)
	}
	b, ok := e.openBoard(owner)
	if !ok {
		return nil, 0, false
	}
	i := slices.IndexFunc(b.sections, func(s section) bool { return s.doc.text("id") == id })
	return b, i, i >= 0
}

// openItem finds an item of a board.
func (e *edit) openItem(id string) (b *board, in, at int, ok bool) {
	owner, ok := e.w.partOwners[partKey{partItem, id}]
	if !ok {
		owner = strconv.FormatInt(number(id)/64, 10)
	}
	if b, ok = e.openBoard(owner); !ok {
		return nil, 0, 0, false
	}
	for i, s := range b.sections {
		if k := indexOfID(s.items, id); k >= 0 {
			return b, i, k, true
		}
	}
	return nil, 0, 0, false
}

// ordered adds an id to a list of ids, or takes it away.
func (d *draft) ordered(name, id string, in bool) {
	ids := slices.DeleteFunc(rawValue(lookup(d.body, name)).list, func(other string) bool { return other == id })
	if in {
		ids = append(ids, id)
	}
	o := begin(nil)
	o.strs(name, ids...)
	d.raw(name, lookup(o.end(), name))
}

func createSection(e *edit) ([]byte, *refusal) {
	if e.text("board_id") == "" {
		return nil, missing("board_id")
	}
	b, ok := e.openBoard(e.text("board_id"))
	if !ok {
		return nil, absent
	}
	d := draft{[]byte(`{"can":{"index":true,"show":true,"update":true},"created_at":null,"deleted_at":null,"description":null,"board_id":null,"board_items":[],"id":null,` +
		`"item_order":[],"visible_item_order":[],"title":null,"updated_at":null}`)}
	d.take(e.sent, fieldSet("title description"))
	d.str("id", e.w.partID())
	d.str("board_id", b.shell.text("id"))
	d.time("created_at", e.now)
	d.time("updated_at", e.now)
	b.sections = append(b.sections, section{doc: d})
	b.shell.ordered("section_order", d.text("id"), true)
	e.own(partKey{partSection, d.text("id")}, b.shell.text("id"))
	e.closeBoard(b)
	return d.body, nil
}

func updateSection(e *edit) ([]byte, *refusal) {
	b, i, ok := e.openSection(e.id())
	if !ok {
		return nil, absent
	}
	s := &b.sections[i]
	if e.has("board_id") && e.text("board_id") != b.shell.text("id") {
		return nil, invalid("board_id", "invalid", "A section stays on its board")
	}
	s.doc.take(e.sent, sectionFields)
	if e.has("item_order") && !sameMembers(lookup(s.doc.body, "item_order"), joined(nil, s.items, nil)) {
		return nil, invalid("item_order", "invalid", "item_order must name the items of the section")
	}
	s.doc.time("updated_at", e.now)
	e.closeBoard(b)
	return b.section(e, i), nil
}

// section is a section as the stored board has it.
func (b *board) section(e *edit, i int) []byte {
	after, _ := e.openBoard(b.shell.text("id"))
	return after.sections[i].doc.body
}

func deleteSection(e *edit) ([]byte, *refusal) {
	b, i, ok := e.openSection(e.id())
	if !ok {
		return nil, absent
	}
	b.sections = slices.Delete(b.sections, i, i+1)
	b.shell.ordered("section_order", e.id(), false)
	e.closeBoard(b)
	return nil, nil
}

func createItem(e *edit) ([]byte, *refusal) {
	if e.text("board_section_id") == "" {
		return nil, missing("board_section_id")
	}
	b, i, ok := e.openSection(e.text("board_section_id"))
	if !ok {
		return nil, absent
	}
	d := draft{[]byte(`{"can":{"index":true,"show":true,"update":true},"content_created_by":null,"content_favorite_id":null,"content_metadata_id":null,"content_updated_at":null,` +
		`"custom_description":null,"custom_title":null,"custom_url":null,"dashboard_id":null,"description":null,"favorite_count":0,"board_section_id":null,"id":null,"image_url":null,` +
		`"location":null,"look_id":null,"lookml_dashboard_id":null,"order":0,"title":null,"url":null,"use_custom_description":false,"use_custom_title":false,"use_custom_url":false,` +
		`"view_count":0,"custom_image_url":null,"use_custom_image":false}`)}
	d.num("order", int64(len(b.sections[i].items)))
	if no := e.fillItem(&d); no != nil {
		return nil, no
	}
	d.str("id", e.w.partID())
	d.str("board_section_id", e.text("board_section_id"))
	s := &b.sections[i]
	s.items = append(s.items, d.body)
	s.doc.ordered("item_order", d.text("id"), true)
	e.own(partKey{partItem, d.text("id")}, b.shell.text("id"))
	e.closeBoard(b)
	return d.body, nil
}

// fillItem sets what an item shows.
func (e *edit) fillItem(d *draft) *refusal {
	d.take(e.sent, itemFields)
	count := 0
	for name, kind := range map[string]string{"dashboard_id": "dashboards", "look_id": "looks", "lookml_dashboard_id": "lookml_dashboards"} {
		if d.text(name) == "" {
			continue
		}
		count++
		f, ok := e.row(kind, d.text(name))
		if !ok {
			return unknown(name, d.text(name))
		}
		title := f.t.attribute(e.w, f.row, "title").text
		d.str("title", title)
		d.str("url", "/"+strings.TrimPrefix(kind, "lookml_")+"/"+d.text(name))
		if v := f.t.attribute(e.w, f.row, "content_metadata_id"); !v.null {
			d.str("content_metadata_id", v.text)
		}
	}
	if count > 1 {
		return invalid("dashboard_id", "invalid", "An item shows one thing")
	}
	if count == 0 {
		if d.text("custom_url") == "" {
			return missing("dashboard_id")
		}
		d.str("url", d.text("custom_url"))
	}
	return nil
}

func updateItem(e *edit) ([]byte, *refusal) {
	b, in, at, ok := e.openItem(e.id())
	if !ok {
		return nil, absent
	}
	d := draft{b.sections[in].items[at]}
	if no := e.fillItem(&d); no != nil {
		return nil, no
	}
	to := in
	if id := e.text("board_section_id"); id != "" {
		if to = slices.IndexFunc(b.sections, func(s section) bool { return s.doc.text("id") == id }); to < 0 {
			return nil, unknown("board_section_id", id)
		}
		d.str("board_section_id", id)
	}
	b.sections[in].items = slices.Delete(b.sections[in].items, at, at+1)
	if to != in {
		b.sections[in].doc.ordered("item_order", e.id(), false)
		b.sections[to].doc.ordered("item_order", e.id(), true)
		at = len(b.sections[to].items)
	}
	b.sections[to].items = slices.Insert(b.sections[to].items, at, d.body)
	e.closeBoard(b)
	return d.body, nil
}

func deleteItem(e *edit) ([]byte, *refusal) {
	b, in, at, ok := e.openItem(e.id())
	if !ok {
		return nil, absent
	}
	b.sections[in].items = slices.Delete(b.sections[in].items, at, at+1)
	b.sections[in].doc.ordered("item_order", e.id(), false)
	e.closeBoard(b)
	return nil, nil
}
