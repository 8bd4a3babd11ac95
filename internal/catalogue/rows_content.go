package catalogue

import (
	"net/url"

	"github.com/lookervault/lookervault/internal/record"
)

// enumeration is how many slim rows are asked for at once. Looker documents no
// maximum and advises larger pages over more of them (sdk-codegen docs/paging.md).
const enumeration = 5000

// dashboardVolatile are members of dashboards, LookML ones included, that move
// by themselves: usage, copies from other documents, links.
var dashboardVolatile = []string{
	"updated_at", "view_count", "favorite_count", "usage_count", "last_viewed_at", "last_accessed_at",
	"content_favorite_id", "user_name", "last_updater_name", "is_owner_disabled", "model.label", "folder",
	"certification_metadata.user_name", "certification_metadata.ui_status",
	"dashboard_elements.alert_count", "dashboard_elements.result_maker_id",
	"dashboard_elements.look.view_count", "dashboard_elements.look.favorite_count",
	"dashboard_elements.look.usage_count", "dashboard_elements.look.last_viewed_at",
	"dashboard_elements.look.last_accessed_at", "dashboard_elements.look.content_favorite_id",
	"dashboard_elements.look.user_name", "dashboard_elements.look.is_owner_disabled",
	"dashboard_elements.look.folder", "dashboard_elements.look.model", "dashboard_elements.look.updated_at",
	"dashboard_elements.certification_metadata.user_name", "dashboard_elements.certification_metadata.ui_status",
	"dashboard_filters.field", "dashboard_layouts.dashboard_title",
	"dashboard_layouts.dashboard_layout_components.element_title",
	"dashboard_layouts.dashboard_layout_components.element_title_hidden",
	"dashboard_layouts.dashboard_layout_components.vis_type",
	"**.share_url", "**.expanded_share_url", "**.has_table_calculations", "**.runtime",
	"**.embed_url", "**.excel_file_url", "**.google_spreadsheet_formula", "**.image_embed_url",
	"**.public_url", "**.short_url",
}

// dashboardKin tells dashboards, LookML ones included, from other rows.
var dashboardKin = []string{"show_title", "refresh_interval", "readonly"}

// dashboardRelations are what dashboards name, LookML ones included.
var dashboardRelations = []Relation{
	{Path: "folder_id", Kind: "folders", Role: Parent},
	{Path: "user_id", Kind: "users", Role: Owner},
	{Path: "deleter_id", Kind: "users", Role: Actor},
	{Path: "last_updater_id", Kind: "users", Role: Actor},
	{Path: "content_metadata_id", Kind: "content_metadata", Role: Owns},
	{Path: "dashboard_elements.look_id", Kind: "looks"},
	// A tile names its query in one of three places, and mostly nests it there.
	{Path: "dashboard_elements.merge_result_id", Kind: "merge_queries", Follow: true},
	{Path: "dashboard_elements.result_maker.merge_result_id", Kind: "merge_queries", Follow: true},
	{Path: "dashboard_elements.query_id", Kind: "queries", Follow: true},
	{Path: "dashboard_elements.result_maker.query_id", Kind: "queries", Follow: true},
	{Path: "dashboard_elements.look.query_id", Kind: "queries", Follow: true},
	{Path: "dashboard_elements.query.id", Kind: "queries", Nested: true},
	{Path: "dashboard_elements.query.slug", Kind: "queries", Nested: true},
	{Path: "dashboard_elements.result_maker.query.id", Kind: "queries", Nested: true},
	{Path: "dashboard_elements.result_maker.query.slug", Kind: "queries", Nested: true},
	{Path: "dashboard_elements.look.query.id", Kind: "queries", Nested: true},
	{Path: "dashboard_elements.look.query.slug", Kind: "queries", Nested: true},
	{Path: "dashboard_elements.query.model", Kind: "lookml_models"},
	{Path: "dashboard_elements.result_maker.query.model", Kind: "lookml_models"},
	{Path: "dashboard_elements.result_maker.filterables.model", Kind: "lookml_models"},
	{Path: "dashboard_filters.model", Kind: "lookml_models"},
}

// dashboardCopies are what dashboards repeat of other documents. A look that a tile
// shows has relations of its own; only its query counts for the tile.
var dashboardCopies = []string{"folder", "model", "dashboard_elements.look"}

