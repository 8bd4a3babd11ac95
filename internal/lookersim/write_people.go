package lookersim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func builtIn(member string) func(e *edit, d *draft) *refusal {
	return func(_ *edit, d *draft) *refusal {
		if d.text(member) == "true" {
			return forbidden(http.StatusMethodNotAllowed, "It belongs to the system")
		}
		return nil
	}
}

func groupWrites() kindWrites {
	return kindWrites{kind: "groups", fields: fieldSet("name can_add_to_content_metadata"), required: []string{"name"}, unique: []string{"name"}, conflict: http.StatusConflict,
		defaults: `{"can_add_to_content_metadata":true,"contains_current_user":false,"external_group_id":null,"externally_managed":false,"include_by_default":false,"user_count":0}`,
		fixed: func(e *edit, d *draft) *refusal {
			if d.text("id") == strconv.Itoa(allUsers) || d.text("externally_managed") == "true" {
				return forbidden(http.StatusForbidden, "The group is managed elsewhere")
			}
			return nil
		},
		born: func(e *edit, num int32) {
			e.w.relate(e.w.relation(&e.w.groupsAbove), num, nil)
			e.w.relate(e.w.relation(&e.w.rolesGiven), num, nil)
		},
		dropped: func(e *edit, f found) {
			w := e.w
			w.unrelate(w.relation(&w.userGroups), "users", f.row.num)
			w.unrelate(w.relation(&w.groupsAbove), "groups", f.row.num)
			w.countAgain()
			e.dropValues(f.row.num)
			e.dropAccess(func(a accessEntry) bool { return a.group == strconv.Itoa(int(f.row.num)) })
		},
	}
}

// dropValues takes the attribute values of a group that is gone away.
func (e *edit) dropValues(group int32) {
	for _, r := range e.w.tables["user_attributes"].rows {
		list := e.w.groupValuesOf(r.num)
		kept := slices.DeleteFunc(slices.Clone(list), func(v groupValue) bool { return v.group == group })
		if len(kept) != len(list) {
			e.w.setGroupValues(r.num, kept)
		}
	}
}

// dropAccess takes entries away from all content.
func (e *edit) dropAccess(gone func(a accessEntry) bool) {
	e.w.eachMetadata(func(class int, num int32) {
		if e.w.inherits(class, num) {
			return
		}
		list := e.w.entriesOf(class, num)
		kept := slices.DeleteFunc(slices.Clone(list), gone)
		if len(kept) != len(list) {
			e.w.setAccess(metadataID(class, num), true, kept)
		}
	})
}

func roleWrites() kindWrites {
	return kindWrites{kind: "roles", fields: fieldSet("name"), required: []string{"name", "permission_set_id", "model_set_id"}, unique: []string{"name"},
		fixed: func(_ *edit, d *draft) *refusal {
			if number(d.text("id")) <= int64(len(builtInSets)) {
				return forbidden(http.StatusMethodNotAllowed, "The role belongs to the system")
			}
			return nil
		},
		check: func(e *edit, d *draft, _ string) *refusal {
			if no := e.refers("permission_set_id", "permission_sets"); no != nil {
				return no
			}
			return e.refers("model_set_id", "model_sets")
		},
		fill: func(e *edit, d *draft, id string) {
			for member, kind := range map[string]string{"permission_set": "permission_sets", "model_set": "model_sets"} {
				if f, ok := e.row(kind, e.text(member+"_id")); ok {
					d.raw(member, f.t.document(e.w, nil, f.row, nil))
				}
			}
			d.str("url", host+"/api/4.0/roles/"+id)
			d.str("users_url", host+"/api/4.0/roles/"+id+"/users")
		},
		dropped: func(e *edit, f found) {
			w := e.w
			w.unrelate(w.relation(&w.userRoles), "users", f.row.num)
			w.unrelate(w.relation(&w.rolesGiven), "groups", f.row.num)
		},
	}
}

func setWrites(kind, list string) kindWrites {
	member := strings.TrimSuffix(kind, "s")
	return kindWrites{kind: kind, fields: fieldSet("name " + list), required: []string{"name"}, unique: []string{"name"},
		defaults: `{"all_access":false,"built_in":false,"` + list + `":[]}`,
		check: func(e *edit, d *draft, _ string) *refusal {
			if list != "permissions" || !e.has(list) {
				return nil // a set of models may name those that are not there
			}
			for _, name := range rawValue(lookup(d.body, list)).list {
				if !slices.Contains(permissionNames, name) {
					return unknown(list, name)
				}
			}
			return nil
		},
		fixed: func(e *edit, d *draft) *refusal {
			if no := builtIn("built_in")(e, d); no != nil || e.request.Method != http.MethodDelete {
				return no
			}
			for f := range e.w.tables["roles"].present() {
				if rawValue(lookup(lookup(f.t.document(e.w, nil, f.row, nil), member), "id")).text == d.text("id") {
					return forbidden(http.StatusMethodNotAllowed, "A role is made of it")
				}
			}
			return nil
		},
	}
}

