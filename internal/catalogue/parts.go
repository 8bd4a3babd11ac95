package catalogue

import (
	"net/http"

	"github.com/lookervault/lookervault/internal/record"
)

// The parts of documents that others name: references to them have these kinds, and the
// id map holds them, though they are no kinds of a run.
const (
	Tiles            record.Kind = "dashboard_elements"
	Filters          record.Kind = "dashboard_filters"
	Layouts          record.Kind = "dashboard_layouts"
	Places           record.Kind = "dashboard_layout_components"
	Sections         record.Kind = "board_sections"
	BoardItems       record.Kind = "board_items"
	GoldenQueries    record.Kind = "golden_queries"
	Palettes         record.Kind = "color_palettes"
	Tunnels          record.Kind = "ssh_tunnels"
	TunnelServers    record.Kind = "ssh_servers"
	OAuthApps        record.Kind = "external_oauth_applications"
	EmailCredentials record.Kind = "credentials_email"
)

// These are routes of parts and documents whose call is administrative.
func post(path string) Send {
	return Send{Method: http.MethodPost, Path: path, Activity: Administrative}
}
func patch(path string) Send {
	return Send{Method: http.MethodPatch, Path: path, Activity: Administrative}
}
func put(path string) Send { return Send{Method: http.MethodPut, Path: path, Activity: Administrative} }
func remove(path string) Send {
	return Send{Method: http.MethodDelete, Path: path, Activity: Administrative}
}

// query returns the route drawn from the other quota.
func (s Send) query() Send {
	s.Activity = Query
	return s
}

// again returns the route as one that may be sent twice.
func (s Send) again() Send {
	s.Again = true
	return s
}

// whole returns the route as one that takes every member.
func (s Send) whole() Send {
	s.Whole = true
	return s
}

// array returns the route as one whose body is an array.
func (s Send) array() Send {
	s.Array = true
	return s
}

// byID tells parts from each other by their ids.
var byID = []string{"id"}

// colours are the references in what visualisations are drawn with.
func colours(at string) []Reference {
	return []Reference{
		{Path: at + ".**.collection_id", Kind: "color_collections", Loose: true},
		{Path: at + ".**.palette_id", Kind: Palettes, Loose: true},
	}
}

// shown are the members of a tile that say what it shows; it has one of them.
var shown = []string{"look_id", "merge_result_id", "query_id", "extension_id"}

// tile is a tile of a dashboard.
var tile = &Write{
	Create: post("/dashboard_elements"),
	Update: patch("/dashboard_elements/{dashboard_element_id}"),
	Delete: remove("/dashboard_elements/{dashboard_element_id}"),
	Fields: []string{
		"dashboard_layout_id", "type", "title", "title_hidden", "title_text", "subtitle_text", "body_text",
		"note_display", "note_state", "note_text", "look_id", "query_id", "merge_result_id", "filter_id",
		"result_maker.filterables.model", "result_maker.filterables.view", "result_maker.filterables.name", "result_maker.filterables.listen",
		"refresh_interval", "rich_content_json", "extension_id", "aria_description",
		"certification_metadata.certification_status", "certification_metadata.notes",
	},
	Required: [][]string{shown},
	Left: map[string]string{
		"look":                         "an echo: the look is a document of its own, and look_id is sent",
		"query":                        "an echo: queries are made first, and query_id is sent",
		"result_maker_id":              "an echo; Looker refuses it for tiles of text",
		"result_maker.query":           "an echo of the query",
		"result_maker.dynamic_fields":  "an echo of the query's",
		"result_maker.sorts":           "an echo of the query's",
		"result_maker.total":           "an echo of the query's",
		"result_maker.vis_config":      "an echo of the query's",
		"result_maker.merge_result_id": "an echo: merge_result_id of the tile is sent",
		"result_maker.sql_query_id":    "no route makes a tile of a SQL Runner query",
	},
	From: []From{
		// A tile names its query in one of four places.
		{Member: "query_id", Paths: []string{"query_id", "query.id", "result_maker.query_id", "result_maker.query.id"},
			Unless: []string{"look_id", "merge_result_id", "result_maker.merge_result_id", "extension_id"}},
		{Member: "merge_result_id", Paths: []string{"merge_result_id", "result_maker.merge_result_id"}, Unless: []string{"look_id"}},
	},
	Bare:   []string{"result_maker", "certification_metadata", "extension_id", "filter_id", "dashboard_layout_id"},
	Falses: []string{"title_hidden"},
	Blank:  []string{"refresh_interval"},
	OneOf:  shown,
	Omit: []Omission{{Member: "type", Values: []string{"text", "button"},
		Fields: []string{"look_id", "query_id", "merge_result_id", "extension_id", "result_maker"}}},
	Refs: []Reference{
		{Path: "dashboard_layout_id", Kind: Layouts, Within: string(Layouts), Sole: true, Optional: true},
		{Path: "look_id", Kind: Looks},
		{Path: "query_id", Kind: "queries"},
		{Path: "merge_result_id", Kind: "merge_queries"},
		{Path: "filter_id", Kind: Filters, Within: string(Filters), Optional: true},
		{Path: "result_maker.filterables.model", Kind: Models},
		{Path: "result_maker.filterables.view", Kind: "explores", Join: "model", Loose: true},
	},
	Nested:    []Nested{{Member: "query_id", Kind: "queries", At: []string{"query", "result_maker.query"}}},
	Unordered: []string{"result_maker.filterables.listen"},
	Lasting:   []string{"certification_metadata"},
	Void:      map[string]string{"result_maker": "result_maker.filterables.listen.field"},
	Texts:     []string{"body_text", "note_text", "title_text", "subtitle_text", "rich_content_json"},
	Find:      BySet,
	Guard: []Guard{
		{Path: "result_maker.sql_query_id", Why: "it shows a SQL Runner query, which no route gives and none takes"},
		{Path: "type", Value: "vis", Without: shown, Why: "it shows nothing: neither a look, a query, a merged result nor an extension, and Looker takes no such tile"},
	},
	Lost: []string{"alerts' followers", "how often the tile was seen"},

	Given: []string{"certification_metadata.updated_at", "id", "lookml_link_id", "result_maker.id"},
}

