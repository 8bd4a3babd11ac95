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
	o.str("port", "5432")
	o.str("username", "looker")
	o.yes("has_password", true)
	o.no("uses_oauth", "uses_key_pair_auth", "uses_instance_oauth", "uses_service_auth")
	o.str("database", "analytics")
	o.str("db_timezone", "UTC")
	o.str("query_timezone", "America/Los_Angeles")
	o.str("schema", "public")
	o.num("max_connections", 30)
	o.num("max_queries", 100)
	o.num("max_queries_per_user", 20)
	o.null("max_billing_gigabytes")
	o.yes("ssl", true)
	o.yes("verify_ssl", true)
	o.str("tmp_db_name", "looker_scratch")
	o.null("tmp_db_host")
	o.opt("jdbc_additional_params", when(r.chance(300), "sslmode=require&applicationName=looker"))
	o.num("pool_timeout", 120)
	o.str("dialect_name", "postgres")
	o.no("supports_data_studio_link")
	o.str("created_at", "2020-02-03 04:05:06 +0000")
	o.id("user_id", callerID)
	o.no("example", "user_db_credentials")
	o.raw("user_attribute_fields", "[]")
	o.str("maintenance_cron", "*/5 * * * *")
	o.str("last_regen_at", "1750000000")
	o.null("last_reap_at")
	o.yes("sql_runner_precache_tables", true)
	o.no("sql_writing_with_info_schema")
	o.null("after_connect_statements", "pdt_context_override")
	o.no("managed")
	o.null("custom_local_port", "tunnel_id")
	o.no("uses_tns")
	o.num("pdt_concurrency", 1)
	o.no("disable_context_comment")
	o.null("oauth_application_id")
	o.no("always_retry_failed_builds", "uses_application_default_credentials")
	o.null("impersonated_service_account")
	o.yes("cost_estimate_enabled", true)
	o.no("pdt_api_control_enabled")
	o.yes("connection_pooling", true)
	o.no("default_bq_connection")
	o.null("bq_storage_project_id", "bq_roles_verified", "p4sa_name")
	o.no("query_holding_disabled")
	o.null("service_name")
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
	o.null("git_username")
	o.str("git_production_branch_name", "main")
	o.no("use_git_cookie_auth")
	o.null("git_username_user_attribute", "git_password_user_attribute")
	o.str("git_service_name", "github")
	o.null("git_application_server_http_port", "git_application_server_http_scheme")
	o.str("pull_request_mode", r.pick([]string{"off", "links", "recommended", "required"}))
	o.yes("validation_required", true)
	o.no("git_release_mgmt_enabled")
	o.yes("allow_warnings", true)
	o.no("is_example")
	o.yes("has_production_counterpart", true)
	o.str("dependency_status", "lock_optional")
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
		o.str("type", "lookml")
		o.str("extension", ".lkml")
		o.str("mime_type", "text/plain")
		o.no("editable")
		o.null("git_status")
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
