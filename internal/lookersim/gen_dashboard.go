package lookersim

import (
	"strconv"
	"strings"
)

// dashboard is what the head of a dashboard says, worked out from its number.
type dashboard struct {
	num              int32
	title            string
	folder, owner    int32
	created, updated int64
	views            int64
	slug             [22]byte
	random           rng // for the rest
}

func (w *world) dashboardInfo(num int32) dashboard {
	d := dashboard{num: num, random: w.rngFor("dashboards", num, 0)}
	r := &d.random
	d.title = r.title()
	d.folder = w.contentFolders[r.skew(len(w.contentFolders))]
	d.owner = numberAt(r.skew(w.sizes.Users))
	d.created = epoch + int64(r.n(6*365))*day + int64(r.n(day))
	d.updated = d.created + int64(r.n(300))*day + int64(r.n(day))
	d.views = int64(r.skew(4000))
	r.slug(d.slug[:0], len(d.slug))
	return d
}

func (w *world) dashboardAttr(r row, field string) (value, bool) {
	switch field {
	case "id":
		return intValue(r.num), true
	case "title", "slug", "folder_id", "user_id", "view_count", "created_at", "updated_at":
	default:
		return value{}, false
	}
	d := w.dashboardInfo(r.num)
	switch field {
	case "title":
		return textValue(d.title), true
	case "slug":
		return textValue(string(d.slug[:])), true
	case "folder_id":
		return intValue(d.folder), true
	case "user_id":
		return intValue(d.owner), true
	case "view_count":
		return intValue(d.views), true
	case "created_at":
		return rawValue(appendTime(nil, d.created)), true
	}
	return rawValue(appendTime(nil, d.updated)), true
}

const dashboardCan = `{"index":true,"show":true,"create":true,"update":true,"destroy":true,"copy":true,"move":true,"show_errors":true,` +
	`"find_and_replace":true,"download":true,"schedule":true,"see_aggregate_table_lookml":true,"run":true}`

// renderDashboard appends what is wanted of a dashboard.
func (w *world) renderDashboard(b []byte, row row, want fieldTree) []byte {
	d := w.dashboardInfo(row.num)
	r := &d.random
	o := begin(b)
	o.want = want
	w.dashboardHead(&o, &d)
	o.yes("alert_sync_with_dashboard_filter_enabled", r.chance(100))
	o.no("chat_enabled")
	o.opt("background_color", when(r.chance(200), "#f6f8fa"))
	o.time("created_at", d.created)
	o.yes("crossfilter_enabled", r.chance(600))
	filters, salt := r.n(5), r.u64()
	w.dashboardParts(&o, &d, filters, salt)
	w.dashboardTail(&o, &d, row.state == trashed)
	return o.end()
}

// dashboardHead writes the members that the mixed list has as well.
func (w *world) dashboardHead(o *object, d *dashboard) {
	r := &d.random
	o.raw("can", dashboardCan)
	o.null("content_favorite_id")
	o.id("content_metadata_id", metadataID(metaDashboard, d.num))
	o.opt("description", r.sometimes(400, 8))
	o.yes("hidden", r.chance(20))
	o.id("id", int64(d.num))
	o.null("model", "query_timezone")
	o.no("readonly")
	o.null("refresh_interval", "refresh_interval_to_i")
	if o.key("folder") {
		o.b = w.folderBase(o.b, d.folder)
	}
	o.str("title", d.title)
	o.id("user_id", int64(d.owner))
	o.str("slug", string(d.slug[:]))
	o.opt("preferred_viewer", when(r.chance(700), "dashboards-next"))
	if r.chance(60) {
		c := begin(nil)
		c.str("certification_status", "certified")
		c.null("ui_status")
		c.str("user_name", w.userName(d.owner))
		c.str("notes", r.lorem(5))
		c.time("updated_at", d.updated)
		o.raw("certification_metadata", string(c.end()))
	} else {
		o.null("certification_metadata")
	}
}

func (w *world) dashboardTail(o *object, d *dashboard, trash bool) {
	r := &d.random
	o.yes("deleted", trash)
	o.time("deleted_at", when(trash, d.updated+day))
	o.id("deleter_id", when(trash, int64(d.owner)))
	o.null("edit_uri")
	o.no("enable_viz_full_screen")
	o.num("favorite_count", int64(r.n(12)))
	o.no("filters_bar_collapsed", "filters_location_top")
	o.time("last_accessed_at", d.updated+int64(r.n(90))*day)
	o.time("last_viewed_at", d.updated+int64(r.n(90))*day)
	o.time("updated_at", d.updated)
	o.id("last_updater_id", int64(d.owner))
	name := w.userName(d.owner)
	o.str("last_updater_name", name)
	o.str("user_name", name)
	o.opt("load_configuration", when(r.chance(300), "prefetch_cache_run"))
	o.null("lookml_link_id")
	o.yes("show_filters_bar", true)
	o.yes("show_title", true)
	o.id("folder_id", int64(d.folder))
	o.null("text_tile_text_color", "tile_background_color", "tile_text_color", "title_color")
	o.num("view_count", d.views)
	o.raw("appearance", `{"page_side_margins":24,"page_background_color":"#ffffff","tile_title_alignment":"center",`+
		`"tile_space_between":8,"tile_background_color":"#ffffff","tile_shadow":false,"key_color":"#1A73E8","modern_vis2026":null}`)
	o.num("usage_count", d.views*2)
	o.no("is_owner_disabled")
	o.str("url", "/dashboards/"+strconv.Itoa(int(d.num)))
	o.no("preserve_desktop_layout")
	o.raw("download_settings", `{"format_option":"pdf","value_options":null,"result_options":"all","limit_options":null,"rows_limit":5000,"columns_limit":null}`)
	// Members that no specification names; numbers that floats cannot hold.
	o.raw("x_experiments", `{"layout_v3":null,"weights":[1.0,1e21,9223372036854775808,-0.0],"rollout":"50%\u003c"}`)
}

