package lookersim

import (
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// Item is one document that the server holds: the truth that a backup is
// compared with.
type Item struct {
	Kind, ID string
	State    string // "present" or "trashed"
	// Needs is the query parameter without which listings leave the item out,
	// such as "deleted=true"; empty for most.
	Needs string
	// Path is the route that gives Body, below /api/4.0; empty for kinds that
	// are only listed.
	Path string
	Body []byte // what Path answers, exact bytes
	// Row is what the kind's plain list gives, exact bytes: the same as Body
	// but for looks (no query) and folders (no content).
	Row []byte
}

// Items yields everything of one kind, in the order of ids, as an admin may see
// it. Kinds have the names of the API (see Kinds); an unknown one yields nothing.
// Bodies are made one by one; the caller owns them. Faults, quirks and counts
// play no part. Changes made meanwhile may or may not show.
func (s *Server) Items(kind string) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for _, it := range s.index(kind) {
			item := it.item
			if it.f.t != nil {
				item.Body, item.Row = s.bodies(it.f)
			} else {
				_, item.Body = s.Peek(item.Path)
				item.Row = item.Body
			}
			if !yield(item) {
				return
			}
		}
	}
}

// IDs lists the ids of everything of one kind, trashed ones included, in the
// order of Items but without the cost of bodies.
func (s *Server) IDs(kind string) []string {
	var ids []string
	for _, it := range s.index(kind) {
		ids = append(ids, it.item.ID)
	}
	return ids
}

// Kinds lists the kinds that Items knows, sorted.
func (s *Server) Kinds() []string {
	var list []string
	for kind := range s.world.tables {
		list = append(list, kind)
	}
	for kind := range derivedKinds {
		list = append(list, kind)
	}
	slices.Sort(list)
	return list
}

// Peek answers a GET of a path below /api/4.0, query included, as an admin gets
// it from a sound server: past login, limits, faults and quirks, and uncounted.
// An unknown path answers 404.
func (s *Server) Peek(path string) (status int, body []byte) {
	r, err := http.NewRequest(http.MethodGet, "http://sim"+apiPrefix+path, nil)
	if err != nil {
		return http.StatusBadRequest, nil
	}
	c := s.newCall(nil, r)
	c.quiet = true
	a := c.noRoute()
	if c.route != nil {
		if c.route.noFields {
			c.query.Del("fields")
		}
		a = c.route.handle(c)
	}
	return a.status, s.spelled(a).bytes()
}

// indexed is an item before its bodies are made.
type indexed struct {
	item Item
	f    found // of kinds with a table, else zero
}

func (s *Server) index(kind string) []indexed {
	w := s.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	if derive, ok := derivedKinds[kind]; ok {
		var list []indexed
		derive(w, func(id, path string) {
			list = append(list, indexed{item: Item{Kind: kind, ID: id, State: present.String(), Path: path}})
		})
		return list
	}
	t := w.tables[kind]
	if t == nil {
		return nil
	}
	var list []indexed
	for i, r := range t.rows {
		if r.state == gone {
			continue
		}
		id := t.idOf(w, r)
		item := Item{Kind: kind, ID: id, State: r.state.String(), Path: pathOf(kind, id)}
		if r.state == trashed {
			item.Needs = "deleted=true"
		} else if t.needs != nil {
			item.Needs = t.needs(w, r)
		}
		list = append(list, indexed{item, t.found(i)})
	}
	return list
}

// pathOf is the single route of an item.
func pathOf(kind, id string) string {
	switch kind {
	case "settings":
		return "/" + id
	case "homepage_sections":
		return ""
	case "lookml_dashboards":
		kind = "dashboards"
	case "content_favorites":
		kind = "content_favorite"
	}
	return "/" + kind + "/" + url.PathEscape(id)
}

func (s *Server) bodies(f found) (body, row []byte) {
	w := s.world
	w.mu.RLock()
	if f.t.nests {
		w.fillFolders()
	}
	w.mu.RUnlock()
	body = f.t.document(w, nil, f.row, nil)
	row = body
	if f.t.listed != nil {
		row = f.t.listed(nil, body)
	}
	return s.opts.Dialect.in(body), s.opts.Dialect.in(row)
}

// derivedKinds are the kinds without a table of their own: documents that
// belong to others, or that are reached through them.
var derivedKinds = map[string]func(w *world, add func(id, path string)){
	"group_users":                 ownedBy("groups", "/groups/", "/users"),
	"group_groups":                ownedBy("groups", "/groups/", "/groups"),
	"role_users":                  ownedBy("roles", "/roles/", "/users?direct_association_only=true"),
	"role_groups":                 ownedBy("roles", "/roles/", "/groups"),
	"user_attribute_values":       ownedBy("users", "/users/", "/attribute_values?all_values=true&include_unset=true"),
	"user_favorites":              ownedBy("users", "/content_favorite/search?user_id=", "&limit=5000"),
	"user_attribute_group_values": ownedBy("user_attributes", "/user_attributes/", "/group_values"),
	"explores":                    exploreItems,
	"merge_queries":               mergeItems,
	"queries":                     queryItems,
	"content_metadata":            metadataItems,
	"content_access":              accessItems,
}

