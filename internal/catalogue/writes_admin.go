package catalogue

import "github.com/lookervault/lookervault/internal/record"

// adminWrites are the write rows of models, of how the instance looks and is set up.
var adminWrites = map[record.Kind]written{
	"lookml_models":     {row: modelWrite},
	"connections":       {row: connectionWrite},
	"themes":            {row: themeWrite},
	"color_collections": {row: collectionWrite},
	"integration_hubs":  {row: hubWrite},
	"integrations":      {row: integrationWrite},
	"settings":          {variants: settingWrites, not: "Looker has no route that changes it"},
	"projects":          {not: "a project is its Git repository: connect it again and deploy"},
	"datagroups":        {not: "it is written in LookML: deploy the project from Git"},
	"explores":          {not: "it is written in LookML: deploy the project from Git"},
}

var modelWrite = &Write{
	Create: post("/lookml_models"),
	Update: patch("/lookml_models/{lookml_model_name}"),
	Fields: []string{"name", "project_name", "allowed_db_connection_names", "unlimited_db_connections"},
	Omit:   []Omission{{Member: "unlimited_db_connections", Values: []string{"true"}, Fields: []string{"allowed_db_connection_names"}}},
	Keys:   []Key{{Members: []string{"name"}, Unique: true}},

	Identifiers: []string{"name"},
	Refs: []Reference{
		{Path: "project_name", Kind: "projects", Loose: true},
		{Path: "allowed_db_connection_names", Kind: "connections"},
	},
	Unordered: []string{"allowed_db_connection_names"},
	Find:      ByKey,
	Chosen:    true,
	Reused:    true,
	Lost:      []string{"its LookML, which lives in Git"},

	Given: []string{"explores", "label"},
}

// secret is why a member is not sent that no answer holds.
const secret = "write-only: no backup has it"

var connectionWrite = &Write{
	Create: post("/connections"),
	Update: patch("/connections/{connection_name}"),
	Delete: remove("/connections/{connection_name}"),
	Fields: []string{
		"name", "named_driver_version_requested", "host", "port", "username", "uses_key_pair_auth", "database", "db_timezone",
		"query_timezone", "schema", "max_connections", "max_queries", "max_queries_per_user", "max_billing_gigabytes", "ssl", "verify_ssl",
		"tmp_db_name", "tmp_db_host", "jdbc_additional_params", "pool_timeout", "dialect_name", "user_db_credentials", "user_attribute_fields",
		"maintenance_cron", "sql_runner_precache_tables", "sql_writing_with_info_schema", "after_connect_statements",
		"pdt_context_override.context", "pdt_context_override.host", "pdt_context_override.port", "pdt_context_override.username",
		"pdt_context_override.database", "pdt_context_override.schema", "pdt_context_override.jdbc_additional_params",
		"pdt_context_override.after_connect_statements", "pdt_context_override.pdt_service_name",
		"custom_local_port", "tunnel_id", "uses_tns", "pdt_concurrency", "disable_context_comment", "oauth_application_id",
		"always_retry_failed_builds", "uses_application_default_credentials", "impersonated_service_account", "cost_estimate_enabled",
		"pdt_api_control_enabled", "connection_pooling", "bq_storage_project_id", "query_holding_disabled", "service_name",
	},
	Left: map[string]string{
		"dialect":                                           "an echo: dialect_name is sent",
		"password":                                          secret,
		"certificate":                                       secret,
		"file_type":                                         "write-only, of the certificate",
		"bq_roles_verified":                                 "what Looker has found out of BigQuery",
		"pdt_context_override.password":                     secret,
		"pdt_context_override.certificate":                  secret,
		"pdt_context_override.file_type":                    "write-only, of the certificate",
		"pdt_context_override.pdt_host":                     "another name of host",
		"pdt_context_override.pdt_port":                     "another name of port",
		"pdt_context_override.pdt_username":                 "another name of username",
		"pdt_context_override.pdt_password":                 secret,
		"pdt_context_override.pdt_certificate":              secret,
		"pdt_context_override.pdt_file_type":                "write-only, of the certificate",
		"pdt_context_override.pdt_database":                 "another name of database",
		"pdt_context_override.pdt_schema":                   "another name of schema",
		"pdt_context_override.pdt_jdbc_additional_params":   "another name of jdbc_additional_params",
		"pdt_context_override.pdt_after_connect_statements": "another name of after_connect_statements",
	},
	Secrets: []string{
		"password", "certificate", "file_type", "pdt_context_override.password", "pdt_context_override.certificate", "pdt_context_override.file_type",
	},
	Bare:  []string{"pdt_context_override", "tunnel_id", "oauth_application_id"},
	Blank: []string{"tunnel_id", "jdbc_additional_params", "after_connect_statements", "tmp_db_host", "tmp_db_name", "user_attribute_fields"},
	Keys:  []Key{{Members: []string{"name"}, Unique: true}},

	Identifiers: []string{"name"},
	Refs: []Reference{
		{Path: "tunnel_id", Kind: Tunnels, Optional: true},
		{Path: "oauth_application_id", Kind: OAuthApps, Optional: true},
	},
	Unordered: []string{"user_attribute_fields"},
	Find:      ByKey,
	Chosen:    true,
	Reused:    true,
	Lost:      []string{"passwords and certificates: a connection that is made again cannot connect before they are typed in"},
	OnlyNamed: true,

	Given: []string{
		"created_at", "default_bq_connection", "example", "has_password", "managed", "pdt_context_override.has_password",
		"pdts_enabled", "supports_data_studio_link", "user_id", "uses_instance_oauth", "uses_oauth", "uses_service_auth",
	},
}

