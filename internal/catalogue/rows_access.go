package catalogue

import (
	"net/url"
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// groupMembers are members that groups have and users have not.
var groupMembers = []string{"user_count", "externally_managed", "include_by_default", "can_add_to_content_metadata"}

// groupOverview is the list of all groups, with those that they lie in and their roles.
func groupOverview(member, other string) *Overview {
	return &Overview{
		Route: Route{Path: "/groups/search/with_hierarchy", Activity: Administrative}, Of: "groups", Member: member, Beside: []string{other},
	}
}

// access is who may do what. Nothing lists these documents: each belongs to
// another one, whose id it has.
var access = []Spec{
	{
		Name:    "user_attribute_group_values",
		Title:   "values of a user attribute by group, in order of precedence",
		Listing: Listing{Followed: true},
		Detail:  Route{Path: "/user_attributes/{user_attribute_id}/group_values", Activity: Administrative, Array: true, Members: []string{"user_attribute_id", "rank"}},
		Relations: []Relation{
			{Path: "user_attribute_id", Kind: "user_attributes", Role: Parent, Same: true},
			{Path: "group_id", Kind: "groups"},
		},
		Size: 500,
	},
	{
		Name:    "user_attribute_values",
		Title:   "values of all attributes of a user",
		Listing: Listing{Followed: true, Filled: true},
		Detail: Route{
			Path: "/users/{user_id}/attribute_values", Query: url.Values{"all_values": {"true"}, "include_unset": {"true"}}, Activity: Administrative,
			Array: true, Members: []string{"user_attribute_id", "user_can_edit", "source"},
		},
		Relations: []Relation{
			{Path: "user_id", Kind: "users", Role: Parent, Same: true},
			{Path: "user_attribute_id", Kind: "user_attributes"},
		},
		Size:   4 << 10,
		OptIn:  true,
		Remark: "one call a user",
	},
	{
		Name:    "user_favorites",
		Title:   "dashboards, looks and boards that a user marked as favourite",
		Listing: Listing{Followed: true},
		Detail: Route{
			Path: "/content_favorite/search", Query: url.Values{"limit": {"5000"}}, Activity: Administrative, Param: "user_id",
			Array: true, Members: []string{"content_metadata_id", "user_id"},
		},
		// What is marked is a document of its own.
		Volatile: []string{"look", "dashboard", "board", "lookml_dashboard"},
		Relations: []Relation{
			{Path: "user_id", Kind: "users", Role: Parent, Same: true},
			{Path: "content_metadata_id", Kind: "content_metadata"},
			{Path: "dashboard_id", Kind: "dashboards"},
			{Path: "look_id", Kind: "looks"},
			{Path: "board_id", Kind: "boards"},
			{Path: "lookml_dashboard_id", Kind: "lookml_dashboards"},
		},
		Size:   1 << 10,
		OptIn:  true,
		Remark: "one call a user",
	},
	{
		Name:      "group_groups",
		Title:     "groups inside a group",
		Listing:   Listing{Followed: true, Overview: groupOverview("parent_group_ids", "role_ids")},
		Detail:    Route{Path: "/groups/{group_id}/groups", Activity: Administrative, Array: true, Members: groupMembers},
		Volatile:  []string{"user_count", "contains_current_user"},
		Unordered: []string{"."},
		Relations: []Relation{
			{Path: "id", Kind: "groups"},
		},
		Size: 500,
	},
	{
		Name:    "role_users",
		Title:   "users who have a role directly",
		Listing: Listing{Followed: true, Filled: true},
		// A user's role_ids do not tell whether a role is held directly or through
		// a group, so this cannot be read from the users. Only ids are asked for:
		// users are a kind of their own.
		Detail: Route{
			Path:     "/roles/{role_id}/users",
			Query:    url.Values{"direct_association_only": {"true"}, "fields": {"id"}},
			Activity: Administrative,
			Array:    true,
			Members:  []string{"id"},
		},
		Unordered: []string{"."},
		Relations: []Relation{
			{Path: "id", Kind: "users", Back: "role_ids", Beside: "role_groups"},
		},
		Size: 1 << 10,
	},
	{
		Name:      "role_groups",
		Title:     "groups that have a role",
		Listing:   Listing{Followed: true, Overview: groupOverview("role_ids", "parent_group_ids")},
		Detail:    Route{Path: "/roles/{role_id}/groups", Activity: Administrative, Array: true, Members: groupMembers},
		Volatile:  []string{"user_count", "contains_current_user"},
		Unordered: []string{"."},
		Relations: []Relation{
			{Path: "id", Kind: "groups"},
		},
		Size: 500,
	},
	{
		Name:    "content_metadata",
		Title:   "whether a folder, board or agent has access rules of its own",
		Listing: Listing{Followed: true},
		Many: []Many{
			{How: record.Folder, Route: Route{Path: "/content_metadata", Param: "parent_id", Activity: Administrative}},
		},
		Detail: Route{Path: "/content_metadata/{content_metadata_id}", Activity: Administrative},
		Kin:    []string{"inherits", "inheriting_id"},
		Fields: Fields{ID: "id", Name: "name", Folder: "parent_id"},
		Relations: []Relation{
			{Path: "id", Kind: "content_access", Role: Owns, Follow: true, Unless: "inherits"},
			{Path: "parent_id", Kind: "content_metadata", Role: Parent},
			{Path: "inheriting_id", Kind: "content_metadata"},
			{Path: "folder_id", Kind: "folders", Role: Parent},
			{Path: "homepage_id", Kind: "boards", Role: Parent},
			{Path: "agent_id", Kind: "agents", Role: Parent},
			{Path: "dashboard_id", Kind: "dashboards", Role: Parent},
			{Path: "look_id", Kind: "looks", Role: Parent},
		},
		Size: 400,
	},
	{
		Name:  "content_access",
		Title: "access rules of folders, boards and agents that do not inherit them",
		// Everybody has a personal folder with rules of its own, which few ever change.
		Calm: &Calm{
			Age:     30 * 24 * time.Hour,
			Through: []Step{{Kind: "content_metadata"}, {Kind: Folders, Member: "folder_id"}},
			Where:   []string{"is_personal", "is_personal_descendant"},
		},
		Listing: Listing{Followed: true, Filled: true},
		Detail: Route{
			Path: "/content_metadata_access", Param: "content_metadata_id", Activity: Administrative,
			Array: true, Members: []string{"content_metadata_id", "permission_type"},
		},
		Unordered: []string{"."},
		Relations: []Relation{
			{Path: "content_metadata_id", Kind: "content_metadata", Role: Parent, Same: true},
			{Path: "group_id", Kind: "groups"},
			{Path: "user_id", Kind: "users"},
		},
		Size: 500,
	},
}

// behind is what other documents are made of.
var behind = []Spec{
	{
		Name:      "merge_queries",
		Title:     "merged results behind dashboard tiles",
		Listing:   Listing{Followed: true},
		Detail:    Route{Path: "/merge_queries/{merge_query_id}", Activity: Query, Members: []string{"source_queries"}},
		Fields:    Fields{ID: "id"},
		Size:      2 << 10,
		Immutable: true,
		Relations: []Relation{
			{Path: "source_queries.query_id", Kind: "queries", Follow: true, Alias: "query_slug"},
		},
	},
	{
		Name:    "queries",
		Title:   "queries that no stored document nests: sources of merged results, queries of schedules and agents",
		Listing: Listing{Followed: true},
		Detail:  Route{Path: "/queries/{query_id}", Activity: Query, Members: []string{"view", "filter_expression"}},
		// Where numeric ids of queries are forbidden, only the slug opens old ones.
		ByAlias:   Route{Path: "/queries/slug/{slug}", Activity: Query},
		Fields:    Fields{ID: "id", Alias: "slug"},
		Volatile:  []string{"share_url", "expanded_share_url", "has_table_calculations", "runtime"},
		Size:      5 << 10,
		Immutable: true,
		Relations: []Relation{
			{Path: "model", Kind: "lookml_models"},
		},
	},
	{
		Name:    "explores",
		Title:   "explores with all their fields",
		Listing: Listing{Followed: true, Unserved: true},
		Detail: Route{
			Path: "/lookml_models/{lookml_model_name}/explores/{explore_name}", Activity: Administrative, Slow: true,
			Members: []string{"model_name", "fields", "connection_name"},
		},
		IDFrom: []string{"model_name", "name"},
		Fields: Fields{Name: "label"},
		// What queries have used moves with every query. Older servers tell the most
		// used fields and the drill paths of the caller, too. The list of filter-only
		// fields has the name of free JSON, which it is not.
		Volatile: []string{"**.times_used", "**.frequent", "**.turtle_looks", "fields.filters.times_used"},
		Relations: []Relation{
			{Path: "model_name", Kind: "lookml_models", Role: Parent},
			{Path: "connection_name", Kind: "connections"},
			{Path: "project_name", Kind: "projects"},
			{Path: "self_service_explore_data.owner_id", Kind: "users", Role: Actor},
		},
		Size:      300 << 10,
		OptIn:     true,
		Reference: true,
		Remark:    "derived from LookML; one call each and the largest bodies of all",
	},
}