// joinGroup answers POST /groups/{id}/users and POST /groups/{id}/groups.
func joinGroup(member, kind string) writeFunc {
	return editing("groups", func(e *edit, g found) ([]byte, *refusal) {
		if e.text(member) == "" {
			return nil, missing(member)
		}
		m, ok := e.row(kind, e.text(member))
		if !ok {
			return nil, absent
		}
		if kind == "groups" && (m.row.num == g.row.num || slices.Contains(e.w.groupsAboveAll(g.row.num), m.row.num)) {
			return nil, forbidden(http.StatusBadRequest, "A group cannot be in itself")
		}
		e.join(kind, m.row.num, g.row.num, true)
		m, _ = e.row(kind, e.text(member))
		return e.w.answerOf(m), nil
	})
}

// groupsAboveAll are the groups that a group is in, however deep.
func (w *world) groupsAboveAll(num int32) []int32 {
	var list []int32
	for _, p := range w.parentsOf(num) {
		list = append(append(list, p), w.groupsAboveAll(p)...)
	}
	return list
}

// join puts a user or a group into a group, or takes it out.
func (e *edit) join(kind string, member, group int32, in bool) {
	of := &e.w.userGroups
	if kind == "groups" {
		of = &e.w.groupsAbove
	}
	r := e.w.relation(of)
	e.w.relate(r, member, withNumber(r.members(member), group, in))
	e.w.countAgain()
}

// dropMember answers DELETE /groups/{id}/users/{user_id}, and that of groups.
func dropMember(kind string) writeFunc {
	return func(e *edit) ([]byte, *refusal) {
		g, ok := e.row("groups", e.args[0])
		m, also := e.row(kind, e.args[1])
		if !ok || !also {
			return nil, absent
		}
		in := e.w.groupsOf
		if kind == "groups" {
			in = e.w.parentsOf
		}
		if !slices.Contains(in(m.row.num), g.row.num) {
			return nil, absent
		}
		e.join(kind, m.row.num, g.row.num, false)
		return nil, nil
	}
}

// setHolders answers PUT /roles/{id}/users and PUT /roles/{id}/groups: the list
// is the whole of who has the role itself.
func setHolders(kind string) writeFunc {
	return editing("roles", func(e *edit, role found) ([]byte, *refusal) {
		var want []int32
		for _, id := range rawValue(e.sent).list {
			f, ok := e.row(kind, id)
			if !ok {
				return nil, unknown(strings.TrimSuffix(kind, "s")+"_ids", id)
			}
			want = append(want, f.row.num)
		}
		if kind == "users" && role.row.num == adminRole && len(want) == 0 {
			return nil, invalid("user_ids", "invalid", "Somebody must be an administrator")
		}
		r := e.w.relation(&e.w.rolesGiven)
		if kind == "users" {
			r = e.w.relation(&e.w.userRoles)
		}
		t, out := e.w.tables[kind], []byte{'['}
		for f := range t.present() {
			num := f.row.num
			if list := r.members(num); slices.Contains(list, role.row.num) != slices.Contains(want, num) {
				e.w.relate(r, num, withNumber(list, role.row.num, slices.Contains(want, num)))
			}
		}
		for f := range t.present() {
			if slices.Contains(want, f.row.num) {
				out = append(comma(out), e.w.answerOf(f)...)
			}
		}
		return append(out, ']'), nil
	})
}

// setUserRoles answers PUT /users/{id}/roles.
func setUserRoles(e *edit, u found) ([]byte, *refusal) {
	var want []int32
	out := []byte{'['}
	for _, id := range rawValue(e.sent).list {
		f, ok := e.row("roles", id)
		if !ok {
			return nil, unknown("role_ids", id)
		}
		want = append(want, f.row.num)
		out = append(comma(out), e.w.answerOf(f)...)
	}
	e.w.relate(e.w.relation(&e.w.userRoles), u.row.num, want)
	return append(out, ']'), nil
}
