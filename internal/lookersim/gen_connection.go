package lookersim

import "strconv"

func (w *world) connectionID(num int32) string { return connectionName(int(num) - 1) }

func (w *world) projectID(num int32) string { return projectName(int(num) - 1) }

// renderConnection appends a database connection; most of it is the dialect.
func (w *world) renderConnection(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("connections", row.num, 0)
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"cost_estimate":true,"access_data":true,"explore":true,"refresh_schemas":true,"create":true,"update":true,"destroy":true,"test":true}`)
	o.str("name", w.connectionID(row.num))
	o.raw("dialect", connectionDialect)
	o.raw("snippets", `[{"name":"show_processes","label":"Show Processes","sql":"SELECT * FROM x WHERE a \u003c b"},{"name":"search","label":"Search \u0026 find","sql":"SELECT 1"}]`)
	o.yes("pdts_enabled", r.chance(500))
	o.null("named_driver_version_requested")
	o.str("named_driver_version_actual", "1.2.3")
	o.str("host", "db"+strconv.Itoa(int(row.num))+".example.com")
	o.members(`"port":"5432","username":"looker","has_password":true,"uses_oauth":false,"uses_key_pair_auth":false,"uses_instance_oauth":false,` +
		`"uses_service_auth":false,"database":"analytics","db_timezone":"UTC","query_timezone":"America/Los_Angeles","schema":"public"`)
	o.num("max_connections", 30)
	o.num("max_queries", 100)
	o.num("max_queries_per_user", 20)
	o.members(`"max_billing_gigabytes":null,"ssl":true,"verify_ssl":true,"tmp_db_name":"looker_scratch","tmp_db_host":null`)
	o.opt("jdbc_additional_params", when(r.chance(300), "sslmode=require&applicationName=looker"))
	o.num("pool_timeout", 120)
	o.members(`"dialect_name":"postgres","supports_data_studio_link":false,"created_at":"2020-02-03 04:05:06 +0000"`)
	o.id("user_id", callerID)
	o.members(`"example":false,"user_db_credentials":false,"user_attribute_fields":[],"maintenance_cron":"*/5 * * * *","last_regen_at":"1750000000",` +
		`"last_reap_at":null,"sql_runner_precache_tables":true,"sql_writing_with_info_schema":false,"after_connect_statements":null,` +
		`"pdt_context_override":null,"managed":false,"custom_local_port":null,"tunnel_id":null,"uses_tns":false`)
	o.num("pdt_concurrency", 1)
	o.members(`"disable_context_comment":false,"oauth_application_id":null,"always_retry_failed_builds":false,"uses_application_default_credentials":false,` +
		`"impersonated_service_account":null,"cost_estimate_enabled":true,"pdt_api_control_enabled":false,"connection_pooling":true,` +
		`"default_bq_connection":false,"bq_storage_project_id":null,"bq_roles_verified":null,"p4sa_name":null,"query_holding_disabled":false,` +
		`"service_name":null`)
	return o.end()
}

const connectionDialect = `{"name":"postgres","label":"PostgreSQL 9.5+ \u0026 compatible","supports_cost_estimate":true,"cost_estimate_style":"rows",` +
	`"persistent_table_indexes":"yes","persistent_table_sortkeys":"no","persistent_table_distkey":"no","supports_streaming":true,` +
	`"automatically_run_sql_runner_snippets":true,"connection_tests":["connect","kill","query","tmp_table"],"supports_inducer":true,` +
	`"supports_multiple_databases":false,"supports_persistent_derived_tables":true,"has_ssl_support":true}`

func (w *world) renderProject(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("projects", row.num, 0)
	name := w.projectID(row.num)
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"create":true,"deploy":true,"update":true}`)
	o.str("id", name)
	o.str("name", name)
	o.yes("uses_git", true)
	o.no("is_git_dev_locked")
	o.str("git_remote_url", "git@github.example:analytics/"+name+".git")
	o.members(`"git_username":null,"git_production_branch_name":"main","use_git_cookie_auth":false,"git_username_user_attribute":null,` +
		`"git_password_user_attribute":null,"git_service_name":"github","git_application_server_http_port":null,` +
		`"git_application_server_http_scheme":null`)
	o.str("pull_request_mode", r.pick([]string{"off", "links", "recommended", "required"}))
	o.members(`"validation_required":true,"git_release_mgmt_enabled":false,"allow_warnings":true,"is_example":false,"has_production_counterpart":true,` +
		`"dependency_status":"lock_optional"`)
	return o.end()
}

func projectFiles(c *call, _ found) answer {
	out := []byte{'['}
	for _, path := range []string{"manifest.lkml", "models/main.model.lkml", "views/orders.view.lkml", "README.md"} {
		o := begin(comma(out))
		o.raw("can", "{}")
		o.str("id", path)
		o.str("path", path)
		o.str("title", path)
		o.members(`"type":"lookml","extension":".lkml","mime_type":"text/plain","editable":false,"git_status":null`)
		out = o.end()
	}
	return c.object(append(out, ']'))
}

func (w *world) renderDatagroup(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("datagroups", row.num, 0)
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"update":true}`)
	o.num("created_at", 1_600_000_000+int64(row.num))
	o.id("id", int64(row.num))
	o.str("model_name", w.datagroupModel(row.num))
	o.str("name", when(row.num == 1, "daily")+when(row.num > 1, "daily_"+strconv.Itoa(int(row.num))))
	o.num("stale_before", 1_750_000_000+int64(r.n(100000)))
	o.num("trigger_check_at", 1_750_000_000+int64(r.n(100000)))
	o.null("trigger_error")
	o.str("trigger_value", "2026-06-"+strconv.Itoa(r.in(10, 28)))
	o.num("triggered_at", 1_750_000_000+int64(r.n(100000)))
	return o.end()
}

// datagroupModel is the model that a datagroup belongs to.
func (w *world) datagroupModel(num int32) string { return w.models[int(num)%len(w.models)].name }
