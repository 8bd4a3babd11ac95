package lookersim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// adminKinds are the kinds of how an instance is set up.
func adminKinds() []kindWrites {
	return []kindWrites{themeWrites(), collectionWrites(), modelWrites(), connectionWrites(), hubWrites(), agentWrites(), clientWrites()}
}

func themeWrites() kindWrites {
	settings := fieldSet("base_font_size color_collection_id font_family font_source tile_title_alignment " + strings.Join(themeColours, " ") + " " +
		strings.Join(themeFlags, " ") + " " + strings.Join(themeTexts, " "))
	return kindWrites{kind: "themes", fields: fieldTree{"name": nil, "begin_at": nil, "end_at": nil, "settings": settings}, required: []string{"name"},
		unique: []string{"name", "begin_at"}, defaults: `{"begin_at":null,"end_at":null,"settings":{}}`,
		check: func(e *edit, d *draft, id string) *refusal {
			if strings.Trim(d.text("name"), base62+"_") != "" || d.text("name") == "" {
				return invalid("name", "invalid", "A name holds letters, digits and _")
			}
			if id != "" {
				return nil
			}
			// A new theme begins with the settings of the default one.
			t := e.w.tables["themes"]
			if len(t.rows) > 1 {
				copied := draft{lookup(t.document(e.w, nil, t.rows[0], nil), "settings")}
				copied.take(lookup(d.body, "settings"), settings)
				d.raw("settings", copied.body)
			}
			return nil
		},
		fixed: func(e *edit, d *draft) *refusal {
			if e.request.Method == http.MethodDelete && d.text("id") == "1" {
				return forbidden(http.StatusBadRequest, "The default theme stays")
			}
			return nil
		},
	}
}

var palettes = []string{"categoricalPalettes", "sequentialPalettes", "divergingPalettes"}

func collectionWrites() kindWrites {
	return kindWrites{kind: "color_collections", fields: fieldSet("label " + strings.Join(palettes, " ")), required: []string{"label"},
		defaults: `{"categoricalPalettes":[],"sequentialPalettes":[],"divergingPalettes":[]}`,
		fixed: func(e *edit, _ *draft) *refusal {
			if slices.Contains(standardCollections, e.id()) {
				return forbidden(http.StatusForbidden, "The collection comes with Looker")
			}
			return nil
		},
		fill: func(e *edit, d *draft, _ string) {
			for _, name := range palettes {
				if e.has(name) {
					d.raw(name, e.newPalettes(lookup(d.body, name)))
				}
			}
		},
	}
}

// newPalettes gives each palette of a request an id of its own.
func (e *edit) newPalettes(array []byte) []byte {
	out := []byte{'['}
	for _, p := range list(array) {
		out = comma(out)
		d := draft{p}
		d.str("id", "palette-"+e.w.partID())
		out = append(out, d.body...)
	}
	return append(out, ']')
}

func modelWrites() kindWrites {
	return kindWrites{kind: "lookml_models", name: "name", fields: fieldSet("allowed_db_connection_names project_name unlimited_db_connections"), required: []string{"name"},
		unique: []string{"name"}, defaults: `{"allowed_db_connection_names":[],"explores":[],"has_content":false,"project_name":null,"unlimited_db_connections":false}`,
		fill: func(e *edit, d *draft, _ string) {
			if e.request.Method == http.MethodPost {
				d.str("label", d.text("name"))
			}
		},
	}
}

func connectionWrites() kindWrites {
	return kindWrites{kind: "connections", name: "name", required: []string{"name"}, unique: []string{"name"},
		fields: fieldSet("named_driver_version_requested host port username uses_key_pair_auth database db_timezone query_timezone schema max_connections max_queries " +
			"max_queries_per_user max_billing_gigabytes ssl verify_ssl tmp_db_name tmp_db_host jdbc_additional_params pool_timeout dialect_name user_db_credentials " +
			"user_attribute_fields maintenance_cron sql_runner_precache_tables sql_writing_with_info_schema after_connect_statements pdt_context_override custom_local_port " +
			"tunnel_id uses_tns pdt_concurrency disable_context_comment oauth_application_id always_retry_failed_builds uses_application_default_credentials " +
			"impersonated_service_account cost_estimate_enabled pdt_api_control_enabled connection_pooling bq_storage_project_id bq_roles_verified query_holding_disabled service_name"),
		defaults: `{"host":null,"port":null,"username":null,"has_password":false,"database":null,"schema":null,"tmp_db_name":null,"jdbc_additional_params":null}`,
		fill: func(e *edit, d *draft, _ string) {
			if e.text("password") != "" {
				d.yes("has_password", true)
			}
		},
	}
}

