package restore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/vault"
)

// crew is an instance with a group that belongs to much: users are in it, it is in another group, it
// has a role, values of an attribute, and access to a folder.
type crew struct {
	*rig
	run                int64
	group              record.Ref
	role, folder, over string
	attribute          string
}

func newCrew(t *testing.T) *crew {
	t.Helper()
	r := newRig(t, lookersim.Options{Seed: 1})
	c := &crew{rig: r, group: record.Ref{Kind: "groups", ID: r.add("/groups", `{"name":"Crew"}`)}}
	for _, user := range []string{"4", "5"} {
		r.do("POST", "/groups/"+c.group.ID+"/users", `{"user_id":"`+user+`"}`)
	}
	c.over = r.add("/groups", `{"name":"Over"}`)
	r.do("POST", "/groups/"+c.over+"/users", `{"user_id":"4"}`)
	r.do("POST", "/groups/"+c.over+"/groups", `{"group_id":"`+c.group.ID+`"}`)
	c.role = r.add("/roles", `{"name":"Crew's","permission_set_id":"1","model_set_id":"1"}`)
	r.do("PUT", "/roles/"+c.role+"/groups", `["`+c.group.ID+`","3"]`)
	r.do("PUT", "/roles/"+c.role+"/users", `["5"]`)
	c.folder = r.add("/folders", `{"name":"Crew's","parent_id":"1"}`)
	metadata := c.metadata()
	r.do("PATCH", "/content_metadata/"+metadata, `{"inherits":false}`)
	r.add("/content_metadata_access", `{"content_metadata_id":"`+metadata+`","group_id":"`+c.group.ID+`","permission_type":"edit"}`)
	r.add("/content_metadata_access", `{"content_metadata_id":"`+metadata+`","user_id":"5","permission_type":"view"}`)
	c.attribute = r.add("/user_attributes", `{"name":"crew","label":"Crew","type":"string"}`)
	r.do("POST", "/user_attributes/"+c.attribute+"/group_values", `[{"group_id":"`+c.group.ID+`","value":"EU"},{"group_id":"3","value":"US"}]`)
	c.run = r.backup()
	return c
}

func (c *crew) metadata() string {
	return canon.Text(canon.Member(c.sim.Document("folders", c.folder), "content_metadata_id"))
}

func (c *crew) named(kind record.Kind, id, path string) []string {
	names := canon.Named(c.sim.Document(string(kind), id), &catalogue.Relation{Path: path})
	slices.Sort(names)
	return names
}

// belongings are where a group and a user belong, and who belongs to the group.
func (c *crew) belongings(group, user string) map[string]bool {
	return map[string]bool{
		"users/4 in the group":         slices.Contains(c.named("users", "4", "group_ids"), group),
		"the user in the group":        slices.Contains(c.named("users", user, "group_ids"), group),
		"the group in another":         slices.Contains(c.named("group_groups", c.over, "id"), group),
		"the role of the group":        slices.Contains(c.named("role_groups", c.role, "id"), group),
		"the role of the user":         slices.Contains(c.named("role_users", c.role, "id"), user),
		"access of the group":          slices.Contains(c.named("content_access", c.metadata(), "group_id"), group),
		"access of the user":           slices.Contains(c.named("content_access", c.metadata(), "user_id"), user),
		"values of the group":          slices.Contains(c.named("user_attribute_group_values", c.attribute, "group_id"), group),
		"what others have of the role": slices.Contains(c.named("role_groups", c.role, "id"), "3"),
	}
}

// Who is made anew belongs again to what they belonged to, and has again who belonged to them,
// whatever else of these has changed since.
func TestWhoIsMadeAnewBelongsAgain(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"groups", "users"} {
		for _, way := range []string{"by id", "lost", "lost after a backup", "changed since"} {
			t.Run(lost+"/"+way, func(t *testing.T) {
				t.Parallel()
				c := newCrew(t)
				gone := c.group
				if lost == "users" {
					gone = record.Ref{Kind: "users", ID: "5"}
				}
				want := c.belongings(c.group.ID, "5")
				for what, is := range want {
					if !is {
						t.Fatalf("%s: not even before", what)
					}
				}
				c.do("DELETE", fmt.Sprintf("/%s/%s", gone.Kind, gone.ID), "")
				request := restore.Request{Items: []record.Ref{gone}}
				switch way {
				case "lost":
					request = restore.Request{Lost: true}
				case "lost after a backup":
					c.backup()
					request = restore.Request{Lost: true}
				case "changed since":
					c.do("PATCH", "/users/4", `{"first_name":"Changed"}`)
					c.do("DELETE", "/groups/"+c.over+"/users/4", "")
				}
				before := c.named("users", "4", "group_ids")
				done := c.apply(c.plan(request))
				complete(t, done)
				group, user := c.group.ID, "5"
				if lost == "users" {
					user = targetOf(done, gone)
				} else {
					group = targetOf(done, gone)
					before = append(before, group)
				}
				if diff := cmp.Diff(want, c.belongings(group, user)); diff != "" {
					t.Errorf("who belongs to what (-want +got):\n%s", diff)
				}
				slices.Sort(before)
				if diff := cmp.Diff(before, c.named("users", "4", "group_ids")); diff != "" {
					t.Errorf("groups of users/4 (-want +got):\n%s", diff)
				}
				if way == "changed since" && canon.Text(canon.Member(c.sim.Document("users", "4"), "first_name")) != "Changed" {
					t.Error("users/4 became what it was")
				}
				for _, a := range c.plan(request).Actions {
					if a.State == record.ActionPlanned {
						t.Errorf("a second plan: %s %s: %v", a.Deed, a.Ref, a.Changes)
					}
				}
			})
		}
	}
}