// dashboardFilter is a filter of a dashboard.
var dashboardFilter = &Write{
	Create: post("/dashboard_filters"),
	Update: patch("/dashboard_filters/{dashboard_filter_id}"),
	Delete: remove("/dashboard_filters/{dashboard_filter_id}"),
	Fields: []string{
		"name", "title", "type", "default_value", "model", "explore", "dimension", "row", "listens_to_filters",
		"allow_multiple_values", "required", "ui_config",
	},
	Required: [][]string{{"name"}, {"title"}, {"type"}},
	Falses:   []string{"allow_multiple_values", "required"},
	Blank:    []string{"default_value"},
	Refs: []Reference{
		{Path: "model", Kind: Models},
		{Path: "explore", Kind: "explores", Join: "model", Loose: true},
	},
	Keys:      []Key{{Members: []string{"name"}, Unique: true}, {Members: []string{"title"}, Unique: true}},
	Unordered: []string{"listens_to_filters"},
	Find:      BySet,

	Given: []string{"id"},
}

// layout is a tab of a dashboard. Its places are made with the tiles.
var layout = &Write{
	Create: post("/dashboard_layouts"),
	Update: patch("/dashboard_layouts/{dashboard_layout_id}"),
	Delete: remove("/dashboard_layouts/{dashboard_layout_id}"),
	Fields: []string{"type", "active", "column_width", "width", "label", "description", "order", "lookml_link_id"},
	Bare:   []string{"lookml_link_id"},
	Blank:  []string{"label", "description", "lookml_link_id"},
	Parts:  []Part{{Name: Places, At: "dashboard_layout_components", Owner: "dashboard_layout_id", Write: place, By: []string{"dashboard_element_id"}, About: Tiles, Apart: true}},
	Find:   BySet,

	Given: []string{"deleted", "id"},
}

// place is where a tile stands in a layout, and how large it is.
var place = &Write{
	Update: patch("/dashboard_layout_components/{dashboard_layout_component_id}"),
	Fields: []string{
		"row", "column", "width", "height", "deleted", "granular_row", "granular_column", "granular_width", "granular_height",
	},
	Falses: []string{"deleted"},
	Left:   map[string]string{"dashboard_element_id": "the tile whose place it is; Looker makes one with each tile"},

	Given: []string{"id"},
}

// section is a section of a board.
var section = &Write{
	Create: post("/board_sections"),
	Update: patch("/board_sections/{board_section_id}"),
	Delete: remove("/board_sections/{board_section_id}"),
	Fields: []string{"title", "description", "item_order"},
	Left:   map[string]string{"deleted_at": "a date that puts the section away; sections are deleted by their route"},
	Bare:   []string{"item_order"},
	Blank:  []string{"description"},
	Refs:   []Reference{{Path: "item_order", Kind: BoardItems, Within: string(BoardItems), Optional: true}},
	Texts:  []string{"description"},
	Parts: []Part{{
		Name: BoardItems, At: "board_items", Owner: "board_section_id", Write: boardItem, By: byID, Order: "order",
		Pairs: []Pair{{Members: []string{"dashboard_id", "look_id", "lookml_dashboard_id", "custom_url"}, Sole: true}},
	}},
	Find: BySet,
	Late: []string{"item_order"},

	Given: []string{"created_at", "id"},
}

// boardItem is a link on a board.
var boardItem = &Write{
	Create: post("/board_items"),
	Update: patch("/board_items/{board_item_id}"),
	Delete: remove("/board_items/{board_item_id}"),
	Fields: []string{
		"dashboard_id", "look_id", "lookml_dashboard_id", "order", "custom_title", "custom_description", "custom_url",
		"use_custom_title", "use_custom_description", "use_custom_url", "use_custom_image",
	},
	Required: [][]string{{"dashboard_id", "look_id", "lookml_dashboard_id", "custom_url"}},
	Left:     map[string]string{"custom_image_data_base64": "write-only: no backup has the image"},
	Bare:     []string{"dashboard_id", "look_id", "lookml_dashboard_id"},
	Blank:    []string{"custom_title", "custom_description", "custom_url"},
	Refs: []Reference{
		{Path: "dashboard_id", Kind: "dashboards", Checked: true},
		{Path: "look_id", Kind: Looks, Checked: true},
		{Path: "lookml_dashboard_id", Kind: "lookml_dashboards", Spare: true, Checked: true},
	},
	Texts: []string{"custom_url", "custom_description"},
	Find:  BySet,
	Lost:  []string{"custom images of items"},

	Given: []string{"content_metadata_id", "custom_image_url", "id"},
}
