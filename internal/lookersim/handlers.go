package lookersim

import (
	"slices"
	"strconv"
	"strings"
)

func (t *table) found(i int) found { return found{t: t, index: i, row: t.rows[i]} }

// caller answers with the user that the token belongs to.
func caller(c *call) answer {
	f, ok := c.find("users", strconv.Itoa(callerID))
	if !ok {
		return c.notFound()
	}
	return c.document(f)
}

// mixedDashboards lists dashboards of both sorts, in short form.
func mixedDashboards(c *call) answer {
	w := c.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	var rows []found
	for _, kind := range []string{"dashboards", "lookml_dashboards"} {
		hide := w.hidden(kind, c.restricted())
		for f := range w.tables[kind].present() {
			if hide == nil || !hide(w, f.row) {
				rows = append(rows, f)
			}
		}
	}
	return c.rows(rows, base)
}

// anyDashboard finds dashboards of both sorts: "17" and "model::name".
func anyDashboard(c *call) answer {
	if strings.Contains(c.id(), "::") {
		return single("lookml_dashboards")(c)
	}
	return single("dashboards")(c)
}

// below guards a listing of what lies below a folder: it must exist.
func below(l listing) func(c *call) answer {
	return reading("folders", func(c *call, _ found) answer { return l.handle(c) })
}

func folderParent(c *call, f found) answer {
	c.world.mu.RLock()
	v := f.t.attribute(c.world, f.row, "parent_id")
	c.world.mu.RUnlock()
	parent, ok := c.find("folders", v.text)
	if v.null || !ok {
		return c.notFound()
	}
	return c.document(parent)
}

func folderAncestors(c *call, _ found) answer {
	c.world.mu.RLock()
	defer c.world.mu.RUnlock()
	return c.rows(c.world.ancestors(c.id()), whole)
}

// folderContent lists the documents of a folder whole, without the trash.
func folderContent(pick func(folderContents) []found) func(c *call) answer {
	return reading("folders", func(c *call, _ found) answer {
		c.world.mu.RLock()
		defer c.world.mu.RUnlock()
		return c.rows(pick(c.world.contents.Load().inFolder(c.id())), whole)
	})
}

// planKeep keeps the caller's own plans unless all are asked for.
func planKeep(c *call) func(*world, row) bool {
	everybody := c.query.Get("all_users") == "true" || c.query.Get("user_id") != ""
	return func(w *world, r row) bool { return everybody || w.planOwnerOf(r) == callerID }
}

func planScope(c *call) string {
	return c.query.Get("all_users") + "," + strconv.FormatBool(c.query.Get("user_id") != "")
}

// plansOf lists the schedules of one dashboard or look.
func plansOf(kind, member string) func(c *call) answer {
	return reading(kind, func(c *call, _ found) answer {
		l := listing{kind: "scheduled_plans", params: params("user_id:id"), natural: true}
		l.keep = func(c *call) func(*world, row) bool {
			mine := planKeep(c)
			return func(w *world, r row) bool {
				return mine(w, r) && w.tables["scheduled_plans"].attribute(w, r, member).text == c.id()
			}
		}
		l.scope = func(c *call) string { return planScope(c) + member + c.id() }
		return l.handle(c)
	})
}

// among answers with the present rows of a kind that keep accepts, in the
// order of ids, for an owner that must exist.
func (c *call) among(owner, kind string, keep func(w *world, num int32) bool) answer {
	if _, ok := c.find(owner, c.id()); !ok {
		return c.notFound()
	}
	w := c.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	var rows []found
	for f := range w.tables[kind].present() {
		if keep(w, f.row.num) {
			rows = append(rows, f)
		}
	}
	return c.rows(rows, whole)
}

// pathNumber is the number in the path; items with other ids have none.
func (c *call) pathNumber() int32 {
	n, err := strconv.ParseInt(c.id(), 10, 32)
	if err != nil {
		return 0
	}
	return int32(n)
}

// groupUsers lists the direct members of a group; it is the one list of
// members that is paged.
func groupUsers(c *call, _ found) answer {
	group := c.pathNumber()
	l := search("users", "", whole)
	l.natural = true
	l.keep = func(*call) func(*world, row) bool {
		return func(w *world, r row) bool { return slices.Contains(w.groupsOf(r.num), group) }
	}
	l.scope = func(c *call) string { return "group " + c.id() }
	return l.handle(c)
}

func groupGroups(c *call) answer {
	group := c.pathNumber()
	return c.among("groups", "groups", func(w *world, num int32) bool { return slices.Contains(w.parentsOf(num), group) })
}

func roleUsers(c *call) answer {
	role := c.pathNumber()
	return c.among("roles", "users", func(w *world, num int32) bool { return slices.Contains(c.rolesAsked(w, num), role) })
}

// rolesAsked are the roles of a user, or those alone that no group gives.
func (c *call) rolesAsked(w *world, user int32) []int32 {
	if c.query.Get("direct_association_only") == "true" {
		return w.directRoles(user)
	}
	return w.rolesOf(user)
}

func roleGroups(c *call) answer {
	role := c.pathNumber()
	return c.among("roles", "groups", func(w *world, num int32) bool { return slices.Contains(w.groupOwnRoles(num), role) })
}

func userRoles(c *call) answer {
	user := c.pathNumber()
	return c.among("users", "roles", func(w *world, num int32) bool { return slices.Contains(c.rolesAsked(w, user), num) })
}
