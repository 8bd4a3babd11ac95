package catalogue

import (
	"net/url"

	"github.com/lookervault/lookervault/internal/record"
)

// usage is what is lost of all content that is made again.
var usage = []string{
	"its id and the links that lead to it", "who made it and when", "view counts, favourites and history",
}

// contentWrites are the write rows of what people make.
var contentWrites = map[record.Kind]written{
	"folders":           {row: folderWrite},
	"looks":             {row: lookWrite},
	"queries":           {row: queryWrite},
	"merge_queries":     {row: mergeWrite},
	"dashboards":        {row: dashboardWrite},
	"boards":            {row: boardWrite},
	"scheduled_plans":   {row: planWrite},
	"alerts":            {row: alertWrite},
	"agents":            {row: agentWrite},
	"lookml_dashboards": {not: "it is written in LookML: deploy the project from Git"},
	"homepage_sections": {not: "Looker's API gives the homepage to be read only"},
}

var folderWrite = &Write{
	Create:   post("/folders"),
	Update:   patch("/folders/{folder_id}"),
	Delete:   remove("/folders/{folder_id}"),
	Fields:   []string{"name", "parent_id"},
	Required: [][]string{{"name"}, {"parent_id"}},
	Keys: []Key{{
		Members: []string{"parent_id", "name"}, Unique: true,
		Search: Route{Path: "/folders/search", Activity: Administrative}, Params: map[string]string{"parent_id": "parent_id", "name": "name"},
	}},
	Refs:   []Reference{{Path: "parent_id", Kind: "folders"}},
	Find:   ByKey,
	Reused: true,
	Guard: []Guard{
		{Path: "is_shared_root", Reused: true, Why: "the shared root is on every instance"},
		{Path: "is_users_root", Reused: true, Why: "the root of personal folders is on every instance"},
		{Path: "is_personal", Reused: true, Why: "Looker makes a personal folder with its user"},
		{Path: "is_embed_shared_root", Reused: true, Why: "the roots of embedding are on every instance"},
		{Path: "is_embed_users_root", Reused: true, Why: "the roots of embedding are on every instance"},
		{Path: "id", Value: "lookml", Reused: true, Why: "the folder of LookML dashboards is on every instance"},
	},
	Lost: []string{"its id and the links that lead to it", "who made it and when"},

	Given: []string{
		"content_metadata_id", "created_at", "creator_id", "external_id", "id", "is_embed", "is_embed_shared_root",
		"is_embed_users_root", "is_personal", "is_personal_descendant", "is_shared_root", "is_users_root",
	},
}

var lookWrite = &Write{
	Create: post("/looks"),
	Update: patch("/looks/{look_id}"),
	Delete: remove("/looks/{look_id}"),
	Fields: []string{
		"title", "description", "user_id", "folder_id", "query_id", "is_run_on_load", "public", "deleted",
		"certification_metadata.certification_status", "certification_metadata.notes",
	},
	Required: [][]string{{"title"}, {"folder_id"}, {"query_id"}},
	Left: map[string]string{
		"query":  "an echo: queries are made first, and query_id is sent",
		"folder": "an echo: folder_id is sent",
		"model":  "an echo of the query's model",
	},
	From:    []From{{Member: "query_id", Paths: []string{"query_id", "query.id"}}},
	Bare:    []string{"certification_metadata", "user_id"},
	Blank:   []string{"description"},
	Lasting: []string{"certification_metadata"},
	Keys: []Key{{
		Members: []string{"folder_id", "title"}, Unique: true,
		Search: Route{Path: "/looks/search", Activity: Administrative}, Params: map[string]string{"folder_id": "folder_id", "title": "title"},
	}},
	Refs: []Reference{
		{Path: "folder_id", Kind: Folders},
		{Path: "query_id", Kind: "queries"},
		{Path: "user_id", Kind: Users, People: true},
	},
	Nested: []Nested{{Member: "query_id", Kind: "queries", At: []string{"query"}}},
	Texts:  []string{"description"},
	Trash:  Member{"deleted", "true"},
	Find:   ByKey,
	Lost:   append([]string{"the address under which it was public"}, usage...),

	Given: []string{
		"certification_metadata.updated_at", "content_metadata_id", "created_at", "deleted_at", "deleter_id", "id",
		"last_updater_id", "public_slug",
	},
}

