package lookersim

import (
	"slices"
	"strconv"
)

// groupInfo and friends: groups, roles and the two sets that roles are made of.

// builtInSets are the permission sets and roles that every instance has.
var builtInSets = []string{"Admin", "Developer", "LookML Dashboard User", "User", "User who can't view LookML", "Viewer"}

var permissionNames = []string{"access_data", "administer", "clear_cache_refresh", "create_alerts", "create_custom_fields", "create_prefetches",
	"create_public_looks", "create_table_calculations", "deploy", "develop", "download_with_limit", "download_without_limit", "embed_browse_spaces",
	"explore", "follow_alerts", "login_special_email", "manage_groups", "manage_homepage", "manage_models", "manage_privatelabel", "manage_project_connections",
	"manage_project_connections_restricted", "manage_project_models", "manage_roles", "manage_spaces", "manage_stereo", "manage_themes", "manage_user_attributes",
	"mobile_app_access", "save_content", "save_dashboards", "save_looks", "schedule_external_look_emails", "schedule_look_emails", "see_alerts", "see_datagroups",
	"see_drill_overlay", "see_logs", "see_lookml", "see_lookml_dashboards", "see_looks", "see_pdts", "see_queries", "see_schedules", "see_sql", "see_system_activity",
	"see_user_dashboards", "see_users", "send_outgoing_webhook", "send_to_integration", "send_to_s3", "send_to_sftp", "sudo", "support_access_toggle",
	"update_datagroups", "use_sql_runner", "use_custom_fields"}

func (w *world) renderPermissionSet(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("permission_sets", row.num, 0)
	i := int(row.num) - 1
	name, builtIn := "Custom & special "+strconv.Itoa(i), i < len(builtInSets)
	if builtIn {
		name = builtInSets[i]
	}
	o := begin(b)
	o.raw("can", `{"show":true,"index":true,"update":true}`)
	o.yes("all_access", i == 0)
	o.yes("built_in", builtIn)
	o.id("id", int64(row.num))
	o.str("name", name)
	list := permissionNames
	if i > 0 {
		list = nil
		for _, p := range permissionNames {
			if r.chance(550) {
				list = append(list, p)
			}
		}
	}
	o.strs("permissions", list...)
	o.str("url", host+"/api/4.0/permission_sets/"+strconv.Itoa(int(row.num)))
	return o.end()
}

func (w *world) renderModelSet(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("model_sets", row.num, 0)
	o := begin(b)
	o.raw("can", `{"show":true,"index":true,"update":true}`)
	o.yes("all_access", row.num == 1)
	o.yes("built_in", row.num == 1)
	o.id("id", int64(row.num))
	var models []string
	for _, m := range w.models {
		if r.chance(400) {
			models = append(models, m.name)
		}
	}
	if row.num == 1 {
		models = w.everything.Load().models
	}
	o.strs("models", models...)
	name := "All"
	if row.num != 1 {
		name = r.pick(subjects) + " " + strconv.Itoa(int(row.num))
	}
	o.str("name", name)
	o.str("url", host+"/api/4.0/model_sets/"+strconv.Itoa(int(row.num)))
	return o.end()
}

// roleSets are the sets that a role is made of.
func (w *world) roleSets(num int32) (permissions, models int32) {
	i := int(num) - 1
	if i < len(builtInSets) {
		return int32(i + 1), 1
	}
	r := w.rngFor("roles", num, 1)
	return numberAt(r.n(w.sizes.PermissionSets)), numberAt(r.n(w.sizes.ModelSets))
}

func (w *world) renderRole(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("roles", row.num, 0)
	link := host + "/api/4.0/roles/" + strconv.Itoa(int(row.num))
	name := r.pick(subjects) + " " + r.pick([]string{"Analyst", "Viewer", "Explorer"}) + " " + strconv.Itoa(int(row.num))
	if i := int(row.num) - 1; i < len(builtInSets) {
		name = builtInSets[i]
	}
	permissions, models := w.roleSets(row.num)
	o := begin(b)
	o.raw("can", `{"show":true,"index":true,"update":true,"update_users":true}`)
	o.id("id", int64(row.num))
	o.str("name", name)
	o.key("permission_set")
	o.b = w.setNow(o.b, "permission_sets", permissions)
	o.key("model_set")
	o.b = w.setNow(o.b, "model_sets", models)
	o.no("internal")
	o.str("url", link)
	o.str("users_url", link+"/users")
	return o.end()
}