var themeWrite = &Write{
	Create: post("/themes"),
	Update: patch("/themes/{theme_id}"),
	Delete: remove("/themes/{theme_id}"),
	Fields: append([]string{"name", "begin_at", "end_at"}, under("settings",
		"background_color", "base_font_size", "color_collection_id", "font_color", "font_family", "font_source", "primary_button_color",
		"show_filters_bar", "show_title", "text_tile_text_color", "tile_background_color", "text_tile_background_color", "tile_text_color",
		"title_color", "tile_title_alignment", "tile_shadow", "show_last_updated_indicator", "show_reload_data_icon", "show_dashboard_menu",
		"show_filters_toggle", "show_dashboard_header", "center_dashboard_title", "dashboard_title_font_size", "box_shadow",
		"page_margin_top", "page_margin_bottom", "page_margin_sides", "show_explore_header", "show_explore_title", "show_explore_last_run",
		"show_explore_timezone", "show_explore_run_stop_button", "show_explore_actions_button", "show_look_header", "show_look_title",
		"show_look_last_run", "show_look_timezone", "show_look_run_stop_button", "show_look_actions_button", "tile_title_font_size",
		"column_gap_size", "row_gap_size", "border_radius")...),
	Required: [][]string{{"name"}},
	Left: map[string]string{
		"settings.info_button_color": "deprecated",
		"settings.warn_button_color": "deprecated",
	},
	Bare:        []string{"begin_at", "end_at"},
	Blank:       []string{"settings.color_collection_id"},
	Identifiers: []string{"name"},
	Keys: []Key{{
		Members: []string{"name", "begin_at"}, Unique: true,
		Search: Route{Path: "/themes/search", Activity: Administrative}, Params: map[string]string{"name": "name"},
	}},
	Refs:  []Reference{{Path: "settings.color_collection_id", Kind: "color_collections", Optional: true}},
	Find:  ByKey,
	Guard: []Guard{{Path: "name", Value: "Looker", Reused: true, Why: "Looker's own theme is on every instance"}},
	Lost:  []string{"its id", "that it is the default theme, which is a setting"},

	Given: []string{"id"},
}

var collectionWrite = &Write{
	Create: post("/color_collections"),
	Update: patch("/color_collections/{collection_id}"),
	Delete: remove("/color_collections/{collection_id}"),
	Fields: []string{
		"label", "categoricalPalettes.label", "categoricalPalettes.type", "categoricalPalettes.colors",
		"sequentialPalettes.label", "sequentialPalettes.type", "sequentialPalettes.stops",
		"divergingPalettes.label", "divergingPalettes.type", "divergingPalettes.stops",
	},
	Required: [][]string{{"label"}},
	Standard: Vocabulary{Path: "id", Route: Route{Path: "/color_collections/standard", Query: fieldsOf("id"), Activity: Administrative}, Member: "id"},

	Keys: []Key{{Members: []string{"label"}}},
	Find: ByNew,
	Inner: []Inner{
		{Name: Palettes, At: "categoricalPalettes", By: []string{"label", "type"}},
		{Name: Palettes, At: "sequentialPalettes", By: []string{"label", "type"}},
		{Name: Palettes, At: "divergingPalettes", By: []string{"label", "type"}},
	},
	Lost: []string{"its id and those of its palettes", "that it is the default collection, which is a setting"},

	Given: []string{"categoricalPalettes.id", "divergingPalettes.id", "id", "sequentialPalettes.id"},
}

var hubWrite = &Write{
	Create:    post("/integration_hubs"),
	Update:    patch("/integration_hubs/{integration_hub_id}"),
	Delete:    remove("/integration_hubs/{integration_hub_id}"),
	Fields:    []string{"url"},
	Required:  [][]string{{"url"}},
	Left:      map[string]string{"authorization_token": secret},
	Secrets:   []string{"authorization_token"},
	Keys:      []Key{{Members: []string{"url"}, Unique: true}},
	Find:      ByKey,
	Chosen:    true,
	Lost:      []string{"its authorization token: type it in again", "that its legal agreement was signed"},
	OnlyNamed: true,

	Given: []string{
		"has_authorization_token", "id", "label", "legal_agreement_required", "legal_agreement_signed", "legal_agreement_text",
		"official",
	},
}

// integrationWrite changes what a hub offers. Looker takes no notice of a value that is null
// [oas], so those that it hides stay as they are.
var integrationWrite = &Write{
	Update: patch("/integrations/{integration_id}"),
	Fields: []string{"enabled", "params.name", "params.value", "params.user_attribute_name", "installed_delegate_oauth_targets"},
	Blank:  []string{"params.user_attribute_name"},
	Keys:   []Key{{Members: []string{"integration_hub_id", "label"}}},
	Refs:   []Reference{{Path: "integration_hub_id", Kind: "integration_hubs"}},
	Lost:   []string{"sensitive parameters, which read back blank"},

	Unordered: []string{"params", "installed_delegate_oauth_targets"},
	OnlyNamed: true,

	Given: []string{
		"delegate_oauth", "description", "id", "integration_hub_id", "label", "params.delegate_oauth_url", "params.description",
		"params.has_value", "params.label", "params.per_user", "params.required", "params.sensitive", "privacy_link",
		"required_fields", "uses_oauth",
	},
}
