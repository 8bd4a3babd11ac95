package catalogue

import (
	"github.com/lookervault/lookervault/internal/record"
)

// allAccess is the member of a set that holds everything that there is, however
// much is added to the instance.
const allAccess = "all_access"

// people is who there is.
var people = []Spec{
	{
		Name:    "users",
		Nightly: true,
		Title:   "users with their credentials' state, embed users and service accounts included",
		Listing: Listing{Route: Route{Path: "/users", Activity: Administrative}, Page: enumeration, Rows: []string{"id"}, IDs: "ids"},
		Many: []Many{
			{How: record.Page, Route: Route{Path: "/users", Activity: Administrative}},
			{How: record.IDs, IDs: "ids", Route: Route{Path: "/users", Activity: Administrative}},
		},
		Detail: Route{Path: "/users/{user_id}", Activity: Administrative},
		Kin:    []string{"display_name", "first_name"},
		Fields: Fields{ID: "id", Name: "display_name", Names: []string{"credentials_email.email", "email"}},
		Volatile: []string{
			"sessions", "looker_versions", "ui_state", "avatar_url*", "models_dir_validated",
			"credentials_*.logged_in_at", "credentials_*.password_reset_url", "credentials_*.account_setup_url",
		},
		Unordered: []string{"group_ids", "role_ids"},
		// Only an administrator's key sees these; each lets its holder take over
		// the account. Addresses of sessions are nobody's business.
		Secrets: []string{
			"credentials_*.password_reset_url", "credentials_*.account_setup_url",
			"sessions.ip_address",
		},
		Relations: []Relation{
			{Path: "id", Kind: "user_attribute_values", Role: Owns, Follow: true},
			{Path: "id", Kind: "user_favorites", Role: Owns, Follow: true},
			// The members of a group are read from its users: see the view group_users.
			{Path: "group_ids", Kind: "groups", Stored: true},
			{Path: "role_ids", Kind: "roles"},
			{Path: "home_folder_id", Kind: "folders", Late: true},
			{Path: "personal_folder_id", Kind: "folders", Role: Owns},
			{Path: "embed_group_folder_id", Kind: "folders", Late: true},
			{Path: "embed_group_space_id", Kind: "folders", Late: true},
			{Path: "sessions.sudo_user_id", Kind: "users", Role: Actor},
		},
		Size:         3 << 10,
		WithoutAdmin: "names only, no email and no credentials",
		Narrowed:     true,
	},
	{
		Name:    "groups",
		Nightly: true,
		Title:   "groups of users",
		Listing: Listing{Route: Route{Path: "/groups", Activity: Administrative}, Page: enumeration, Rows: []string{"id"}, IDs: "ids"},
		Many: []Many{
			{How: record.Page, Route: Route{Path: "/groups", Activity: Administrative}},
			{How: record.IDs, IDs: "ids", Route: Route{Path: "/groups", Activity: Administrative}},
		},
		Detail:   Route{Path: "/groups/{group_id}", Activity: Administrative},
		Kin:      []string{"include_by_default", "externally_managed"},
		Fields:   Fields{ID: "id", Name: "name"},
		Volatile: []string{"user_count", "contains_current_user"},
		Relations: []Relation{
			{Path: "id", Kind: "group_groups", Role: Owns, Follow: true},
		},
		Size:         400,
		WithoutAdmin: "only some",
	},
	{
		Name:      "roles",
		Nightly:   true,
		Title:     "roles with their permission set and model set",
		Listing:   Listing{Route: Route{Path: "/roles", Activity: Administrative}, Whole: true, Paged: Route{Path: "/roles/search", Activity: Administrative}},
		Detail:    Route{Path: "/roles/{role_id}", Activity: Administrative, Members: []string{"permission_set", "model_set"}},
		Fields:    Fields{ID: "id", Name: "name"},
		Unordered: []string{"permission_set.permissions", "model_set.models"},
		Derived:   []Derived{{Path: "permission_set.permissions", When: allAccess}, {Path: "model_set.models", When: allAccess}},
		Relations: []Relation{
			{Path: "permission_set.id", Kind: "permission_sets", Nested: true},
			{Path: "model_set.id", Kind: "model_sets", Nested: true},
			{Path: "id", Kind: "role_users", Role: Owns, Follow: true},
			{Path: "id", Kind: "role_groups", Role: Owns, Follow: true},
		},
		Copies:       []string{"permission_set", "model_set"},
		Size:         4 << 10,
		WithoutAdmin: "only some",
	},
	{
		Name:      "permission_sets",
		Title:     "permission sets",
		Listing:   Listing{Route: Route{Path: "/permission_sets", Activity: Administrative}, Whole: true, Paged: Route{Path: "/permission_sets/search", Activity: Administrative}},
		Detail:    Route{Path: "/permission_sets/{permission_set_id}", Activity: Administrative, Members: []string{"permissions"}},
		Fields:    Fields{ID: "id", Name: "name"},
		Unordered: []string{"permissions"},
		Derived:   []Derived{{Path: "permissions", When: allAccess}},
		Size:      2 << 10,
	},
	{
		Name:      "model_sets",
		Title:     "model sets",
		Listing:   Listing{Route: Route{Path: "/model_sets", Activity: Administrative}, Whole: true, Paged: Route{Path: "/model_sets/search", Activity: Administrative}},
		Detail:    Route{Path: "/model_sets/{model_set_id}", Activity: Administrative, Members: []string{"models"}},
		Fields:    Fields{ID: "id", Name: "name"},
		Unordered: []string{"models"},
		Derived:   []Derived{{Path: "models", When: allAccess}},
		Relations: []Relation{
			{Path: "models", Kind: "lookml_models"},
		},
		Size: 1 << 10,
	},
	{
		Name:    "user_attributes",
		Title:   "user attributes with their defaults",
		Listing: Listing{Route: Route{Path: "/user_attributes", Activity: Administrative}, Whole: true},
		Detail:  Route{Path: "/user_attributes/{user_attribute_id}", Activity: Administrative, Members: []string{"value_is_hidden", "user_can_view"}},
		Fields:  Fields{ID: "id", Name: "name"},
		Relations: []Relation{
			{Path: "id", Kind: "user_attribute_group_values", Role: Owns, Follow: true},
		},
		Size:         600,
		WithoutAdmin: "only visible ones",
		Narrowed:     true,
		Remark:       "hidden values read back as null",
	},
}
