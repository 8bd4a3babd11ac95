package catalogue

import (
	"maps"
	"net/url"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
)

// peopleWrites are the write rows of who there is.
var peopleWrites = map[record.Kind]written{
	"users": {row: userWrite, variants: []Variant{
		{Member: Member{"is_service_account", "true"}, Write: serviceAccountWrite},
	}},
	"groups":          {row: groupWrite},
	"roles":           {row: roleWrite},
	"permission_sets": {row: permissionSetWrite},
	"model_sets":      {row: modelSetWrite},
	"user_attributes": {row: attributeWrite},
}

// firstLogin is why most credentials are not sent.
const firstLogin = "no route makes it: it forms when the user first logs in"

// userStays keeps users who have come back: with one Looker deletes schedules, and puts
// dashboards and looks into the trash.
var userStays = Staying{
	Instead: Member{"is_disabled", "true"},
	Used: []string{
		"credentials_email.logged_in_at", "credentials_google.logged_in_at", "credentials_ldap.logged_in_at", "credentials_looker_openid.logged_in_at",
		"credentials_oidc.logged_in_at", "credentials_saml.logged_in_at", "credentials_workforce.logged_in_at", "credentials_api3.id", "sessions.id",
	},
	Says: "somebody has logged in as this user, or has made a key for it",
	Belongings: []Belonging{
		{Kind: "dashboards", Route: Route{Path: "/dashboards/search", Query: idAndOwner, Activity: Administrative}, Param: "user_id", Member: "user_id"},
		{Kind: Looks, Route: Route{Path: "/looks/search", Query: idAndOwner, Activity: Administrative}, Param: "user_id", Member: "user_id"},
		{Kind: "boards", Route: Route{Path: "/boards/search", Query: idAndOwner, Activity: Administrative}, Param: "creator_id", Member: "user_id"},
		{Kind: "scheduled_plans", Route: Route{Path: "/scheduled_plans", Query: idAndOwner, Activity: Query}, Param: "user_id", Member: "user_id"},
		{Kind: "alerts", Route: Route{Path: "/alerts/search", Query: url.Values{"fields": {"id,owner_id"}, "all_owners": {"true"}}, Activity: Administrative}, Member: "owner_id"},
	},
}

// fieldsOf asks a route for some members only, and idAndOwner for no more than whose each row is.
func fieldsOf(names string) url.Values { return url.Values{"fields": {names}} }

var idAndOwner = fieldsOf("id,user_id")

var userWrite = &Write{
	Create: post("/users"),
	Update: patch("/users/{user_id}"),
	Delete: remove("/users/{user_id}"),
	Fields: []string{"first_name", "last_name", "locale", "home_folder_id", "is_disabled", "can_manage_api3_creds"},
	Left: map[string]string{
		"credentials_google":        firstLogin,
		"credentials_ldap":          firstLogin,
		"credentials_looker_openid": firstLogin,
		"credentials_oidc":          firstLogin,
		"credentials_saml":          firstLogin,
		"credentials_workforce":     firstLogin,
		"credentials_totp":          "its secret is in no backup: the user sets it up again",
		"ui_state":                  "what the browser remembers: it moves by itself",
		"models_dir_validated":      "what the server has checked: it moves by itself",
	},
	Bare:  []string{"home_folder_id", "can_manage_api3_creds", "locale"},
	Blank: []string{"first_name", "last_name"},
	Keys: []Key{
		{
			Members: []string{"credentials_email.email"}, Fold: true, Unique: true,
			Search: Route{Path: "/users/search", Activity: Administrative}, Params: map[string]string{"email": "credentials_email.email"},
		},
		{Members: []string{"credentials_saml.saml_user_id"}, Unique: true},
		{Members: []string{"credentials_oidc.oidc_user_id"}, Unique: true},
		{Members: []string{"credentials_ldap.ldap_id"}, Unique: true},
		{Members: []string{"credentials_google.google_user_id"}, Unique: true},
		{Members: []string{"credentials_workforce.workforce_user_id"}, Unique: true},
		{Members: []string{"credentials_embed.external_user_id"}, Unique: true},
		// Sign-on writes the address that its users log in with here.
		{Members: []string{"email"}, Fold: true},
	},
	Refs:  []Reference{{Path: "home_folder_id", Kind: Folders, Optional: true}},
	Parts: []Part{{Name: EmailCredentials, At: "credentials_email", One: true, Write: emailWrite}},
	Sets: []Set{{
		Name: "groups of a user", At: "group_ids", Kind: "groups",
		Add: post("/groups/{group_id}/users"), Remove: remove("/groups/{group_id}/users/{user_id}"), Body: "user_id", Turned: true,
	}},
	Find:   ByNew,
	Reused: true,
	Guard: []Guard{
		{Path: "verified_looker_employee", Why: "it is an account of Looker's support"},
		{Path: "credentials_embed", Unmade: true, Why: "Looker makes a user of embedding when that user first logs in"},
	},
	Late:  []string{"home_folder_id", "is_disabled"},
	Stays: userStays,
	Lost: []string{
		"the password: the user sets a new one", "two-factor secrets and API keys", "sign-on by SAML, OpenID, LDAP or Google, until the first login",
		"the personal folder's id", "favourites", "history",
	},
	Self: true,

	Given: []string{
		"allow_direct_roles", "allow_normal_group_membership", "allow_roles_from_normal_groups", "credentials_api3",
		"credentials_embed", "display_name", "email", "embed_group_folder_id", "embed_group_space_id", "id", "is_iam_admin",
		"is_service_account", "personal_folder_id", "presumed_looker_employee", "role_ids", "roles_externally_managed",
		"service_account_name", "verified_looker_employee",
	},
}

