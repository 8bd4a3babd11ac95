package lookersim

import (
	"net/http"
	"strconv"
)

// queryRoutes give the documents that others refer to.
func queryRoutes() []route {
	return []route{
		{pattern: "GET /queries/{id}", kind: "queries", query: true, handle: queryByID},
		{pattern: "GET /queries/slug/{slug}", kind: "queries", query: true, handle: queryBySlug},
		{pattern: "GET /merge_queries/{id}", kind: "merge_queries", query: true, handle: mergeQuery},
		{pattern: "GET /lookml_models/{model}/explores/{explore}", kind: "explores", handle: explore},

		{pattern: "GET /alerts/search", kind: "alerts", handle: searchAlerts},
		{pattern: "GET /alerts/{id}", kind: "alerts", handle: single("alerts"), noFields: true},

		{pattern: "GET /content_metadata", kind: "content_metadata", handle: metadataChildren},
		{pattern: "GET /content_metadata/{id}", kind: "content_metadata", handle: metadata},
		{pattern: "GET /content_metadata_access", kind: "content_access", handle: metadataAccess},
		{pattern: "GET /content_favorite/search", kind: "content_favorites",
			handle: search("content_favorites", "id:id user_id:id content_metadata_id:id dashboard_id:id look_id:id board_id:id", whole).handle},
		{pattern: "GET /content_favorite/{id}", kind: "content_favorites", handle: single("content_favorites")},
		{pattern: "GET /primary_homepage_sections", kind: "homepage_sections", handle: all("homepage_sections", whole).handle},
	}
}

// adminRoutes give how the instance is set up.
func adminRoutes() []route {
	list := []route{
		{pattern: "GET /user_attributes", kind: "user_attributes", handle: listing{kind: "user_attributes", sorted: true}.handle},
		{pattern: "GET /user_attributes/{id}", kind: "user_attributes", handle: single("user_attributes")},
		{pattern: "GET /user_attributes/{id}/group_values", kind: "user_attribute_group_values", handle: reading("user_attributes", attributeGroupValues)},
		{pattern: "GET /users/{id}/attribute_values", kind: "user_attribute_values", handle: reading("users", attributeValues)},
		{pattern: "GET /users/{id}/credentials_api3", kind: "users", handle: userPart("credentials_api3")},
		{pattern: "GET /users/{id}/credentials_email", kind: "users", handle: userPart("credentials_email")},
		{pattern: "GET /users/{id}/sessions", kind: "users", handle: userPart("sessions")},

		{pattern: "GET /themes", kind: "themes", handle: all("themes", whole).handle},
		{pattern: "GET /themes/search", kind: "themes", handle: search("themes", "id:id name", whole).handle},
		{pattern: "GET /themes/default", kind: "themes", handle: first("themes")},
		{pattern: "GET /themes/{id}", kind: "themes", handle: single("themes")},
		{pattern: "GET /color_collections", kind: "color_collections", handle: collections(nil)},
		{pattern: "GET /color_collections/standard", kind: "color_collections", handle: collections((*world).collectionStandard)},
		{pattern: "GET /color_collections/custom", kind: "color_collections",
			handle: collections(func(w *world, num int32) bool { return !w.collectionStandard(num) })},
		{pattern: "GET /color_collections/default", kind: "color_collections", handle: adminOnly(http.StatusNotFound, first("color_collections"))},
		{pattern: "GET /color_collections/{id}", kind: "color_collections", handle: adminOnly(http.StatusNotFound, single("color_collections"))},

		{pattern: "GET /projects/{id}/files", kind: "projects", handle: reading("projects", projectFiles)},
		{pattern: "GET /integrations", kind: "integrations", handle: listing{kind: "integrations", params: params("integration_hub_id:id")}.handle},
		{pattern: "GET /integrations/{id}", kind: "integrations", handle: single("integrations")},
		{pattern: "GET /agents/search", kind: "agents", handle: search("agents", "id:id name description created_by_user_id:id category", whole).trashed().handle},
		{pattern: "GET /agents/{id}", kind: "agents", query: true, handle: single("agents")},
		{pattern: "GET /legacy_features", kind: "legacy_features", noFields: true, handle: adminOnly(http.StatusForbidden, all("legacy_features", whole).handle)},
		{pattern: "GET /legacy_features/{id}", kind: "legacy_features", handle: adminOnly(http.StatusForbidden, single("legacy_features"))},
		{pattern: "GET /permissions", noFields: true, handle: permissions},
	}
	for _, kind := range []string{"connections", "projects", "datagroups", "integration_hubs", "oauth_client_apps"} {
		list = append(list,
			route{pattern: "GET /" + kind, kind: kind, handle: all(kind, whole).handle, noFields: kind == "datagroups"},
			route{pattern: "GET /" + kind + "/{id}", kind: kind, handle: single(kind)})
	}
	for _, s := range allSettings() {
		list = append(list, route{pattern: "GET /" + s.id, kind: "settings", handle: setting(s.id)})
	}
	return list
}

