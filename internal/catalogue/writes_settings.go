package catalogue

import (
	"maps"
	"slices"
)

// under returns the paths of members of an object.
func under(at string, names ...string) []string {
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = at + "." + name
	}
	return paths
}

// setting is the row of a setting that is one document.
func setting(update Send, fields ...string) *Write {
	return &Write{Update: update, Fields: fields, OnlyNamed: true}
}

// settingList is the row of a setting that is a list, whose elements have routes.
func settingList(part Part) *Write {
	part.At = "."
	return &Write{Parts: []Part{part}, OnlyNamed: true}
}

// settingWrites are the write rows of the settings, by their ids. Those that are not
// here have no route that changes them.
var settingWrites = []Variant{
	{ID: "setting", Write: settingWrite},
	{ID: "session_config", Write: setting(patch("/session_config"), "allow_persistent_sessions", "session_minutes",
		"unlimited_sessions_per_user", "use_inactivity_based_logout", "track_session_location")},
	{ID: "password_config", Write: setting(patch("/password_config"), "min_length", "require_numeric", "require_upperlower",
		"require_special", "expiration_enabled", "expiration_duration_days").given("policy_enabled_at")},
	{ID: "ldap_config", Write: ldapWrite},
	{ID: "oidc_config", Write: oidcWrite},
	{ID: "saml_config", Write: samlWrite},
	{ID: "cloud_storage", Write: setting(patch("/cloud_storage"), "type", "custom_s3_bucket", "custom_s3_bucket_region").
		left(map[string]string{"custom_s3_key": secret, "custom_s3_secret": secret})},
	{ID: "digest_emails_enabled", Write: setting(patch("/digest_emails_enabled"), "is_enabled")},
	{ID: "internal_help_resources_content", Write: setting(patch("/internal_help_resources_content"), "organization_name", "markdown_content")},
	{ID: "internal_help_resources_enabled", Write: setting(patch("/internal_help_resources"), "enabled")},
	{ID: "custom_welcome_email", Write: setting(patch("/custom_welcome_email"), "enabled", "content", "subject", "header")},
	{ID: "whitelabel_configuration", NotWritten: "deprecated: it is written with /setting"},
	{ID: "legacy_features", Write: settingList(Part{Name: "legacy_features", By: byID, Write: &Write{
		Update: patch("/legacy_features/{legacy_feature_id}"), Fields: []string{"enabled_locally"},
		Given: []string{
			"approximate_disable_date", "approximate_end_of_life_date", "description", "disable_on_upgrade_to_version",
			"disallowed_as_of_version", "documentation_url", "enabled", "end_of_life_version", "has_disabled_on_upgrade", "id",
			"name",
		},
	}})},
	{ID: "oauth_client_apps", Write: settingList(Part{Name: "oauth_client_apps", By: []string{"client_guid"}, Chosen: true, Write: &Write{
		Create: post("/oauth_client_apps/{client_guid}"),
		Update: patch("/oauth_client_apps/{client_guid}"),
		Delete: remove("/oauth_client_apps/{client_guid}"),
		Fields: []string{"redirect_uri", "display_name", "description", "enabled", "group_id"},
		Given:  []string{"activated_users", "client_guid", "tokens_invalid_before"},
		Bare:   []string{"group_id"},
		Refs:   []Reference{{Path: "group_id", Kind: "groups", Optional: true}},
		Find:   BySet,
	}})},
	{ID: "ssh_servers", Write: settingList(Part{Name: TunnelServers, By: []string{"ssh_server_id"}, Write: &Write{
		Create: post("/ssh_servers"),
		Update: patch("/ssh_server/{ssh_server_id}"),
		Delete: remove("/ssh_server/{ssh_server_id}"),
		Fields: []string{"ssh_server_name", "ssh_server_host", "ssh_server_port", "ssh_server_user"},
		Given:  []string{"finger_print", "public_key", "sha_finger_print", "ssh_server_id", "status"},
		Find:   BySet,
		Lost:   []string{"its key: put the new public key on the server"},
	}, Pairs: []Pair{{Members: []string{"ssh_server_name"}, Sole: true}}})},
	{ID: "ssh_tunnels", Write: settingList(Part{Name: Tunnels, By: []string{"tunnel_id"}, Write: &Write{
		Create: post("/ssh_tunnels"),
		Update: patch("/ssh_tunnel/{ssh_tunnel_id}"),
		Delete: remove("/ssh_tunnel/{ssh_tunnel_id}"),
		Fields: []string{"ssh_server_id", "local_host_port", "database_host", "database_port"},
		Given:  []string{"last_attempt", "ssh_server_host", "ssh_server_name", "ssh_server_port", "ssh_server_user", "status", "tunnel_id"},
		Refs:   []Reference{{Path: "ssh_server_id", Kind: TunnelServers}},
		Find:   BySet,
	}, Pairs: []Pair{{Members: []string{"database_host", "database_port"}, Sole: true}}})},
	{ID: "themes/default", Write: setting(Send{
		Method: "PUT", Path: "/themes/default", Activity: Administrative, Params: map[string]string{"name": "name"},
	}, "name").given("begin_at", "end_at", "id", "settings")},
	{ID: "color_collections/default", Write: &Write{
		Update: Send{Method: "PUT", Path: "/color_collections/default", Activity: Administrative, Params: map[string]string{"collection_id": "id"}},
		Fields: []string{"id"}, Refs: []Reference{{Path: "id", Kind: "color_collections"}}, OnlyNamed: true,
		Given: []string{"label", "categoricalPalettes", "sequentialPalettes", "divergingPalettes"},
	}},
	{ID: "external_oauth_applications", Write: settingList(Part{Name: OAuthApps, By: byID, Write: &Write{
		// Without its secret, which no backup has, none can be made.
		Update: patch("/external_oauth_applications/{client_id}"),
		Fields: []string{"name", "client_id", "tenant_id", "dialect_name", "bi_directional_data_access"},
		Given:  []string{"created_at", "id"},
		Left:   map[string]string{"client_secret": secret},
		Lost:   []string{"its client secret"},
	}, Pairs: []Pair{{Members: []string{"client_id"}, Sole: true}}})},
	{ID: "support_access/status", NotWritten: "whether Looker's support may enter is decided anew each time"},
	{ID: "support_access/allowlist", NotWritten: "whom of Looker's support to let in is decided anew each time"},
	{ID: "smtp_status", NotWritten: "it says whether mail works; the settings of mail are in no backup"},
	{ID: "mobile/settings", NotWritten: "Looker has no route that changes it"},
}