func hubWrites() kindWrites {
	return kindWrites{kind: "integration_hubs", fields: fieldSet("url"), required: []string{"url"}, unique: []string{"url"},
		defaults: `{"official":false,"has_authorization_token":false}`,
		fill: func(e *edit, d *draft, id string) {
			if e.request.Method == http.MethodPost {
				d.str("label", "Action Hub "+id)
			}
			if e.has("authorization_token") {
				d.yes("has_authorization_token", e.text("authorization_token") != "")
			}
		},
		dropped: func(e *edit, f found) { e.dropWhere("integrations", "integration_hub_id", f.t.idOf(e.w, f.row)) },
	}
}

// updateIntegration changes whether an integration is on, and the values of
// those of its parameters that a request names.
func updateIntegration(e *edit, f found) ([]byte, *refusal) {
	d := e.w.draftOf(f)
	d.take(e.sent, fieldSet("enabled"))
	params := list(lookup(d.body, "params"))
	for _, sent := range list(lookup(e.sent, "params")) {
		name := rawValue(lookup(sent, "name")).text
		known := false
		for i := range params {
			p := draft{params[i]}
			if p.text("name") != name {
				continue
			}
			known = true
			p.take(sent, fieldSet("user_attribute_name"))
			if value := lookup(sent, "value"); value != nil && !isNull(value) { // null is ignored, "" clears
				p.take(sent, fieldSet("value"))
				p.yes("has_value", p.text("value") != "")
			}
			if p.text("sensitive") == "true" {
				p.null("value")
			}
			params[i] = p.body
		}
		if !known {
			return nil, invalid("params", "invalid", "There is no parameter "+name)
		}
	}
	d.raw("params", joined(nil, params, nil))
	return e.w.answerOf(e.w.store(f.t, f.index, d, f.row.state)), nil
}

func agentWrites() kindWrites {
	return kindWrites{kind: "agents", fields: fieldSet("created_by_user_id name description category sources golden_query_ids context code_interpreter workflow_params"),
		required: []string{"name"}, defaults: `{"created_by_user_id":"1","description":"","category":null,"sources":[],"golden_query_ids":[],"golden_queries":[],"context":null,
			"deleted":false,"code_interpreter":false,"workflow_params":null,"has_inaccessible_source":false,"studio_agent_id":null}`,
		check: func(e *edit, d *draft, _ string) *refusal {
			sources := lookup(d.body, "sources")
			for from, to := range elements(sources) {
				model := rawValue(lookup(sources[from:to], "model")).text
				if f, ok := e.row("lookml_models", model); !ok || f.row.state != present {
					return unknown("sources", model)
				}
			}
			if no := e.checkGoldens(); no != nil {
				return no
			}
			return e.refers("created_by_user_id", "users")
		},
		fill: func(e *edit, d *draft, id string) {
			d.raw("golden_queries", e.w.goldensOf(rawValue(lookup(d.body, "golden_query_ids")).list))
			d.str("created_by_name", e.w.displayName(d.text("created_by_user_id")))
			d.raw("updated_at", date(e.now))
			if e.request.Method == http.MethodPost {
				d.raw("created_at", date(e.now))
				d.str("content_metadata_id", strconv.FormatInt(metadataID(metaAgent, int32(number(id))), 10))
			}
		},
		born: func(e *edit, num int32) { e.w.ownAccess(metadataID(metaAgent, num)) },
	}
}

// date is the day of an instant.
func date(ms int64) []byte { return append(appendTime(nil, ms)[:11], '"') }

// deleteAgent deletes for good the agent that the query names.
func deleteAgent(e *edit) ([]byte, *refusal) {
	f, ok := e.row("agents", e.query.Get("id"))
	if !ok {
		return nil, absent
	}
	e.w.remove(f.t, f.index)
	return nil, nil
}

