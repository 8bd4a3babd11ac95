package lookersim

import (
	"fmt"
	"net/http"
)

// lookFields are what a request may say about a look; what refers to others is
// checked and set apart.
var lookFields = fieldSet("title description is_run_on_load")

func createLook(e *edit) ([]byte, *refusal) {
	for _, name := range []string{"title", "query_id", "folder_id"} {
		if e.text(name) == "" {
			return nil, missing(name)
		}
	}
	if no := e.checkLook("", keys{}, e.flag("deleted")); no != nil {
		return nil, no
	}
	f := e.w.create(e.w.tables["looks"], func(d *draft, id string) {
		d.defaults(`{"description":null,"deleted":false,"deleted_at":null,"deleter_id":null,"is_run_on_load":true,"favorite_count":0,"view_count":0,"usage_count":0,
			"last_accessed_at":null,"last_viewed_at":null,"certification_metadata":null,"content_favorite_id":null,"public":false}`)
		d.raw("user_id", quoted(nil, callerID))
		d.time("created_at", e.now)
		e.fillLook(d, id)
	})
	return e.w.answerOf(f), nil
}

// checkLook checks what a request says about a look that is, or will be, where
// the keys say.
func (e *edit) checkLook(id string, old keys, trash bool) *refusal {
	if e.has("query_id") {
		if _, _, ok := e.w.queryNamed(e.text("query_id")); !ok {
			return unknown("query_id", e.text("query_id"))
		}
	}
	return e.checkContent("looks", id, old, trash)
}

// checkContent checks title, folder and owner of a dashboard or a look. Among
// what lies in a folder, the trash left out, titles are unique.
func (e *edit) checkContent(kind, id string, old keys, trash bool) *refusal {
	next := old
	if e.has("title") {
		if next.title = e.text("title"); next.title == "" {
			return missing("title")
		}
	}
	if e.has("folder_id") {
		if next.folder = e.text("folder_id"); next.folder == lookmlFolder {
			return invalid("folder_id", "invalid", "LookML dashboards live in projects")
		}
	}
	if no := e.refers("user_id", "users"); no != nil {
		return no
	}
	moved := next.title != old.title || next.folder != old.folder
	if trash || !moved && !e.has("deleted") {
		return nil
	}
	if _, ok := e.row("folders", next.folder); !ok {
		return unknown("folder_id", next.folder)
	}
	for f := range e.w.tables[kind].present() {
		if k := e.w.keysOfRow(f.t, f.row); f.t.idOf(e.w, f.row) != id && k.title == next.title && k.folder == next.folder {
			return taken(http.StatusUnprocessableEntity, "title", "Title has already been taken in this folder.")
		}
	}
	return nil
}

// fillLook sets what a request says, and what follows from it.
func (e *edit) fillLook(d *draft, id string) {
	d.take(e.sent, lookFields)
	e.fillPlace(d)
	if e.has("query_id") {
		number, query, _ := e.w.queryNamed(e.text("query_id"))
		d.str("query_id", e.w.queryName(number))
		d.raw("query", query)
		m := begin(nil)
		m.str("id", rawValue(lookup(query, "model")).text)
		m.str("label", rawValue(lookup(query, "model")).text)
		d.raw("model", m.end())
	}
	if e.has("public") && e.flag("public") != (d.text("public") == "true") || d.text("public") == "false" {
		d.publish(e, id, e.flag("public"))
	}
	d.touch(e)
}

// fillPlace sets folder and owner with what documents repeat of them.
func (e *edit) fillPlace(d *draft) {
	if e.has("folder_id") {
		d.str("folder_id", e.text("folder_id"))
		if f, ok := e.row("folders", e.text("folder_id")); ok {
			d.raw("folder", e.w.draftOf(f).body)
		}
	}
	if e.text("user_id") != "" {
		d.str("user_id", e.text("user_id"))
	}
	d.str("user_name", e.w.displayName(d.text("user_id")))
}

// displayName is the name of a user by id, empty for nobody.
func (w *world) displayName(id string) string {
	t := w.tables["users"]
	r, _, ok := t.find(id)
	if !ok {
		return ""
	}
	return t.attribute(w, r, "display_name").text
}

// publish gives a look its public addresses, or takes them away.
func (d *draft) publish(e *edit, id string, public bool) {
	d.yes("public", public)
	if !public {
		d.null("embed_url", "excel_file_url", "google_spreadsheet_formula", "image_embed_url", "public_slug", "public_url")
		return
	}
	r := seeded(e.w.seed, hashOf("public look "+id), uint64(e.now))
	slug := string(r.slug(nil, 32))
	d.str("embed_url", host+"/embed/public/"+slug)
	d.str("excel_file_url", host+"/looks/"+slug+".xlsx?apply_formatting=true&apply_vis=true")
	d.str("google_spreadsheet_formula", fmt.Sprintf(`=ImportXML("%s/looks/%s.html?a=1&b=2", "//tr")`, host, slug))
	d.str("image_embed_url", host+"/looks/"+slug+".png")
	d.str("public_slug", slug)
	d.str("public_url", host+"/looks/"+slug)
}

func updateLook(e *edit, f found) ([]byte, *refusal) {
	away := e.flag("deleted") || !e.has("deleted") && f.row.state == trashed
	if no := e.checkLook(e.id(), e.w.keysOfRow(f.t, f.row), away); no != nil {
		return nil, no
	}
	d := e.w.draftOf(f)
	d.discard(e, away)
	e.fillLook(&d, e.id())
	return e.w.answerOf(e.w.store(f.t, f.index, d, stateAs(away))), nil
}

// deleteLook deletes a look for good, with its schedules.
func deleteLook(e *edit, f found) ([]byte, *refusal) {
	e.dropContent(f)
	return nil, nil
}

// dropContent deletes a dashboard or a look for good, and what hangs on it.
func (e *edit) dropContent(f found) {
	id := f.t.idOf(e.w, f.row)
	if f.t.kind == "looks" {
		e.w.remove(f.t, f.index)
		e.dropWhere("scheduled_plans", "look_id", id)
		return
	}
	_, p := e.w.apart(f)
	e.w.remove(f.t, f.index)
	e.dropWhere("scheduled_plans", "dashboard_id", id)
	gone := map[string]bool{}
	for _, tile := range p.elements {
		gone[rawValue(lookup(tile, "id")).text] = true
	}
	e.dropIf("alerts", "dashboard_element_id", func(id string) bool { return gone[id] })
}