var queryWrite = &Write{
	Create: post("/queries").query().again(),
	Fields: []string{
		"model", "view", "fields", "pivots", "fill_fields", "filters", "filter_expression", "sorts", "limit", "column_limit",
		"total", "row_total", "subtotals", "vis_config", "filter_config", "visible_ui_sections", "dynamic_fields", "query_timezone",
	},
	Required: [][]string{{"model"}, {"view"}},
	Left:     map[string]string{"client_id": "must be unique: Looker makes one"},
	// Both spellings of nothing are in recorded queries, of the same server.
	Blank: []string{
		"fields", "pivots", "fill_fields", "filters", "sorts", "subtotals", "vis_config", "filter_config",
		"filter_expression", "dynamic_fields", "query_timezone", "visible_ui_sections", "row_total",
	},
	Refs: append([]Reference{
		{Path: "model", Kind: Models},
		{Path: "view", Kind: "explores", Join: "model", Loose: true},
	}, colours("vis_config")...),
	Stale: []string{"filter_config"},
	Texts: []string{"vis_config", "dynamic_fields"},
	Find:  Same,
	Lost:  []string{"its id and its short address, if Looker does not know the query any more"},

	Given: []string{"id", "slug"},
}

var mergeWrite = &Write{
	Create: post("/merge_queries").query().again(),
	Fields: []string{
		"column_limit", "dynamic_fields", "pivots", "sorts", "total", "limit", "vis_config",
		"source_queries.query_id", "source_queries.name", "source_queries.merge_fields",
	},
	Left:  map[string]string{"source_queries.query_slug": "another name of the query that query_id names"},
	Blank: []string{"dynamic_fields", "pivots", "sorts", "vis_config"},
	Refs:  append([]Reference{{Path: "source_queries.query_id", Kind: "queries"}}, colours("vis_config")...),
	Texts: []string{"vis_config", "dynamic_fields"},
	Find:  Same,
	Lost:  []string{"its id, if Looker does not know it any more"},

	Given: []string{"id", "result_maker_id"},
}

var dashboardWrite = &Write{
	Create: post("/dashboards"),
	Update: patch("/dashboards/{dashboard_id}"),
	Delete: remove("/dashboards/{dashboard_id}"),
	Fields: []string{
		"title", "description", "slug", "folder_id", "user_id", "hidden", "deleted", "query_timezone", "refresh_interval",
		"preferred_viewer", "load_configuration", "lookml_link_id", "crossfilter_enabled", "chat_enabled",
		"alert_sync_with_dashboard_filter_enabled", "enable_viz_full_screen", "filters_bar_collapsed", "filters_location_top",
		"show_filters_bar", "show_title", "background_color", "text_tile_text_color", "tile_background_color", "tile_text_color",
		"title_color", "appearance", "preserve_desktop_layout", "download_settings",
		"certification_metadata.certification_status", "certification_metadata.notes",
	},
	Required: [][]string{{"title"}, {"folder_id"}},
	Left: map[string]string{
		"folder": "an echo: folder_id is sent",
		"model":  "an echo",
	},
	Bare:    []string{"slug", "user_id", "lookml_link_id", "appearance", "download_settings", "certification_metadata"},
	Blank:   []string{"description", "lookml_link_id", "refresh_interval", "query_timezone"},
	Lasting: []string{"certification_metadata"},
	Keys: []Key{
		{
			Members: []string{"slug"}, Unique: true, TrashCounts: true,
			Search: Route{Path: "/dashboards/search", Activity: Administrative}, Params: map[string]string{"slug": "slug"},
		},
		{
			Members: []string{"folder_id", "title"}, Unique: true,
			Search: Route{Path: "/dashboards/search", Activity: Administrative}, Params: map[string]string{"folder_id": "folder_id", "title": "title"},
		},
	},
	Refs: []Reference{
		{Path: "folder_id", Kind: Folders},
		{Path: "user_id", Kind: Users, People: true},
	},
	Texts: []string{"description"},
	Trash: Member{"deleted", "true"},
	Find:  ByKey,
	Parts: []Part{
		{
			Name: Filters, At: "dashboard_filters", Owner: "dashboard_id", Write: dashboardFilter, By: byID, Order: "row",
			Pairs: []Pair{{Members: []string{"name"}, Sole: true}},
		},
		{
			Name: Layouts, At: "dashboard_layouts", Owner: "dashboard_id", Write: layout, By: byID, Order: "order", Gone: []string{"deleted"}, Born: true,
			Pairs: []Pair{{Members: []string{"active"}, Sole: true}, {Members: []string{"label", "order"}, Sole: true}, {Members: []string{"label"}, Sole: true}, {Members: []string{"order"}, Sole: true}},
		},
		{
			Name: Tiles, At: "dashboard_elements", Owner: "dashboard_id", Write: tile, By: byID, Gone: []string{"deleted"}, Fixed: "type",
			Apart: true,
			Pairs: []Pair{
				{Members: []string{"type", "title", "title_text", "look_id", "query_id", "merge_result_id"}, Sole: true},
				{Members: []string{"type", "title", "title_text"}, Sole: true},
				{Members: []string{"type", "look_id", "query_id", "merge_result_id"}, Sole: true},
			},
		},
	},
	Lost: append([]string{"its slug, where another dashboard has it", "the author of its certification"}, usage...),

	Given: []string{
		"certification_metadata.updated_at", "content_metadata_id", "created_at", "deleted_at", "deleter_id", "id",
		"last_updater_id", "readonly",
	},
}

