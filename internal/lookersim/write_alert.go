package lookersim

var (
	alertFields = fieldSet("applied_dashboard_filters comparison_type cron query_id custom_url_base custom_url_params custom_url_label show_custom_url custom_title " +
		"dashboard_element_id description enhancements destinations field is_disabled disabled_reason is_public investigative_content_type investigative_content_id " +
		"lookml_dashboard_id lookml_link_id owner_id threshold time_series_condition_state")
	alertPatch = fieldSet("owner_id is_disabled disabled_reason is_public threshold enhancements")
)

const newAlert = `{"applied_dashboard_filters":[],"comparison_type":null,"cron":null,"query_id":null,"custom_url_base":null,"custom_url_params":null,"custom_url_label":null,
	"show_custom_url":false,"custom_title":null,"dashboard_element_id":null,"description":null,"enhancements":null,"destinations":[],"field":null,"is_disabled":false,
	"disabled_reason":null,"is_public":false,"investigative_content_type":null,"investigative_content_id":null,"investigative_content_title":null,
	"lookml_dashboard_id":null,"lookml_link_id":null,"owner_id":"1","threshold":null,"time_series_condition_state":null,"followed":false,"followable":true}`

func alertWrites() kindWrites {
	return kindWrites{kind: "alerts", fields: alertFields, required: []string{"field", "destinations", "comparison_type", "threshold", "cron"},
		defaults: newAlert, check: checkAlert, fill: fillAlert}
}

func checkAlert(e *edit, d *draft, _ string) *refusal {
	for _, name := range []string{"is_disabled", "is_public"} {
		if d.text(name) == "" {
			return invalid(name, "invalid", name+" must be true or false")
		}
	}
	if no := e.refers("owner_id", "users"); no != nil {
		return no
	}
	switch element := d.text("dashboard_element_id"); {
	case element == "" && d.text("lookml_dashboard_id") == "":
		return missing("dashboard_element_id")
	case element != "" && e.has("dashboard_element_id"):
		if _, ok := e.dashboardOfTile(element); !ok {
			return unknown("dashboard_element_id", element)
		}
	}
	if lookup(d.body, "destinations")[1] == ']' {
		return missing("destinations")
	}
	for name, value := range map[string][]byte{"title": lookup(lookup(d.body, "field"), "title"), "name": lookup(lookup(d.body, "field"), "name")} {
		if isNull(value) {
			return missing("field." + name)
		}
	}
	return nil
}

// dashboardOfTile is the dashboard, out of the trash, that a tile belongs to.
func (e *edit) dashboardOfTile(id string) (*opened, bool) {
	for _, owner := range e.w.ownersOf(partElement, id) {
		if o, no := e.open(owner); no == nil && indexOfID(o.elements, id) >= 0 {
			return o, true
		}
	}
	return nil, false
}

func fillAlert(e *edit, d *draft, _ string) {
	d.opt("owner_display_name", e.w.displayName(d.text("owner_id")))
	if o, ok := e.dashboardOfTile(d.text("dashboard_element_id")); ok && d.text("investigative_content_id") == "" {
		d.str("investigative_content_type", "dashboard")
		d.str("investigative_content_id", o.id)
	}
	if f, ok := e.row("dashboards", d.text("investigative_content_id")); ok && d.text("investigative_content_type") == "dashboard" {
		d.str("investigative_content_title", f.t.attribute(e.w, f.row, "title").text)
	}
}

// replaceAlert is PUT: what the request does not say goes back to what new
// alerts have. An alert stays on its tile.
func replaceAlert(e *edit, f found) ([]byte, *refusal) {
	old := e.w.draftOf(f)
	for _, name := range append(alertWrites().required, "owner_id") {
		if isNull(lookup(e.sent, name)) {
			return nil, missing(name)
		}
	}
	if e.text("dashboard_element_id") != "" && e.text("dashboard_element_id") != old.text("dashboard_element_id") {
		return nil, invalid("dashboard_element_id", "invalid", "An alert cannot move to another tile")
	}
	d := draft{old.body}
	d.defaults(newAlert)
	for _, name := range []string{"dashboard_element_id", "lookml_dashboard_id", "lookml_link_id"} {
		d.raw(name, lookup(old.body, name))
	}
	d.take(e.sent, alertFields)
	if e.text("dashboard_element_id") == "" {
		d.raw("dashboard_element_id", lookup(old.body, "dashboard_element_id"))
	}
	if no := checkAlert(e, &d, e.id()); no != nil {
		return nil, no
	}
	fillAlert(e, &d, e.id())
	return e.w.answerOf(e.w.store(f.t, f.index, d, f.row.state)), nil
}

// patchAlert takes the few members that PATCH knows.
func patchAlert(e *edit) ([]byte, *refusal) {
	k := alertWrites()
	k.fields = alertPatch
	return k.update(e)
}

// enqueueAlert runs an alert at once.
func enqueueAlert(e *edit, f found) ([]byte, *refusal) {
	d := e.w.draftOf(f)
	array := lookup(d.body, "destinations")
	for from, to := range elements(array) {
		e.mail(rawValue(lookup(array[from:to], "email_address")).text, "alerts/%s ran once", d.text("id"))
	}
	return nil, nil
}
