package lookersim

import (
	"net/http"
	"strings"
)

// dashboardFields are what a request may say about a dashboard; what refers to
// others, the slug and the trash are checked and set apart.
var dashboardFields = func() fieldTree {
	tree := fieldSet("title description hidden query_timezone refresh_interval preferred_viewer load_configuration lookml_link_id crossfilter_enabled " +
		"chat_enabled alert_sync_with_dashboard_filter_enabled enable_viz_full_screen filters_bar_collapsed filters_location_top show_filters_bar show_title " +
		"background_color text_tile_text_color tile_background_color tile_text_color title_color preserve_desktop_layout")
	tree["appearance"] = fieldSet("page_side_margins page_background_color tile_title_alignment tile_space_between tile_background_color tile_shadow key_color modern_vis2026")
	tree["download_settings"] = fieldSet("format_option value_options result_options limit_options rows_limit columns_limit")
	return tree
}()

// newDashboard is what a dashboard says of itself when a request says nothing.
const newDashboard = `{"content_favorite_id":null,"description":null,"hidden":false,"query_timezone":null,"refresh_interval":null,"refresh_interval_to_i":null,
	"preferred_viewer":"dashboards-next","certification_metadata":null,"alert_sync_with_dashboard_filter_enabled":false,"chat_enabled":false,"background_color":null,
	"crossfilter_enabled":false,"deleted":false,"deleted_at":null,"deleter_id":null,"enable_viz_full_screen":false,"favorite_count":0,"filters_bar_collapsed":false,
	"filters_location_top":false,"last_accessed_at":null,"last_viewed_at":null,"load_configuration":null,"lookml_link_id":null,"show_filters_bar":true,"show_title":true,
	"text_tile_text_color":null,"tile_background_color":null,"tile_text_color":null,"title_color":null,"view_count":0,"usage_count":0,"preserve_desktop_layout":false}`

func createDashboard(e *edit) ([]byte, *refusal) {
	for _, name := range []string{"title", "folder_id"} {
		if e.text(name) == "" {
			return nil, missing(name)
		}
	}
	if no := e.checkDashboard("", keys{}, e.flag("deleted")); no != nil {
		return nil, no
	}
	t := e.w.tables["dashboards"]
	f := e.w.create(t, func(d *draft, id string) {
		d.body, _ = split(d.body)
		d.defaults(newDashboard)
		d.raw("user_id", quoted(nil, callerID))
		d.time("created_at", e.now)
		e.fillDashboard(d)
	})
	d, _ := e.w.apart(f)
	id := t.idOf(e.w, f.row)
	p := parts{layouts: []layout{{doc: e.newLayout(id, d.text("title"), 0, true)}}}
	d.discard(e, e.flag("deleted"))
	return e.w.answerOf(e.w.storeDashboard(f, d, p, stateAs(e.flag("deleted")))), nil
}

// checkDashboard checks what a request says about a dashboard. Slugs are unique
// in the whole instance, the trash included.
func (e *edit) checkDashboard(id string, old keys, trash bool) *refusal {
	slug := e.text("slug")
	if slug != "" && slug != old.slug {
		if strings.Trim(slug, base62+"-_") != "" {
			return invalid("slug", "invalid", "Slug may hold letters, digits, - and _")
		}
		t := e.w.tables["dashboards"]
		for _, r := range t.rows {
			if r.state != gone && e.w.keysOfRow(t, r).slug == slug {
				return taken(http.StatusConflict, "slug", "Slug has already been taken.")
			}
		}
	}
	return e.checkContent("dashboards", id, old, trash)
}

// fillDashboard sets what a request says, and what follows from it.
func (e *edit) fillDashboard(d *draft) {
	d.take(e.sent, dashboardFields)
	e.fillPlace(d)
	if slug := e.text("slug"); slug != "" {
		d.str("slug", slug)
	}
	if m := lookup(e.sent, "certification_metadata"); len(m) > 0 && m[0] == '{' {
		d.raw("certification_metadata", e.certified(m))
	}
	d.touch(e)
}

// certified is the certification that a request gives, in the caller's name.
func (e *edit) certified(sent []byte) []byte {
	o := begin(nil)
	for _, name := range []string{"certification_status", "notes"} {
		if v := lookup(sent, name); v != nil {
			o.raw(name, string(accepted(name, v)))
		} else {
			o.null(name)
		}
	}
	o.null("ui_status")
	o.str("user_name", e.w.userName(callerID))
	o.time("updated_at", e.now)
	return o.end()
}

func updateDashboard(e *edit) ([]byte, *refusal) {
	if strings.Contains(e.id(), "::") {
		return nil, forbidden(http.StatusMethodNotAllowed, "LookML dashboards are changed in their project")
	}
	f, no := e.target("dashboards")
	if no != nil {
		return nil, no
	}
	away := e.flag("deleted") || !e.has("deleted") && f.row.state == trashed
	if no := e.checkDashboard(e.id(), e.w.keysOfRow(f.t, f.row), away); no != nil {
		return nil, no
	}
	d, p := e.w.apart(f)
	d.discard(e, away)
	e.fillDashboard(&d)
	p = p.titled(d.text("title"))
	return e.w.answerOf(e.w.storeDashboard(f, d, p, stateAs(away))), nil
}

// titled is the parts of a dashboard of that title, which its layouts repeat.
func (p parts) titled(title string) parts {
	next := make([]layout, len(p.layouts))
	for i, l := range p.layouts {
		next[i] = layout{set(l.doc, "dashboard_title", appendString(nil, title)), l.components}
	}
	p.layouts = next
	return p
}

// deleteDashboard deletes a dashboard for good, in the trash or not.
func deleteDashboard(e *edit) ([]byte, *refusal) {
	if strings.Contains(e.id(), "::") {
		return nil, forbidden(http.StatusMethodNotAllowed, "LookML dashboards are deleted in their project")
	}
	f, no := e.target("dashboards")
	if no != nil {
		return nil, no
	}
	e.dropContent(f)
	return nil, nil
}

// newLayout makes a layout without components.
func (e *edit) newLayout(dashboard, title string, order int64, active bool) []byte {
	o := begin(nil)
	o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
	o.str("id", e.w.partID())
	o.str("dashboard_id", dashboard)
	o.str("type", "newspaper")
	o.yes("active", active)
	o.null("column_width", "width")
	o.no("deleted")
	o.str("dashboard_title", title)
	o.raw(componentsMember, "[]")
	o.null("label", "description")
	o.num("order", order)
	o.null("lookml_link_id")
	return o.end()
}

// certify answers PATCH /dashboards/{id}/certification, and that of looks.
func certify(kind string) writeFunc {
	return editing(kind, func(e *edit, f found) ([]byte, *refusal) {
		if kind == "dashboards" {
			d, p := e.w.apart(f)
			d.raw("certification_metadata", e.certified(e.sent))
			d.touch(e)
			return e.w.answerOf(e.w.storeDashboard(f, d, p, f.row.state)), nil
		}
		d := e.w.draftOf(f)
		d.raw("certification_metadata", e.certified(e.sent))
		d.touch(e)
		return e.w.answerOf(e.w.store(f.t, f.index, d, f.row.state)), nil
	})
}