var boardWrite = &Write{
	Create:   post("/boards"),
	Update:   patch("/boards/{board_id}"),
	Delete:   remove("/boards/{board_id}"),
	Fields:   []string{"title", "description", "user_id", "section_order"},
	Required: [][]string{{"title"}},
	Left:     map[string]string{"deleted_at": "a date that puts the board away; boards are deleted by their route"},
	Bare:     []string{"user_id", "section_order"},
	Blank:    []string{"description"},
	Keys:     []Key{{Members: []string{"title", "user_id"}}},
	Refs: []Reference{
		{Path: "user_id", Kind: Users, People: true},
		{Path: "section_order", Kind: Sections, Within: string(Sections), Optional: true},
	},
	Texts: []string{"description"},
	Find:  ByNew,
	Parts: []Part{{
		Name: Sections, At: "board_sections", Owner: "board_id", Write: section, By: byID, Gone: []string{"deleted_at"},
		Pairs: []Pair{{Members: []string{"title", "description"}, Sole: true}, {Members: []string{"title"}, Sole: true}},
	}},
	Late: []string{"section_order"},
	Lost: append([]string{"that it is the homepage"}, usage...),

	Given: []string{"content_metadata_id", "created_at", "id", "primary_homepage"},
}

var planWrite = &Write{
	Create: post("/scheduled_plans").query(),
	Update: patch("/scheduled_plans/{scheduled_plan_id}").query(),
	Delete: remove("/scheduled_plans/{scheduled_plan_id}").query(),
	Fields: []string{
		"name", "user_id", "enabled", "look_id", "dashboard_id", "lookml_dashboard_id", "query_id", "filters_string",
		"crontab", "datagroup", "timezone", "run_as_recipient", "require_results", "require_no_results", "require_change",
		"send_all_results", "run_once", "include_links", "include_dashboard_summary",
		"custom_url_base", "custom_url_params", "custom_url_label", "show_custom_url",
		"pdf_paper_size", "pdf_landscape", "pdf_page_breaks", "embed", "color_theme", "long_tables", "tab_ids", "inline_table_width",
		"scheduled_plan_destination.format", "scheduled_plan_destination.apply_formatting", "scheduled_plan_destination.apply_vis",
		"scheduled_plan_destination.address", "scheduled_plan_destination.type", "scheduled_plan_destination.parameters",
		"scheduled_plan_destination.message",
	},
	Required: [][]string{{"name"}, {"look_id", "dashboard_id", "lookml_dashboard_id", "query_id"}, {"crontab", "datagroup"}, {"require_results"}, {"require_no_results"}, {"require_change"}, {"scheduled_plan_destination"}, {"scheduled_plan_destination.format"}, {"scheduled_plan_destination.type"}, {"scheduled_plan_destination.address"}},
	Left: map[string]string{
		"dashboard_filters": "deprecated: another name of filters_string",
		"user":              "an echo: user_id is sent",
		"scheduled_plan_destination.scheduled_plan_id": "names the schedule that it stands in",
		"scheduled_plan_destination.secret_parameters": "write-only: no backup has it",
	},
	Bare: []string{
		"look_id", "dashboard_id", "lookml_dashboard_id", "query_id", "crontab", "datagroup", "tab_ids", "pdf_paper_size",
		"inline_table_width", "color_theme",
	},
	Falses: []string{
		"enabled", "run_as_recipient", "require_results", "require_no_results", "require_change", "send_all_results", "run_once",
		"include_links", "include_dashboard_summary", "show_custom_url", "pdf_landscape", "pdf_page_breaks", "embed", "long_tables",
		"scheduled_plan_destination.apply_formatting", "scheduled_plan_destination.apply_vis",
	},
	Blank: []string{
		"filters_string", "custom_url_base", "custom_url_params", "custom_url_label", "color_theme", "pdf_paper_size", "timezone",
		"scheduled_plan_destination.message", "scheduled_plan_destination.parameters",
	},
	Keys: []Key{{Members: []string{"look_id", "dashboard_id", "lookml_dashboard_id", "query_id", "name", "user_id"}}},
	Refs: []Reference{
		{Path: "look_id", Kind: Looks},
		{Path: "dashboard_id", Kind: "dashboards"},
		{Path: "lookml_dashboard_id", Kind: "lookml_dashboards"},
		{Path: "query_id", Kind: "queries"},
		{Path: "user_id", Kind: Users, People: true},
		// Tabs of LookML dashboards are named by their labels, which no map holds.
		{Path: "tab_ids", Kind: Layouts, Unless: "lookml_dashboard_id", Optional: true},
		{Path: "datagroup", Kind: Models, Prefix: true, Having: "::"},
		{Path: "scheduled_plan_destination.type", Kind: "integrations", Having: "::"},
	},
	Called:    []Called{{Path: "datagroup", Kind: "datagroups", Members: [2]string{"model_name", "name"}}},
	Unordered: []string{"scheduled_plan_destination", "tab_ids"},
	Texts:     []string{"custom_url_base", "custom_url_params", "scheduled_plan_destination.message"},
	Asleep:    Member{"enabled", "false"},
	Sends:     Sending{At: "scheduled_plan_destination", Means: "type", Mail: "email", Address: "address", Secret: []string{"s3", "sftp"}},
	Find:      ByNew,
	Where: []Route{
		{Path: "/scheduled_plans/look/{look_id}", Query: url.Values{"all_users": {"true"}}, Activity: Query},
		{Path: "/scheduled_plans/dashboard/{dashboard_id}", Query: url.Values{"all_users": {"true"}}, Activity: Query},
		{Path: "/scheduled_plans/lookml_dashboard/{lookml_dashboard_id}", Query: url.Values{"all_users": {"true"}}, Activity: Query},
	},
	Guard: []Guard{{Path: "run_once", Skipped: true, Why: "it was to run once"}},

	RunsAsOwner: true,
	Lost:        []string{"its id and when it ran", "secrets of its destinations (S3, SFTP)"},

	Given: []string{"created_at", "id", "scheduled_plan_destination.id"},
}