// emailWrite is the address that a user logs in with. Making it sends no mail.
var emailWrite = &Write{
	Create:   post("/users/{user_id}/credentials_email"),
	Update:   patch("/users/{user_id}/credentials_email"),
	Delete:   remove("/users/{user_id}/credentials_email"),
	Fields:   []string{"email", "forced_password_reset_at_next_login"},
	Required: [][]string{{"email"}},
	Bare:     []string{"forced_password_reset_at_next_login"},
	Find:     BySet,
	// Who has not set up the account yet gets the mail by which that is done [oas].
	Invites: Invitation{
		Send: post("/users/{user_id}/credentials_email/send_password_reset"), Address: "email",
		Unless: Guard{Path: "is_disabled", Value: "true", Why: "the account is disabled"},
	},

	Given: []string{"account_setup_url_expired", "created_at", "is_disabled", "password_reset_url_expired", "type", "user_id"},
}

var serviceAccountWrite = &Write{
	Create:   post("/users/service_accounts"),
	Update:   patch("/users/service_accounts/{user_id}"),
	Delete:   remove("/users/service_accounts/{user_id}"),
	Fields:   []string{"service_account_name", "is_disabled"},
	Required: [][]string{{"service_account_name"}},
	Keys:     []Key{{Members: []string{"service_account_name"}}},
	Sets:     userWrite.Sets,
	Find:     ByNew,
	Reused:   true,
	Late:     []string{"is_disabled"},
	Stays:    userStays,
	Lost:     []string{"its API keys: make new ones"},
	Self:     true,

	// The document is that of a user.
	Given: slices.Concat(userWrite.Given, userWrite.Fields, slices.Sorted(maps.Keys(userWrite.Left)), []string{"credentials_email"}),
}

var groupWrite = &Write{
	Create:   post("/groups"),
	Update:   patch("/groups/{group_id}"),
	Delete:   remove("/groups/{group_id}"),
	Fields:   []string{"name", "can_add_to_content_metadata"},
	Required: [][]string{{"name"}},
	Keys: []Key{{
		Members: []string{"name"}, Unique: true,
		Search: Route{Path: "/groups/search", Activity: Administrative}, Params: map[string]string{"name": "name"},
	}},
	Find:   ByKey,
	Reused: true,
	Guard: []Guard{
		{Path: "externally_managed", Skipped: true, Why: "it is managed outside of Looker, by sign-on"},
		{Path: "include_by_default", Reused: true, Why: "the group of all users is on every instance"},
	},
	Mine: Member{"contains_current_user", "true"},
	Lost: []string{"its id"},

	Given: []string{"external_group_id", "externally_managed", "id", "include_by_default"},
}

