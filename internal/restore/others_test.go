package restore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// schedule makes a schedule of a look.
func (r *rig) schedule(look string) record.Ref {
	r.t.Helper()
	id := r.make("scheduled_plans", `{"name":"Of a test","look_id":%q,"crontab":"0 6 * * *",`+planFlags+`,"scheduled_plan_destination":[{"type":"email","address":"ann@example.com","format":"csv"}]}`, look)
	return record.Ref{Kind: "scheduled_plans", ID: id}
}

// What was deleted before the document on which it hung stays away when that comes back.
func TestWhatWentBeforeStaysAway(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	gone, kept := r.schedule("3"), r.schedule("3")
	r.backup()
	r.do("DELETE", "/scheduled_plans/"+gone.ID, "")
	r.backup()
	r.do("DELETE", "/looks/3", "")
	r.backup()
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "looks", ID: "3"}}})
	if a := onlyAction(t, plan, kept); a.Deed != record.DeedCreate {
		t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
	}
	if slices.ContainsFunc(plan.Actions, func(a record.Action) bool { return a.Ref == gone }) {
		t.Errorf("%s comes back, which was deleted before the look", gone)
	}
}

// Where somebody has set a schedule up twice nobody can say which of the two is the one that is gone:
// one more would send everything a third time.
func TestSeveralHaveItsKey(t *testing.T) {
	t.Parallel()
	for policy, deed := range map[restore.Policy]record.Deed{"": record.DeedImpossible, restore.Rename: record.DeedCreate} {
		r, _ := newBackedUpRig(t)
		lost := r.schedule("3")
		r.backup()
		r.do("DELETE", "/scheduled_plans/"+lost.ID, "")
		r.schedule("3")
		r.schedule("3")
		if a := onlyAction(t, r.plan(restore.Request{Items: []record.Ref{lost}, Conflict: policy}), lost); a.Deed != deed {
			t.Errorf("--conflict %q: %s, want %s: %s", policy, a.Deed, deed, a.Reason)
		}
	}
}

// An undo makes nothing beside what somebody has made meanwhile under the same name, and leaves that alone.
func TestAnUndoMeetsTheWorkOfOthers(t *testing.T) {
	t.Parallel()
	for kind, test := range map[record.Kind]struct {
		another string
		deed    record.Deed
	}{
		"groups": {`{"name":"Of a test","can_add_to_content_metadata":false}`, record.DeedReuse},
		"themes": {`{"name":"of_a_test","settings":{"background_color":"#123456"}}`, record.DeedSkip},
	} {
		r, _ := newBackedUpRig(t)
		name := map[record.Kind]string{"groups": "Of a test", "themes": "of_a_test"}[kind]
		lost := record.Ref{Kind: kind, ID: r.make(string(kind), `{"name":%q}`, name)}
		r.backup()
		r.do("DELETE", fmt.Sprintf("/%s/%s", kind, lost.ID), "")
		done := r.apply(r.plan(restore.Request{Items: []record.Ref{lost}}))
		complete(t, done)
		undone := r.apply(r.plan(restore.Request{Undo: done.ID}))
		complete(t, undone)
		other := r.add("/"+string(kind), test.another)
		was := string(r.sim.Document(string(kind), other))
		plan := r.plan(restore.Request{Undo: undone.ID})
		a := onlyAction(t, plan, record.Ref{Kind: kind, ID: targetOf(done, lost)})
		if a.Deed != test.deed || !strings.Contains(a.Reason, "somebody has made") {
			t.Errorf("%s %s, want %s: %s", a.Deed, a.Ref, test.deed, a.Reason)
		}
		r.apply(plan)
		if is := string(r.sim.Document(string(kind), other)); is != was {
			t.Errorf("%s/%s was %s\nand is %s", kind, other, was, is)
		}
	}
}

// A version that a lesser key stored may lack what that key did not see: nothing is taken away for it.
func TestALesserKeysVersionTakesNothingAway(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	attribute := record.Ref{Kind: "user_attributes", ID: r.make("user_attributes", `{"name":"of_a_test","label":"Of a test","type":"string"}`)}
	admin := r.caller.Admin
	lesser := false
	r.caller.Admin = &lesser
	run := r.backup()
	r.caller.Admin = admin
	r.do("PATCH", "/user_attributes/"+attribute.ID, `{"default_value":"EU"}`)
	r.backup()
	request := restore.Request{Items: []record.Ref{attribute}, Run: run}
	if a := onlyAction(t, r.plan(request), attribute); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "no administrator") {
		t.Errorf("%s: %s %v", a.Deed, a.Reason, a.Changes)
	}
	r.do("PATCH", "/user_attributes/"+attribute.ID, `{"default_value":"","label":"Another"}`)
	if a := onlyAction(t, r.plan(request), attribute); a.Deed != record.DeedUpdate {
		t.Errorf("what both say is not written: %s: %s %v", a.Deed, a.Reason, a.Changes)
	}
}

