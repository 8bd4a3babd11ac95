package catalogue

import "github.com/lookervault/lookervault/internal/record"

// accessWrites are the write rows of who may do what.
var accessWrites = map[record.Kind]written{
	"user_attribute_group_values": {row: groupValuesWrite},
	"user_attribute_values":       {row: userValuesWrite},
	"user_favorites":              {not: "Looker documents no way to set the favourites of another user"},
	"group_groups":                {row: groupGroupsWrite},
	"role_users":                  {row: roleUsersWrite},
	"role_groups":                 {row: roleGroupsWrite},
	"content_metadata":            {row: metadataWrite},
	"content_access":              {row: accessWrite},
}

// groupValuesWrite replaces the values of all groups.
var groupValuesWrite = &Write{
	Update: post("/user_attributes/{user_attribute_id}/group_values").again().whole().array(),
	Fields: []string{"group_id", "value"},
	Left:   map[string]string{"rank": "the order of the array says it"},
	Refs:   []Reference{{Path: "group_id", Kind: "groups", Optional: true}},
	Guard: []Guard{{
		Path: "value_is_hidden", Skipped: true, Why: "its values are hidden: no backup has them, and writing the others would clear them",
	}},
	Lost: []string{"hidden values, which no backup holds"},

	Given: []string{"id", "user_attribute_id", "value_is_hidden"},
}

// userValuesWrite are the values that users have of their own. Others come from a group
// or are an attribute's default.
var userValuesWrite = &Write{
	Parts: []Part{{
		Name: "user_attribute_values", At: ".", By: []string{"user_attribute_id"}, About: "user_attributes",
		Only: Member{"source", "User Setting"},
		Write: &Write{
			Create: patch("/users/{user_id}/attribute_values/{user_attribute_id}"),
			Update: patch("/users/{user_id}/attribute_values/{user_attribute_id}"),
			Delete: remove("/users/{user_id}/attribute_values/{user_attribute_id}"),
			Fields: []string{"value"},
			Given: []string{
				"hidden_value_domain_whitelist", "label", "name", "rank", "source", "user_attribute_id", "user_can_edit", "user_id",
				"value_is_hidden",
			},
			Guard: []Guard{{Path: "value_is_hidden", Why: "hidden values are in no backup"}},
		},
	}},
	Lost: []string{"hidden values, which no backup holds"},
}

var groupGroupsWrite = &Write{
	Sets: []Set{{
		Name: "groups of a group", At: "id", Kind: "groups",
		Add: post("/groups/{group_id}/groups"), Remove: remove("/groups/{group_id}/groups/{deleting_group_id}"), Body: "group_id",
	}},
}

var roleUsersWrite = &Write{
	Sets: []Set{{Name: "users of a role", At: "id", Kind: Users, Replace: put("/roles/{role_id}/users").whole().array()}},
}

var roleGroupsWrite = &Write{
	Sets: []Set{{Name: "groups of a role", At: "id", Kind: "groups", Replace: put("/roles/{role_id}/groups").whole().array()}},
}

// metadataWrite says whether content has access rules of its own. The document comes
// and goes with the content.
var metadataWrite = &Write{
	Update: patch("/content_metadata/{content_metadata_id}"),
	Fields: []string{"inherits"},
	Keys:   []Key{{Members: []string{"folder_id", "homepage_id", "agent_id", "dashboard_id", "look_id"}, Unique: true}},
	Refs: []Reference{
		{Path: "folder_id", Kind: Folders},
		{Path: "homepage_id", Kind: "boards"},
		{Path: "agent_id", Kind: "agents"},
		{Path: "dashboard_id", Kind: "dashboards"},
		{Path: "look_id", Kind: Looks},
	},

	Given: []string{
		"agent_id", "content_type", "dashboard_id", "folder_id", "homepage_id", "id", "inheriting_id", "look_id", "name",
		"parent_id", "slug",
	},
}

var accessWrite = &Write{
	Parts: []Part{{
		Name: "content_access", At: ".", By: []string{"group_id", "user_id"}, Owner: "content_metadata_id",
		Pairs: []Pair{{Members: []string{"group_id", "user_id"}, Sole: true}},
		Write: &Write{
			// send_boards_notification_email is never set: it mails whom a board is shown to.
			Create: post("/content_metadata_access"),
			Update: put("/content_metadata_access/{content_metadata_access_id}").whole(),
			Delete: remove("/content_metadata_access/{content_metadata_access_id}"),
			Fields: []string{"permission_type", "group_id", "user_id"},
			Given:  []string{"id"},
			Bare:   []string{"group_id", "user_id"},
			Refs: []Reference{
				{Path: "group_id", Kind: "groups"},
				{Path: "user_id", Kind: Users, People: true},
			},
			Find: BySet,
		},
	}},
}
