package lookersim

import (
	"slices"
	"strconv"
)

func (w *world) renderHub(b []byte, row row, _ fieldTree) []byte {
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
	o.id("id", int64(row.num))
	o.str("url", "https://actions.example/hub/"+strconv.Itoa(int(row.num))+"?a=1&b=2")
	o.str("label", "Action Hub "+strconv.Itoa(int(row.num)))
	o.yes("official", row.num == 1)
	o.null("fetch_error_message")
	o.yes("has_authorization_token", row.num > 1)
	o.members(`"legal_agreement_signed":true,"legal_agreement_required":false,"legal_agreement_text":null`)
	return o.end()
}

// integrationID spells the id as hub::name.
func (w *world) integrationID(num int32) string {
	hub := numberAt(int(num) % w.sizes.IntegrationHubs)
	return strconv.Itoa(int(hub)) + "::" + [...]string{"slack", "google_sheets", "sendgrid", "jira", "s3 & co"}[num%5] + "_" + strconv.Itoa(int(num))
}

func (w *world) renderIntegration(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("integrations", row.num, 0)
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"update":true}`)
	o.str("id", w.integrationID(row.num))
	o.id("integration_hub_id", int64(numberAt(int(row.num)%w.sizes.IntegrationHubs)))
	o.str("label", r.pick(subjects)+" Action")
	o.opt("description", r.sometimes(600, 8))
	o.yes("enabled", r.chance(700))
	p := begin(nil)
	p.members(`"name":"api_key","label":"API Key","description":null,"required":true,"has_value":true,"value":null,"user_attribute_name":null,` +
		`"sensitive":true,"per_user":false,"delegate_oauth_url":null`)
	q := begin(nil)
	q.members(`"name":"endpoint","label":"Endpoint","description":null,"required":false,"has_value":true`)
	q.str("value", "https://api.example/v1?key="+string(r.slug(nil, 16)))
	q.members(`"user_attribute_name":null,"sensitive":false,"per_user":false,"delegate_oauth_url":null`)
	o.raw("params", "["+string(p.end())+","+string(q.end())+"]")
	o.strs("supported_formats", "txt", "csv", "json")
	o.strs("supported_action_types", "query", "dashboard")
	o.strs("supported_formattings", "formatted", "unformatted")
	o.strs("supported_visualization_formattings", "apply", "noapply")
	o.strs("supported_download_settings", "push", "url")
	o.members(`"icon_url":null,"uses_oauth":false,"required_fields":[{"tag":null,"any_tag":["email"],"all_tags":[]}],"privacy_link":null,` +
		`"delegate_oauth":false,"installed_delegate_oauth_targets":[]`)
	return o.end()
}

func (w *world) renderAgent(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("agents", row.num, 0)
	u := w.userInfo(numberAt(r.n(w.sizes.Users)))
	m := w.models[r.n(len(w.models))]
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
	o.id("id", int64(row.num))
	o.id("created_by_user_id", int64(u.num))
	o.str("created_by_name", u.name())
	o.str("created_by_first_name", u.first)
	o.str("created_by_last_name", u.last)
	o.null("created_by_avatar_url")
	o.str("name", r.title())
	o.str("description", r.lorem(10))
	o.null("category")
	s := begin(nil)
	s.str("model", m.name)
	s.str("explore", m.explores[0])
	o.raw("sources", "["+string(s.end())+"]")
	o.no("has_inaccessible_source")
	o.raw("golden_queries", "["+string(w.seededGolden())+"]")
	o.members(`"golden_query_ids":[` + seedGolden + `],"context":{"instructions":"Answer briefly.\nNever guess \u0026 cite."},"deleted":false,` +
		`"created_at":"2026-01-02","updated_at":"2026-02-03"`)
	o.id("content_metadata_id", metadataID(metaAgent, row.num))
	o.no("code_interpreter")
	o.null("studio_agent_id", "workflow_params")
	return o.end()
}

func (w *world) renderFeature(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("legacy_features", row.num, 0)
	o := begin(b)
	o.raw("can", `{"show":true,"index":true,"update":true}`)
	o.id("id", int64(row.num))
	o.str("name", "Legacy "+r.pick(subjects))
	o.str("description", r.lorem(12))
	o.yes("enabled_locally", r.chance(300))
	o.yes("enabled", r.chance(300))
	o.str("disallowed_as_of_version", "27.0")
	o.null("disable_on_upgrade_to_version", "end_of_life_version")
	o.str("documentation_url", "https://docs.example/legacy?f="+strconv.Itoa(int(row.num))+"&v=1")
	o.null("approximate_disable_date", "approximate_end_of_life_date")
	o.no("has_disabled_on_upgrade")
	return o.end()
}

func (w *world) clientGUID(num int32) string { return "extension.app_" + strconv.Itoa(int(num)) }

func (w *world) renderClient(b []byte, row row, _ fieldTree) []byte {
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
	o.str("client_guid", w.clientGUID(row.num))
	o.str("redirect_uri", "https://app.example/callback")
	o.str("display_name", "App "+strconv.Itoa(int(row.num)))
	o.str("description", "Reads & writes")
	o.yes("enabled", true)
	o.id("group_id", allUsers)
	o.time("tokens_invalid_before", epoch)
	o.raw("activated_users", "[]")
	return o.end()
}

// renderSection appends a section of the homepage; it is listed only.
func (w *world) renderSection(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("homepage_sections", row.num, 0)
	o := begin(b)
	o.raw("can", "{}")
	o.time("created_at", epoch+int64(row.num)*day)
	o.null("deleted_at", "detail_url")
	o.id("homepage_id", 1)
	o.raw("homepage_items", `[{"can":{},"content_created_by":null,"id":"`+strconv.Itoa(int(row.num)*10)+`","section_fetch_time":0.0312,"title":"Pinned \u0026 new","url":"/dashboards/1","order":1,`+
		`"use_custom_description":false,"use_custom_image":false,"use_custom_title":true,"use_custom_url":false,"view_count":1.0e0}]`)
	o.id("id", int64(row.num))
	o.yes("is_header", row.num == 1)
	o.ids("item_order", []int32{row.num * 10})
	o.str("title", r.title())
	o.time("updated_at", epoch+int64(row.num)*day)
	o.opt("description", r.sometimes(500, 6))
	o.ids("visible_item_order", []int32{row.num * 10})
	return o.end()
}

// favoriteOwner is who marked the content.
func (w *world) favoriteOwner(num int32) int32 { return numberAt(int(num*3) % w.sizes.Users) }

func (w *world) renderFavorite(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("content_favorites", row.num, 0)
	o := begin(b)
	o.id("id", int64(row.num))
	o.id("user_id", int64(w.favoriteOwner(row.num)))
	dash := int32(0)
	if w.sizes.Dashboards > 0 {
		dash = numberAt(r.n(w.sizes.Dashboards))
	}
	o.id("content_metadata_id", metadataID(metaDashboard, dash))
	o.null("look_id")
	o.id("dashboard_id", int64(dash))
	o.null("look", "dashboard", "board_id", "lookml_dashboard_id", "lookml_dashboard")
	return o.end()
}

// goldenQuery is the query behind the golden query of all agents, by number always,
// 0 where there is none or numbers find nothing. No plan sends it.
func (w *world) goldenQuery() int64 {
	if w.opts.Dialect.NoNumericQueries {
		return 0
	}
	for i := range w.sizes.ScheduledPlans {
		if w.planQuery(numberAt(i)) == 0 {
			return queryID(queryLoose, int64(i))
		}
	}
	return 0
}

// anyAgent reports whether an agent is present that was not changed.
func (w *world) anyAgent() bool {
	return slices.ContainsFunc(w.tables["agents"].rows, func(r row) bool { return r.state == present && r.over == nil })
}
