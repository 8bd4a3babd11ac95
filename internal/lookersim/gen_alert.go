package lookersim

import "strconv"

var comparisons = []string{"EQUAL_TO", "GREATER_THAN", "GREATER_THAN_OR_EQUAL_TO", "LESS_THAN", "LESS_THAN_OR_EQUAL_TO", "INCREASES_BY", "DECREASES_BY", "CHANGES_BY"}

// renderAlert appends an alert on the first tile of a dashboard. Alerts have
// neither times nor a can object.
func (w *world) renderAlert(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("alerts", row.num, 0)
	owner := w.drawnOwner("alerts", row.num)
	o := begin(b)
	o.raw("applied_dashboard_filters", `[{"filter_title":"State \u0026 Region","field_name":"users.state","filter_value":"CA,NY","filter_description":"is CA or NY"}]`)
	o.str("comparison_type", r.pick(comparisons))
	o.str("cron", strconv.Itoa(r.n(60))+" 5 * * *")
	dash := int32(0)
	if w.sizes.Dashboards > 0 {
		dash = numberAt(r.n(w.sizes.Dashboards))
	}
	tiles := w.tilesOf(nil, dash)
	tileNumber := int64(dash) * int64(w.tileStride)
	o.id("query_id", when(dash != 0 && len(tiles) > 0 && tiles[0].form == tileQuery, queryID(queryTile, tileNumber)))
	o.null("custom_url_base", "custom_url_params", "custom_url_label")
	o.no("show_custom_url")
	o.opt("custom_title", when(r.chance(600), r.title()))
	o.id("dashboard_element_id", when(dash != 0 && len(tiles) > 0, tileNumber))
	o.opt("description", r.sometimes(300, 6))
	o.null("enhancements")
	o.key("destinations")
	o.b = w.alertDestinations(o.b, &r)
	o.raw("field", `{"title":"Orders Count","name":"orders.count","filter":[{"field_name":"orders.status","field_value":["complete",1.0,null],"filter_value":"complete"}]}`)
	o.no("followed")
	o.yes("followable", true)
	o.id("id", int64(row.num))
	o.yes("is_disabled", r.chance(100))
	o.null("disabled_reason")
	o.yes("is_public", r.chance(500))
	o.str("investigative_content_type", "dashboard")
	o.id("investigative_content_id", int64(dash))
	title := w.dashboardInfo(max(dash, 1)).title
	if now, ok := w.nowNumbered("dashboards", dash); ok {
		title = rawValue(lookup(now, "title")).text
	}
	o.opt("investigative_content_title", when(dash != 0, title))
	o.null("lookml_dashboard_id", "lookml_link_id")
	o.id("owner_id", int64(owner))
	o.str("owner_display_name", w.userName(owner))
	o.raw("threshold", r.pick([]string{"100.0", "0.05", "1e21", "-3.5", "42"}))
	o.null("time_series_condition_state")
	return o.end()
}

func (w *world) alertDestinations(b []byte, r *rng) []byte {
	b = append(b, '[')
	d := begin(b)
	if r.chance(700) || w.sizes.Integrations == 0 {
		u := w.userInfo(numberAt(r.n(w.sizes.Users)))
		d.str("destination_type", "EMAIL")
		d.str("email_address", u.email)
		d.null("action_hub_integration_id", "action_hub_form_params_json")
	} else {
		d.str("destination_type", "ACTION_HUB")
		d.null("email_address")
		d.str("action_hub_integration_id", w.integrationID(int32(1+r.n(w.sizes.Integrations))))
		d.str("action_hub_form_params_json", `{"channel":"#alerts & more","token":"`+string(r.slug(nil, 12))+`"}`)
	}
	return append(d.end(), ']')
}