// content is what people make.
var content = []Spec{
	{
		Name:    "dashboards",
		Nightly: true,
		Title:   "user-defined dashboards with their tiles, filters and layouts",
		// search_dashboards leaves out LookML dashboards and, unless asked, the
		// trash. Its rows are whole dashboards. Nobody promises that the date in a row
		// moves when a tile is edited, so every run reads the pages until the vault has
		// seen that it does.
		Listing: Listing{
			Route: Route{Path: "/dashboards/search", Activity: Administrative, Slow: true},
			Page:  enumeration, Rows: []string{"id", "folder_id", "updated_at"}, IDs: "id", Trash: true,
		},
		Many: []Many{
			{How: record.Page, Route: Route{Path: "/dashboards/search", Activity: Administrative, Slow: true}, Trash: true},
			{How: record.IDs, IDs: "id", Route: Route{Path: "/dashboards/search", Activity: Administrative, Slow: true}, Trash: true},
		},
		Detail:       Route{Path: "/dashboards/{dashboard_id}", Activity: Administrative},
		Kin:          dashboardKin,
		Fields:       Fields{ID: "id", Name: "title", Updated: "updated_at", Folder: "folder_id", Owner: "user_id", Trashed: "deleted"},
		Volatile:     dashboardVolatile,
		Relations:    dashboardRelations,
		Copies:       dashboardCopies,
		Echoes:       []Derived{{Path: "dashboard_elements.result_maker", When: "look_id", Set: true}},
		Agreements:   []Agreement{{"dashboard_elements.id", "dashboard_layouts.dashboard_layout_components.dashboard_element_id"}},
		Size:         150 << 10,
		Place:        InFolder,
		WithoutAdmin: "only readable ones",
	},
	{
		Name:    "looks",
		Nightly: true,
		Title:   "looks with their queries",
		// A search row is the look without its query. Queries are immutable, so a
		// row that is the same, query_id included, means a look that is the same.
		Listing: Listing{
			Route: Route{Path: "/looks/search", Activity: Administrative, Slow: true},
			Page:  enumeration, IDs: "id", Stamped: true, Trash: true,
			Rows: []string{
				"id", "title", "description", "folder_id", "query_id", "user_id", "public", "public_slug",
				"is_run_on_load", "deleted", "deleted_at", "deleter_id", "created_at", "updated_at",
				"last_updater_id", "content_metadata_id", "certification_metadata",
			},
		},
		Many: []Many{
			{How: record.Folder, Route: Route{Path: "/folders/{folder_id}/looks", Activity: Administrative, Slow: true}},
		},
		Detail: Route{Path: "/looks/{look_id}", Activity: Administrative},
		Kin:    []string{"is_run_on_load", "public_slug"},
		Fields: Fields{ID: "id", Name: "title", Updated: "updated_at", Folder: "folder_id", Owner: "user_id", Trashed: "deleted"},
		Volatile: []string{
			"updated_at", "view_count", "favorite_count", "usage_count", "last_viewed_at", "last_accessed_at",
			"content_favorite_id", "embed_url", "excel_file_url", "google_spreadsheet_formula", "image_embed_url",
			"public_url", "short_url", "user_name", "is_owner_disabled", "folder", "model",
			"certification_metadata.user_name", "certification_metadata.ui_status",
			"query.share_url", "query.expanded_share_url", "query.has_table_calculations", "query.runtime",
		},
		Relations: []Relation{
			{Path: "folder_id", Kind: "folders", Role: Parent},
			{Path: "user_id", Kind: "users", Role: Owner},
			{Path: "deleter_id", Kind: "users", Role: Actor},
			{Path: "last_updater_id", Kind: "users", Role: Actor},
			{Path: "content_metadata_id", Kind: "content_metadata", Role: Owns},
			{Path: "query_id", Kind: "queries", Follow: true},
			{Path: "query.id", Kind: "queries", Nested: true},
			{Path: "query.slug", Kind: "queries", Nested: true},
			{Path: "query.model", Kind: "lookml_models"},
		},
		Copies:       []string{"folder", "model"},
		Size:         7 << 10,
		Place:        InFolder,
		WithoutAdmin: "only readable ones",
	},
	{
		Name:    "scheduled_plans",
		Nightly: true,
		Title:   "schedules of all users with their destinations",
		Listing: Listing{
			Route: Route{Path: "/scheduled_plans", Query: url.Values{"all_users": {"true"}}, Activity: Query, Slow: true}, Whole: true,
			// alpha in the OpenAPI document
			Paged: Route{Path: "/scheduled_plans/search", Query: url.Values{"all_users": {"true"}}, Activity: Query, Slow: true},
		},
		Detail: Route{Path: "/scheduled_plans/{scheduled_plan_id}", Activity: Query, Members: []string{"scheduled_plan_destination", "run_once"}},
		Fields: Fields{ID: "id", Name: "name", Updated: "updated_at", Owner: "user_id"},
		Volatile: []string{
			"updated_at", "last_run_at", "next_run_at", "title", "user",
			"scheduled_plan_destination.looker_recipient",
		},
		Relations: []Relation{
			{Path: "user_id", Kind: "users", Role: Owner},
			{Path: "dashboard_id", Kind: "dashboards", Role: Parent},
			{Path: "look_id", Kind: "looks", Role: Parent},
			{Path: "lookml_dashboard_id", Kind: "lookml_dashboards", Role: Parent},
			// Tabs of a LookML dashboard have no id: it is their labels that are named.
			{Path: "tab_ids", Kind: "dashboards", Part: "dashboard_layouts.id", Unless: "lookml_dashboard_id"},
			{Path: "query_id", Kind: "queries", Follow: true},
		},
		Copies:       []string{"user"},
		Size:         3 << 10,
		WithoutAdmin: "only the caller's own",
	},
	{
		Name:    "folders",
		Nightly: true,
		Title:   "folders, personal ones included",
		// all_folders answers with the base of a folder. What a single folder has
		// more are the looks and dashboards inside it, which are kinds of their own.
		Listing:  Listing{Route: Route{Path: "/folders", Activity: Administrative, Slow: true}, Whole: true},
		Detail:   Route{Path: "/folders/{folder_id}", Activity: Administrative, Slow: true, Members: []string{"is_personal", "child_count"}},
		Fields:   Fields{ID: "id", Name: "name", Folder: "parent_id", Owner: "creator_id"},
		Volatile: []string{"child_count", "dashboards", "looks"},
		Relations: []Relation{
			{Path: "parent_id", Kind: "folders", Role: Parent},
			{Path: "creator_id", Kind: "users", Role: Owner},
			{Path: "content_metadata_id", Kind: "content_metadata", Role: Owns, Follow: true},
		},
		Copies:       []string{"dashboards", "looks"},
		Size:         600,
		Place:        IsFolder,
		WithoutAdmin: "other people's personal folders are missing",
	},
	{
		Name:    "boards",
		Nightly: true,
		Title:   "boards with their sections and items",
		Listing: Listing{Route: Route{Path: "/boards", Activity: Administrative}, Whole: true},
		Detail:  Route{Path: "/boards/{board_id}", Activity: Administrative, Members: []string{"board_sections", "section_order"}},
		Fields:  Fields{ID: "id", Name: "title", Updated: "updated_at", Owner: "user_id"},
		Volatile: []string{
			"updated_at", "board_sections.visible_item_order", "board_sections.updated_at",
			"board_sections.board_items.view_count", "board_sections.board_items.favorite_count",
			"board_sections.board_items.content_updated_at", "board_sections.board_items.content_created_by",
			"board_sections.board_items.title", "board_sections.board_items.description",
			"board_sections.board_items.location", "board_sections.board_items.image_url",
			"board_sections.board_items.content_favorite_id",
		},
		Relations: []Relation{
			{Path: "user_id", Kind: "users", Role: Owner},
			{Path: "content_metadata_id", Kind: "content_metadata", Role: Owns, Follow: true},
			{Path: "board_sections.board_items.dashboard_id", Kind: "dashboards"},
			{Path: "board_sections.board_items.look_id", Kind: "looks"},
			{Path: "board_sections.board_items.lookml_dashboard_id", Kind: "lookml_dashboards"},
		},
		Agreements: []Agreement{
			{"board_sections.id", "section_order"},
			{"board_sections.board_items.id", "board_sections.item_order"},
		},
		Size:         8 << 10,
		WithoutAdmin: "only readable ones",
	},
	{
		Name:    "alerts",
		Nightly: true,
		Title:   "alerts of all owners",
		// search_alerts takes no sorts; what its pages leave is asked for alone.
		Listing: Listing{
			Route: Route{Path: "/alerts/search", Query: url.Values{"all_owners": {"true"}}, Activity: Administrative},
			Page:  enumeration, Rows: []string{"id"}, Unsorted: true,
		},
		Many: []Many{
			{How: record.Page, Route: Route{Path: "/alerts/search", Query: url.Values{"all_owners": {"true"}}, Activity: Administrative}},
		},
		Detail: Route{Path: "/alerts/{alert_id}", Activity: Administrative},
		Kin:    []string{"comparison_type", "cron"},
		Fields: Fields{ID: "id", Name: "custom_title", Names: []string{"field.title"}, Owner: "owner_id"},
		Volatile: []string{
			"followed", "followable", "owner_display_name", "investigative_content_title", "time_series_condition_state",
			"applied_dashboard_filters.filter_description", "field.filter.filter_description",
		},
		Relations: []Relation{
			{Path: "owner_id", Kind: "users", Role: Owner},
			{Path: "dashboard_element_id", Kind: "dashboards", Role: Parent, Part: "dashboard_elements.id"},
			{Path: "lookml_dashboard_id", Kind: "lookml_dashboards", Role: Parent},
			// An alert on a tile has the tile's query, which the dashboard nests.
			{Path: "query_id", Kind: "queries", Follow: true, Unless: "dashboard_element_id"},
			{Path: "investigative_content_id", Kind: "dashboards"},
			{Path: "destinations.action_hub_integration_id", Kind: "integrations"},
		},
		Size:         2 << 10,
		Admins:       true,
		WithoutAdmin: "refused",
		Remark:       "followers of an alert are not in the API",
	},
	{
		Name:  "lookml_dashboards",
		Title: "dashboards written in LookML",
		Listing: Listing{
			Route: Route{Path: "/dashboards/lookml/search", Activity: Administrative, Slow: true},
			Page:  enumeration, Rows: []string{"id", "folder_id"},
		},
		Many: []Many{
			{How: record.Page, Route: Route{Path: "/dashboards/lookml/search", Activity: Administrative, Slow: true}},
		},
		Detail:    Route{Path: "/dashboards/{dashboard_id}", Activity: Administrative},
		Kin:       dashboardKin,
		Fields:    Fields{ID: "id", Name: "title"},
		Volatile:  dashboardVolatile,
		Relations: dashboardRelations,
		Copies:    dashboardCopies,
		Size:      40 << 10,
		Optional:  true,
		Reference: true,
		Remark:    "they live in Git; kept for reference",
	},
	{
		Name:     "homepage_sections",
		Title:    "sections of the homepage",
		Listing:  Listing{Route: Route{Path: "/primary_homepage_sections", Activity: Administrative}, Whole: true},
		Fields:   Fields{ID: "id", Name: "title", Updated: "updated_at"},
		Kin:      []string{"homepage_items", "is_header"},
		Volatile: []string{"updated_at", "visible_item_order", "detail_url", "homepage_items.section_fetch_time", "homepage_items.view_count", "homepage_items.favorite_count"},
		Relations: []Relation{
			{Path: "homepage_id", Kind: "boards", Role: Parent},
			{Path: "homepage_items.dashboard_id", Kind: "dashboards"},
			{Path: "homepage_items.look_id", Kind: "looks"},
			{Path: "homepage_items.lookml_dashboard_id", Kind: "lookml_dashboards"},
		},
		Size:      4 << 10,
		Optional:  true,
		Reference: true,
		Remark:    "read-only in the API",
	},
	{
		Name:  "agents",
		Title: "conversational agents with their golden queries",
		Listing: Listing{
			Route: Route{Path: "/agents/search", Activity: Administrative}, Page: enumeration, Rows: []string{"id", "updated_at"}, IDs: "id", Trash: true,
		},
		Many: []Many{
			{How: record.Page, Route: Route{Path: "/agents/search", Activity: Administrative}, Trash: true},
			{How: record.IDs, IDs: "id", Route: Route{Path: "/agents/search", Activity: Administrative}, Trash: true},
		},
		Detail:   Route{Path: "/agents/{agent_id}", Activity: Query},
		Kin:      []string{"studio_agent_id", "created_by_user_id"},
		Fields:   Fields{ID: "id", Name: "name", Updated: "updated_at", Owner: "created_by_user_id", Trashed: "deleted"},
		Volatile: []string{"updated_at", "created_by_name", "created_by_first_name", "created_by_last_name", "created_by_avatar_url", "has_inaccessible_source"},
		Relations: []Relation{
			{Path: "created_by_user_id", Kind: "users", Role: Owner},
			{Path: "content_metadata_id", Kind: "content_metadata", Role: Owns, Follow: true},
			{Path: "golden_queries.query_id", Kind: "queries", Follow: true},
			{Path: "golden_queries.created_by_user_id", Kind: "users", Role: Actor},
			{Path: "golden_queries.last_updated_by_user_id", Kind: "users", Role: Actor},
			{Path: "golden_queries.model", Kind: "lookml_models"},
			{Path: "sources.model", Kind: "lookml_models"},
		},
		Size:     6 << 10,
		Optional: true,
		Remark:   "beta; newer servers only",
	},
}
