package lookersim

// layOut works out what documents of several kinds refer to.
func (w *world) layOut() {
	w.tileStride = 64
	most := w.opts.Tiles[1] + 4
	if w.opts.DashboardBytes > 0 {
		most = w.opts.DashboardBytes/700 + 8
	}
	for int(w.tileStride) < most {
		w.tileStride *= 2
	}
	w.mergeMultiplier = coprime(w.sizes.Dashboards)
	w.layOutModels()
	w.layOutFolders()
	w.countMembers()
	w.drawPools()
}

// coprime returns a factor that permutes the numbers below n.
func coprime(n int) int {
	if n < 2 {
		return 1
	}
	f := n*5/8 | 1
	for gcd(f, n) != 1 {
		f += 2
	}
	return f
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// kinds lists the kinds that have a table, in the order in which they are built.
func (w *world) kinds() []kindRow {
	s := w.sizes
	return []kindRow{
		{spec: &spec{kind: "dashboards", render: (*world).renderDashboard, attr: (*world).dashboardAttr, repeated: true, echo: (*world).echoDashboard,
			poor: []string{"dashboard_layouts", "dashboard_filters"}}, count: s.Dashboards, stateOf: w.spreadTrash},
		{spec: &spec{kind: "looks", render: (*world).renderLook, attr: (*world).lookAttr, listed: lookListed,
			repeated: true, echo: (*world).echoLook}, count: s.Looks, stateOf: w.spreadTrash},
		{spec: &spec{kind: "folders", id: (*world).folderID, render: (*world).renderFolder, nests: true, listed: folderListed, repeated: true}, count: s.Folders},
		{spec: &spec{kind: "boards", render: (*world).renderBoard, echo: (*world).echoBoard, poor: []string{"board_sections"}}, count: s.Boards},
		{spec: &spec{kind: "users", render: (*world).renderUser, attr: (*world).userAttr, repeated: true, echo: (*world).echoUser,
			poor: []string{"credentials_email", "sessions"}}, count: s.Users},
		{spec: &spec{kind: "groups", render: (*world).renderGroup, echo: (*world).echoGroup, poor: []string{"external_group_id"}}, count: s.Groups},
		{spec: &spec{kind: "roles", render: (*world).renderRole, attr: (*world).roleAttr, echo: (*world).echoRole, poor: []string{"model_set"}}, count: s.Roles},
		{spec: &spec{kind: "permission_sets", render: (*world).renderPermissionSet, repeated: true, poor: []string{"permissions"}}, count: s.PermissionSets},
		{spec: &spec{kind: "model_sets", render: (*world).renderModelSet, repeated: true, poor: []string{"models"}}, count: s.ModelSets},
		{spec: &spec{kind: "lookml_models", id: (*world).modelID, render: (*world).renderModel, needs: (*world).modelNeeds,
			poor: []string{"explores"}}, count: s.LookmlModels},
		{spec: &spec{kind: "scheduled_plans", render: (*world).renderPlan, echo: (*world).echoPlan, poor: []string{"scheduled_plan_destination"}}, count: s.ScheduledPlans},
		{spec: &spec{kind: "lookml_dashboards", id: (*world).lookmlDashboardID, render: (*world).renderLookmlDashboard}, count: s.LookmlDashboards},
		{spec: &spec{kind: "alerts", render: (*world).renderAlert, echo: (*world).echoAlert, poor: []string{"destinations"}}, count: s.Alerts},
		{spec: &spec{kind: "user_attributes", render: (*world).renderAttribute, repeated: true}, count: s.UserAttributes},
		{spec: &spec{kind: "themes", render: (*world).renderTheme, poor: []string{"settings"}}, count: s.Themes},
		{spec: &spec{kind: "color_collections", id: (*world).collectionID, render: (*world).renderCollection}, count: s.ColorCollections},
		{spec: &spec{kind: "connections", id: (*world).connectionID, render: (*world).renderConnection}, count: s.Connections},
		{spec: &spec{kind: "projects", id: (*world).projectID, render: (*world).renderProject}, count: s.Projects},
		{spec: &spec{kind: "datagroups", render: (*world).renderDatagroup}, count: s.Datagroups},
		{spec: &spec{kind: "integration_hubs", render: (*world).renderHub}, count: s.IntegrationHubs},
		{spec: &spec{kind: "integrations", id: (*world).integrationID, render: (*world).renderIntegration}, count: s.Integrations},
		{spec: &spec{kind: "agents", render: (*world).renderAgent}, count: s.Agents},
		{spec: &spec{kind: "homepage_sections", render: (*world).renderSection}, count: s.HomepageSections},
		{spec: &spec{kind: "legacy_features", render: (*world).renderFeature}, count: s.LegacyFeatures},
		{spec: &spec{kind: "oauth_client_apps", id: (*world).clientGUID, render: (*world).renderClient}, count: s.APIClients},
		{spec: &spec{kind: "content_favorites", render: (*world).renderFavorite}, count: s.Favorites},
		{spec: &spec{kind: "settings", id: settingID, render: renderSetting, fixed: true}, count: len(allSettings())},
	}
}
