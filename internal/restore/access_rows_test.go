package restore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

var permissionsOf = &catalogue.Relation{Path: "permissions"}

// Permissions come and go with versions of Looker, which refuses a set with one that it does not
// know. Such a one is left out, and the plan says so; the known ones are asked for once, and only
// where a set is made or gets other permissions.
func TestPermissionsThatLookerDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		since func(r *rig, ref record.Ref)
		asked int
		want  string
	}{
		{"made anew", func(r *rig, ref record.Ref) { r.do("DELETE", "/permission_sets/"+ref.ID, "") }, 1, "access_data see_looks"},
		{"changed", func(r *rig, ref record.Ref) {
			r.do("PATCH", "/permission_sets/"+ref.ID, `{"permissions":["access_data"]}`)
		}, 1, "access_data see_looks"},
		{"lacks nothing else", func(r *rig, ref record.Ref) {
			r.do("PATCH", "/permission_sets/"+ref.ID, `{"permissions":["access_data","see_looks"]}`)
		}, 1, "access_data see_looks"},
		{"has another name", func(r *rig, ref record.Ref) { r.do("PATCH", "/permission_sets/"+ref.ID, `{"name":"Changed"}`) }, 0, "access_data see_looks view_dials"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			ref := record.Ref{Kind: "permission_sets", ID: r.make("permission_sets", `{"name":"Of a test"}`)}
			other := r.make("permission_sets", `{"name":"Another one","permissions":["see_looks"]}`)
			r.set("permission_sets", ref.ID, "permissions", `["access_data","see_looks","view_dials"]`)
			r.backup()
			r.do("PATCH", "/permission_sets/"+other, `{"permissions":["access_data"]}`)
			test.since(r, ref)
			r.sim.ResetCounts()
			request := restore.Request{Items: []record.Ref{ref}}
			if test.asked > 0 {
				request.Items = append(request.Items, record.Ref{Kind: "permission_sets", ID: other})
			}
			plan := r.plan(request)
			if asked := r.sim.Counts().Routes["GET /permissions"]; asked != test.asked {
				t.Errorf("the permissions were asked for %d times, want %d", asked, test.asked)
			}
			if said := strings.Join(plan.Notes, "\n"); strings.Contains(said, "view_dials") != (test.asked > 0) {
				t.Errorf("the plan says %q", said)
			}
			done := r.apply(plan)
			complete(t, done)
			body := r.sim.Document("permission_sets", targetOf(done, ref))
			if got := strings.Join(canon.Named(body, permissionsOf), " "); got != test.want {
				t.Errorf("the set has %s, want %s", got, test.want)
			}
			if a := onlyAction(t, r.plan(request), ref); a.State == record.ActionPlanned {
				t.Errorf("a second plan wants to %s it: %v", a.Deed, a.Changes)
			}
		})
	}
}

// getter answers what is asked of the permissions that there are; the client answers all else.
type getter struct {
	restore.Getter
	permissions func() (*looker.Response, error)
}

func (g getter) Get(ctx context.Context, r looker.Request) (*looker.Response, error) {
	if r.Path == "/permissions" {
		return g.permissions()
	}
	return g.Getter.Get(ctx, r)
}

// What was left out comes back when the instance knows it; where it does not say what it knows nothing
// is left out.
func TestPermissionsThatLookerKnowsLater(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	ref := record.Ref{Kind: "permission_sets", ID: r.make("permission_sets", `{"name":"Of a test","permissions":["access_data","see_looks"]}`)}
	r.backup()
	r.do("DELETE", "/permission_sets/"+ref.ID, "")
	request := restore.Request{Items: []record.Ref{ref}}
	for _, test := range []struct {
		answer func() (*looker.Response, error)
		want   string
	}{
		{func() (*looker.Response, error) {
			return &looker.Response{Body: []byte(`[{"permission":"access_data"}]`)}, nil
		}, "access_data"},
		{func() (*looker.Response, error) { return nil, &looker.StatusError{Status: 403} }, "access_data see_looks"},
	} {
		r.asks = getter{r.client, test.answer}
		done := r.apply(r.plan(request))
		complete(t, done)
		if got := strings.Join(canon.Named(r.sim.Document("permission_sets", targetOf(done, ref)), permissionsOf), " "); got != test.want {
			t.Errorf("the set has %s, want %s: %q", got, test.want, done.Notes)
		}
	}
}

