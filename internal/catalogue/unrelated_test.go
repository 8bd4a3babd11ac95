package catalogue_test

// unrelated is a sort of members that hold ids or slugs and are no relation.
type unrelated struct {
	// Members are those of the OpenAPI document, "Schema.member", and "*.member" for
	// every schema.
	Members []string
	Why     string
}

// noRelations says of each member of the API's documents that holds an id or a slug,
// and that is no relation of a row, why that is so.
func noRelations() []unrelated {
	return []unrelated{
		{[]string{"*.id"}, "names the document, or the part of it that it stands in"},
		{[]string{
			"DashboardElement.dashboard_id", "DashboardFilter.dashboard_id", "DashboardLayout.dashboard_id", "BoardSection.board_id",
			"CredentialsEmail.user_id", "ScheduledPlanDestination.scheduled_plan_id",
		}, "names the document itself"},
		{[]string{
			"DashboardElement.dashboard_layout_id", "DashboardElement.filter_id", "DashboardLayoutComponent.dashboard_layout_id",
			"DashboardLayoutComponent.dashboard_element_id", "BoardItem.board_section_id", "HomepageItem.homepage_section_id",
			"Agent.golden_query_ids",
		}, "names a part of the document itself"},
		{[]string{"Query.slug", "Dashboard.slug", "ContentMeta.slug", "*.public_slug"}, "another name of the document itself, or of what it nests"},
		{[]string{"MergeQuerySourceQuery.query_slug"}, "the alias of the query that stands beside it"},
		{[]string{"BoardItem.content_metadata_id", "HomepageItem.content_metadata_id"}, "that of the content which stands beside it"},
		{[]string{"LDAPConfig.groups_with_role_ids", "OIDCConfig.groups_with_role_ids", "SamlConfig.groups_with_role_ids",
			"LDAPConfig.user_attributes_with_ids", "OIDCConfig.user_attributes_with_ids", "SamlConfig.user_attributes_with_ids",
		}, "an array of objects, whose members are relations"},
		{[]string{"LookBasic.user_id", "LookBasic.content_metadata_id", "FolderBase.parent_id", "FolderBase.content_metadata_id", "FolderBase.creator_id",
			"DashboardBase.slug", "DashboardBase.content_metadata_id", "DashboardBase.user_id",
		}, "of a document that stands there for the second time: what is marked as favourite"},
		{[]string{"*.model"}, "an object that repeats a little of the model which the queries beside it name"},
		{[]string{"LookmlModelExploreField.project_name"}, "where a field is written, which is LookML"},
		{[]string{"*.content_favorite_id"}, "of the caller; favourites are personal"},
		{[]string{"Role.permission_set_id", "Role.model_set_id"}, "write-only"},
		{[]string{"*.tunnel_id", "*.ssh_server_id", "DBConnection.oauth_application_id", "OauthClientApp.client_guid"}, "of lists that are settings, which are one document each"},
		{[]string{
			"DashboardElement.result_maker_id", "MergeQuery.result_maker_id",
		}, "the result maker is nested, and no route gives one"},
		{[]string{"ResultMakerWithIdVisConfigAndDynamicFields.sql_query_id"}, "SQL Runner queries are found by a slug only, which tiles do not tell"},
		{[]string{"Query.client_id", "CredentialsApi3.client_id", "ExternalOauthApplication.client_id", "GoldenQuery.client_id"}, "another name of the document itself, or of an application"},
		{[]string{"*.lookml_link_id"}, "names LookML, whose backup is Git"},
		{[]string{"DashboardElement.extension_id"}, "names an extension, which is LookML"},
		{[]string{"*.external_id", "*.external_group_id", "*.external_user_id", "*.google_user_id", "*.ldap_id", "*.oidc_user_id", "*.saml_user_id", "*.workforce_user_id",
			"*.tenant_id", "*.bq_storage_project_id", "LDAPConfig.user_attribute_map_ldap_id", "Agent.studio_agent_id",
			"SelfServiceModelUploadData.canvas_guid"}, "an id in another system"},
		{[]string{"AlertConditionState.previous_time_series_id", "AlertConditionState.latest_time_series_id"}, "a point in time, write-only"},
		{[]string{"*.test_slug"}, "a passing test of sign-on"},
	}
}