// updateAgent is the agents' PATCH, which moves them into the trash as well.
func updateAgent(e *edit) ([]byte, *refusal) {
	doc, no := agentWrites().update(e)
	if no != nil || !e.has("deleted") {
		return doc, no
	}
	f, _ := e.row("agents", e.id())
	d := e.w.draftOf(f)
	d.yes("deleted", e.flag("deleted"))
	return e.w.answerOf(e.w.store(f.t, f.index, d, stateAs(e.flag("deleted")))), nil
}

// clientWrites are the applications that log in with OAuth. Whoever registers one
// chooses its id.
func clientWrites() kindWrites {
	return kindWrites{kind: "oauth_client_apps", name: "client_guid", chosen: true, fields: fieldSet("redirect_uri display_name description enabled group_id"),
		required: []string{"redirect_uri", "display_name"}, unique: []string{"client_guid"}, conflict: http.StatusConflict,
		defaults: `{"description":"","enabled":false,"group_id":null,"activated_users":[]}`,
		check:    func(e *edit, _ *draft, _ string) *refusal { return e.refers("group_id", "groups") },
		fill: func(e *edit, d *draft, _ string) {
			if e.request.Method == http.MethodPost {
				d.time("tokens_invalid_before", e.now)
			}
		},
	}
}

// deleteClient deletes an application. What is not there is no error.
func deleteClient(e *edit) ([]byte, *refusal) {
	if f, ok := e.row("oauth_client_apps", e.id()); ok {
		e.w.remove(f.t, f.index)
	}
	return nil, nil
}

func updateFeature(e *edit) ([]byte, *refusal) {
	k := kindWrites{kind: "legacy_features", fields: fieldSet("enabled_locally"), fill: func(e *edit, d *draft, _ string) {
		if e.has("enabled_locally") {
			d.yes("enabled", e.flag("enabled_locally"))
		}
	}}
	return k.update(e)
}

// writtenSettings are the settings that PATCH changes. Members that the setting
// does not have are ignored, objects are changed member by member.
var writtenSettings = []string{"setting", "session_config", "password_config", "ldap_config", "oidc_config", "saml_config"}

// heldSettings are members that servers work out themselves.
var heldSettings = fieldSet("can marketplace_site embed_enabled login_notification_enabled login_notification_text policy_enabled_at modified_at modified_by test_slug url " +
	"has_auth_password default_new_user_groups default_new_user_roles groups user_attributes multi_certs_supported")

func updateSetting(id string) writeFunc {
	return func(e *edit) ([]byte, *refusal) {
		f, ok := e.row("settings", id)
		if !ok {
			return nil, absent
		}
		d := e.w.draftOf(f)
		fields := shapeOf(d.body)
		for name := range heldSettings {
			delete(fields, name)
		}
		d.take(e.sent, fields)
		if lookup(d.body, "modified_at") != nil {
			d.time("modified_at", e.now)
			d.raw("modified_by", quoted(nil, callerID))
		}
		return e.w.answerOf(e.w.store(f.t, f.index, d, f.row.state)), nil
	}
}

// shapeOf is the tree of the members that a document has, objects opened.
func shapeOf(doc []byte) fieldTree {
	tree := fieldTree{}
	for m := range members(doc) {
		tree[string(m.key)] = nil
		if value := doc[m.value:m.end]; value[0] == '{' && len(value) > 2 {
			tree[string(m.key)] = shapeOf(value)
		}
	}
	return tree
}

func adminWrites() []route {
	var list []route
	for _, k := range adminKinds() {
		list = append(list, k.routes()...)
	}
	for i := range list {
		switch list[i].pattern {
		case "PATCH /agents/{id}":
			list[i].write = updateAgent
		case "DELETE /agents/{id}":
			list[i] = route{pattern: "DELETE /agents", kind: "agents", write: deleteAgent}
		case "DELETE /oauth_client_apps/{id}":
			list[i].write = deleteClient
		}
	}
	list = append(list,
		route{pattern: "PATCH /integrations/{id}", kind: "integrations", write: editing("integrations", updateIntegration)},
		route{pattern: "PATCH /legacy_features/{id}", kind: "legacy_features", write: updateFeature})
	list = slices.Concat(list, goldenWrites(), serverWrites().routes(), tunnelWrites().routes())
	for _, id := range writtenSettings {
		list = append(list, route{pattern: "PATCH /" + id, kind: "settings", write: updateSetting(id)})
	}
	return list
}