// What is written by sign-on, ran once, or is hidden is left out, which is no failure of a restore: the
// plan says why, whether somebody named it or not.
func TestWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		make func(r *rig) record.Ref // before the backup
		lose func(r *rig, id string)
		want string
	}{
		{"a group of sign-on", func(r *rig) record.Ref {
			id := r.make("groups", `{"name":"Of sign-on"}`)
			r.set("groups", id, "externally_managed", "true")
			return record.Ref{Kind: "groups", ID: id}
		}, func(r *rig, id string) {
			r.set("groups", id, "externally_managed", "false")
			r.do("DELETE", "/groups/"+id, "")
		}, "sign-on"},
		{"a schedule that ran once", func(r *rig) record.Ref {
			id := r.make("scheduled_plans", `{"name":"Once","look_id":"3","crontab":"0 6 * * *",`+planFlags+`,"scheduled_plan_destination":[{"type":"email","address":"ann@example.com","format":"csv"}]}`)
			r.set("scheduled_plans", id, "run_once", "true")
			return record.Ref{Kind: "scheduled_plans", ID: id}
		}, func(r *rig, id string) { r.do("DELETE", "/scheduled_plans/"+id, "") }, "once"},
		{"hidden values of groups", func(r *rig) record.Ref {
			id := r.make("user_attributes", `{"name":"hid","label":"Hid","type":"string","value_is_hidden":true}`)
			r.do("POST", "/user_attributes/"+id+"/group_values", `[{"group_id":"2","value":"secret"}]`)
			return record.Ref{Kind: "user_attribute_group_values", ID: id}
		}, func(r *rig, id string) {
			r.do("POST", "/user_attributes/"+id+"/group_values", `[{"group_id":"3","value":"other"}]`)
		}, "hidden"},
		{"hidden values of groups that are gone", func(r *rig) record.Ref {
			id := r.make("user_attributes", `{"name":"hid","label":"Hid","type":"string","value_is_hidden":true}`)
			r.do("POST", "/user_attributes/"+id+"/group_values", `[{"group_id":"2","value":"secret"}]`)
			return record.Ref{Kind: "user_attribute_group_values", ID: id}
		}, func(r *rig, id string) { r.do("POST", "/user_attributes/"+id+"/group_values", `[]`) }, "hidden"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			ref := test.make(r)
			run := r.backup()
			test.lose(r, ref.ID)
			for _, request := range []restore.Request{{Items: []record.Ref{ref}, Run: run}, {Items: []record.Ref{{Kind: ref.Kind}}, Lost: true, Run: run}, {Items: []record.Ref{{Kind: ref.Kind}}, Conflict: restore.Update, Run: run}} {
				plan := r.plan(request)
				a := actionOf(plan, ref)
				if a == nil && request.Lost {
					continue // it is there, and lacks something
				}
				if a == nil || a.Deed != record.DeedSkip || !strings.Contains(a.Reason, test.want) {
					t.Errorf("%v: %+v", request.Items, a)
				}
				complete(t, r.apply(plan))
			}
			if writes := r.sim.Writes(); len(writes) > 0 {
				t.Errorf("writes: %v", writes)
			}
		})
	}
}

// actionOf is the action of a plan for a document, nil where there is none.
func actionOf(plan record.Restore, ref record.Ref) *record.Action {
	for i := range plan.Actions {
		if plan.Actions[i].Ref == ref {
			return &plan.Actions[i]
		}
	}
	return nil
}

// An attribute that is made anew comes back without the hidden values of its groups: nobody writes
// an empty value in their place.
func TestAnAttributeComesBackWithoutHiddenValues(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	ref := record.Ref{Kind: "user_attributes", ID: r.make("user_attributes", `{"name":"hid","label":"Hid","type":"string","value_is_hidden":true}`)}
	r.do("POST", "/user_attributes/"+ref.ID+"/group_values", `[{"group_id":"2","value":"secret"}]`)
	r.backup()
	r.do("DELETE", "/user_attributes/"+ref.ID, "")
	plan := r.plan(restore.Request{Items: []record.Ref{ref}})
	if a := actionOf(plan, record.Ref{Kind: "user_attribute_group_values", ID: ref.ID}); a == nil || a.Deed != record.DeedSkip || !strings.Contains(a.Reason, "hidden") {
		t.Errorf("the values: %+v", a)
	}
	complete(t, r.apply(plan))
	for _, w := range r.sim.Writes() {
		if strings.Contains(w.Path, "group_values") {
			t.Errorf("%s %s %s", w.Method, w.Path, w.Body)
		}
	}
}