// Users are named by id, name or mail address, in whatever case: those whose documents come back, and those
// who take over from others.
func TestUsersAreNamed(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	user := r.make("users", `{"first_name":"Ann","last_name":"Test"}`)
	r.do("POST", "/users/"+user+"/credentials_email", `{"email":"ann.test@example.com"}`)
	look := record.Ref{Kind: "looks", ID: "3"}
	r.do("PATCH", "/looks/3", fmt.Sprintf(`{"user_id":%q}`, user))
	r.backup()
	r.do("DELETE", "/looks/3", "")
	r.do("DELETE", "/looks/4", "")
	for _, name := range []string{user, "ann TEST", "Ann.Test@example.com"} {
		plan := r.plan(restore.Request{Owners: []string{name}, Items: []record.Ref{{Kind: "looks"}}})
		others := slices.ContainsFunc(plan.Actions, func(a record.Action) bool { return a.Kind == "looks" && a.Ref != look })
		if a := onlyAction(t, plan, look); a.Deed != record.DeedCreate || others {
			t.Errorf("of %q: %s, others %t", name, a.Deed, others)
		}
		plan = r.plan(restore.Request{NewOwners: map[string]string{name: "2"}, Items: []record.Ref{look}})
		if owner := changeOf(onlyAction(t, plan, look), "user_id"); owner != "2" {
			t.Errorf("what is %q's becomes that of %q", name, owner)
		}
		plan = r.plan(restore.Request{NewOwners: map[string]string{user: name}, Items: []record.Ref{look}})
		if owner := changeOf(onlyAction(t, plan, look), "user_id"); owner != user {
			t.Errorf("%q takes over, and it becomes that of %q", name, owner)
		}
	}
	for _, request := range []restore.Request{{Owners: []string{"nobody"}}, {NewOwners: map[string]string{"nobody@example.com": "2"}}, {NewOwners: map[string]string{"2": "nobody"}}} {
		if _, err := r.tryPlan(request); err == nil || !strings.Contains(err.Error(), "nobody") {
			t.Errorf("%v %v: %v", request.Owners, request.NewOwners, err)
		}
	}
}

// changeOf is what a member becomes.
func changeOf(a record.Action, path string) string {
	i := slices.IndexFunc(a.Changes, func(c record.Change) bool { return c.Path == path })
	if i < 0 {
		return ""
	}
	return canon.Text(a.Changes[i].After)
}

// What has the name of another document for which it is to get one for a moment is looked at first: where it
// went since the plan the name is free, and where somebody has changed it the restore leaves both alone.
func TestWhatIsSetAsideIsAsThePlanSawIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		since func(r *rig, other string)
		state record.ActionState // of what was to get the name
	}{
		"it is gone":    {func(r *rig, other string) { r.do("DELETE", "/groups/"+other, "") }, record.ActionDone},
		"it is changed": {func(r *rig, other string) { r.do("PATCH", "/groups/"+other, `{"can_add_to_content_metadata":false}`) }, record.ActionDrifted},
		"it is changed where no row knows it": {func(r *rig, other string) {
			if _, err := r.sim.Mutate(lookersim.Change{Op: lookersim.OpSet, Kind: "groups", ID: other, Path: "brand_new", Value: `"theirs"`}); err != nil {
				r.t.Fatal(err)
			}
		}, record.ActionDrifted},
		"its name is free": {func(r *rig, other string) { r.do("PATCH", "/groups/"+other, `{"name":"Free"}`) }, record.ActionDone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			items := []record.Ref{{Kind: "groups", ID: r.makeNamed("groups", "A")}, {Kind: "groups", ID: r.makeNamed("groups", "B")}}
			run := r.backup()
			for i, name := range []string{"tmp", "A", "B"} {
				r.do("PATCH", "/groups/"+items[i%2].ID, fmt.Sprintf(`{"name":%q}`, name))
			}
			plan := r.plan(restore.Request{Items: items, Run: run})
			first := plan.Actions[0]
			other := items[0]
			if first.Ref == other {
				other = items[1]
			}
			test.since(r, other.ID)
			done := r.apply(plan)
			if a := onlyAction(t, done, first.Ref); a.State != test.state {
				t.Errorf("%s %s, want %s: %s", a.Ref, a.State, test.state, a.Message)
			}
		})
	}
}
