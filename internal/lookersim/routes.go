package lookersim

import (
	"net/http"
	"slices"
)

// The parameters that filter each search, as OpenAPI lists them.
const (
	dashboardParams = "id:id slug:id title description content_favorite_id:id folder_id:id user_id:id view_count:id content_metadata_id:id"
	lookParams      = "id:id title description content_favorite_id:id folder_id:id user_id:id view_count:id query_id:id"
	folderParams    = "name id:id parent_id:id creator_id:id is_shared_root:bool is_users_root:bool"
	userParams      = "id:id first_name last_name full_name verified_looker_employee:bool embed_user:bool email is_disabled:bool " +
		"group_id>group_ids:id can_manage_api3_creds:bool is_service_account:bool"
	groupParams = "id:id name external_group_id externally_managed:bool"
	setParams   = "id:id name all_access:bool built_in:bool "
	planParams  = "user_id:id name dashboard_id:id look_id:id lookml_dashboard_id:id"
)

// search is a paged and sorted listing; table is read by params.
func search(kind, table string, s shape) listing {
	return listing{kind: kind, params: params(table), paged: true, sorted: true, shape: s}
}

func (l listing) trashed() listing { l.trash = true; return l }

func (l listing) unsorted() listing { l.sorted = false; return l }

func (l listing) keeping(keep func(c *call) func(*world, row) bool, scope func(c *call) string) listing {
	l.keep, l.scope = keep, scope
	return l
}

// all is a listing that gives everything in one body.
func all(kind string, s shape) listing { return listing{kind: kind, shape: s} }

// routes is the table of everything that the server answers. Static segments
// of a path win over parameters, whatever the order.
func routes() []route {
	return slices.Concat(sessionRoutes(), contentRoutes(), peopleRoutes(), queryRoutes(), adminRoutes(), writeRoutes())
}

func sessionRoutes() []route {
	return []route{
		{pattern: "POST /login", handle: login, open: true, free: true},
		{pattern: "DELETE /logout", handle: logout, open: true, free: true},
		{pattern: "DELETE /api/logout", handle: logout, root: true, open: true, free: true},
		{pattern: "GET /versions", handle: versions, open: true, free: true},
		{pattern: "GET /alive", handle: alive, root: true, open: true, free: true},
		{pattern: "GET /login", handle: loginPage, root: true, open: true, free: true},
		{pattern: "GET /user", handle: caller},
		{pattern: "GET /session", handle: session},
		{pattern: "PATCH /session", handle: session},
	}
}

func contentRoutes() []route {
	byPath := func(c *call) string { return "in " + c.id() }
	return []route{
		{pattern: "GET /dashboards", kind: "dashboards", handle: mixedDashboards},
		{pattern: "GET /dashboards/search", kind: "dashboards", handle: search("dashboards", dashboardParams, whole).trashed().handle},
		{pattern: "GET /dashboards/{id}", kind: "dashboards", handle: anyDashboard},
		{pattern: "GET /dashboards/lookml/search", kind: "lookml_dashboards", handle: search("lookml_dashboards", "folder_id:id title", whole).handle},

		{pattern: "GET /looks", kind: "looks", handle: all("looks", listed).handle},
		{pattern: "GET /looks/search", kind: "looks", handle: search("looks", lookParams, listed).trashed().handle},
		{pattern: "GET /looks/{id}", kind: "looks", handle: single("looks")},

		{pattern: "GET /folders", kind: "folders", handle: all("folders", listed).handle},
		{pattern: "GET /folders/search", kind: "folders", handle: search("folders", folderParams, whole).handle},
		{pattern: "GET /folders/{id}", kind: "folders", handle: single("folders")},
		{pattern: "GET /folders/{id}/children", kind: "folders", handle: below(search("folders", "", whole).keeping(folderKeep, byPath))},
		{pattern: "GET /folders/{id}/children/search", kind: "folders", handle: below(listing{kind: "folders", params: params("name"), sorted: true,
			keep: folderKeep, scope: byPath})},
		{pattern: "GET /folders/{id}/parent", kind: "folders", handle: reading("folders", folderParent)},
		{pattern: "GET /folders/{id}/ancestors", kind: "folders", handle: reading("folders", folderAncestors)},
		{pattern: "GET /folders/{id}/looks", kind: "looks", handle: folderContent(func(f folderContents) []found { return f.looks })},
		{pattern: "GET /folders/{id}/dashboards", kind: "dashboards", handle: folderContent(func(f folderContents) []found { return f.dashboards })},

		{pattern: "GET /boards", kind: "boards", handle: all("boards", whole).handle},
		{pattern: "GET /boards/search", kind: "boards", handle: search("boards", "title creator_id>user_id:id", whole).handle},
		{pattern: "GET /boards/{id}", kind: "boards", handle: single("boards")},

		{pattern: "GET /lookml_models", kind: "lookml_models", handle: search("lookml_models", "", whole).unsorted().keeping(modelKeep, modelScope).handle},
		{pattern: "GET /lookml_models/{id}", kind: "lookml_models", handle: single("lookml_models")},

		{pattern: "GET /scheduled_plans", kind: "scheduled_plans", query: true,
			handle: listing{kind: "scheduled_plans", params: params("user_id:id"), keep: planKeep, scope: planScope}.handle},
		{pattern: "GET /scheduled_plans/search", kind: "scheduled_plans", query: true,
			handle: search("scheduled_plans", planParams, whole).keeping(planKeep, planScope).handle},
		{pattern: "GET /scheduled_plans/dashboard/{id}", kind: "scheduled_plans", query: true, handle: plansOf("dashboards", "dashboard_id")},
		{pattern: "GET /scheduled_plans/look/{id}", kind: "scheduled_plans", query: true, handle: plansOf("looks", "look_id")},
		{pattern: "GET /scheduled_plans/{id}", kind: "scheduled_plans", query: true, handle: single("scheduled_plans")},
	}
}

