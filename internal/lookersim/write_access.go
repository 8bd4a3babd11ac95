package lookersim

import (
	"slices"
	"strconv"
)

// accessOverlay is what writes made of who may see what, guarded by the world's lock.
type accessOverlay struct {
	ownAccessOf map[int64]bool          // by content metadata: whether it has access of its own
	entries     map[int64][]accessEntry // by content metadata, once they were changed
}

// accessEntry lets a group or a user see or edit content.
type accessEntry struct {
	id, permission, group, user string
}

func (a accessEntry) append(b []byte, metadata int64) []byte {
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
	o.str("id", a.id)
	o.id("content_metadata_id", metadata)
	o.str("permission_type", a.permission)
	o.opt("group_id", a.group)
	o.opt("user_id", a.user)
	return o.end()
}

// ownAccess gives new content access of its own, without an entry.
func (w *world) ownAccess(id int64) { w.setAccess(id, true, nil) }

// inheritAccess makes content have the access of the folder that it is in.
func (w *world) inheritAccess(id int64) { w.setAccess(id, false, nil) }

func (w *world) setAccess(id int64, own bool, entries []accessEntry) {
	w.ownAccessOf[id] = own
	w.entries[id] = entries
	w.wrote.Store(true)
	w.changes++
}

// entriesOf are the entries of content that has access of its own.
func (w *world) entriesOf(class int, num int32) []accessEntry {
	id := metadataID(class, num)
	if entries, ok := w.entries[id]; ok {
		return entries
	}
	var entries []accessEntry
	array := w.drawnAccess(nil, class, num)
	for from, to := range elements(array) {
		get := func(name string) string { return rawValue(lookup(array[from:to], name)).text }
		entries = append(entries, accessEntry{get("id"), get("permission_type"), get("group_id"), get("user_id")})
	}
	return entries
}

// updateMetadata switches inheritance: off copies what the content had from
// above, on forgets what it had itself.
func updateMetadata(e *edit) ([]byte, *refusal) {
	w := e.w
	class, f, ok := w.content(e.id())
	if !ok {
		return nil, absent
	}
	id, num := metadataID(class, f.row.num), f.row.num
	switch inherits := e.text("inherits"); {
	case !e.has("inherits"):
	case inherits != "true" && inherits != "false":
		return nil, invalid("inherits", "invalid", "inherits must be true or false")
	case inherits == "true" && w.above(class, f) == 0:
		return nil, invalid("inherits", "invalid", "There is nothing to inherit from")
	case inherits == "true":
		w.inheritAccess(id)
	case w.inherits(class, num):
		var copied []accessEntry
		for _, entry := range w.accessAbove(class, f) {
			entry.id = w.partID()
			copied = append(copied, entry)
		}
		w.setAccess(id, true, copied)
	}
	return w.appendMetadata(nil, class, f), nil
}

// accessAbove are the entries that content inherits.
func (w *world) accessAbove(class int, f found) []accessEntry {
	for range len(w.tables["folders"].rows) {
		parent := w.above(class, f)
		r, i, ok := w.tables["folders"].find(strconv.Itoa(int(parent)))
		if !ok {
			return nil
		}
		class, f = metaFolder, found{t: w.tables["folders"], index: i, row: r}
		if !w.inherits(metaFolder, r.num) {
			return w.entriesOf(metaFolder, r.num)
		}
	}
	return nil
}

func createAccess(e *edit) ([]byte, *refusal) {
	w := e.w
	class, f, ok := w.content(e.text("content_metadata_id"))
	entry := accessEntry{permission: e.text("permission_type"), group: e.text("group_id"), user: e.text("user_id")}
	switch {
	case !ok:
		return nil, absent
	case entry.permission != "view" && entry.permission != "edit":
		return nil, invalid("permission_type", "invalid", "permission_type must be view or edit")
	case (entry.group == "") == (entry.user == ""):
		return nil, invalid("group_id", "invalid", "Name a group or a user")
	case w.inherits(class, f.row.num):
		return nil, invalid("content_metadata_id", "invalid", "The content inherits its access")
	}
	for member, kind := range map[string]string{"group_id": "groups", "user_id": "users"} {
		if no := e.refers(member, kind); no != nil {
			return nil, no
		}
	}
	entries := w.entriesOf(class, f.row.num)
	for _, other := range entries {
		if other.group == entry.group && other.user == entry.user {
			return nil, taken(422, "group_id", "Access is given already.")
		}
	}
	entry.id = w.partID()
	id := metadataID(class, f.row.num)
	w.setAccess(id, true, append(slices.Clone(entries), entry))
	if e.query.Get("send_boards_notification_email") == "true" {
		e.mail("users/"+entry.user+"groups/"+entry.group, "content_metadata/%d was shared", id)
	}
	return entry.append(nil, id), nil
}

// openAccess finds an entry by its id.
func (e *edit) openAccess() (metadata int64, entries []accessEntry, at int, ok bool) {
	for id, list := range e.w.entries {
		if k := slices.IndexFunc(list, func(a accessEntry) bool { return a.id == e.id() }); k >= 0 && e.w.ownAccessOf[id] {
			return id, list, k, true
		}
	}
	class, f, ok := e.w.content(strconv.FormatInt(number(e.id())/8, 10))
	if !ok || e.w.inherits(class, f.row.num) {
		return 0, nil, 0, false
	}
	list := e.w.entriesOf(class, f.row.num)
	k := slices.IndexFunc(list, func(a accessEntry) bool { return a.id == e.id() })
	return metadataID(class, f.row.num), list, k, k >= 0
}

func updateAccess(e *edit) ([]byte, *refusal) {
	id, entries, k, ok := e.openAccess()
	if !ok {
		return nil, absent
	}
	entries = slices.Clone(entries)
	if e.has("permission_type") {
		if entries[k].permission = e.text("permission_type"); entries[k].permission != "view" && entries[k].permission != "edit" {
			return nil, invalid("permission_type", "invalid", "permission_type must be view or edit")
		}
	}
	e.w.setAccess(id, true, entries)
	return entries[k].append(nil, id), nil
}

func deleteAccess(e *edit) ([]byte, *refusal) {
	id, entries, k, ok := e.openAccess()
	if !ok {
		return nil, absent
	}
	e.w.setAccess(id, true, slices.Delete(slices.Clone(entries), k, k+1))
	return nil, nil
}
