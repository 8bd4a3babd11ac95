package lookersim

import (
	"slices"
	"strings"
)

var planFields = fieldSet("name user_id run_as_recipient enabled look_id dashboard_id lookml_dashboard_id query_id filters_string dashboard_filters require_results " +
	"require_no_results require_change send_all_results crontab datagroup timezone scheduled_plan_destination run_once include_links include_dashboard_summary " +
	"custom_url_base custom_url_params custom_url_label show_custom_url pdf_paper_size pdf_landscape embed color_theme long_tables pdf_page_breaks tab_ids inline_table_width")

// planFlags are true or false, never null.
var planFlags = []string{"run_as_recipient", "enabled", "require_results", "require_no_results", "require_change", "send_all_results", "run_once", "include_links",
	"include_dashboard_summary", "show_custom_url", "pdf_landscape", "embed", "long_tables", "pdf_page_breaks"}

const newPlan = `{"name":null,"run_as_recipient":false,"enabled":true,"look_id":null,"dashboard_id":null,"lookml_dashboard_id":null,"query_id":null,"filters_string":null,
	"dashboard_filters":null,"require_results":false,"require_no_results":false,"require_change":false,"send_all_results":false,"crontab":null,"datagroup":null,
	"timezone":"America/Los_Angeles","scheduled_plan_destination":[],"run_once":false,"include_links":true,"include_dashboard_summary":false,"custom_url_base":null,
	"custom_url_params":null,"custom_url_label":null,"show_custom_url":false,"pdf_paper_size":null,"pdf_landscape":false,"embed":false,"color_theme":null,
	"long_tables":false,"pdf_page_breaks":false,"tab_ids":null,"inline_table_width":null,"last_run_at":null,"user_id":"1"}`

func planWrites() kindWrites {
	return kindWrites{kind: "scheduled_plans", fields: planFields, required: []string{"name"}, defaults: newPlan, check: checkPlan, fill: fillPlan}
}

func checkPlan(e *edit, d *draft, id string) *refusal {
	for _, name := range planFlags {
		if e.has(name) && d.text(name) != "true" && d.text(name) != "false" {
			return invalid(name, "invalid", name+" must be true or false")
		}
	}
	var sends []string
	for name, kind := range map[string]string{"look_id": "looks", "dashboard_id": "dashboards", "lookml_dashboard_id": "lookml_dashboards"} {
		if d.text(name) != "" {
			sends = append(sends, name)
		}
		if no := e.refers(name, kind); no != nil {
			return no
		}
	}
	if query := d.text("query_id"); query != "" {
		sends = append(sends, "query_id")
		if _, _, ok := e.w.queryNamed(query); !ok {
			return unknown("query_id", query)
		}
	}
	switch {
	case len(sends) == 0:
		return missing("look_id")
	case len(sends) > 1:
		slices.Sort(sends)
		return invalid(sends[1], "invalid", "A schedule sends one thing")
	case d.text("crontab") == "" && d.text("datagroup") == "":
		return missing("crontab")
	}
	if id == "" && sends[0] == "look_id" {
		for _, name := range []string{"require_no_results", "require_results", "require_change"} {
			if !e.has(name) {
				return missing(name)
			}
		}
	}
	return e.checkDestinations(d)
}

// checkDestinations checks where a schedule goes, and who owns it.
func (e *edit) checkDestinations(d *draft) *refusal {
	count := 0
	array := lookup(d.body, "scheduled_plan_destination")
	for from, to := range elements(array) {
		count++
		for _, name := range []string{"format", "type", "address"} {
			if isNull(lookup(array[from:to], name)) {
				return missing("scheduled_plan_destination." + name)
			}
		}
	}
	if count == 0 {
		return missing("scheduled_plan_destination")
	}
	return e.refers("user_id", "users")
}

func fillPlan(e *edit, d *draft, id string) {
	w := e.w
	if d.text("user_id") == "" {
		d.raw("user_id", quoted(nil, callerID))
	}
	if f, ok := e.row("users", d.text("user_id")); ok {
		d.raw("user", w.publicUser(nil, f.row.num))
	}
	if e.has("scheduled_plan_destination") {
		e.fillDestinations(d, id)
	}
	if e.flag("run_once") {
		e.mailPlan(d)
	}
}

// fillDestinations gives each destination its id. Secrets are kept, never shown.
func (e *edit) fillDestinations(d *draft, plan string) {
	out := []byte{'['}
	array := lookup(d.body, "scheduled_plan_destination")
	for from, to := range elements(array) {
		out = comma(out)
		one := draft{[]byte(`{"id":null,"scheduled_plan_id":null,"format":null,"apply_formatting":false,"apply_vis":false,"address":null,"looker_recipient":false,"type":null,"parameters":null,"message":null}`)}
		one.take(array[from:to], fieldSet("format apply_formatting apply_vis address type parameters message"))
		one.str("id", e.w.partID())
		one.str("scheduled_plan_id", plan)
		_, known := e.w.userWithEmail(one.text("address"))
		one.yes("looker_recipient", one.text("type") == "email" && known)
		out = append(out, one.body...)
	}
	d.raw("scheduled_plan_destination", append(out, ']'))
}

// userWithEmail finds a user by e-mail address, in any case.
func (w *world) userWithEmail(address string) (found, bool) {
	for f := range w.tables["users"].present() {
		if address != "" && strings.EqualFold(f.t.attribute(w, f.row, "email").text, address) {
			return f, true
		}
	}
	return found{}, false
}

// runPlan sends a schedule at once.
func runPlan(e *edit, f found) ([]byte, *refusal) {
	d := e.w.draftOf(f)
	e.mailPlan(&d)
	return d.body, nil
}
