package lookersim

import (
	"net/http"
	"strconv"
)

func createFolder(e *edit) ([]byte, *refusal) {
	name, parent := e.text("name"), e.text("parent_id")
	switch {
	case name == "":
		return nil, missing("name")
	case parent == "":
		return nil, missing("parent_id")
	}
	above, ok := e.row("folders", parent)
	switch {
	case !ok:
		return nil, absent
	case parent == strconv.Itoa(usersRoot) || parent == strconv.Itoa(embedUsersTop) || parent == lookmlFolder:
		return nil, forbidden(http.StatusForbidden, "Folders of people are made by the server")
	}
	if no := e.folderNameFree(name, parent, ""); no != nil {
		return nil, no
	}
	up := e.w.draftOf(above)
	f := e.w.create(e.w.tables["folders"], func(d *draft, id string) {
		e.w.inheritAccess(metadataID(metaFolder, int32(number(id))))
		d.str("name", name)
		d.str("parent_id", parent)
		d.raw("creator_id", quoted(nil, callerID))
		d.time("created_at", e.now)
		d.zero("child_count")
		d.yes("is_personal_descendant", up.text("is_personal") == "true" || up.text("is_personal_descendant") == "true")
	})
	e.countChildren(parent)
	return e.w.answerOf(f), nil
}

// folderNameFree checks that no other folder of the same parent has the name.
func (e *edit) folderNameFree(name, parent, but string) *refusal {
	for _, f := range e.w.foldersIn(parent) {
		id := f.t.idOf(e.w, f.row)
		if id != but && f.t.attribute(e.w, f.row, "name").text == name {
			return taken(http.StatusConflict, "name", "A folder with this name already exists.")
		}
	}
	return nil
}

// foldersIn lists the folders right below one.
func (w *world) foldersIn(parent string) []found {
	var list []found
	for f := range w.tables["folders"].present() {
		if w.parentOf(f.row) == parent {
			list = append(list, f)
		}
	}
	return list
}

// parentOf is the id of the folder above one, empty for roots.
func (w *world) parentOf(r row) string {
	if r.over != nil && r.over.body != nil {
		return rawValue(lookup(r.over.body, "parent_id")).text
	}
	if parent := w.folderInfo(r.num).parent; parent != 0 {
		return strconv.Itoa(int(parent))
	}
	return ""
}

// countChildren sets how many folders a folder says that it holds.
func (e *edit) countChildren(id string) {
	f, ok := e.row("folders", id)
	if !ok {
		return
	}
	d := e.w.draftOf(f)
	d.num("child_count", int64(len(e.w.foldersIn(id))))
	e.w.store(f.t, f.index, d, f.row.state)
}

// builtInFolder reports whether a folder is one that every instance has.
func (w *world) builtInFolder(r row) bool {
	return w.tables["folders"].idOf(w, r) == lookmlFolder || r.num <= embedUsersTop
}

func updateFolder(e *edit, f found) ([]byte, *refusal) {
	if e.w.builtInFolder(f.row) {
		return nil, invalid("id", "invalid", "This folder cannot be changed")
	}
	d := e.w.draftOf(f)
	id, name, from := e.id(), d.text("name"), d.text("parent_id")
	to := from
	if e.has("name") {
		if name = e.text("name"); name == "" {
			return nil, missing("name")
		}
	}
	if e.has("parent_id") {
		to = e.text("parent_id")
		if no := e.mayMove(id, to); no != nil {
			return nil, no
		}
	}
	if name != d.text("name") || to != from {
		if no := e.folderNameFree(name, to, id); no != nil {
			return nil, no
		}
	}
	d.str("name", name)
	d.str("parent_id", to)
	f = e.w.store(f.t, f.index, d, f.row.state)
	if to != from {
		e.countChildren(from)
		e.countChildren(to)
	}
	return e.w.answerOf(f), nil
}

// mayMove checks that a folder may lie below another.
func (e *edit) mayMove(id, to string) *refusal {
	if _, ok := e.row("folders", to); !ok {
		return unknown("parent_id", to)
	}
	for at := to; at != ""; {
		if at == id {
			return invalid("parent_id", "invalid", "A folder cannot lie in itself")
		}
		f, ok := e.row("folders", at)
		if !ok {
			break
		}
		at = e.w.parentOf(f.row)
	}
	return nil
}

// deleteFolder takes everything in the folder along: folders below it are gone,
// dashboards and looks go to the trash.
func deleteFolder(e *edit, f found) ([]byte, *refusal) {
	if e.w.builtInFolder(f.row) {
		return nil, invalid("id", "invalid", "This folder cannot be deleted")
	}
	parent := e.w.parentOf(f.row)
	e.dropFolder(f)
	e.countChildren(parent)
	return nil, nil
}

func (e *edit) dropFolder(f found) {
	w := e.w
	id := f.t.idOf(w, f.row)
	for _, below := range w.foldersIn(id) {
		e.dropFolder(below)
	}
	for _, kind := range []string{"dashboards", "looks"} {
		for below := range w.tables[kind].present() {
			if w.keysOfRow(below.t, below.row).folder == id {
				e.discard(below, true)
			}
		}
	}
	w.remove(f.t, f.index)
}

// keysOfRow are the unique members of a dashboard or a look.
func (w *world) keysOfRow(t *table, r row) keys {
	switch {
	case r.over != nil:
		return r.over.keys
	case t.kind == "looks":
		l := w.lookInfo(r.num)
		return keys{title: l.title, folder: strconv.Itoa(int(l.folder))}
	}
	d := w.dashboardInfo(r.num)
	return keys{title: d.title, folder: strconv.Itoa(int(d.folder)), slug: string(d.slug[:])}
}

// discard moves a dashboard or a look into the trash or out of it.
func (e *edit) discard(f found, away bool) {
	if f.t.kind == "dashboards" {
		d, p := e.w.apart(f)
		d.discard(e, away)
		e.w.storeDashboard(f, d, p, stateAs(away))
		return
	}
	d := e.w.draftOf(f)
	d.discard(e, away)
	e.w.store(f.t, f.index, d, stateAs(away))
}

func stateAs(away bool) state {
	if away {
		return trashed
	}
	return present
}