func ownedBy(kind, before, after string) func(w *world, add func(id, path string)) {
	return func(w *world, add func(id, path string)) {
		for f := range w.tables[kind].present() {
			id := f.t.idOf(w, f.row)
			add(id, before+url.PathEscape(id)+after)
		}
	}
}

func exploreItems(w *world, add func(id, path string)) {
	for f := range w.tables["lookml_models"].present() {
		m := w.model(f.row.num)
		for _, e := range m.explores {
			add(exploreID(m, e), "/lookml_models/"+url.PathEscape(m.name)+"/explores/"+url.PathEscape(e))
		}
	}
}

// mergeItems lists the merge queries that the tile of some dashboard shows.
func mergeItems(w *world, add func(id, path string)) {
	ids := w.writtenMerges()
	for _, k := range w.usedMerges() {
		ids = append(ids, string(w.mergeID(k)))
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		add(id, "/merge_queries/"+id)
	}
}

// writtenMerges lists the merge queries that exist and that written dashboards name.
func (w *world) writtenMerges() []string {
	var ids []string
	for _, r := range w.tables["dashboards"].rows {
		if r.state == gone || r.over == nil || r.over.parts == nil {
			continue
		}
		for _, tile := range r.over.parts.elements {
			if id := rawValue(lookup(tile, "merge_result_id")).text; id != "" {
				if _, ok := w.mergeNamed(id); ok {
					ids = append(ids, id)
				}
			}
		}
	}
	return ids
}

// writtenQueries yields the queries that no other document nests, and that
// written merge queries and plans name.
func (w *world) writtenQueries(add func(name string)) {
	for _, id := range w.writtenMerges() {
		doc, _ := w.mergeNamed(id)
		sources := lookup(doc, "source_queries")
		for from, to := range elements(sources) {
			add(rawValue(lookup(sources[from:to], "query_id")).text)
		}
	}
	for _, r := range w.tables["scheduled_plans"].rows {
		if r.state == present && r.over != nil && r.over.written {
			if name := rawValue(lookup(r.over.body, "query_id")).text; name != "" {
				add(name)
			}
		}
	}
}

// usedMerges lists the merge queries that exist and that dashboards name.
func (w *world) usedMerges() []int {
	var list []int
	for _, r := range w.tables["dashboards"].rows {
		if r.state == gone || r.over != nil {
			continue
		}
		for _, k := range w.mergedTiles(nil, indexAt(r.num)) {
			if k %= w.sizes.MergeQueries; !w.danglingMerge(k) {
				list = append(list, k)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// queryItems lists the queries that no other document nests: the sources of
// merge queries, and what some plans send.
func queryItems(w *world, add func(id, path string)) {
	var ids []int64
	names := make(map[int64]string)
	for _, k := range w.usedMerges() {
		from, count := w.sourcesOf(k)
		for i := range count {
			n := int64((from + i) % w.sizes.SourceQueries)
			ids = append(ids, queryID(querySource, n))
			names[queryID(querySource, n)] = w.sourceName(n)
		}
	}
	w.writtenQueries(func(name string) {
		if id, _, ok := w.queryNamed(name); ok {
			ids = append(ids, id)
			names[id] = name
		}
	})
	for _, r := range w.tables["scheduled_plans"].rows {
		if query := w.planQuery(r.num); query != 0 && r.state == present && r.over == nil {
			ids = append(ids, query)
			names[query] = w.queryName(query)
		}
	}
	if golden := w.goldenQuery(); golden != 0 && w.anyAgent() {
		ids = append(ids, golden)
		names[golden] = strconv.FormatInt(golden, 10)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if w.opts.Dialect.NoNumericQueries {
			add(names[id], "/queries/slug/"+w.querySlug(id))
		} else {
			add(names[id], "/queries/"+names[id])
		}
	}
}

// metadataItems lists the content metadata of folders and boards; that of
// dashboards and looks says nothing but that they inherit.
func metadataItems(w *world, add func(id, path string)) {
	w.eachMetadata(func(class int, num int32) {
		id := strconv.FormatInt(metadataID(class, num), 10)
		add(id, "/content_metadata/"+id)
	})
}

// accessItems lists the folders and boards that have their own access, under
// the id of their content metadata.
func accessItems(w *world, add func(id, path string)) {
	w.eachMetadata(func(class int, num int32) {
		if !w.inherits(class, num) {
			id := strconv.FormatInt(metadataID(class, num), 10)
			add(id, "/content_metadata_access?content_metadata_id="+id)
		}
	})
}

func (w *world) eachMetadata(do func(class int, num int32)) {
	for _, class := range []int{metaFolder, metaBoard, metaAgent} {
		for f := range w.tables[metaKinds[class]].present() {
			if num := f.row.num; f.t.idOf(w, f.row) == strconv.Itoa(int(num)) {
				do(class, num)
			}
		}
	}
}