var roleWrite = &Write{
	Create:   post("/roles"),
	Update:   patch("/roles/{role_id}"),
	Delete:   remove("/roles/{role_id}"),
	Fields:   []string{"name", "permission_set_id", "model_set_id"},
	Required: [][]string{{"name"}, {"permission_set_id"}, {"model_set_id"}},
	Left: map[string]string{
		"permission_set": "an echo: permission_set_id is sent",
		"model_set":      "an echo: model_set_id is sent",
	},
	From: []From{
		{Member: "permission_set_id", Paths: []string{"permission_set_id", "permission_set.id"}},
		{Member: "model_set_id", Paths: []string{"model_set_id", "model_set.id"}},
	},
	Keys: []Key{{
		Members: []string{"name"}, Unique: true,
		Search: Route{Path: "/roles/search", Activity: Administrative}, Params: map[string]string{"name": "name"},
	}},
	Refs: []Reference{
		{Path: "permission_set_id", Kind: "permission_sets"},
		{Path: "model_set_id", Kind: "model_sets"},
	},
	Find:   ByKey,
	Reused: true,
	Guard: []Guard{
		{Path: "internal", Reused: true, Why: "Looker's own roles are on every instance"},
		{Path: "name", Value: "Admin", Reused: true, Why: "Looker's own role Admin is on every instance and cannot be changed"},
	},
	Lost: []string{"its id"},

	Given: []string{"id", "internal"},
}

var permissionSetWrite = &Write{
	Create:   post("/permission_sets"),
	Update:   patch("/permission_sets/{permission_set_id}"),
	Delete:   remove("/permission_sets/{permission_set_id}"),
	Fields:   []string{"name", "permissions"},
	Required: [][]string{{"name"}},
	Omit:     []Omission{{Member: allAccess, Values: []string{"true"}, Fields: []string{"permissions"}}},
	Keys: []Key{{
		Members: []string{"name"}, Unique: true,
		Search: Route{Path: "/permission_sets/search", Activity: Administrative}, Params: map[string]string{"name": "name"},
	}},
	Words:     []Vocabulary{{Path: "permissions", Route: Route{Path: "/permissions", Activity: Administrative}, Member: "permission"}},
	Unordered: []string{"permissions"},
	Find:      ByKey,
	Reused:    true,
	Guard: []Guard{
		{Path: "built_in", Reused: true, Why: "built-in permission sets are on every instance and cannot be changed"},
		{Path: allAccess, Reused: true, Why: "the set of all permissions is on every instance and cannot be changed"},
	},
	Lost: []string{"its id"},

	Given: []string{"all_access", "built_in", "id"},
}

var modelSetWrite = &Write{
	Create:   post("/model_sets"),
	Update:   patch("/model_sets/{model_set_id}"),
	Delete:   remove("/model_sets/{model_set_id}"),
	Fields:   []string{"name", "models"},
	Required: [][]string{{"name"}},
	Omit:     []Omission{{Member: allAccess, Values: []string{"true"}, Fields: []string{"models"}}},
	Keys: []Key{{
		Members: []string{"name"}, Unique: true,
		Search: Route{Path: "/model_sets/search", Activity: Administrative}, Params: map[string]string{"name": "name"},
	}},
	// A set may name models that are not deployed.
	Refs:      []Reference{{Path: "models", Kind: Models, Loose: true}},
	Unordered: []string{"models"},
	Find:      ByKey,
	Reused:    true,
	Guard: []Guard{
		{Path: "built_in", Reused: true, Why: "built-in model sets are on every instance and cannot be changed"},
		{Path: allAccess, Reused: true, Why: "the set of all models is on every instance and cannot be changed"},
	},
	Lost: []string{"its id"},

	Given: []string{"all_access", "built_in", "id"},
}

var attributeWrite = &Write{
	Create: post("/user_attributes"),
	Update: patch("/user_attributes/{user_attribute_id}"),
	Delete: remove("/user_attributes/{user_attribute_id}"),
	Fields: []string{
		"name", "label", "type", "default_value", "value_is_hidden", "user_can_view", "user_can_edit", "hidden_value_domain_whitelist",
		"needed_for_ci_run", "value_for_ci_run",
	},
	Required: [][]string{{"name"}, {"label"}, {"type"}},
	Bare:     []string{"hidden_value_domain_whitelist", "needed_for_ci_run", "value_for_ci_run"},
	Blank:    []string{"default_value", "hidden_value_domain_whitelist", "value_for_ci_run"},
	Once:     []string{"hidden_value_domain_whitelist"},
	Keys:     []Key{{Members: []string{"name"}, Unique: true}},

	Identifiers: []string{"name"},
	Find:        ByKey,
	Reused:      true,
	Guard: []Guard{
		{Path: "is_system", Reused: true, Why: "Looker's own attributes are on every instance"},
		{Path: "is_permanent", Reused: true, Why: "Looker's own attributes are on every instance"},
	},
	Lost: []string{"its id", "hidden values, which no backup holds"},

	Given: []string{"id", "is_permanent", "is_system"},
}
