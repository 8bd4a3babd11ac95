package lookersim

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// kindWrites is how documents of one kind are written whose members are set
// without more ado: what is special about a kind stands in its functions, of
// which each may be nil.
type kindWrites struct {
	kind     string
	fields   fieldTree // what a request may say
	required []string  // what a creation must say
	defaults string    // what a new document says of itself, a JSON object
	unique   []string  // members that no two items of the kind have alike, together
	fold     bool      // any case is alike
	conflict int       // the status for those, 422 when zero
	// check looks at the request before anything is changed; id is empty for a creation.
	check func(e *edit, d *draft, id string) *refusal
	// fill sets what follows from the request.
	fill func(e *edit, d *draft, id string)
	// fixed says why an item cannot be changed or deleted.
	fixed func(e *edit, d *draft) *refusal
	// dropped clears away what hung on a deleted item.
	dropped func(e *edit, f found)
	// born prepares what the seed would else make up for a new item.
	born func(e *edit, num int32)
	// name is the member that is the id of kinds whose ids are names.
	name string
	// chosen are kinds whose new items are named by the path, not by the request.
	chosen bool
}

func (k kindWrites) create(e *edit) ([]byte, *refusal) {
	for _, name := range k.required {
		if v := lookup(e.sent, name); isNull(v) || string(v) == `""` {
			return nil, missing(name)
		}
	}
	t := e.w.tables[k.kind]
	num := t.next()
	d := draft{t.render(e.w, nil, row{num: num}, nil)}
	d.defaults(k.defaults)
	id := t.idOf(e.w, row{num: num})
	switch {
	case k.chosen:
		id = e.id()
	case k.name != "":
		id = e.text(k.name)
	}
	if k.name != "" {
		d.str(k.name, id)
	}
	d.take(e.sent, k.fields)
	if k.check != nil {
		if no := k.check(e, &d, ""); no != nil {
			return nil, no
		}
	}
	if no := k.free(e, t, &d, ""); no != nil {
		return nil, no
	}
	for _, name := range []string{"created_at", "updated_at"} {
		if lookup(d.body, name) != nil {
			d.time(name, e.now)
		}
	}
	if k.born != nil {
		k.born(e, num)
	}
	if k.fill != nil {
		k.fill(e, &d, id)
	}
	return e.w.answerOf(e.w.storeNew(t, k.name, id, d)), nil
}

// storeNew adds a row with its document.
func (w *world) storeNew(t *table, name, id string, d draft) found {
	over := &override{}
	if name != "" {
		over.id = id
	}
	r := t.grow(w, "")
	i := len(t.rows) - 1
	if t.spec.id != nil {
		delete(t.byID, t.spec.id(w, r.num))
		t.note(id, i)
	}
	t.rows[i].over = over
	return w.store(t, i, d, present)
}

// free checks that no other item has the same name.
func (k kindWrites) free(e *edit, t *table, d *draft, id string) *refusal {
	if len(k.unique) == 0 {
		return nil
	}
	key := func(get func(name string) string) string {
		var parts []string
		for _, name := range k.unique {
			parts = append(parts, get(name))
		}
		text := strings.Join(parts, "\x00")
		if k.fold {
			return strings.ToLower(text)
		}
		return text
	}
	want := key(d.text)
	for _, r := range t.rows {
		if r.state == gone || t.idOf(e.w, r) == id {
			continue
		}
		if key(func(name string) string { return t.attribute(e.w, r, name).text }) == want {
			return taken(cmp.Or(k.conflict, http.StatusUnprocessableEntity), k.unique[0], k.unique[0]+" has already been taken.")
		}
	}
	return nil
}

func (k kindWrites) update(e *edit) ([]byte, *refusal) {
	f, no := e.target(k.kind)
	if no != nil {
		return nil, no
	}
	d := e.w.draftOf(f)
	if k.fixed != nil {
		if no := k.fixed(e, &d); no != nil {
			return nil, no
		}
	}
	if k.name != "" && e.has(k.name) && e.text(k.name) != d.text(k.name) {
		return nil, invalid(k.name, "invalid", k.name+" cannot be changed")
	}
	old := d
	d.take(e.sent, k.fields)
	if k.check != nil {
		if no := k.check(e, &d, e.id()); no != nil {
			return nil, no
		}
	}
	if slices.ContainsFunc(k.unique, func(name string) bool { return d.text(name) != old.text(name) }) {
		if no := k.free(e, f.t, &d, e.id()); no != nil {
			return nil, no
		}
	}
	if lookup(d.body, "updated_at") != nil {
		d.time("updated_at", e.now)
	}
	if k.fill != nil {
		k.fill(e, &d, e.id())
	}
	return e.w.answerOf(e.w.store(f.t, f.index, d, f.row.state)), nil
}

func (k kindWrites) remove(e *edit) ([]byte, *refusal) {
	f, no := e.target(k.kind)
	if no != nil {
		return nil, no
	}
	d := e.w.draftOf(f)
	if k.fixed != nil {
		if no := k.fixed(e, &d); no != nil {
			return nil, no
		}
	}
	e.w.remove(f.t, f.index)
	if f.t.kind == "lookml_models" || f.t.kind == "connections" {
		e.w.listEverything()
	}
	if k.dropped != nil {
		k.dropped(e, f)
	}
	return nil, nil
}

// routes are the writes of a kind below its path.
func (k kindWrites) routes() []route {
	creation := "POST /" + k.kind
	if k.chosen {
		creation += "/{id}"
	}
	return []route{
		{pattern: creation, kind: k.kind, write: k.create},
		{pattern: "PATCH /" + k.kind + "/{id}", kind: k.kind, write: k.update},
		{pattern: "DELETE /" + k.kind + "/{id}", kind: k.kind, write: k.remove},
	}
}
