package lookersim

// writeRoutes is the table of what changes something.
func writeRoutes() []route {
	return []route{
		{pattern: "POST /folders", kind: "folders", write: createFolder},
		{pattern: "PATCH /folders/{id}", kind: "folders", write: updateFolder},
		{pattern: "DELETE /folders/{id}", kind: "folders", write: deleteFolder},

		{pattern: "POST /looks", kind: "looks", write: createLook},
		{pattern: "PATCH /looks/{id}", kind: "looks", write: updateLook},
		{pattern: "DELETE /looks/{id}", kind: "looks", write: deleteLook},
		{pattern: "PATCH /looks/{id}/certification", kind: "looks", write: certify("looks")},

		{pattern: "POST /dashboards", kind: "dashboards", write: createDashboard},
		{pattern: "PATCH /dashboards/{id}", kind: "dashboards", write: updateDashboard},
		{pattern: "DELETE /dashboards/{id}", kind: "dashboards", write: deleteDashboard},
		{pattern: "PATCH /dashboards/{id}/certification", kind: "dashboards", write: certify("dashboards")},

		{pattern: "POST /dashboard_elements", kind: "dashboards", write: createTile},
		{pattern: "PATCH /dashboard_elements/{id}", kind: "dashboards", write: updateTile},
		{pattern: "DELETE /dashboard_elements/{id}", kind: "dashboards", write: deleteTile},
		{pattern: "POST /dashboard_filters", kind: "dashboards", write: createFilter},
		{pattern: "PATCH /dashboard_filters/{id}", kind: "dashboards", write: updateFilter},
		{pattern: "DELETE /dashboard_filters/{id}", kind: "dashboards", write: deleteFilter},
		{pattern: "POST /dashboard_layouts", kind: "dashboards", write: createLayout},
		{pattern: "PATCH /dashboard_layouts/{id}", kind: "dashboards", write: updateLayout},
		{pattern: "DELETE /dashboard_layouts/{id}", kind: "dashboards", write: deleteLayout},
		{pattern: "PATCH /dashboard_layout_components/{id}", kind: "dashboards", write: updateComponent},

		{pattern: "POST /merge_queries", kind: "merge_queries", query: true, write: createMerge},
		{pattern: "POST /queries", kind: "queries", query: true, write: createQuery},
	}
}
