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

// tileRefs are the places where a tile names a merged result or a query. Most tiles
// hold the query itself, in one of three places.
var (
	tileRefs = []Pointer{
		{Path: "dashboard_elements.merge_result_id", Kind: "merge_queries"},
		{Path: "dashboard_elements.result_maker.merge_result_id", Kind: "merge_queries"},
		{Path: "dashboard_elements.query_id", Kind: "queries"},
		{Path: "dashboard_elements.result_maker.query_id", Kind: "queries"},
		{Path: "dashboard_elements.look.query_id", Kind: "queries"},
	}
	tileNests = nestedQueries("dashboard_elements.query", "dashboard_elements.result_maker.query", "dashboard_elements.look.query")
)

// nestedQueries are the names of queries that lie at some paths.
func nestedQueries(paths ...string) []Pointer {
	var names []Pointer
	for _, path := range paths {
		names = append(names, Pointer{Path: path + ".id", Kind: "queries"}, Pointer{Path: path + ".slug", Kind: "queries"})
	}
	return names
}

// content is what people make.
var content = []Spec{
	{
		Name:  "dashboards",
		Title: "user-defined dashboards with their tiles, filters and layouts",
		// search_dashboards leaves out LookML dashboards and, unless asked, the
		// trash. Its rows are whole dashboards. No row tells that a tile was
		// edited, so every run reads the pages.
		Listing: Listing{
			Route: Route{Path: "/dashboards/search", Activity: Administrative, Slow: true},
			Page:  enumeration, Rows: []string{"id", "folder_id"}, IDs: "id", Trash: true,
		},
		Many: []Many{
			{How: record.Page, Route: Route{Path: "/dashboards/search", Activity: Administrative, Slow: true}, Trash: true},
			{How: record.IDs, IDs: "id", Route: Route{Path: "/dashboards/search", Activity: Administrative, Slow: true}, Trash: true},
		},
		Detail:       Route{Path: "/dashboards/{dashboard_id}", Activity: Administrative},
		Fields:       Fields{ID: "id", Name: "title", Updated: "updated_at", Folder: "folder_id", Owner: "user_id", Trashed: "deleted"},
		Volatile:     dashboardVolatile,
		Refs:         tileRefs,
		Nests:        tileNests,
		Size:         150 << 10,
		Place:        InFolder,
		WithoutAdmin: "only readable ones",
	},
	{
		Name:  "looks",
		Title: "looks with their queries",
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
		Fields: Fields{ID: "id", Name: "title", Updated: "updated_at", Folder: "folder_id", Owner: "user_id", Trashed: "deleted"},
		Volatile: []string{
			"updated_at", "view_count", "favorite_count", "usage_count", "last_viewed_at", "last_accessed_at",
			"content_favorite_id", "embed_url", "excel_file_url", "google_spreadsheet_formula", "image_embed_url",
			"public_url", "short_url", "user_name", "is_owner_disabled", "folder", "model",
			"certification_metadata.user_name", "certification_metadata.ui_status",
			"query.share_url", "query.expanded_share_url", "query.has_table_calculations", "query.runtime",
		},
		Refs:         []Pointer{{Path: "query_id", Kind: "queries"}},
		Nests:        nestedQueries("query"),
		Size:         7 << 10,
		Place:        InFolder,
		WithoutAdmin: "only readable ones",
	},
	{
		Name:  "scheduled_plans",
		Title: "schedules of all users with their destinations",
		Listing: Listing{
			Route: Route{Path: "/scheduled_plans", Query: url.Values{"all_users": {"true"}}, Activity: Query, Slow: true}, Whole: true,
			// alpha in the OpenAPI document
			Paged: Route{Path: "/scheduled_plans/search", Query: url.Values{"all_users": {"true"}}, Activity: Query, Slow: true},
		},
		Detail: Route{Path: "/scheduled_plans/{scheduled_plan_id}", Activity: Query},
		Fields: Fields{ID: "id", Name: "name", Updated: "updated_at", Owner: "user_id"},
		Volatile: []string{
			"updated_at", "last_run_at", "next_run_at", "title", "user",
			"scheduled_plan_destination.looker_recipient",
		},
		Refs:         []Pointer{{Path: "query_id", Kind: "queries"}},
		Size:         3 << 10,
		WithoutAdmin: "only the caller's own",
	},
	{
		Name:  "folders",
		Title: "folders, personal ones included",
		// all_folders answers with the base of a folder. What a single folder has
		// more are the looks and dashboards inside it, which are kinds of their own.
		Listing:      Listing{Route: Route{Path: "/folders", Activity: Administrative, Slow: true}, Whole: true},
		Detail:       Route{Path: "/folders/{folder_id}", Activity: Administrative, Slow: true},
		Fields:       Fields{ID: "id", Name: "name", Folder: "parent_id", Owner: "creator_id"},
		Volatile:     []string{"child_count", "dashboards", "looks"},
		Size:         600,
		Place:        IsFolder,
		Refs:         []Pointer{{Path: "content_metadata_id", Kind: "content_metadata"}},
		WithoutAdmin: "other people's personal folders are missing",
	},
	{
		Name:    "boards",
		Title:   "boards with their sections and items",
		Listing: Listing{Route: Route{Path: "/boards", Activity: Administrative}, Whole: true},
		Detail:  Route{Path: "/boards/{board_id}", Activity: Administrative},
		Fields:  Fields{ID: "id", Name: "title", Updated: "updated_at", Owner: "user_id"},
		Volatile: []string{
			"updated_at", "board_sections.visible_item_order", "board_sections.updated_at",
			"board_sections.board_items.view_count", "board_sections.board_items.favorite_count",
			"board_sections.board_items.content_updated_at", "board_sections.board_items.content_created_by",
			"board_sections.board_items.title", "board_sections.board_items.description",
			"board_sections.board_items.location", "board_sections.board_items.image_url",
			"board_sections.board_items.content_favorite_id",
		},
		Size:         8 << 10,
		Refs:         []Pointer{{Path: "content_metadata_id", Kind: "content_metadata"}},
		WithoutAdmin: "only readable ones",
	},
	{
		Name:  "alerts",
		Title: "alerts of all owners",
		// search_alerts takes no sorts; what its pages leave is asked for alone.
		Listing: Listing{
			Route: Route{Path: "/alerts/search", Query: url.Values{"all_owners": {"true"}}, Activity: Administrative},
			Page:  enumeration, Rows: []string{"id"}, Unsorted: true,
		},
		Many: []Many{
			{How: record.Page, Route: Route{Path: "/alerts/search", Query: url.Values{"all_owners": {"true"}}, Activity: Administrative}},
		},
		Detail: Route{Path: "/alerts/{alert_id}", Activity: Administrative},
		Fields: Fields{ID: "id", Name: "custom_title", Names: []string{"field.title"}, Owner: "owner_id"},
		Volatile: []string{
			"followed", "followable", "owner_display_name", "investigative_content_title", "time_series_condition_state",
			"applied_dashboard_filters.filter_description", "field.filter.filter_description",
		},
		Size: 2 << 10,
		// An alert on a tile has the tile's query, which the dashboard nests.
		Refs:         []Pointer{{Path: "query_id", Kind: "queries", Unless: "dashboard_element_id"}},
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
		Fields:    Fields{ID: "id", Name: "title"},
		Volatile:  dashboardVolatile,
		Refs:      tileRefs,
		Nests:     tileNests,
		Size:      40 << 10,
		Optional:  true,
		Reference: true,
		Remark:    "they live in Git; kept for reference",
	},
	{
		Name:      "homepage_sections",
		Title:     "sections of the homepage",
		Listing:   Listing{Route: Route{Path: "/primary_homepage_sections", Activity: Administrative}, Whole: true},
		Fields:    Fields{ID: "id", Name: "title", Updated: "updated_at"},
		Volatile:  []string{"updated_at", "visible_item_order", "detail_url", "homepage_items.section_fetch_time", "homepage_items.view_count", "homepage_items.favorite_count"},
		Size:      4 << 10,
		Optional:  true,
		Reference: true,
		Remark:    "read-only in the API",
	},
	{
		Name:  "agents",
		Title: "conversational agents with their golden queries",
		Listing: Listing{
			Route: Route{Path: "/agents/search", Activity: Administrative}, Page: enumeration, Rows: []string{"id"}, IDs: "id", Trash: true,
		},
		Many: []Many{
			{How: record.Page, Route: Route{Path: "/agents/search", Activity: Administrative}, Trash: true},
			{How: record.IDs, IDs: "id", Route: Route{Path: "/agents/search", Activity: Administrative}, Trash: true},
		},
		Detail:   Route{Path: "/agents/{agent_id}", Activity: Query},
		Fields:   Fields{ID: "id", Name: "name", Updated: "updated_at", Owner: "created_by_user_id", Trashed: "deleted"},
		Volatile: []string{"updated_at", "created_by_name", "created_by_first_name", "created_by_last_name", "created_by_avatar_url", "has_inaccessible_source"},
		Refs: []Pointer{
			{Path: "content_metadata_id", Kind: "content_metadata"},
			{Path: "golden_queries.query_id", Kind: "queries"},
		},
		Size:     6 << 10,
		Optional: true,
		Remark:   "beta; newer servers only",
	},
}