var alertWrite = &Write{
	Create: post("/alerts"),
	Update: put("/alerts/{alert_id}").whole(),
	Delete: remove("/alerts/{alert_id}"),
	Partly: Partly{patch("/alerts/{alert_id}"), []string{"owner_id", "is_disabled", "disabled_reason", "is_public", "threshold", "enhancements"}},
	Fields: []string{
		"owner_id", "field.title", "field.name", "field.filter", "comparison_type", "threshold", "cron",
		"destinations.destination_type", "destinations.email_address", "destinations.action_hub_integration_id", "destinations.action_hub_form_params_json",
		"applied_dashboard_filters.filter_title", "applied_dashboard_filters.field_name", "applied_dashboard_filters.filter_value",
		"custom_title", "description", "dashboard_element_id", "lookml_dashboard_id", "lookml_link_id", "query_id",
		"is_disabled", "disabled_reason", "is_public", "investigative_content_type", "investigative_content_id",
		"custom_url_base", "custom_url_params", "custom_url_label", "show_custom_url", "enhancements",
	},
	Required: [][]string{{"owner_id"}, {"field.title"}, {"field.name"}, {"comparison_type"}, {"threshold"}, {"cron"}, {"destinations"}, {"dashboard_element_id", "lookml_dashboard_id"}},
	Left:     map[string]string{"time_series_condition_state": "what the alert has last seen: it moves with every run"},
	Bare: []string{
		"dashboard_element_id", "lookml_dashboard_id", "lookml_link_id", "query_id", "disabled_reason",
		"investigative_content_type", "investigative_content_id", "enhancements",
	},
	Blank: []string{"custom_title", "description", "custom_url_base", "custom_url_params", "custom_url_label", "disabled_reason"},
	// An alert on a tile has the tile's query, and repeats the tile's dashboard.
	Omit: []Omission{{Member: "dashboard_element_id", Fields: []string{"lookml_dashboard_id", "lookml_link_id", "query_id"}}},
	Keys: []Key{{Members: []string{"dashboard_element_id", "lookml_dashboard_id", "lookml_link_id", "field.name", "comparison_type", "threshold", "cron", "owner_id"}}},
	Refs: []Reference{
		{Path: "owner_id", Kind: Users, People: true},
		{Path: "dashboard_element_id", Kind: Tiles},
		{Path: "lookml_dashboard_id", Kind: "lookml_dashboards"},
		{Path: "query_id", Kind: "queries"},
		{Path: "investigative_content_id", Kind: "dashboards", Optional: true},
		{Path: "destinations.action_hub_integration_id", Kind: "integrations"},
	},
	Unordered: []string{"destinations", "applied_dashboard_filters", "field.filter"},
	Texts:     []string{"custom_url_base", "custom_url_params", "description"},
	Fixed:     []string{"dashboard_element_id"},
	Asleep:    Member{"is_disabled", "true"},
	Sends:     Sending{At: "destinations", Means: "destination_type", Mail: "EMAIL", Address: "email_address"},
	Find:      ByNew,
	Lost:      []string{"its id", "who follows it", "what it has last seen"},

	RunsAsOwner: true,

	Given: []string{"id"},
}

