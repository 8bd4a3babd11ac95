package lookersim

import "strconv"

// lookmlDashboardID spells the id of a dashboard that lives in a project's files.
func (w *world) lookmlDashboardID(num int32) string {
	m := w.models[int(num)%len(w.models)]
	return m.name + "::" + [...]string{"overview", "business_pulse", "details & more", "funnel"}[num%4] + "_" + strconv.Itoa(int(num))
}

// renderLookmlDashboard appends a LookML dashboard: shaped like any other, but
// read-only and without times.
func (w *world) renderLookmlDashboard(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("lookml_dashboards", row.num, 0)
	m := w.models[int(row.num)%len(w.models)]
	id := w.lookmlDashboardID(row.num)
	o := begin(b)
	o.raw("can", dashboardCan)
	o.null("content_favorite_id", "content_metadata_id", "description")
	o.no("hidden")
	o.str("id", id)
	o.key("model")
	model := begin(o.b)
	model.str("id", m.name)
	model.str("label", m.label)
	o.b = model.end()
	o.members(`"query_timezone":null,"readonly":true,"refresh_interval":null,"refresh_interval_to_i":null`)
	o.key("folder")
	o.b = w.folderBase(o.b, int32(w.sizes.Folders))
	o.str("title", r.title())
	o.null("user_id")
	o.str("slug", id)
	o.members(`"preferred_viewer":"dashboards-next","certification_metadata":null,"created_at":null,"crossfilter_enabled":false`)
	o.key("dashboard_elements")
	o.b = append(o.b, '[')
	for i := range r.in(1, 6) {
		e := begin(comma(o.b))
		e.raw("can", tileCan)
		e.str("dashboard_id", id)
		e.str("id", id+"::tile_"+strconv.Itoa(i))
		e.str("lookml_link_id", "tile_"+strconv.Itoa(i))
		e.null("look", "look_id", "merge_result_id")
		e.key("query")
		e.b = w.putQuery(e.b, w.variantOf(querySource, 0), queryID(querySource, 0))
		e.str("title", r.title())
		e.str("type", "vis")
		o.b = e.end()
	}
	o.b = append(o.b, ']')
	o.members(`"dashboard_filters":[],"dashboard_layouts":[],"deleted":false`)
	o.str("edit_uri", "/projects/"+m.project+"/files/dashboards/"+strconv.Itoa(int(row.num))+".dashboard.lookml")
	o.str("folder_id", lookmlFolder)
	o.str("lookml_link_id", id)
	o.str("url", "/dashboards/"+id)
	return o.end()
}
