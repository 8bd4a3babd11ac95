package lookersim

import (
	"slices"
	"strconv"
)

// The folders that every instance has, by id. The virtual folder of LookML
// dashboards is the last of the table and has a name for an id.
const (
	sharedRoot     = 1
	usersRoot      = 2
	embedSharedTop = 3
	embedUsersTop  = 4
	lookmlFolder   = "lookml"
	minFolders     = 6 // the roots, one shared folder, the virtual one
)

// folder is what a folder's own members say.
type folder struct {
	num, parent, owner             int32
	name                           string
	personal, descendant, isLookml bool
}

// layOutFolders draws the tree once, since content and users refer to it.
func (w *world) layOutFolders() {
	w.folderOwner = map[int32]int32{}
	w.personalFolder = map[int32]int32{}
	w.folders = make([]folder, w.sizes.Folders)
	w.children = make([]int32, w.sizes.Folders)
	shared := []int32{sharedRoot}
	var people int
	personal := len(w.folders) // from here on, up to the virtual folder, each user's own
	if w.opts.PersonalFolders {
		personal -= w.sizes.Users + 1
	}
	for i := range w.folders {
		num := int32(i + 1)
		r := w.rngFor("folders", num, 0)
		f := folder{num: num, owner: numberAt(r.skew(w.sizes.Users)), name: r.pick(subjects) + " " + strconv.Itoa(i)}
		switch {
		case i < embedUsersTop:
			f.name = [...]string{"Shared", "Users", "Embed Groups", "Embed Users"}[i]
			f.owner = 0
		case i == len(w.folders)-1:
			f.name, f.isLookml, f.owner = "LookML Dashboards", true, 0
		case i >= personal:
			w.makePersonal(&f, people)
			people++
		case i > 8 && i%10 == 1:
			f.parent, f.owner = num-2, w.folders[num-3].owner
			f.descendant = w.folders[num-3].personal
			if !f.descendant {
				f.parent = shared[r.n(len(shared))]
			}
		case i > 6 && (i%10 == 3 || i%10 == 6 || i%10 == 9) && people < w.sizes.Users && !w.opts.PersonalFolders:
			w.makePersonal(&f, people)
			people++
		default:
			f.parent = shared[r.skew(min(len(shared), 1+i/3))]
			shared = append(shared, num)
			if r.chance(100) {
				f.name = r.pick(strange)
			}
		}
		if f.personal || f.descendant {
			w.folderOwner[num] = f.owner
		}
		w.folders[i] = f
		if f.parent != 0 {
			w.children[f.parent-1]++
			w.contentFolders = append(w.contentFolders, num)
		}
	}
	w.contentFolders = append(w.contentFolders, sharedRoot)
}

// makePersonal makes a folder that of the n-th user.
func (w *world) makePersonal(f *folder, n int) {
	f.parent, f.personal, f.owner = usersRoot, true, numberAt(n)
	f.name = w.userName(f.owner)
	w.personalFolder[f.owner] = f.num
}

func (w *world) folderID(num int32) string {
	if int(num) == w.sizes.Folders {
		return lookmlFolder
	}
	return strconv.Itoa(int(num))
}

// folderInfo also answers for folders added at run time, which hang below the
// shared root.
func (w *world) folderInfo(num int32) folder {
	if int(num) <= len(w.folders) {
		return w.folders[num-1]
	}
	return folder{num: num, parent: sharedRoot, owner: 1, name: "New folder " + strconv.Itoa(int(num))}
}

// folderBase appends the members that a folder has in the flat list.
func (w *world) folderBase(b []byte, num int32) []byte {
	if doc, ok := w.nowNumbered("folders", num); ok {
		return append(b, doc...)
	}
	f := w.folderInfo(num)
	o := begin(b)
	o.str("name", f.name)
	o.id("parent_id", int64(f.parent))
	if f.isLookml {
		o.str("id", lookmlFolder)
		o.null("content_metadata_id", "created_at", "creator_id")
	} else {
		o.id("id", int64(num))
		o.id("content_metadata_id", metadataID(metaFolder, num))
		o.time("created_at", epoch+int64(num%300)*day+int64(num)*977)
		o.id("creator_id", int64(f.owner))
	}
	o.num("child_count", int64(w.childCount(num)))
	o.null("external_id")
	o.yes("is_embed", num == embedSharedTop || num == embedUsersTop)
	o.yes("is_embed_shared_root", num == embedSharedTop)
	o.yes("is_embed_users_root", num == embedUsersTop)
	o.yes("is_personal", f.personal)
	o.yes("is_personal_descendant", f.descendant)
	o.yes("is_shared_root", num == sharedRoot)
	o.yes("is_users_root", num == usersRoot)
	o.raw("can", `{"index":true,"show":true,"create":true,"edit_content":true,"see_admin_spaces":true,"update":true,"destroy":true,"move_content":true}`)
	return o.end()
}

