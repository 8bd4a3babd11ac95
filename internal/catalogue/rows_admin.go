package catalogue

import (
	"net/url"
)

// models is what LookML and databases give.
var models = []Kind{
	{
		Name:  "lookml_models",
		Title: "LookML model configurations: project and allowed connections",
		// all_lookml_models takes no sorts, so it is read in one answer: pages of
		// an unsorted list prove nothing.
		Listing:   Listing{Route: Route{Path: "/lookml_models", Query: url.Values{"include_internal": {"true"}, "include_self_service": {"true"}}, Activity: Administrative}, Whole: true},
		Detail:    Route{Path: "/lookml_models/{lookml_model_name}", Activity: Administrative},
		Fields:    Fields{ID: "name", Name: "label"},
		Volatile:  []string{"has_content"},
		Unordered: []string{"allowed_db_connection_names"},
		Derived:   []Derived{{Path: "allowed_db_connection_names", When: "unlimited_db_connections"}},
		Size:      4 << 10,
		Refs:      []Pointer{{Path: "explores.name", Kind: "explores", Join: "name"}},
		Remark:    "the configuration can be put back, the LookML itself lives in Git",
	},
	{
		Name:    "connections",
		Title:   "database connections without their secrets",
		Listing: Listing{Route: Route{Path: "/connections", Activity: Administrative}, Whole: true},
		Detail:  Route{Path: "/connections/{connection_name}", Activity: Administrative},
		Fields:  Fields{ID: "name", Owner: "user_id"},
		Size:    5 << 10,
		// The dialect and its snippets are static bulk of the server's version.
		Volatile: []string{"last_regen_at", "last_reap_at", "named_driver_version_actual", "dialect", "snippets", "p4sa_name"},
		Remark:   "passwords and certificates are write-only in the API",
	},
	{
		Name:     "projects",
		Title:    "LookML projects: name, Git settings",
		Listing:  Listing{Route: Route{Path: "/projects", Activity: Administrative}, Whole: true},
		Detail:   Route{Path: "/projects/{project_id}", Activity: Administrative},
		Fields:   Fields{ID: "id", Name: "name"},
		Size:     1 << 10,
		Volatile: []string{"dependency_status", "git_status", "is_git_dev_locked"},
		Remark:   "the API has no LookML files and no deploy keys; Git is their backup",
	},
	{
		Name:      "datagroups",
		Title:     "datagroups",
		Listing:   Listing{Route: Route{Path: "/datagroups", Activity: Administrative}, Whole: true},
		Detail:    Route{Path: "/datagroups/{datagroup_id}", Activity: Administrative},
		Fields:    Fields{ID: "id", Name: "name"},
		Size:      400,
		Volatile:  []string{"trigger_check_at", "trigger_value", "trigger_error", "triggered_at", "stale_before"},
		Reference: true,
		Remark:    "defined in LookML; kept for reference",
	},
}

// appearance is how the instance looks and is set up.
var appearance = []Kind{
	{
		Name:     "themes",
		Title:    "themes",
		Listing:  Listing{Route: Route{Path: "/themes", Activity: Administrative}, Whole: true},
		Detail:   Route{Path: "/themes/{theme_id}", Activity: Administrative},
		Fields:   Fields{ID: "id", Name: "name"},
		Size:     3 << 10,
		Optional: true,
	},
	{
		Name:     "color_collections",
		Title:    "colour collections",
		Listing:  Listing{Route: Route{Path: "/color_collections", Activity: Administrative}, Whole: true},
		Detail:   Route{Path: "/color_collections/{collection_id}", Activity: Administrative},
		Fields:   Fields{ID: "id", Name: "label"},
		Size:     3 << 10,
		Admins:   true,
		Optional: true,
		Remark:   "only custom ones can be put back; a key without Admin gets 404",
	},
	{
		Name:     "integration_hubs",
		Title:    "action hubs",
		Listing:  Listing{Route: Route{Path: "/integration_hubs", Activity: Administrative}, Whole: true},
		Detail:   Route{Path: "/integration_hubs/{integration_hub_id}", Activity: Administrative},
		Fields:   Fields{ID: "id", Name: "label"},
		Size:     600,
		Volatile: []string{"fetch_error_message"},
		Optional: true,
		Remark:   "authorization tokens are write-only in the API",
	},
	{
		Name:     "integrations",
		Title:    "actions of the hubs with their parameters",
		Listing:  Listing{Route: Route{Path: "/integrations", Activity: Administrative}, Whole: true},
		Detail:   Route{Path: "/integrations/{integration_id}", Activity: Administrative},
		Fields:   Fields{ID: "id", Name: "label"},
		Size:     2 << 10,
		Volatile: []string{"icon_url", "supported_*"},
		Optional: true,
		Remark:   "sensitive parameters read back blank",
	},
	{
		Name:     "settings",
		Title:    "the instance's settings: general, sessions, passwords, sign-on, mobile, mail, tunnels, features",
		Listing:  Listing{Fixed: settings()},
		Volatile: []string{"instance_config.feature_flags", "instance_config.license_features", "logo_url", "favicon_url", "modified_at", "modified_by"},
		Size:     1 << 10,
		Optional: true,
		Remark:   "what this edition or hosting does not have is left out; keys and secrets are write-only in the API",
	},
}

// settings are documents on routes of their own, some of them lists.
func settings() []Route {
	var routes []Route
	for _, path := range []string{
		"/setting", "/session_config", "/password_config", "/ldap_config", "/oidc_config", "/saml_config",
		"/cloud_storage", "/digest_emails_enabled", "/internal_help_resources_content", "/internal_help_resources_enabled",
		"/mobile/settings", "/support_access/status", "/support_access/allowlist", "/smtp_status",
		"/whitelabel_configuration", "/custom_welcome_email", "/legacy_features", "/oauth_client_apps",
		"/ssh_servers", "/ssh_tunnels", "/external_oauth_applications",
	} {
		routes = append(routes, Route{Path: path, Activity: Administrative})
	}
	return routes
}
