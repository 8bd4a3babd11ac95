package lookersim

import "strconv"

// drawnOwner is the user that the seed gives a scheduled plan or an alert.
func (w *world) drawnOwner(kind string, num int32) int32 {
	r := w.rngFor(kind, num, 1)
	if r.chance(60) {
		return callerID
	}
	return numberAt(r.n(w.sizes.Users))
}

// planOwnerOf is the owner of a plan that may have been changed.
func (w *world) planOwnerOf(r row) int32 { return w.ownerOf("scheduled_plans", "user_id", r) }

// alertOwnerOf is the owner of an alert that may have been changed.
func (w *world) alertOwnerOf(r row) int32 { return w.ownerOf("alerts", "owner_id", r) }

func (w *world) ownerOf(kind, member string, r row) int32 {
	if r.over != nil {
		return int32(number(rawValue(lookup(r.over.body, member)).text))
	}
	return w.drawnOwner(kind, r.num)
}

// renderPlan appends a scheduled plan with its destinations.
func (w *world) renderPlan(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("scheduled_plans", row.num, 0)
	created := epoch + int64(r.n(2200))*day
	owner := w.drawnOwner("scheduled_plans", row.num)
	o := begin(b)
	o.str("name", r.title())
	o.id("user_id", int64(owner))
	o.no("run_as_recipient")
	o.yes("enabled", !r.chance(150))
	w.planContent(&o, &r, row.num)
	o.opt("filters_string", when(r.chance(500), "?Date=7+days&State+%26+Region=CA,NY&f[x]=<5"))
	o.null("dashboard_filters")
	o.no("require_results", "require_no_results", "require_change")
	o.yes("send_all_results", r.chance(300))
	if r.chance(850) || w.sizes.Datagroups == 0 {
		o.str("crontab", strconv.Itoa(r.n(60))+" "+strconv.Itoa(r.n(24))+" * * 1-5")
		o.null("datagroup")
	} else {
		o.null("crontab")
		o.str("datagroup", w.datagroupModel(1)+"::daily") // the name of the first one
	}
	o.str("timezone", "America/Los_Angeles")
	o.key("scheduled_plan_destination")
	for i := range r.in(1, 3) {
		o.b = append(o.b, "[,,"[i])
		o.b = w.planDestination(o.b, &r, row.num, i)
	}
	o.b = append(o.b, ']')
	o.members(`"run_once":false,"include_links":true,"include_dashboard_summary":false,"custom_url_base":null,"custom_url_params":null,` +
		`"custom_url_label":null,"show_custom_url":false,"pdf_paper_size":null,"pdf_landscape":false,"embed":false,"color_theme":null,` +
		`"long_tables":false,"pdf_page_breaks":false,"tab_ids":null,"inline_table_width":null`)
	o.key("query_id")
	if query := w.planQuery(row.num); query != 0 {
		o.b = appendString(o.b, w.queryName(query))
	} else {
		o.b = append(o.b, "null"...)
	}
	o.id("id", int64(row.num))
	o.time("created_at", created)
	o.time("updated_at", created+int64(r.n(300))*day)
	o.str("title", r.title())
	o.key("user")
	o.b = w.publicUser(o.b, owner)
	o.time("next_run_at", epoch+7*year+int64(r.n(day)))
	o.time("last_run_at", epoch+7*year-day)
	o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true,"run":true}`)
	return o.end()
}

// publicUser appends what everybody may see of a user.
func (w *world) publicUser(b []byte, num int32) []byte {
	if doc, ok := w.nowNumbered("users", num); ok {
		return publicUser.cut(b, set(doc, "can", []byte(`{"show":true}`)))
	}
	info := w.userInfo(num)
	u := begin(b)
	u.raw("can", `{"show":true}`)
	u.id("id", int64(num))
	u.str("first_name", info.first)
	u.str("last_name", info.last)
	u.str("display_name", info.name())
	u.str("avatar_url", "https://gravatar.example/avatar/"+strconv.Itoa(int(num))+"?s=156&d=blank")
	u.str("url", host+"/api/4.0/users/"+strconv.Itoa(int(num)))
	return u.end()
}

// planQuery is the query of the few plans that send one; no other document
// holds it.
func (w *world) planQuery(num int32) int64 {
	r := w.rngFor("scheduled_plans", num, 2)
	if i := indexAt(num); !r.chance(80) || i < 0 || i >= w.sizes.ScheduledPlans {
		return 0
	}
	return queryID(queryLoose, int64(indexAt(num)))
}

func (w *world) planContent(o *object, r *rng, num int32) {
	isLook := r.chance(350)
	look, dash, lookml := int32(0), int32(0), ""
	switch {
	case w.planQuery(num) != 0:
	case r.chance(40) && w.sizes.LookmlDashboards > 0:
		lookml = w.lookmlDashboardID(int32(1 + r.n(w.sizes.LookmlDashboards)))
	case w.sizes.Looks > 0 && (isLook || w.sizes.Dashboards == 0):
		look = numberAt(r.n(w.sizes.Looks))
	case w.sizes.Dashboards > 0:
		dash = numberAt(r.n(w.sizes.Dashboards))
	}
	o.id("look_id", int64(look))
	o.id("dashboard_id", int64(dash))
	o.opt("lookml_dashboard_id", lookml)
}

func (w *world) planDestination(b []byte, r *rng, plan int32, i int) []byte {
	d := begin(b)
	d.id("id", int64(plan)*4+int64(i))
	d.id("scheduled_plan_id", int64(plan))
	d.str("format", r.pick([]string{"wysiwyg_pdf", "assembled_pdf", "csv_zip", "inline_json"}))
	d.yes("apply_formatting", true)
	d.yes("apply_vis", true)
	switch {
	case r.chance(700):
		u := w.userInfo(numberAt(r.n(w.sizes.Users)))
		d.str("address", u.email)
		d.members(`"looker_recipient":true,"type":"email","parameters":null`)
	case r.chance(500):
		d.str("address", "https://hooks.example/services/"+string(r.slug(nil, 24)))
		d.no("looker_recipient")
		d.str("type", "webhook")
		d.str("parameters", `{"region":"us-east-1","access_key_id":"AK`+string(r.slug(nil, 10))+`"}`)
	default:
		d.str("address", "s3://bucket & prefix/")
		d.no("looker_recipient")
		d.str("type", "s3")
		d.str("parameters", `{"region":"eu","depth":1.0}`)
	}
	d.opt("message", r.sometimes(300, 12))
	return d.end()
}
