package lookersim

import (
	"net/http"
	"slices"
	"strconv"
)

// A content metadata id tells what it belongs to: id = 5·number + class.
const (
	metaFolder = iota
	metaDashboard
	metaLook
	metaBoard
	metaAgent
)

var metaKinds = [...]string{"folders", "dashboards", "looks", "boards", "agents"}

func metadataID(class int, num int32) int64 { return int64(len(metaKinds))*int64(num) + int64(class) }

// content is what a content metadata id belongs to.
func (w *world) content(id string) (class int, f found, ok bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 || n > 1<<34 || strconv.FormatInt(n, 10) != id {
		return 0, found{}, false
	}
	class = int(n % int64(len(metaKinds)))
	t := w.tables[metaKinds[class]]
	r, i, ok := t.find(strconv.FormatInt(n/int64(len(metaKinds)), 10))
	return class, found{t: t, index: i, row: r}, ok
}

// inherits says whether content has the access of the folder that it is in. A
// quarter of the folders, the roots, all boards and agents have their own, and with
// Options.PersonalFolders all personal folders.
func (w *world) inherits(class int, num int32) bool {
	if own, ok := w.ownAccessOf[metadataID(class, num)]; ok {
		return !own
	}
	switch class {
	case metaBoard, metaAgent:
		return false
	case metaFolder:
		if w.opts.PersonalFolders && w.folderInfo(num).personal {
			return false
		}
		r := w.rngFor("content_metadata", num, 0)
		return w.folderInfo(num).parent != 0 && !r.chance(250)
	}
	return true
}

// above is the folder that content lies in, 0 for none.
func (w *world) above(class int, f found) int32 {
	field := "folder_id"
	switch class {
	case metaBoard, metaAgent:
		return 0
	case metaFolder:
		field = "parent_id"
	}
	n, err := strconv.ParseInt(f.t.attribute(w, f.row, field).text, 10, 32)
	if err != nil {
		return 0
	}
	return int32(n)
}

func (w *world) appendMetadata(b []byte, class int, f found) []byte {
	num := f.row.num
	parent := w.above(class, f)
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"create":true,"update":true}`)
	o.id("id", metadataID(class, num))
	name := "title"
	if class == metaFolder || class == metaAgent {
		name = "name"
	}
	o.str("name", f.t.attribute(w, f.row, name).text)
	o.id("parent_id", when(parent != 0, metadataID(metaFolder, parent)))
	of := func(k int) int64 {
		if k == class {
			return int64(num)
		}
		return 0
	}
	o.id("dashboard_id", of(metaDashboard))
	o.id("look_id", of(metaLook))
	o.id("folder_id", of(metaFolder))
	o.id("homepage_id", of(metaBoard))
	o.id("agent_id", of(metaAgent))
	o.str("content_type", [...]string{"space", "dashboard", "look", "homepage", "agent"}[class])
	own := !w.inherits(class, num)
	o.yes("inherits", !own)
	for parent != 0 && !own && w.inherits(metaFolder, parent) {
		parent = w.parentNumber(parent)
	}
	if own || parent == 0 {
		o.null("inheriting_id")
	} else {
		o.id("inheriting_id", metadataID(metaFolder, parent))
	}
	o.null("slug")
	return o.end()
}

// parentNumber is the folder above one, 0 for none.
func (w *world) parentNumber(num int32) int32 {
	if doc, ok := w.nowNumbered("folders", num); ok {
		return int32(number(rawValue(lookup(doc, "parent_id")).text))
	}
	return w.folderInfo(num).parent
}

// appendAccess appends who may see and edit content that has its own access.
func (w *world) appendAccess(b []byte, class int, num int32) []byte {
	id := metadataID(class, num)
	entries, changed := w.entries[id]
	switch {
	case w.inherits(class, num):
		return append(b, "[]"...)
	case !changed:
		return w.drawnAccess(b, class, num)
	}
	b = append(b, '[')
	for _, entry := range entries {
		b = entry.append(comma(b), id)
	}
	return append(b, ']')
}

// drawnAccess is the access that the seed gives content.
func (w *world) drawnAccess(b []byte, class int, num int32) []byte {
	b = append(b, '[')
	if !w.inherits(class, num) {
		id := metadataID(class, num)
		r := seeded(w.seed, hashOf("access"), uint64(id))
		var groups, users []int
		for i := range r.in(1, 4) {
			o := begin(comma(b))
			o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
			o.id("id", id*8+int64(i))
			o.id("content_metadata_id", id)
			o.str("permission_type", r.pick([]string{"view", "edit"}))
			if r.chance(700) {
				groups = append(groups, another(groups, r.n(w.sizes.Groups), w.sizes.Groups))
				o.id("group_id", int64(numberAt(groups[len(groups)-1])))
				o.null("user_id")
			} else {
				users = append(users, another(users, r.n(w.sizes.Users), w.sizes.Users))
				o.null("group_id")
				o.id("user_id", int64(numberAt(users[len(users)-1])))
			}
			b = o.end()
		}
	}
	return append(b, ']')
}

// another is the first number from n on, below size, that is not taken: nobody has two
// rights to the same content. Where all are taken it is n.
func another(taken []int, n, size int) int {
	for i := range size {
		if next := (n + i) % size; !slices.Contains(taken, next) {
			return next
		}
	}
	return n
}

// metadata answers for one content metadata.
func metadata(c *call) answer {
	w := c.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	class, f, ok := w.content(c.id())
	if !ok {
		return c.notFound()
	}
	return c.object(w.appendMetadata(nil, class, f))
}

// metadataChildren lists the metadata of what lies in a folder.
func metadataChildren(c *call) answer {
	parent := c.query.Get("parent_id")
	if parent == "" {
		return c.fail(http.StatusBadRequest, "parent_id is required")
	}
	w := c.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	class, f, ok := w.content(parent)
	if !ok || class != metaFolder {
		return c.notFound()
	}
	w.fillFolders()
	id := f.t.idOf(w, f.row)
	in := w.contents.Load().inFolder(id)
	out := []byte{'['}
	add := func(class int, f found) {
		out = w.appendMetadata(comma(out), class, f)
	}
	for below := range f.t.present() {
		if v := f.t.attribute(w, below.row, "parent_id"); !v.null && v.text == id {
			add(metaFolder, below)
		}
	}
	for _, d := range in.dashboards {
		if d.t.kind == "dashboards" {
			add(metaDashboard, d)
		}
	}
	for _, l := range in.looks {
		add(metaLook, l)
	}
	return c.object(append(out, ']'))
}

func metadataAccess(c *call) answer {
	id := c.query.Get("content_metadata_id")
	if id == "" {
		return c.fail(http.StatusBadRequest, "content_metadata_id is required")
	}
	w := c.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	class, f, ok := w.content(id)
	if !ok {
		return c.notFound()
	}
	return c.object(w.appendAccess(nil, class, f.row.num))
}
