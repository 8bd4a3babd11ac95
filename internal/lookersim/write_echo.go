package lookersim

import (
	"bytes"
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