func (w *world) childCount(num int32) int {
	if int(num) > len(w.children) {
		return 0
	}
	return int(w.children[num-1])
}

func folderListed(b, doc []byte) []byte { return without(b, doc, "dashboards", "looks") }

// renderFolder appends a folder with the dashboards and looks in it.
func (w *world) renderFolder(b []byte, r row, want fieldTree) []byte {
	if r.over != nil && r.over.body != nil {
		b = append(b, r.over.body...)
	} else {
		b = w.folderBase(b, r.num)
	}
	in := w.contents.Load().inFolder(w.tables["folders"].idOf(w, r))
	if want.has("dashboards") {
		b = reopen(b, `"dashboards":`)
		b = w.appendNested(b, in.dashboards, dashboardBase)
	}
	if want.has("looks") {
		b = reopen(b, `"looks":`)
		b = w.appendNested(b, in.looks, nestedLook)
	}
	return b
}

// reopen takes the end off an object in order to add a member.
func reopen(b []byte, key string) []byte {
	for b[len(b)-1] != '}' {
		b = b[:len(b)-1]
	}
	return append(append(b[:len(b)-1], ','), key...)
}

// appendNested closes the object again.
func (w *world) appendNested(b []byte, list []found, cut fieldTree) []byte {
	b = append(b, '[')
	var doc []byte
	for _, f := range list {
		b = comma(b)
		doc = f.t.document(w, doc[:0], f.row, cut)
		b = cut.cut(b, doc)
	}
	return append(b, ']', '}')
}

// dashboardBase are the members of a dashboard in the mixed list and in folders.
var dashboardBase = fieldSet("can content_favorite_id content_metadata_id description hidden id model query_timezone readonly " +
	"refresh_interval refresh_interval_to_i folder title user_id slug preferred_viewer certification_metadata")

// nestedLook are the members of a look inside its folder.
var nestedLook = fieldSet("can content_metadata_id id title user_id created_at deleted description folder_id query_id updated_at " +
	"view_count is_run_on_load public user_name")

// contents is what lies in each folder at one state of the world.
type contents struct {
	changes uint64
	folders map[string]*folderContents
}

type folderContents struct{ dashboards, looks []found }

func (c *contents) inFolder(id string) folderContents {
	if c == nil || c.folders[id] == nil {
		return folderContents{}
	}
	return *c.folders[id]
}

// fillFolders works out what lies in which folder, unless that is known already. It
// must be called with the world locked for reading, before a folder is rendered.
func (w *world) fillFolders() {
	if c := w.contents.Load(); c != nil && c.changes == w.changes {
		return
	}
	next := &contents{changes: w.changes, folders: map[string]*folderContents{}}
	for _, kind := range []string{"dashboards", "looks", "lookml_dashboards"} {
		for f := range w.tables[kind].present() {
			id := f.t.attribute(w, f.row, "folder_id").text
			in := next.folders[id]
			if in == nil {
				in = &folderContents{}
				next.folders[id] = in
			}
			if kind == "looks" {
				in.looks = append(in.looks, f)
			} else {
				in.dashboards = append(in.dashboards, f)
			}
		}
	}
	w.contents.Store(next)
}

// folderKeep keeps the folders below the one in the path.
func folderKeep(c *call) func(*world, row) bool {
	parent := c.id()
	return func(w *world, r row) bool {
		v := w.tables["folders"].attribute(w, r, "parent_id")
		return !v.null && v.text == parent
	}
}

// ancestors lists the folders above one, the root first.
func (w *world) ancestors(id string) []found {
	t := w.tables["folders"]
	var list []found
	for range len(t.rows) {
		r, _, ok := t.find(id)
		if !ok {
			break
		}
		v := t.attribute(w, r, "parent_id")
		parent, i, ok := t.find(v.text)
		if v.null || !ok {
			break
		}
		list = append(list, found{t: t, index: i, row: parent})
		id = v.text
	}
	slices.Reverse(list)
	return list
}
