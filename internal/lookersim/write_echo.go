package lookersim

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
)

// echoed brings up to date what a document repeats of its folder and its people.
// Only what a write changed can be out of date.
func (w *world) echoed(doc []byte) []byte {
	id := rawValue(lookup(doc, "folder_id")).text
	if folder, ok := w.now("folders", id); ok && !isNull(lookup(doc, "folder")) && !bytes.Equal(lookup(doc, "folder"), folder) {
		doc = set(doc, "folder", folder)
	}
	doc = w.echoName(doc, "user_id", "user_name")
	return w.echoName(doc, "last_updater_id", "last_updater_name")
}

// echoName brings the name beside a user's id up to date.
func (w *world) echoName(doc []byte, idMember, nameMember string) []byte {
	user, ok := w.now("users", rawValue(lookup(doc, idMember)).text)
	if !ok || lookup(doc, nameMember) == nil {
		return doc
	}
	name := lookup(user, "display_name")
	if bytes.Equal(lookup(doc, nameMember), name) {
		return doc
	}
	return set(doc, nameMember, name)
}

func (w *world) echoLook(b []byte, r row) []byte { return append(b, w.echoed(r.over.body)...) }

func (w *world) echoDashboard(b []byte, r row) []byte {
	shell := w.echoed(r.over.body)
	if r.over.parts == nil {
		return append(b, shell...)
	}
	return r.over.parts.join(w, b, shell)
}

// echoTile brings the look that a tile repeats up to date.
func (w *world) echoTile(b, tile []byte) []byte {
	id := rawValue(lookup(tile, "look_id")).text
	num, err := strconv.ParseInt(id, 10, 32)
	if err != nil || isNull(lookup(tile, "look")) {
		return append(b, tile...)
	}
	if _, ok := w.now("looks", id); !ok {
		return append(b, tile...)
	}
	return append(b, set(tile, "look", w.lookNow(nil, int32(num)))...)
}

// echoUser brings the groups and roles of a user up to date.
func (w *world) echoUser(b []byte, r row) []byte {
	if !w.related.Load() {
		return append(b, r.over.body...)
	}
	o := begin(nil)
	o.ids("group_ids", w.groupsOf(r.num))
	o.ids("role_ids", w.rolesOf(r.num))
	ids := o.end()
	doc := set(r.over.body, "group_ids", lookup(ids, "group_ids"))
	return append(b, set(doc, "role_ids", lookup(ids, "role_ids"))...)
}

// echoGroup brings the number of a group's users up to date.
func (w *world) echoGroup(b []byte, r row) []byte {
	if !w.related.Load() {
		return append(b, r.over.body...)
	}
	doc := set(r.over.body, "user_count", appendInt(nil, w.memberCount(r.num)))
	in := slices.Contains(w.groupsOf(callerID), r.num)
	return append(b, set(doc, "contains_current_user", strconv.AppendBool(nil, in))...)
}

// echoRole brings the sets of a role up to date.
func (w *world) echoRole(b []byte, r row) []byte {
	doc := r.over.body
	for member, kind := range map[string]string{"permission_set": "permission_sets", "model_set": "model_sets"} {
		if now, ok := w.now(kind, rawValue(lookup(lookup(doc, member), "id")).text); ok {
			doc = set(doc, member, now)
		}
	}
	return append(b, doc...)
}

// echoPlan brings what a schedule repeats of its owner up to date.
func (w *world) echoPlan(b []byte, r row) []byte {
	doc := r.over.body
	id := rawValue(lookup(doc, "user_id")).text
	if _, ok := w.now("users", id); ok {
		doc = set(doc, "user", w.publicUser(nil, int32(number(id))))
	}
	return append(b, doc...)
}

// echoAlert brings the names in an alert up to date.
func (w *world) echoAlert(b []byte, r row) []byte {
	doc := w.echoName(r.over.body, "owner_id", "owner_display_name")
	if dash, ok := w.now("dashboards", rawValue(lookup(doc, "investigative_content_id")).text); ok {
		doc = set(doc, "investigative_content_title", lookup(dash, "title"))
	}
	return append(b, doc...)
}

// echoBoard brings the titles of a board's items up to date.
func (w *world) echoBoard(b []byte, r row) []byte {
	doc := r.over.body
	for i, section := range list(lookup(doc, "board_sections")) {
		for k, item := range list(lookup(section, "board_items")) {
			title, ok := w.titleNow("dashboards", rawValue(lookup(item, "dashboard_id")).text)
			if !ok {
				title, ok = w.titleNow("looks", rawValue(lookup(item, "look_id")).text)
			}
			if ok {
				doc, _ = splice(doc, fmt.Sprintf("board_sections.%d.board_items.%d.title", i, k), title) // the path is there
			}
		}
	}
	return append(b, doc...)
}

// titleNow is the title of content that a write changed, as JSON.
func (w *world) titleNow(kind, id string) ([]byte, bool) {
	doc, ok := w.now(kind, id)
	return lookup(doc, "title"), ok
}
