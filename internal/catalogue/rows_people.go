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
		Title:   "users with their credentials' state, embed users and service accounts included",
		Listing: Listing{Route: Route{Path: "/users", Activity: Administrative}, Page: enumeration, Rows: []string{"id"}, IDs: "ids"},
		Many: []Many{
			{How: record.Page, Route: Route{Path: "/users", Activity: Administrative}},
			{How: record.IDs, IDs: "ids", Route: Route{Path: "/users", Activity: Administrative}},
		},
		Detail: Route{Path: "/users/{user_id}", Activity: Administrative},
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
		Size: 4 << 10,
		// The members of a group are read from its users: see the view group_users.
		Refs:         []Pointer{{Path: "id", Kind: "user_attribute_values"}, {Path: "group_ids", Kind: "groups"}},
		WithoutAdmin: "names only, no email and no credentials",
	},
	{
		Name:    "groups",
		Title:   "groups of users",
		Listing: Listing{Route: Route{Path: "/groups", Activity: Administrative}, Page: enumeration, Rows: []string{"id"}, IDs: "ids"},
		Many: []Many{
			{How: record.Page, Route: Route{Path: "/groups", Activity: Administrative}},
			{How: record.IDs, IDs: "ids", Route: Route{Path: "/groups", Activity: Administrative}},
		},
		Detail:       Route{Path: "/groups/{group_id}", Activity: Administrative},
		Fields:       Fields{ID: "id", Name: "name"},
		Volatile:     []string{"user_count", "contains_current_user"},
		Size:         400,
		Refs:         []Pointer{{Path: "id", Kind: "group_groups"}},
		WithoutAdmin: "only some",
	},
	{
		Name:         "roles",
		Title:        "roles with their permission set and model set",
		Listing:      Listing{Route: Route{Path: "/roles", Activity: Administrative}, Whole: true, Paged: Route{Path: "/roles/search", Activity: Administrative}},
		Detail:       Route{Path: "/roles/{role_id}", Activity: Administrative},
		Fields:       Fields{ID: "id", Name: "name"},
		Unordered:    []string{"permission_set.permissions", "model_set.models"},
		Derived:      []Derived{{Path: "permission_set.permissions", When: allAccess}, {Path: "model_set.models", When: allAccess}},
		Size:         4 << 10,
		Refs:         []Pointer{{Path: "id", Kind: "role_users"}, {Path: "id", Kind: "role_groups"}},
		WithoutAdmin: "only some",
	},
	{
		Name:      "permission_sets",
		Title:     "permission sets",
		Listing:   Listing{Route: Route{Path: "/permission_sets", Activity: Administrative}, Whole: true, Paged: Route{Path: "/permission_sets/search", Activity: Administrative}},
		Detail:    Route{Path: "/permission_sets/{permission_set_id}", Activity: Administrative},
		Fields:    Fields{ID: "id", Name: "name"},
		Unordered: []string{"permissions"},
		Derived:   []Derived{{Path: "permissions", When: allAccess}},
		Size:      2 << 10,
	},
	{
		Name:      "model_sets",
		Title:     "model sets",
		Listing:   Listing{Route: Route{Path: "/model_sets", Activity: Administrative}, Whole: true, Paged: Route{Path: "/model_sets/search", Activity: Administrative}},
		Detail:    Route{Path: "/model_sets/{model_set_id}", Activity: Administrative},
		Fields:    Fields{ID: "id", Name: "name"},
		Unordered: []string{"models"},
		Derived:   []Derived{{Path: "models", When: allAccess}},
		Size:      1 << 10,
	},
	{
		Name:         "user_attributes",
		Title:        "user attributes with their defaults",
		Listing:      Listing{Route: Route{Path: "/user_attributes", Activity: Administrative}, Whole: true},
		Detail:       Route{Path: "/user_attributes/{user_attribute_id}", Activity: Administrative},
		Fields:       Fields{ID: "id", Name: "name"},
		Size:         600,
		Refs:         []Pointer{{Path: "id", Kind: "user_attribute_group_values"}},
		WithoutAdmin: "only visible ones",
		Remark:       "hidden values read back as null",
	},
}