func peopleRoutes() []route {
	return []route{
		{pattern: "GET /users", kind: "users", handle: search("users", "ids>id:id", whole).handle},
		{pattern: "GET /users/search", kind: "users", handle: search("users", userParams, whole).handle},
		{pattern: "GET /users/{id}", kind: "users", handle: single("users")},
		{pattern: "GET /users/{id}/roles", kind: "user_roles", handle: userRoles},

		{pattern: "GET /groups", kind: "groups", handle: search("groups", "ids>id:id can_add_to_content_metadata:bool", whole).handle},
		{pattern: "GET /groups/search", kind: "groups", handle: search("groups", groupParams, whole).handle},
		{pattern: "GET /groups/search/with_hierarchy", kind: "groups", handle: search("groups", groupParams, hierarchy).handle},
		{pattern: "GET /groups/{id}", kind: "groups", handle: single("groups")},
		{pattern: "GET /groups/{id}/users", kind: "group_users", handle: reading("groups", groupUsers)},
		{pattern: "GET /groups/{id}/groups", kind: "group_groups", handle: groupGroups},

		{pattern: "GET /roles", kind: "roles", handle: listing{kind: "roles", params: params("ids>id:id")}.handle},
		{pattern: "GET /roles/search", kind: "roles", handle: search("roles", "id:id name built_in:bool model_set_ids:id permission_set_ids:id", whole).handle},
		{pattern: "GET /roles/{id}", kind: "roles", handle: single("roles"), noFields: true},
		{pattern: "GET /roles/{id}/users", kind: "role_users", handle: roleUsers},
		{pattern: "GET /roles/{id}/groups", kind: "role_groups", handle: roleGroups},

		{pattern: "GET /permission_sets", kind: "permission_sets", handle: all("permission_sets", whole).handle},
		{pattern: "GET /permission_sets/search", kind: "permission_sets", handle: search("permission_sets", setParams+"permissions", whole).handle},
		{pattern: "GET /permission_sets/{id}", kind: "permission_sets", handle: single("permission_sets")},
		{pattern: "GET /model_sets", kind: "model_sets", handle: all("model_sets", whole).handle},
		{pattern: "GET /model_sets/search", kind: "model_sets", handle: search("model_sets", setParams+"models", whole).handle},
		{pattern: "GET /model_sets/{id}", kind: "model_sets", handle: single("model_sets")},
	}
}

// versions answers the probe that needs no token.
func versions(c *call) answer {
	at := "http://" + c.request.Host
	one := `{"version":"4.0","full_version":"4.0.26.12","status":"current","swagger_url":` + string(appendString(nil, at+"/api/4.0/swagger.json")) + `}`
	return c.object([]byte(`{"looker_release_version":"26.12.3","current_version":` + one + `,"supported_versions":[` + one +
		`],"api_server_url":` + string(appendString(nil, at)) + `,"web_server_url":` + string(appendString(nil, host)) + `}`))
}

func alive(*call) answer {
	return answer{status: http.StatusOK, content: "text/plain; charset=utf-8", body: plain([]byte("Alive"))}
}

func loginPage(*call) answer {
	return page(http.StatusOK, "Log in to Looker", "Enter your e-mail address and password.")
}

func session(c *call) answer {
	return c.object([]byte(`{"can":{"view":true,"update":true},"workspace_id":"production","sudo_user_id":null}`))
}