// left returns the row with reasons for members that are not sent.
func (w *Write) left(why map[string]string) *Write {
	w.Left = why
	for _, member := range slices.Sorted(maps.Keys(why)) {
		if why[member] == secret {
			w.Secrets = append(w.Secrets, member)
		}
	}
	return w
}

// given returns the row with members that the server makes.
func (w *Write) given(members ...string) *Write {
	w.Given = members
	return w
}

const ownRoute = "a setting of its own"

var settingWrite = &Write{
	Update: patch("/setting"),
	Fields: slices.Concat([]string{
		"extension_framework_enabled", "marketplace_automation", "marketplace_enabled", "onboarding_enabled", "timezone",
		"allow_user_timezones", "data_connector_default_enabled", "host_url", "email_domain_allowlist", "dashboard_auto_refresh_restriction",
		"dashboard_auto_refresh_minimum_interval", "managed_certificate_uri", "content_certification_documentation_link",
		"revoke_certification_on_edits", "automated_mfa_enabled", "is_content_certification_enabled", "auto_certify_lookml_content",
		"ca_agent_observability", "mcp_tools.enable_all",
	}, mcpTools("enabled"), under("privatelabel_configuration", "default_title", "show_help_menu", "show_docs", "show_email_sub_options", "allow_looker_mentions",
		"allow_looker_links", "custom_welcome_email_advanced", "setup_mentions", "alerts_logo", "alerts_links", "folders_mentions"),
		under("embed_config", "domain_allowlist", "alert_url_allowlist", "alert_url_param_owner", "alert_url_label", "sso_auth_enabled",
			"embed_cookieless_v2", "embed_content_navigation", "embed_content_management", "strict_sameorigin_for_login", "look_filters",
			"hide_look_navigation")),
	Left: map[string]string{
		"instance_config":                         "what the licence gives",
		"extension_load_url_enabled":              "deprecated",
		"marketplace_auto_install_enabled":        "deprecated",
		"embed_cookieless_v2":                     "deprecated: it is in embed_config",
		"marketplace_terms_accepted":              "terms are accepted by a person",
		"custom_welcome_email":                    ownRoute,
		"override_warnings":                       "no setting: it lets a change of host_url pass",
		"privatelabel_configuration.logo_file":    secret,
		"privatelabel_configuration.favicon_file": secret,
	},
	Unordered: []string{"email_domain_allowlist", "embed_config.domain_allowlist", "embed_config.alert_url_allowlist"},
	Lost:      []string{"logo and icon"},
	OnlyNamed: true,

	Given: slices.Concat([]string{
		"embed_config.embed_enabled", "embed_config.permissions", "embed_enabled", "login_notification_enabled",
		"login_notification_text", "marketplace_site", "privatelabel_configuration.favicon_url",
		"privatelabel_configuration.logo_url",
	}, mcpTools("description"), mcpTools("category"), mcpTools("access_level")),
}

// newUsers are the groups and roles of new users, which the answer holds as documents.
var newUsers = []From{
	{Member: "default_new_user_group_ids", Paths: []string{"default_new_user_group_ids", "default_new_user_groups.id"}},
	{Member: "default_new_user_role_ids", Paths: []string{"default_new_user_role_ids", "default_new_user_roles.id"}},
}

