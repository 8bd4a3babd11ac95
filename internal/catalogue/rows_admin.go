package catalogue

import (
	"net/url"
)

// everyModel lists models, internal ones and those of self-service included.
var everyModel = Route{Path: "/lookml_models", Query: url.Values{"include_internal": {"true"}, "include_self_service": {"true"}}, Activity: Administrative}

// models is what LookML and databases give.
var models = []Spec{
	{
		Name:  "lookml_models",
		Title: "LookML model configurations: project and allowed connections",
		// all_lookml_models takes no sorts, so it is read in one answer: pages of
		// an unsorted list prove less.
		Listing:   Listing{Route: everyModel, Whole: true, Paged: everyModel, Unsorted: true},
		Detail:    Route{Path: "/lookml_models/{lookml_model_name}", Activity: Administrative, Members: []string{"has_content", "allowed_db_connection_names"}},
		Fields:    Fields{ID: "name", Name: "label"},
		Volatile:  []string{"has_content"},
		Unordered: []string{"allowed_db_connection_names"},
		Derived:   []Derived{{Path: "allowed_db_connection_names", When: "unlimited_db_connections"}},
		Relations: []Relation{
			{Path: "explores.name", Kind: "explores", Role: Owns, Follow: true, Join: "name"},
			{Path: "project_name", Kind: "projects"},
			{Path: "allowed_db_connection_names", Kind: "connections"},
		},
		Size:         4 << 10,
		WithoutAdmin: "only those the user may see",
		Remark:       "the configuration can be put back, the LookML itself lives in Git",
	},
	{
		Name:    "connections",
		Title:   "database connections without their secrets",
		Listing: Listing{Route: Route{Path: "/connections", Activity: Administrative}, Whole: true},
		Detail:  Route{Path: "/connections/{connection_name}", Activity: Administrative, Members: []string{"dialect_name", "dialect"}},
		Fields:  Fields{ID: "name", Owner: "user_id"},
		Size:    5 << 10,
		// The dialect and its snippets are static bulk of the server's version.
		Volatile: []string{"last_regen_at", "last_reap_at", "named_driver_version_actual", "dialect", "snippets", "p4sa_name"},
		Relations: []Relation{
			{Path: "user_id", Kind: "users", Role: Actor},
		},
		Remark: "passwords and certificates are write-only in the API",
	},
	{
		Name:         "projects",
		Title:        "LookML projects: name, Git settings",
		Listing:      Listing{Route: Route{Path: "/projects", Activity: Administrative}, Whole: true},
		Detail:       Route{Path: "/projects/{project_id}", Activity: Administrative, Members: []string{"git_remote_url", "pull_request_mode"}},
		Fields:       Fields{ID: "id", Name: "name"},
		Size:         1 << 10,
		Volatile:     []string{"dependency_status", "git_status", "is_git_dev_locked"},
		WithoutAdmin: "only those the user may develop",
		Remark:       "the API has no LookML files and no deploy keys; Git is their backup",
	},
	{
		Name:     "datagroups",
		Title:    "datagroups",
		Listing:  Listing{Route: Route{Path: "/datagroups", Activity: Administrative}, Whole: true},
		Detail:   Route{Path: "/datagroups/{datagroup_id}", Activity: Administrative, Members: []string{"stale_before", "trigger_check_at"}},
		Fields:   Fields{ID: "id", Name: "name"},
		Size:     400,
		Volatile: []string{"trigger_check_at", "trigger_value", "trigger_error", "triggered_at", "stale_before"},
		Relations: []Relation{
			{Path: "model_name", Kind: "lookml_models", Role: Parent},
		},
		Reference: true,
		Remark:    "defined in LookML; kept for reference",
	},
}