var agentWrite = &Write{
	Create: post("/agents").query(),
	Update: patch("/agents/{agent_id}").query(),
	Fields: []string{
		"created_by_user_id", "name", "description", "category", "sources.model", "sources.explore", "golden_query_ids",
		"context.instructions", "code_interpreter", "deleted",
	},
	Required: [][]string{{"name"}, {"sources.model"}},
	Left:     map[string]string{"workflow_params": "runs on a schedule and sends to somebody: set it up again by hand"},
	Bare:     []string{"created_by_user_id", "category", "golden_query_ids", "context", "code_interpreter"},
	Keys: []Key{{
		Members: []string{"name", "created_by_user_id"},
		Search:  Route{Path: "/agents/search", Activity: Administrative}, Params: map[string]string{"name": "name"},
	}},
	Refs: []Reference{
		{Path: "created_by_user_id", Kind: Users, People: true},
		{Path: "golden_query_ids", Kind: GoldenQueries, Within: string(GoldenQueries), Optional: true},
		{Path: "sources.model", Kind: Models},
		{Path: "sources.explore", Kind: "explores", Join: "model", Loose: true},
	},
	Unordered: []string{"sources", "golden_query_ids"},
	Texts:     []string{"context.instructions", "description"},
	Trash:     Member{"deleted", "true"},
	Find:      ByNew,
	Parts:     []Part{{Name: GoldenQueries, At: "golden_queries", Write: goldenQuery, By: byID, Before: true}},
	Lost:      []string{"its id", "conversations with it"},

	Given: []string{"content_metadata_id", "created_at", "id", "studio_agent_id"},
}

// goldenQuery is an answer that an agent was taught. It is made before the agent, which
// names it. None is deleted: an agent is rid of one that it does not name, and another
// agent may name it.
var goldenQuery = &Write{
	Create: post("/golden_queries").query(),
	Update: patch("/golden_queries/{golden_query_id}").query(),
	Fields: []string{"questions", "answer", "is_active"},
	Texts:  []string{"answer"},
	Find:   BySet,

	Given: []string{
		"client_id", "created_at", "created_by_user_id", "explore", "fields", "filters", "id", "last_updated_at",
		"last_updated_by_user_id", "limit", "model", "query_id", "sorts",
	},
}
