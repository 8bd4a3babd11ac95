package catalogue

// Unfollowed is a sort of members that hold ids or slugs and lead to no document of
// their own in a backup.
type Unfollowed struct {
	// Members are those of the OpenAPI document, "Schema.member", and "*.member" for
	// every schema.
	Members []string
	Why     string
}

// NotFollowed says of each member of the API's documents that names something, and
// that no pointer of a row follows, why that is so. "*." stands only before members
// that lead to kinds which are listed whole: to what nothing lists, each one counts.
func NotFollowed() []Unfollowed {
	return []Unfollowed{
		{[]string{"*.id"}, "names the document, or the part of it that it stands in"},
		{[]string{
			"*.user_id", "*.owner_id", "*.creator_id", "*.deleter_id", "*.last_updater_id", "*.created_by_user_id",
			"GoldenQuery.last_updated_by_user_id", "Session.sudo_user_id",
		}, "all users are listed"},
		{[]string{"*.group_id", "*.group_ids", "*.looker_group_id", "*.default_new_user_group_ids", "*.role_ids", "*.default_new_user_role_ids"}, "all groups and roles are listed"},
		{[]string{"*.groups_with_role_ids", "*.user_attributes_with_ids", "*.user_attribute_ids", "*.user_attribute_id"}, "all roles and user attributes are listed"},
		{[]string{"Role.permission_set_id", "Role.model_set_id"}, "write-only; all sets are listed"},
		{[]string{
			"*.folder_id", "Folder.parent_id", "FolderBase.parent_id", "User.home_folder_id", "User.personal_folder_id",
			"User.embed_group_folder_id", "User.embed_group_space_id",
		}, "all folders are listed"},
		{[]string{
			"*.dashboard_id", "*.look_id", "*.lookml_dashboard_id", "*.board_id", "*.homepage_id", "ContentMeta.agent_id",
			"Alert.investigative_content_id",
		}, "all dashboards, looks, boards and agents are listed"},
		{[]string{"*.integration_hub_id", "*.action_hub_integration_id"}, "all integrations are listed"},
		{[]string{"ThemeSettings.color_collection_id"}, "all colour collections are listed"},
		{[]string{"*.tunnel_id", "*.ssh_server_id", "DBConnection.oauth_application_id", "OauthClientApp.client_guid"}, "lists of them are settings"},
		{[]string{
			"Dashboard.content_metadata_id", "DashboardBase.content_metadata_id", "LookWithQuery.content_metadata_id",
			"LookWithDashboards.content_metadata_id", "BoardItem.content_metadata_id", "HomepageItem.content_metadata_id",
		}, "dashboards and looks have the access of their folder"},
		{[]string{"ContentMeta.parent_id", "ContentMeta.inheriting_id", "ContentMetaGroupUser.content_metadata_id"}, "metadata of folders, whose folder names them"},
		{[]string{"FolderBase.content_metadata_id", "Folder.content_metadata_id"}, "a copy of a folder inside another document; all folders are listed"},
		{[]string{"*.content_favorite_id"}, "of the caller; favourites are personal"},
		{[]string{
			"DashboardElement.dashboard_layout_id", "DashboardElement.filter_id", "DashboardLayoutComponent.dashboard_layout_id",
			"DashboardLayoutComponent.dashboard_element_id", "Alert.dashboard_element_id", "BoardItem.board_section_id",
			"HomepageItem.homepage_section_id", "ScheduledPlanDestination.scheduled_plan_id", "ScheduledPlan.tab_ids",
			"Agent.golden_query_ids",
		}, "a part of a document that is stored"},
		{[]string{
			"DashboardElement.result_maker_id", "MergeQuery.result_maker_id",
		}, "the result maker is nested, and no route gives one"},
		{[]string{"ResultMakerWithIdVisConfigAndDynamicFields.sql_query_id"}, "SQL Runner queries are found by a slug only, which tiles do not tell"},
		{[]string{"LookWithDashboards.query_id"}, "a look in a folder, which the list of folders does not hold; all looks are listed"},
		{[]string{"MergeQuerySourceQuery.query_slug"}, "the alias of the query that stands beside it"},
		{[]string{"Query.slug", "*.client_id", "GoldenQuery.client_id"}, "another name of the document itself, or of an application"},
		{[]string{"Dashboard.slug", "DashboardBase.slug", "ContentMeta.slug", "*.public_slug"}, "another name of the document itself"},
		{[]string{"*.lookml_link_id"}, "names LookML, whose backup is Git"},
		{[]string{"DashboardElement.extension_id"}, "names an extension, which is LookML"},
		{[]string{"*.external_id", "*.external_group_id", "*.external_user_id", "*.google_user_id", "*.ldap_id", "*.oidc_user_id", "*.saml_user_id", "*.workforce_user_id",
			"*.tenant_id", "*.bq_storage_project_id", "LDAPConfig.user_attribute_map_ldap_id", "Agent.studio_agent_id",
			"SelfServiceModelUploadData.canvas_guid"}, "an id in another system"},
		{[]string{"AlertConditionState.previous_time_series_id", "AlertConditionState.latest_time_series_id"}, "a point in time, write-only"},
		{[]string{"*.test_slug"}, "a passing test of sign-on"},
	}
}