// appearance is how the instance looks and is set up.
var appearance = []Spec{
	{
		Name:    "themes",
		Title:   "themes",
		Listing: Listing{Route: Route{Path: "/themes", Activity: Administrative}, Whole: true, Paged: Route{Path: "/themes/search", Activity: Administrative}},
		Detail:  Route{Path: "/themes/{theme_id}", Activity: Administrative, Members: []string{"begin_at", "settings"}},
		Fields:  Fields{ID: "id", Name: "name"},
		Relations: []Relation{
			{Path: "settings.color_collection_id", Kind: "color_collections"},
		},
		Size:     3 << 10,
		Optional: true,
	},
	{
		Name:         "color_collections",
		Title:        "colour collections",
		Listing:      Listing{Route: Route{Path: "/color_collections", Activity: Administrative}, Whole: true},
		Detail:       Route{Path: "/color_collections/{collection_id}", Activity: Administrative, Members: []string{"categoricalPalettes", "sequentialPalettes"}},
		Fields:       Fields{ID: "id", Name: "label"},
		Size:         3 << 10,
		Admins:       true,
		Optional:     true,
		WithoutAdmin: "refused",
		Remark:       "only custom ones can be put back; a key without Admin gets 404",
	},
	{
		Name:     "integration_hubs",
		Title:    "action hubs",
		Listing:  Listing{Route: Route{Path: "/integration_hubs", Activity: Administrative}, Whole: true},
		Detail:   Route{Path: "/integration_hubs/{integration_hub_id}", Activity: Administrative, Members: []string{"legal_agreement_signed", "legal_agreement_required"}},
		Fields:   Fields{ID: "id", Name: "label"},
		Size:     600,
		Volatile: []string{"fetch_error_message"},
		Meant:    []string{"url"}, // the hub's own, which it is known by
		Optional: true,
		Remark:   "authorization tokens are write-only in the API",
	},
	{
		Name:     "integrations",
		Title:    "actions of the hubs with their parameters",
		Listing:  Listing{Route: Route{Path: "/integrations", Activity: Administrative}, Whole: true},
		Detail:   Route{Path: "/integrations/{integration_id}", Activity: Administrative, Members: []string{"integration_hub_id", "supported_formats"}},
		Fields:   Fields{ID: "id", Name: "label"},
		Size:     2 << 10,
		Volatile: []string{"icon_url", "supported_*"},
		Relations: []Relation{
			{Path: "integration_hub_id", Kind: "integration_hubs", Role: Parent},
		},
		Optional: true,
		Remark:   "sensitive parameters read back blank",
	},
	{
		Name:     "settings",
		Title:    "the instance's settings: general, sessions, passwords, sign-on, mobile, mail, tunnels, features, default theme and colours",
		Listing:  Listing{Fixed: settings(), Filled: true},
		Volatile: []string{"instance_config.feature_flags", "instance_config.license_features", "logo_url", "favicon_url", "modified_at", "modified_by"},
		Relations: []Relation{
			{Path: "default_new_user_group_ids", Kind: "groups"},
			{Path: "default_new_user_role_ids", Kind: "roles"},
			{Path: "groups.looker_group_id", Kind: "groups"},
			{Path: "groups_with_role_ids.looker_group_id", Kind: "groups"},
			{Path: "groups_with_role_ids.role_ids", Kind: "roles"},
			{Path: "user_attributes_with_ids.user_attribute_ids", Kind: "user_attributes"},
			{Path: "group_id", Kind: "groups"},
			{Path: "settings.color_collection_id", Kind: "color_collections"},
		},
		Copies:       []string{"activated_users", "default_new_user_groups", "default_new_user_roles", "groups.roles", "user_attributes.user_attributes"},
		Size:         1 << 10,
		Optional:     true,
		WithoutAdmin: "most are refused",
		Remark:       "what this edition or hosting does not have is left out; keys and secrets are write-only in the API",
	},
}

// settings are documents on routes of their own, some of them lists.
func settings() []Route {
	one := func(path string, members ...string) Route {
		return Route{Path: path, Activity: Administrative, Members: members}
	}
	several := func(path string, members ...string) Route {
		route := one(path, members...)
		route.Array = true
		return route
	}
	return []Route{
		one("/setting", "instance_config", "extension_framework_enabled", "marketplace_enabled", "host_url", "timezone", "embed_config"),
		one("/session_config", "session_minutes", "allow_persistent_sessions", "unlimited_sessions_per_user"),
		one("/password_config", "min_length", "require_numeric", "require_upperlower"),
		one("/ldap_config", "connection_host", "auth_username", "groups_base_dn", "user_bind_base_dn"),
		one("/oidc_config", "authorization_endpoint", "issuer", "audience", "token_endpoint"),
		one("/saml_config", "idp_cert", "idp_url", "idp_issuer", "idp_audience"),
		one("/cloud_storage", "type", "custom_s3_bucket", "custom_s3_bucket_region"),
		one("/digest_emails_enabled", "is_enabled"),
		one("/internal_help_resources_content", "organization_name", "markdown_content"),
		one("/internal_help_resources_enabled", "enabled"),
		one("/mobile/settings", "mobile_force_authentication", "mobile_app_integration", "mobile_feature_flags"),
		one("/support_access/status", "open", "open_until"),
		several("/support_access/allowlist", "email", "full_name", "reason"),
		one("/smtp_status", "is_valid", "node_count", "node_status"),
		one("/whitelabel_configuration", "default_title", "show_docs", "show_help_menu", "allow_looker_links"),
		one("/custom_welcome_email", "enabled", "content", "subject", "header"),
		several("/legacy_features", "enabled_locally", "disallowed_as_of_version", "end_of_life_version"),
		several("/oauth_client_apps", "client_guid", "redirect_uri"),
		several("/ssh_servers", "ssh_server_id", "ssh_server_host"),
		several("/ssh_tunnels", "tunnel_id", "database_host"),
		// Which of the themes and colour collections is the default, no list tells.
		one("/themes/default", "begin_at", "end_at", "settings"),
		one("/color_collections/default", "categoricalPalettes", "sequentialPalettes", "divergingPalettes"),
		several("/external_oauth_applications", "client_id", "dialect_name", "tenant_id"),
	}
}
