package lookersim

import (
	"net/http"
	"net/url"
	"slices"
)

// writeRoutes is the table of what changes something.
func writeRoutes() []route {
	var list []route
	for _, k := range []kindWrites{planWrites(), boardWrites(), groupWrites(), roleWrites(), setWrites("permission_sets", "permissions"), setWrites("model_sets", "models"),
		attributeWrites(), userWrites()} {
		list = append(list, k.routes()...)
	}
	return slices.Concat(list, contentWrites(), peopleWrites(), adminWrites())
}

func contentWrites() []route {
	return []route{
		{pattern: "POST /scheduled_plans/{id}/run_once", kind: "scheduled_plans", write: editing("scheduled_plans", runPlan)},
		{pattern: "POST /alerts", kind: "alerts", write: alertWrites().create},
		{pattern: "PUT /alerts/{id}", kind: "alerts", write: editing("alerts", replaceAlert)},
		{pattern: "PATCH /alerts/{id}", kind: "alerts", write: patchAlert},
		{pattern: "DELETE /alerts/{id}", kind: "alerts", write: alertWrites().remove},
		{pattern: "POST /alerts/{id}/enqueue", kind: "alerts", write: editing("alerts", enqueueAlert)},
		{pattern: "POST /board_sections", kind: "boards", write: createSection},
		{pattern: "PATCH /board_sections/{id}", kind: "boards", write: updateSection},
		{pattern: "DELETE /board_sections/{id}", kind: "boards", write: deleteSection},
		{pattern: "POST /board_items", kind: "boards", write: createItem},
		{pattern: "PATCH /board_items/{id}", kind: "boards", write: updateItem},
		{pattern: "DELETE /board_items/{id}", kind: "boards", write: deleteItem},
		{pattern: "POST /folders", kind: "folders", write: createFolder},
		{pattern: "PATCH /folders/{id}", kind: "folders", write: editing("folders", updateFolder)},
		{pattern: "DELETE /folders/{id}", kind: "folders", write: editing("folders", deleteFolder)},
		{pattern: "POST /looks", kind: "looks", write: createLook},
		{pattern: "PATCH /looks/{id}", kind: "looks", write: editing("looks", updateLook)},
		{pattern: "DELETE /looks/{id}", kind: "looks", write: editing("looks", deleteLook)},
		{pattern: "PATCH /looks/{id}/certification", kind: "looks", write: certify("looks")},
		{pattern: "POST /dashboards", kind: "dashboards", write: createDashboard},
		{pattern: "PATCH /dashboards/{id}", kind: "dashboards", write: updateDashboard},
		{pattern: "DELETE /dashboards/{id}", kind: "dashboards", write: deleteDashboard},
		{pattern: "PATCH /dashboards/{id}/certification", kind: "dashboards", write: certify("dashboards")},
		{pattern: "POST /dashboard_elements", kind: "dashboards", write: createTile},
		{pattern: "PATCH /dashboard_elements/{id}", kind: "dashboards", write: editingPart(partElement, updateTile)},
		{pattern: "DELETE /dashboard_elements/{id}", kind: "dashboards", write: editingPart(partElement, deleteTile)},
		{pattern: "POST /dashboard_filters", kind: "dashboards", write: createFilter},
		{pattern: "PATCH /dashboard_filters/{id}", kind: "dashboards", write: editingPart(partFilter, updateFilter)},
		{pattern: "DELETE /dashboard_filters/{id}", kind: "dashboards", write: editingPart(partFilter, deleteFilter)},
		{pattern: "POST /dashboard_layouts", kind: "dashboards", write: createLayout},
		{pattern: "PATCH /dashboard_layouts/{id}", kind: "dashboards", write: editingPart(partLayout, updateLayout)},
		{pattern: "DELETE /dashboard_layouts/{id}", kind: "dashboards", write: editingPart(partLayout, deleteLayout)},
		{pattern: "PATCH /dashboard_layout_components/{id}", kind: "dashboards", write: updateComponent},
		{pattern: "POST /merge_queries", kind: "merge_queries", query: true, write: createMerge},
		{pattern: "POST /queries", kind: "queries", query: true, write: createQuery},
	}
}

func peopleWrites() []route {
	return []route{
		{pattern: "POST /users/service_accounts", kind: "users", write: createServiceAccount},
		{pattern: "PATCH /users/service_accounts/{id}", kind: "users", write: updateServiceAccount},
		{pattern: "DELETE /users/service_accounts/{id}", kind: "users", write: userWrites().remove},
		{pattern: "POST /users/{id}/credentials_email", kind: "users", write: editing("users", createEmail)},
		{pattern: "PATCH /users/{id}/credentials_email", kind: "users", write: editingEmail(updateEmail)},
		{pattern: "DELETE /users/{id}/credentials_email", kind: "users", write: editingEmail(deleteEmail)},
		{pattern: "POST /users/{id}/credentials_email/send_password_reset", kind: "users", write: editingEmail(resetPassword)},
		{pattern: "PUT /users/{id}/roles", kind: "user_roles", write: editing("users", setUserRoles)},
		{pattern: "PATCH /users/{user}/attribute_values/{id}", kind: "user_attribute_values", write: editingValue("users", setUserValue)},
		{pattern: "DELETE /users/{user}/attribute_values/{id}", kind: "user_attribute_values", write: editingValue("users", dropUserValue)},
		{pattern: "POST /groups/{id}/users", kind: "group_users", write: joinGroup("user_id", "users")},
		{pattern: "POST /groups/{id}/groups", kind: "group_groups", write: joinGroup("group_id", "groups")},
		{pattern: "DELETE /groups/{group}/users/{id}", kind: "group_users", write: dropMember("users")},
		{pattern: "DELETE /groups/{group}/groups/{id}", kind: "group_groups", write: dropMember("groups")},
		{pattern: "PATCH /groups/{group}/attribute_values/{id}", kind: "user_attribute_group_values", write: editingValue("groups", setGroupValue)},
		{pattern: "DELETE /groups/{group}/attribute_values/{id}", kind: "user_attribute_group_values", write: editingValue("groups", dropGroupValue)},
		{pattern: "POST /user_attributes/{id}/group_values", kind: "user_attribute_group_values", write: editing("user_attributes", setAttributeGroups)},
		{pattern: "PUT /roles/{id}/users", kind: "role_users", write: setHolders("users")},
		{pattern: "PUT /roles/{id}/groups", kind: "role_groups", write: setHolders("groups")},
		{pattern: "PATCH /content_metadata/{id}", kind: "content_metadata", write: updateMetadata},
		{pattern: "POST /content_metadata_access", kind: "content_access", write: createAccess},
		{pattern: "PUT /content_metadata_access/{id}", kind: "content_access", write: updateAccess},
		{pattern: "DELETE /content_metadata_access/{id}", kind: "content_access", write: deleteAccess},
	}
}

// HasTrash reports whether items of a kind are deleted into a trash.
func HasTrash(kind string) bool { return kind == "dashboards" || kind == "looks" }

// WritePath is the path, below /api/4.0, at which PATCH or DELETE changes an item
// of a kind or a part of one, such as dashboard_elements; false when none does.
func WritePath(method, kind, id string) (path string, ok bool) {
	path, pattern := "/"+kind+"/"+url.PathEscape(id), method+" /"+kind+"/{id}"
	switch {
	case kind == "settings":
		path, pattern = "/"+id, method+" /"+id
	case kind == "agents" && method == http.MethodDelete:
		path, pattern = "/agents?id="+url.QueryEscape(id), "DELETE /agents"
	}
	return path, slices.Contains(Routes(), pattern)
}