// setNow appends a set of either kind as roles repeat it.
func (w *world) setNow(b []byte, kind string, num int32) []byte {
	if doc, ok := w.nowNumbered(kind, num); ok {
		return append(b, doc...)
	}
	return w.tables[kind].render(w, b, plainRow(num), nil)
}

func plainRow(num int32) row { return row{num: num} }

func (w *world) roleAttr(r row, field string) (value, bool) {
	permissions, models := w.roleSets(r.num)
	if r.over != nil {
		id := func(member string) int32 {
			return int32(number(rawValue(lookup(lookup(r.over.body, member), "id")).text))
		}
		permissions, models = id("permission_set"), id("model_set")
	}
	switch field {
	case "built_in":
		return textValue(strconv.FormatBool(int(r.num) <= len(builtInSets))), true
	case "permission_set_ids":
		return intValue(permissions), true
	case "model_set_ids":
		return intValue(models), true
	}
	return value{}, false
}

// parentsOf lists the groups that a group is in, ascending.
func (w *world) parentsOf(num int32) []int32 {
	return w.nowRelated(&w.groupsAbove, num, w.drawnParents)
}

func (w *world) drawnParents(num int32) []int32 {
	if i := indexAt(num); i < 3 || i%3 != 0 || i >= w.sizes.Groups {
		return nil
	}
	r := w.rngFor("groups", num, 1)
	return []int32{numberAt(1 + r.n(2))}
}

// groupRoles lists the roles that a group gives, those of the groups above it
// included, ascending.
func (w *world) groupRoles(num int32) []int32 {
	list := slices.Clone(w.groupOwnRoles(num))
	for _, p := range w.parentsOf(num) {
		list = append(list, w.groupRoles(p)...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// groupOwnRoles lists the roles of a group itself. The group of all users has
// none, else everybody would have them.
func (w *world) groupOwnRoles(num int32) []int32 {
	return w.nowRelated(&w.rolesGiven, num, w.drawnGroupRoles)
}

func (w *world) drawnGroupRoles(num int32) []int32 {
	if num == allUsers {
		return nil
	}
	r := w.rngFor("groups", num, 2)
	var list []int32
	for range r.n(3) {
		list = append(list, numberAt(1+r.n(w.sizes.Roles-1)))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (w *world) renderGroup(b []byte, row row, _ fieldTree) []byte {
	o := begin(b)
	w.groupMembers(&o, row)
	return o.end()
}

func (w *world) groupMembers(o *object, row row) {
	r := w.rngFor("groups", row.num, 0)
	name, external := r.pick(subjects)+" Team "+strconv.Itoa(int(row.num)), r.chance(200) && row.num > 3
	if row.num == allUsers {
		name = "All Users"
	}
	o.raw("can", `{"show":true,"create":true,"index":true,"update":true,"edit_in_ui":true,"delete":true,"add_to_content_metadata":true}`)
	o.yes("can_add_to_content_metadata", true)
	o.yes("contains_current_user", slices.Contains(w.groupsOf(callerID), row.num))
	o.opt("external_group_id", when(external, "ldap://cn="+name+",ou=Groups & Teams"))
	o.yes("externally_managed", external)
	o.id("id", int64(row.num))
	o.yes("include_by_default", row.num == allUsers)
	o.str("name", name)
	o.num("user_count", int64(w.memberCount(row.num)))
}

// renderHierarchy appends a group as the search with hierarchy gives it.
func (w *world) renderHierarchy(b []byte, row row) []byte {
	o := begin(b)
	if row.over != nil {
		doc := w.tables["groups"].document(w, nil, row, nil)
		o.b = append(b, doc[:len(doc)-1]...)
	} else {
		w.groupMembers(&o, row)
	}
	if w.opts.Quirks.FlatHierarchy {
		o.ids("parent_group_ids", nil)
		o.ids("role_ids", nil)
		return o.end()
	}
	o.ids("parent_group_ids", w.parentsOf(row.num))
	o.ids("role_ids", w.groupOwnRoles(row.num))
	return o.end()
}

// countMembers works out how many users each group has.
func (w *world) countMembers() {
	w.memberCounts = map[int32]int32{}
	for i := range w.sizes.Users {
		for _, g := range w.groupsOf(numberAt(i)) {
			w.memberCounts[g]++
		}
	}
}