// Who is there, and was named, has again who belonged to them: who was taken out since comes back,
// who was added stays.
func TestWhoIsThereHasItsMembersAgain(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	c.do("PUT", "/roles/"+c.role+"/users", `["4"]`)
	c.do("PUT", "/roles/"+c.role+"/groups", `[]`)
	c.do("DELETE", "/groups/"+c.group.ID+"/users/4", "")
	c.do("DELETE", "/groups/"+c.over+"/groups/"+c.group.ID, "")
	over := record.Ref{Kind: "groups", ID: c.over}
	role := record.Ref{Kind: "roles", ID: c.role}
	request := restore.Request{Items: []record.Ref{role, c.group, over}, Run: c.run}
	complete(t, c.apply(c.plan(request)))
	for what, is := range c.belongings(c.group.ID, "5") {
		if !is {
			t.Errorf("%s: not any more", what)
		}
	}
	if !slices.Contains(c.named("role_users", c.role, "id"), "4") {
		t.Error("who was added to the role does not have it any more")
	}
	for _, a := range c.plan(request).Actions {
		if a.State == record.ActionPlanned {
			t.Errorf("a second plan: %s %s: %v", a.Deed, a.Ref, a.Changes)
		}
	}
}

// What changed goes back also where that is the loss of something with its own lists.
func TestChangedBringsListsBack(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	c.do("POST", "/groups/"+c.group.ID+"/groups", `{"group_id":"3"}`)
	run := c.backup()
	c.do("DELETE", "/groups/"+c.group.ID, "")
	request := restore.Request{Changed: &restore.Span{From: run, To: c.backup()}}
	plan := c.plan(request)
	for _, a := range plan.Actions {
		if a.Deed == record.DeedImpossible {
			t.Errorf("%s: %s", a.Ref, a.Reason)
		}
	}
	done := c.apply(plan)
	complete(t, done)
	if inner := c.named("group_groups", targetOf(done, c.group), "id"); !slices.Contains(inner, "3") {
		t.Errorf("groups in the group: %v", inner)
	}
}

// The alerts of somebody who was deleted stay, and nobody sees them: they are theirs again, wherever
// their tiles are.
func TestAlertsOfSomebodyWhoIsBack(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	var alert, owner record.Ref
	for item := range r.sim.Items("alerts") {
		id := canon.Text(canon.Member(r.sim.Document("alerts", item.ID), "owner_id"))
		if id != r.caller.ID {
			alert, owner = record.Ref{Kind: "alerts", ID: item.ID}, record.Ref{Kind: "users", ID: id}
		}
	}
	r.do("DELETE", "/users/"+owner.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{owner}}))
	complete(t, done)
	if is := canon.Text(canon.Member(r.sim.Document("alerts", alert.ID), "owner_id")); is != targetOf(done, owner) {
		t.Errorf("the alert is of users/%s, want users/%s", is, targetOf(done, owner))
	}
}

// What cannot be given back to those who belonged to a group, or is no longer wanted by somebody, is
// named; nothing of it fails.
func TestWhatDoesNotBelongAgainIsNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, want string
		before     func(c *crew)
		since      func(c *crew)
		hold       func(c *crew, group string) bool
	}{
		{
			"the user of the API key", "put it there by hand",
			func(c *crew) { c.do("POST", "/groups/"+c.group.ID+"/users", `{"user_id":"`+c.caller.ID+`"}`) },
			func(*crew) {},
			func(c *crew, group string) bool {
				return !slices.Contains(c.named("users", c.caller.ID, "group_ids"), group)
			},
		},
		{
			"a role that has lost another group", "and was changed since",
			func(*crew) {},
			func(c *crew) { c.do("PUT", "/roles/"+c.role+"/groups", `[]`) },
			func(c *crew, _ string) bool { return !slices.Contains(c.named("role_groups", c.role, "id"), "3") },
		},
		{
			"hidden values", "its values are hidden",
			func(c *crew) { c.do("PATCH", "/user_attributes/"+c.attribute, `{"value_is_hidden":true}`) },
			func(*crew) {},
			func(c *crew, _ string) bool {
				return len(c.named("user_attribute_group_values", c.attribute, "group_id")) == 1
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCrew(t)
			test.before(c)
			c.backup()
			c.do("DELETE", "/groups/"+c.group.ID, "")
			test.since(c)
			plan := c.plan(restore.Request{Items: []record.Ref{c.group}})
			said := strings.Join(plan.Notes, "\n")
			for _, a := range plan.Actions {
				said += "\n" + a.Reason
			}
			if !strings.Contains(said, test.want) {
				t.Errorf("it does not say %q: %s", test.want, said)
			}
			done := c.apply(plan)
			complete(t, done)
			if !test.hold(c, targetOf(done, c.group)) {
				t.Error("it was written")
			}
		})
	}
}

