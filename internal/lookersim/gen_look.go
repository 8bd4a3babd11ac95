package lookersim

import "strconv"

type look struct {
	num              int32
	title            string
	folder, owner    int32
	created, updated int64
	views            int64
	random           rng
}

func (w *world) lookInfo(num int32) look {
	l := look{num: num, random: w.rngFor("looks", num, 0)}
	r := &l.random
	l.title = r.title()
	l.folder = w.contentFolders[r.skew(len(w.contentFolders))]
	l.owner = numberAt(r.skew(w.sizes.Users))
	l.created = epoch + int64(r.n(6*365))*day + int64(r.n(day))
	l.updated = l.created + int64(r.n(300))*day + int64(r.n(day))
	l.views = int64(r.skew(2000))
	return l
}

func (w *world) lookAttr(r row, field string) (value, bool) {
	if field == "id" {
		return intValue(r.num), true
	}
	l := w.lookInfo(r.num)
	switch field {
	case "title":
		return textValue(l.title), true
	case "folder_id":
		return intValue(l.folder), true
	case "user_id":
		return intValue(l.owner), true
	case "view_count":
		return intValue(l.views), true
	case "query_id":
		return textValue(w.queryName(queryID(queryLook, int64(l.num)))), true
	case "created_at":
		return rawValue(appendTime(nil, l.created)), true
	case "updated_at":
		return rawValue(appendTime(nil, l.updated)), true
	}
	return value{}, false
}

const lookCan = `{"index":true,"show":true,"create":true,"update":true,"destroy":true,"copy":true,"move":true,` +
	`"download":true,"schedule":true,"find_and_replace":true,"run":true,"explore":true,"render":true}`

// renderLook appends a look with its query.
func (w *world) renderLook(b []byte, row row, _ fieldTree) []byte {
	l := w.lookInfo(row.num)
	r := &l.random
	trash := row.state == trashed
	query := queryID(queryLook, int64(l.num))
	o := begin(b)
	if !w.lean() {
		o.raw("can", lookCan)
	}
	o.id("content_metadata_id", metadataID(metaLook, l.num))
	o.id("id", int64(l.num))
	o.str("title", l.title)
	o.id("user_id", int64(l.owner))
	o.null("certification_metadata", "content_favorite_id")
	o.time("created_at", l.created)
	o.yes("deleted", trash)
	o.time("deleted_at", when(trash, l.updated+day))
	o.id("deleter_id", when(trash, int64(l.owner)))
	o.opt("description", r.sometimes(500, 7))
	w.lookLinks(&o, &l)
	o.num("favorite_count", int64(r.n(6)))
	o.yes("is_run_on_load", true)
	o.time("last_accessed_at", l.updated+int64(r.n(60))*day)
	o.id("last_updater_id", int64(l.owner))
	o.time("last_viewed_at", l.updated+int64(r.n(60))*day)
	v := w.lookVariant(l.num)
	m := begin(nil)
	m.str("id", v.model)
	m.str("label", v.model)
	o.raw("model", string(m.end()))
	o.str("query_id", w.queryName(query))
	o.key("folder")
	o.b = w.folderBase(o.b, l.folder)
	o.id("folder_id", int64(l.folder))
	o.time("updated_at", l.updated)
	o.str("user_name", w.userName(l.owner))
	o.num("view_count", l.views)
	o.num("usage_count", l.views)
	o.no("is_owner_disabled")
	o.raw("x_legacy", `{"space":{"id":"5","ratio":1.0},"big":9007199254740993}`)
	o.key("query")
	o.b = w.putQuery(o.b, v, query)
	o.str("url", "/looks/"+strconv.Itoa(int(l.num)))
	return o.end()
}

// lookLinks writes the addresses of a look; public ones have a secret slug.
func (w *world) lookLinks(o *object, l *look) {
	r := &l.random
	if !r.chance(80) {
		o.null("embed_url", "excel_file_url", "google_spreadsheet_formula", "image_embed_url")
		o.no("public")
		o.null("public_slug", "public_url")
	} else {
		slug := string(r.slug(nil, 32))
		o.str("embed_url", host+"/embed/public/"+slug)
		o.str("excel_file_url", host+"/looks/"+slug+".xlsx?apply_formatting=true&apply_vis=true")
		o.str("google_spreadsheet_formula", `=ImportXML("`+host+"/looks/"+slug+`.html?a=1&b=2", "//tr")`)
		o.str("image_embed_url", host+"/looks/"+slug+".png")
		o.yes("public", true)
		o.str("public_slug", slug)
		o.str("public_url", host+"/looks/"+slug)
	}
	o.str("short_url", "/looks/"+strconv.Itoa(int(l.num)))
}

func (w *world) lookVariant(num int32) *queryVariant { return w.variantOf(queryLook, int64(num)) }

// lookNow appends a look as a tile repeats it.
func (w *world) lookNow(b []byte, num int32) []byte {
	if doc, ok := w.nowNumbered("looks", num); ok {
		return w.echoLook(b, row{num: num, over: &override{body: doc}})
	}
	return w.renderLook(b, row{num: num}, nil)
}

func lookListed(b, doc []byte) []byte { return without(b, doc, "query", "url") }