// signOnRefs are what the settings of sign-on name.
var signOnRefs = []Reference{
	{Path: "default_new_user_group_ids", Kind: "groups", Optional: true},
	{Path: "default_new_user_role_ids", Kind: "roles", Optional: true},
	{Path: "groups_with_role_ids.role_ids", Kind: "roles", Optional: true},
	{Path: "user_attributes_with_ids.user_attribute_ids", Kind: "user_attributes", Optional: true},
}

// signOnFields are members that all sorts of sign-on have.
func signOnFields(more ...string) []string {
	return append([]string{
		"enabled", "alternate_email_login_allowed", "auth_requires_role", "default_new_user_group_ids", "default_new_user_role_ids",
		"set_roles_from_groups", "allow_normal_group_membership", "allow_roles_from_normal_groups", "allow_direct_roles",
		"user_attribute_map_email", "user_attribute_map_first_name", "user_attribute_map_last_name",
		"groups_with_role_ids.looker_group_name", "groups_with_role_ids.name", "groups_with_role_ids.role_ids",
		"user_attributes_with_ids.name", "user_attributes_with_ids.required", "user_attributes_with_ids.user_attribute_ids",
	}, more...)
}

// signOnSets are arrays of sign-on whose order says nothing.
var signOnSets = []string{
	"default_new_user_group_ids", "default_new_user_role_ids", "groups_with_role_ids", "groups_with_role_ids.role_ids",
	"user_attributes_with_ids", "user_attributes_with_ids.user_attribute_ids",
}

const rowID = "the number of a row"

var ldapWrite = &Write{
	Update: patch("/ldap_config"),
	Fields: signOnFields("auth_username", "connection_host", "connection_port", "connection_tls", "connection_tls_no_verify", "force_no_page",
		"groups_base_dn", "groups_finder_type", "groups_member_attribute", "groups_objectclasses", "groups_user_attribute",
		"merge_new_users_by_email", "user_attribute_map_ldap_id", "user_bind_base_dn", "user_custom_filter", "user_id_attribute_names",
		"user_objectclass"),
	Left: map[string]string{
		"auth_password":           secret,
		"test_ldap_password":      "for tests only",
		"test_ldap_user":          "for tests only",
		"groups_with_role_ids.id": rowID,
	},
	Secrets: []string{"auth_password"},
	From:    newUsers, Refs: signOnRefs, Unordered: signOnSets,
	Lost:      []string{"the password of LDAP: type it in again"},
	OnlyNamed: true,

	Given: []string{"groups", "groups_with_role_ids.looker_group_id", "has_auth_password", "user_attributes"},
}

var oidcWrite = &Write{
	Update: patch("/oidc_config"),
	Fields: signOnFields("audience", "authorization_endpoint", "groups_attribute", "identifier", "issuer", "new_user_migration_types", "scopes",
		"token_endpoint", "userinfo_endpoint"),
	Left:    map[string]string{"secret": secret, "groups_with_role_ids.id": rowID},
	Secrets: []string{"secret"},
	From:    newUsers, Refs: signOnRefs, Unordered: append([]string{"scopes"}, signOnSets...),
	Lost:      []string{"the secret of OpenID Connect: type it in again"},
	OnlyNamed: true,

	Given: []string{"groups", "groups_with_role_ids.looker_group_id", "test_slug", "user_attributes"},
}

var samlWrite = &Write{
	Update: patch("/saml_config"),
	Fields: signOnFields("idp_cert", "idp_cert_multi", "idp_url", "idp_issuer", "idp_audience", "allowed_clock_drift",
		"new_user_migration_types", "groups_attribute", "groups_finder_type", "groups_member_value", "bypass_login_page"),
	Left: map[string]string{
		"groups_with_role_ids.id": rowID,
		"multi_certs_supported":   "what the server says of idp_cert_multi",
	},
	From: newUsers, Refs: signOnRefs, Unordered: signOnSets,
	OnlyNamed: true,

	Given: []string{"groups", "groups_with_role_ids.looker_group_id", "test_slug", "user_attributes"},
}

// mcpTools returns the paths of a member of each tool of the setting mcp_tools.
func mcpTools(member string) []string {
	var paths []string
	for _, tool := range []string{
		"add_dashboard_element", "add_dashboard_filter", "create_project_directory", "create_project_file", "create_view_from_table",
		"delete_project_directory", "delete_project_file", "dev_mode", "generate_embed_url", "get_connection_databases",
		"get_connection_schemas", "get_connection_table_columns", "get_connection_tables", "get_connections", "get_dashboards",
		"get_dimensions", "get_explores", "get_filters", "get_lookml_tests", "get_looks", "get_measures", "get_models", "get_parameters",
		"get_project_directories", "get_project_file", "get_project_files", "get_projects", "health_analyze", "health_pulse",
		"health_vacuum", "make_dashboard", "make_look", "query", "query_sql", "query_url", "run_dashboard", "run_look",
		"run_lookml_tests", "update_project_file", "validate_project",
	} {
		paths = append(paths, "mcp_tools."+tool+"."+member)
	}
	return paths
}