// Whoever wants what is there to stay gets no members back.
func TestNoMembersWhereTheRoleIsToStay(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	c.do("PUT", "/roles/"+c.role+"/users", `[]`)
	plan := c.plan(restore.Request{Items: []record.Ref{{Kind: "roles", ID: c.role}}, Run: c.run, Conflict: restore.Skip})
	for _, a := range plan.Actions {
		if a.State == record.ActionPlanned {
			t.Errorf("%s %s", a.Deed, a.Ref)
		}
	}
}

// What somebody has taken away since stays away, although it stood beside what comes back.
func TestOnlyWhatWasLostBelongsAgain(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	var entry string
	for _, row := range mustRows(t, c.sim.Document("content_access", c.metadata())) {
		if canon.Text(canon.Member(row, "user_id")) == "5" {
			entry = canon.Text(canon.Member(row, "id"))
		}
	}
	c.do("DELETE", "/content_metadata_access/"+entry, "")
	c.do("DELETE", "/groups/"+c.group.ID, "")
	plan := c.plan(restore.Request{Items: []record.Ref{c.group}})
	for _, change := range onlyAction(t, plan, record.Ref{Kind: "content_access", ID: c.metadata()}).Changes {
		if strings.Contains(change.Path, "::5") {
			t.Errorf("the plan gives access back: %s", change.Path)
		}
	}
	done := c.apply(plan)
	complete(t, done)
	if who := c.named("content_access", c.metadata(), "user_id"); slices.Contains(who, "5") {
		t.Errorf("somebody whose access was taken away has it again: %v", who)
	}
	if notes := strings.Join(done.Notes, "\n"); strings.Contains(notes, "is back without") {
		t.Errorf("the result says that it lacks what was taken away on purpose: %s", notes)
	}
	if groups := c.named("content_access", c.metadata(), "group_id"); !slices.Contains(groups, targetOf(done, c.group)) {
		t.Errorf("the group has no access: %v", groups)
	}
}

// The run that saw something last may be pruned: what is kept of that time counts.
func TestBelongsAgainAfterAPrune(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	c.do("DELETE", "/groups/"+c.group.ID, "")
	c.backup()
	c.backup()
	writer, err := c.file.Writer()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Prune(t.Context(), vault.Pruning{Instance: "test", Runs: []int64{c.run}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	done := c.apply(c.plan(restore.Request{Lost: true}))
	complete(t, done)
}

// A document that was changed, and shows one that is gone, shows what is made of that: in whatever order both
// are named.
func TestWhatIsNamedBeforeWhatItShows(t *testing.T) {
	for name, last := range map[string]bool{"first": false, "last": true} {
		t.Run("the board "+name, func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			board, shown := record.Ref{}, record.Ref{Kind: "dashboards"}
			for _, board = range r.refsOf("boards", "present", func([]byte) bool { return true }) {
				if on := r.dashboardsOn(r.sim.Document("boards", board.ID)); len(on) > 0 {
					shown.ID = on[0]
					break
				}
			}
			run := r.backup()
			r.do("DELETE", "/dashboards/"+shown.ID, "")
			r.do("PATCH", "/boards/"+board.ID, `{"title":"Changed"}`)
			items := []record.Ref{board, shown}
			if last {
				items = []record.Ref{shown, board}
			}
			for _, undo := range []bool{false, true} {
				done := r.apply(r.plan(restore.Request{Items: items, Run: run}))
				complete(t, done)
				if made := targetOf(done, shown); !slices.Contains(r.dashboardsOn(r.sim.Document("boards", board.ID)), made) {
					t.Errorf("the board shows %v, not %s", r.dashboardsOn(r.sim.Document("boards", board.ID)), made)
				}
				if !undo {
					undone := r.apply(r.plan(restore.Request{Undo: done.ID, Hard: true}))
					complete(t, undone)
					again := r.apply(r.plan(restore.Request{Undo: undone.ID}))
					complete(t, again)
					made := record.Ref{Kind: shown.Kind, ID: targetOf(done, shown)}
					if made.ID = targetOf(again, made); !slices.Contains(r.dashboardsOn(r.sim.Document("boards", board.ID)), made.ID) {
						t.Errorf("after an undo of the undo the board shows %v, not %s", r.dashboardsOn(r.sim.Document("boards", board.ID)), made.ID)
					}
					complete(t, r.apply(r.plan(restore.Request{Undo: again.ID, Hard: true})))
				}
			}
		})
	}
}
