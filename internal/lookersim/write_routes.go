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

		{pattern: "POST /queries", kind: "queries", query: true, write: createQuery},
	}
}