// dashboardParts writes tiles, filters and layouts.
func (w *world) dashboardParts(o *object, d *dashboard, filters int, salt uint64) {
	var few [64]tile
	var tiles []tile
	if o.want.has("dashboard_elements") || o.want.has("dashboard_layouts") {
		tiles = w.tilesOf(few[:0], d.num)
	}
	if o.key("dashboard_elements") {
		o.b = append(o.b, '[')
		for i, t := range tiles {
			o.b = w.appendTile(comma(o.b), d.num, i, t)
		}
		o.b = append(o.b, ']')
	}
	if o.key("dashboard_filters") {
		o.b = w.appendFilters(o.b, d.num, filters, salt)
	}
	if o.key("dashboard_layouts") {
		o.b = append(o.b, '[')
		o.b = w.appendLayout(o.b, d, tiles, 0)
		if salt%12 == 0 {
			o.b = append(o.b, ',')
			o.b = w.appendLayout(o.b, d, tiles, 1)
		}
		o.b = append(o.b, ']')
	}
}

func (w *world) appendTile(b []byte, dash int32, i int, t tile) []byte {
	number := int64(dash)*int64(w.tileStride) + int64(i)
	f := fill{dashboard: int64(dash), element: number, layout: layoutID(dash, 0), maker: number + 7, look: int64(t.look)}
	r := seeded(w.seed, hashOf("tile"), uint64(number))
	w.fillQuery(&f, queryID(queryTile, number))
	var title [64]byte
	f.title = appendEscaped(title[:0], r.title())
	switch t.form {
	case tileMerge:
		f.merge = w.mergeID(t.merge)
	case tileLook:
		f.lookDoc = func(b []byte) []byte { return w.lookNow(b, t.look) }
	}
	return w.tiles[tileKind{t.form, t.small}][t.variant].append(b, &f)
}

func layoutID(dash int32, which int64) int64 { return 2*int64(dash) + which }

func (w *world) appendLayout(b []byte, d *dashboard, tiles []tile, which int64) []byte {
	id := layoutID(d.num, which)
	o := begin(b)
	if !w.lean() {
		o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
	}
	o.id("id", id)
	o.id("dashboard_id", int64(d.num))
	o.str("type", "newspaper")
	o.yes("active", which == 0)
	o.null("column_width", "width")
	o.no("deleted")
	o.str("dashboard_title", d.title)
	o.key("dashboard_layout_components")
	o.b = append(o.b, '[')
	f := fill{layout: id}
	for i, t := range tiles {
		o.b = comma(o.b)
		f.element = int64(d.num)*int64(w.tileStride) + int64(i)
		f.component = 2*f.element + which
		f.row, f.column = int64(i/3*6), int64(i%3*8)
		o.b = w.components[boolInt(t.small)].append(o.b, &f)
	}
	o.b = append(o.b, ']')
	o.opt("label", when(which == 1, "Mobile"))
	o.null("description")
	o.num("order", which)
	o.null("lookml_link_id")
	return o.end()
}

func (w *world) appendFilters(b []byte, dash int32, count int, salt uint64) []byte {
	r := seeded(salt)
	b = append(b, '[')
	for i := range count {
		b = comma(b)
		name := [...]string{"Date", "State & Region", "Brand", "Category"}[i]
		o := begin(b)
		if !w.lean() {
			o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
		}
		o.id("id", int64(dash)*8+int64(i))
		o.id("dashboard_id", int64(dash))
		o.str("name", name)
		o.str("title", name)
		if i == 0 {
			o.str("type", "date_filter")
			o.str("default_value", "1 years")
			o.null("model", "explore", "dimension", "field")
		} else {
			m := w.models[r.n(len(w.models))]
			view := m.explores[0]
			o.str("type", "field_filter")
			o.str("default_value", "")
			o.str("model", m.name)
			o.str("explore", view)
			o.str("dimension", view+".state")
			o.raw("field", w.filterField())
		}
		o.num("row", int64(i))
		o.raw("listens_to_filters", "[]")
		o.yes("allow_multiple_values", true)
		o.no("required")
		o.raw("ui_config", `{"type":"advanced","display":"popover","options":[]}`)
		b = o.end()
	}
	return append(b, ']')
}

// filterField is the LookML field that a filter nests.
func (w *world) filterField() string {
	const field = `{"name":"users.state","label":"Users State","type":"string","is_numeric":false,` +
		`"suggestions":null,"enumerations":null,"can_filter":true,"sql":"${TABLE}.state \u003c\u003e ''","weight":1.0`
	if !w.opts.LargeFilters {
		return field + `}`
	}
	return field + `,"description":"` + strings.Repeat("The state in which a user lives, as it was typed. ", 40) + `"}`
}