// adminOnly refuses callers without the Admin role.
func adminOnly(status int, handle func(c *call) answer) func(c *call) answer {
	return func(c *call) answer {
		if c.restricted() {
			return c.fail(status, statusText(status))
		}
		return handle(c)
	}
}

func queryByID(c *call) answer {
	if body := c.world.adopted["queries/"+c.id()]; body != nil {
		return c.object(body)
	}
	id, err := strconv.ParseInt(c.id(), 10, 64)
	if c.opts.Dialect.QuerySlugs && err != nil {
		return queryBySlug(c)
	}
	if err != nil || strconv.FormatInt(id, 10) != c.id() || c.opts.Dialect.NoNumericQueries {
		return c.notFound()
	}
	return c.queryAnswer(id)
}

func queryBySlug(c *call) answer {
	id, ok := c.world.slugs.read(c.id())
	if !ok {
		return c.notFound()
	}
	return c.queryAnswer(id)
}

func (c *call) queryAnswer(id int64) answer {
	w := c.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	doc, ok := w.appendQuery(nil, id)
	if !ok {
		return c.notFound()
	}
	return c.object(doc)
}

func mergeQuery(c *call) answer {
	w := c.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	doc, ok := w.mergeNamed(c.id())
	if !ok {
		return c.notFound()
	}
	return c.object(doc)
}

// searchAlerts shows the caller's own alerts, or everybody's to an admin who
// asks for them.
func searchAlerts(c *call) answer {
	everybody := c.query.Get("all_owners") == "true"
	if everybody && c.restricted() {
		return c.fail(http.StatusForbidden, statusText(http.StatusForbidden))
	}
	l := search("alerts", "disabled>is_disabled:bool", whole).unsorted()
	l.keep = func(*call) func(*world, row) bool {
		return func(w *world, r row) bool { return everybody || w.alertOwnerOf(r) == callerID }
	}
	l.scope = func(*call) string { return strconv.FormatBool(everybody) }
	return l.handle(c)
}

// collections lists colour collections that keep accepts, all when it is nil.
func collections(keep func(w *world, num int32) bool) func(c *call) answer {
	l := all("color_collections", whole)
	if keep != nil {
		l.keep = func(*call) func(*world, row) bool { return func(w *world, r row) bool { return keep(w, r.num) } }
		l.scope = func(c *call) string { return c.docPath() }
	}
	return adminOnly(http.StatusNotFound, l.handle)
}

// first answers with the first document of a kind, the default one.
func first(kind string) func(c *call) answer {
	return func(c *call) answer {
		w := c.world
		w.mu.RLock()
		var f found
		for f = range w.tables[kind].present() {
			break
		}
		w.mu.RUnlock()
		if f.t == nil {
			return c.notFound()
		}
		// It is asked for as the default, not as the document that it happens to be.
		return c.object(f.t.document(w, nil, f.row, nil))
	}
}

// userPart answers with what a user's document nests.
func userPart(member string) func(c *call) answer {
	return reading("users", func(c *call, f found) answer {
		if c.restricted() {
			return c.fail(http.StatusForbidden, statusText(http.StatusForbidden))
		}
		part := lookup(f.t.document(c.world, nil, f.row, nil), member)
		if isNull(part) {
			return c.notFound()
		}
		return c.object(part)
	})
}

func permissions(c *call) answer {
	out := []byte{'['}
	for i, name := range permissionNames {
		o := begin(comma(out))
		o.raw("can", "{}")
		o.str("permission", name)
		o.opt("parent", when(i > 0, "access_data"))
		o.str("description", "Lets the user "+name)
		out = o.end()
	}
	return c.object(append(out, ']'))
}

type settingRow struct{ id, body string }

// allSettings lists the instance's settings; their ids are their paths.
func allSettings() []settingRow {
	var list []settingRow
	for _, s := range singletons {
		list = append(list, settingRow{s.path[1:], s.body})
	}
	for _, s := range settingLists {
		list = append(list, settingRow{s.path[1:], s.body})
	}
	return list
}

func settingID(_ *world, num int32) string { return allSettings()[num-1].id }

func renderSetting(_ *world, b []byte, r row, _ fieldTree) []byte {
	return append(b, allSettings()[r.num-1].body...)
}

// openSettings are those that callers without Admin may read as well.
var openSettings = map[string]bool{"setting": true, "mobile/settings": true, "digest_emails_enabled": true}

// forbiddenSettings are those that say 403 to others; the rest say 404.
var forbiddenSettings = map[string]bool{"password_config": true, "ldap_config": true, "oidc_config": true, "saml_config": true,
	"support_access/status": true, "support_access/allowlist": true}

func setting(id string) func(c *call) answer {
	handle := func(c *call) answer {
		f, ok := c.find("settings", id)
		if !ok {
			return c.notFound()
		}
		return c.document(f)
	}
	switch {
	case openSettings[id]:
		return handle
	case forbiddenSettings[id]:
		return adminOnly(http.StatusForbidden, handle)
	}
	return adminOnly(http.StatusNotFound, handle)
}