// A role whose group is managed by sign-on, and gone, comes back with its other groups.
func TestARoleComesBackWithoutAGroupOfSignOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	group := r.make("groups", `{"name":"Of sign-on"}`)
	r.set("groups", group, "externally_managed", "true")
	role := record.Ref{Kind: "roles", ID: r.make("roles", `{"name":"Of a test","permission_set_id":"2","model_set_id":"1"}`)}
	r.do("PUT", "/roles/"+role.ID+"/groups", `["2","`+group+`"]`)
	r.backup()
	r.set("groups", group, "externally_managed", "false")
	r.do("DELETE", "/groups/"+group, "")
	r.do("DELETE", "/roles/"+role.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{role}}))
	complete(t, done)
	if got := r.normal(record.Ref{Kind: "role_groups", ID: targetOf(done, role)}); got != `{"id":["2"]}` || !strings.Contains(strings.Join(done.Notes, "\n"), "groups/"+group) {
		t.Errorf("the role has %s: %q", got, done.Notes)
	}
}

// Nobody takes from the user of the API key a role: neither where they have it themselves, nor where a group
// has it that they belong to, or one in which that group lies.
func TestTheCallerIsNotTakenOutWithAGroup(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	own, around, other := r.make("groups", `{"name":"Of the caller"}`), r.make("groups", `{"name":"Around it"}`), r.make("groups", `{"name":"Of others"}`)
	role := record.Ref{Kind: "role_groups", ID: r.make("roles", `{"name":"Of a test","permission_set_id":"2","model_set_id":"1"}`)}
	r.do("POST", "/groups/"+own+"/users", fmt.Sprintf(`{"user_id":%q}`, r.caller.ID))
	r.do("POST", "/groups/"+around+"/groups", fmt.Sprintf(`{"group_id":%q}`, own))
	run := r.backup()
	r.do("PUT", "/roles/"+role.ID+"/groups", fmt.Sprintf(`[%q,%q,%q]`, own, around, other))
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{role}, Run: run, ExactMembers: true}))
	complete(t, done)
	if is := canon.Named(r.sim.Document("role_groups", role.ID), &catalogue.Relation{Path: "id"}); !slices.Equal(is, []string{own, around}) {
		t.Errorf("groups %v have the role, want %s and %s", is, own, around)
	}
	if notes := strings.Join(done.Notes, "\n"); !strings.Contains(notes, role.String()+" keeps groups/"+own) {
		t.Errorf("no note says that the role keeps a group: %s", notes)
	}
}

// Nor is a group that they belong to taken out of another one, whose roles it gives them, however deep it lies;
// a group of others is.
func TestAGroupOfTheCallerStaysInAnother(t *testing.T) {
	t.Parallel()
	for _, deep := range []bool{false, true} {
		r, _ := newBackedUpRig(t)
		own, administrators, other := r.make("groups", `{"name":"Of the caller"}`), r.make("groups", `{"name":"Administrators"}`), r.make("groups", `{"name":"Of others"}`)
		role := r.make("roles", `{"name":"Of a test","permission_set_id":"2","model_set_id":"1"}`)
		r.do("PUT", "/roles/"+role+"/groups", fmt.Sprintf(`[%q]`, administrators))
		r.do("POST", "/groups/"+own+"/users", fmt.Sprintf(`{"user_id":%q}`, r.caller.ID))
		inner := own
		if deep {
			inner = r.make("groups", `{"name":"Between"}`)
			r.do("POST", "/groups/"+inner+"/groups", fmt.Sprintf(`{"group_id":%q}`, own))
		}
		run := r.backup()
		for _, id := range []string{inner, other} {
			r.do("POST", "/groups/"+administrators+"/groups", fmt.Sprintf(`{"group_id":%q}`, id))
		}
		around := record.Ref{Kind: "group_groups", ID: administrators}
		plan := r.plan(restore.Request{Items: []record.Ref{around}, Run: run, ExactMembers: true})
		if notes := strings.Join(plan.Notes, "\n"); !strings.Contains(notes, around.String()+" keeps groups/"+inner) {
			t.Errorf("deep %t: no note says that the group stays: %s", deep, notes)
		}
		complete(t, r.apply(plan))
		if is := canon.Named(r.sim.Document("group_groups", administrators), &catalogue.Relation{Path: "id"}); !slices.Equal(is, []string{inner}) {
			t.Errorf("deep %t: groups %v are in the group, want %s", deep, is, inner)
		}
	}
}
