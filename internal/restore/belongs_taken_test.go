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
)

// What somebody has made again by hand has again what went with it: the rules of who is let in, who
// has the role, who is in the group.
func TestWhatWasMadeAgainByHandHasItsLists(t *testing.T) {
	for _, backup := range []bool{false, true} {
		t.Run(fmt.Sprint(backup), func(t *testing.T) {
			t.Parallel()
			c := newCrew(t)
			role := record.Ref{Kind: "roles", ID: c.role}
			folder := record.Ref{Kind: "folders", ID: c.folder}
			want := c.belongings(c.group.ID, "5")
			for _, gone := range []record.Ref{role, folder, c.group} {
				c.do("DELETE", fmt.Sprintf("/%s/%s", gone.Kind, gone.ID), "")
			}
			c.folder = c.add("/folders", `{"name":"Crew's","parent_id":"1"}`)
			c.role = c.add("/roles", `{"name":"Crew's","permission_set_id":"1","model_set_id":"1"}`)
			group := c.add("/groups", `{"name":"Crew"}`)
			if backup {
				c.backup()
			}
			request := restore.Request{Lost: true}
			done := c.apply(c.plan(request))
			complete(t, done)
			if diff := cmp.Diff(want, c.belongings(group, "5")); diff != "" {
				t.Errorf("who belongs to what (-want +got):\n%s", diff)
			}
			if inherits := canon.Text(canon.Member(c.sim.Document("content_metadata", c.metadata()), "inherits")); inherits != "false" {
				t.Errorf("the folder lets in whom its place lets in: inherits is %q", inherits)
			}
			for _, a := range c.plan(request).Actions {
				if a.State == record.ActionPlanned {
					t.Errorf("a second plan: %s %s: %v", a.Deed, a.Ref, a.Changes)
				}
			}
		})
	}
}

// Rules that were given up for those of the place above come back as they were, whatever the server
// makes of them when they begin.
func TestRulesThatWereOpenedComeBack(t *testing.T) {
	for _, way := range []string{"rules", "metadata", "changed"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			c := newCrew(t)
			metadata := c.metadata()
			before := c.normals()
			c.do("PATCH", "/content_metadata/"+metadata, `{"inherits":true}`)
			request := restore.Request{Run: c.run}
			switch way {
			case "rules":
				request.Items = []record.Ref{{Kind: "content_access", ID: metadata}}
			case "metadata":
				request.Items = []record.Ref{{Kind: "content_metadata", ID: metadata}}
			case "changed":
				request = restore.Request{Changed: &restore.Span{From: c.run, To: c.backup()}}
			}
			done := c.apply(c.plan(request))
			complete(t, done)
			c.same(before)
			for _, a := range c.plan(request).Actions {
				if a.State == record.ActionPlanned {
					t.Errorf("a second plan: %s %s: %v", a.Deed, a.Ref, a.Changes)
				}
			}
		})
	}
}

// Somebody whom somebody has made again by hand gets back what lay in the personal folder, and all
// that was theirs, whatever the policy says of the user.
func TestSomebodyMadeAgainByHandHasTheirContent(t *testing.T) {
	for _, policy := range []restore.Policy{restore.Skip, restore.Update, restore.Rename} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			user, folder := r.someoneWithAFolder(t)
			r.do("PATCH", "/users/"+user.ID, `{"home_folder_id":"`+folder+`"}`)
			own := r.add("/dashboards", `{"title":"Own","folder_id":"`+folder+`","user_id":"`+user.ID+`"}`)
			r.backup()
			r.do("DELETE", "/users/"+user.ID, "")
			made := r.add("/users", `{"first_name":"By","last_name":"Hand"}`)
			r.do("POST", "/users/"+made+"/credentials_email", `{"email":"someone@example.com"}`)
			r.backup()
			r.apply(r.plan(restore.Request{Lost: true, Conflict: policy}))
			home := canon.Text(canon.Member(r.sim.Document("users", made), "personal_folder_id"))
			body := r.sim.Document("dashboards", own)
			if owner, place := canon.Text(canon.Member(body, "user_id")), canon.Text(canon.Member(body, "folder_id")); owner != made || place != home {
				t.Errorf("the dashboard is of users/%s in folders/%s, want users/%s and folders/%s", owner, place, made, home)
			}
		})
	}
}

// What is made anew beside the one in the trash takes its schedules and alerts along, whether they are
// selected themselves or not: those there do not run, and the new one is the document from then on.
func TestRecreatedTakesItsSchedules(t *testing.T) {
	for name, request := range map[string]restore.Request{
		"the dashboard is named":  {},
		"all that was lost":       {Lost: true},
		"everything":              {Items: []record.Ref{{Kind: "dashboards"}, {Kind: "scheduled_plans"}, {Kind: "alerts"}}, Conflict: restore.Update},
		"everything that differs": {Items: []record.Ref{{Kind: "dashboards"}, {Kind: "scheduled_plans"}, {Kind: "alerts"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, run := newBackedUpRig(t)
			plan := r.refsOf("scheduled_plans", "present", func(body []byte) bool { return canon.Text(canon.Member(body, "dashboard_id")) != "" })[0]
			dashboard := record.Ref{Kind: "dashboards", ID: canon.Text(canon.Member(r.sim.Document("scheduled_plans", plan.ID), "dashboard_id"))}
			_, _, watched := r.tileWithAlert()
			for _, ref := range []record.Ref{dashboard, watched} {
				r.do("PATCH", itself(ref), `{"deleted":true}`)
			}
			if request.Run, request.Trash = run, restore.Recreate; request.Lost {
				request.Run = 0
			} else if request.Items == nil {
				request.Items = []record.Ref{dashboard, watched}
			}
			alerts := len(r.refsOf("alerts", "present", all))
			done := r.apply(r.plan(request))
			complete(t, done)
			if on := canon.Text(canon.Member(r.sim.Document("scheduled_plans", plan.ID), "dashboard_id")); on != targetOf(done, dashboard) {
				t.Errorf("the schedule is of dashboards/%s, want dashboards/%s", on, targetOf(done, dashboard))
			}
			anew := r.refsOf("alerts", "present", func(body []byte) bool {
				return slices.Contains(canon.Named(r.sim.Document("dashboards", targetOf(done, watched)), &catalogue.Relation{Path: "dashboard_elements.id"}), canon.Text(canon.Member(body, "dashboard_element_id")))
			})
			if n := len(r.refsOf("alerts", "present", all)); len(anew) == 0 || n != alerts+len(anew) {
				t.Errorf("alerts %v are on the new dashboard; there are %d, of %d before", anew, n, alerts)
			}
			for _, a := range r.plan(request).Actions {
				if a.State == record.ActionPlanned {
					t.Errorf("a second plan wants to %s %s: %v %s", a.Deed, a.Ref, a.Changes, a.Reason)
				}
			}
		})
	}
}

// A schedule that has come along is not deleted with the dashboard that was made anew, where it cannot go
// back to the one in the trash: then that dashboard stays. The undo names both, and says what to do; when that
// is done, without deleting for good, a retry ends it.
func TestHardUndoKeepsTheScheduleThatCameAlong(t *testing.T) {
	t.Parallel()
	for _, hard := range []bool{true, false} {
		r, run := newBackedUpRig(t)
		plan := r.refsOf("scheduled_plans", "present", func(body []byte) bool { return canon.Text(canon.Member(body, "dashboard_id")) != "" })[0]
		dashboard := record.Ref{Kind: "dashboards", ID: canon.Text(canon.Member(r.sim.Document("scheduled_plans", plan.ID), "dashboard_id"))}
		r.do("PATCH", itself(dashboard), `{"deleted":true}`)
		done := r.apply(r.plan(restore.Request{Items: []record.Ref{dashboard}, Run: run, Trash: restore.Recreate}))
		complete(t, done)
		undo := r.plan(restore.Request{Undo: done.ID, Hard: hard})
		if notes := strings.Join(undo.Notes, "\n"); !strings.Contains(notes, plan.String()+" goes back to "+dashboard.String()+", which is in the trash") {
			t.Errorf("hard %t: notes: %s", hard, notes)
		}
		undone := r.apply(undo)
		if r.sim.Document("scheduled_plans", plan.ID) == nil {
			t.Errorf("hard %t: the schedule is gone", hard)
		}
		if undone.State != record.RestorePartial {
			t.Errorf("hard %t: the undo is %s", hard, undone.State)
		}
		says := fmt.Sprintf("%s is in the trash: take that out, then lookervault restore retry %d", dashboard, undone.ID)
		if hard {
			says = fmt.Sprintf("%s is in the trash: lookervault restore undo %d without --hard", dashboard, done.ID)
		}
		if a := onlyAction(t, undone, plan); a.State != record.ActionFailed || !strings.Contains(a.Message, says) {
			t.Errorf("hard %t: the schedule is %s: %s", hard, a.State, a.Message)
		}
		if a := onlyAction(t, undone, record.Ref{Kind: "dashboards", ID: targetOf(done, dashboard)}); hard && (a.State != record.ActionBlocked || !strings.Contains(a.Message, plan.String())) {
			t.Errorf("the dashboard is %s: %s", a.State, a.Message)
		}
		if hard {
			undone = r.apply(r.plan(restore.Request{Undo: done.ID}))
		}
		r.do("PATCH", itself(dashboard), `{"deleted":false}`)
		complete(t, r.retry(undone))
		if is := canon.Text(canon.Member(r.sim.Document("scheduled_plans", plan.ID), "dashboard_id")); is != dashboard.ID {
			t.Errorf("hard %t: the schedule is on dashboards/%s", hard, is)
		}
	}
}

// What was in the personal folder of somebody who is gone goes to whom --orphans-to names, and so do
// the alerts, which nobody sees; where nobody is named, that is said.
func TestOrphansOfSomebodyWhoIsGone(t *testing.T) {
	for _, named := range []bool{false, true} {
		t.Run(fmt.Sprint(named), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			heir := ""
			if named {
				heir = r.add("/users", `{"first_name":"Her","last_name":"Heir"}`)
			}
			user, folder := r.someoneWithAFolder(t)
			own := r.add("/dashboards", `{"title":"Own","folder_id":"`+folder+`","user_id":"`+user.ID+`"}`)
			alert := first(t, r, "alerts")
			r.do("PATCH", "/alerts/"+alert.ID, `{"owner_id":"`+user.ID+`"}`)
			r.backup()
			r.do("DELETE", "/users/"+user.ID, "")
			plan := r.plan(restore.Request{Lost: true, OrphansTo: heir, Exclude: []record.Ref{{Kind: "users"}}})
			a := onlyAction(t, plan, alert)
			if heir == "" {
				if a.Deed != record.DeedImpossible {
					t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
				}
				return
			}
			complete(t, r.apply(plan))
			if is := canon.Text(canon.Member(r.sim.Document("alerts", alert.ID), "owner_id")); is != heir {
				t.Errorf("the alert is of users/%s", is)
			}
			place := canon.Text(canon.Member(r.sim.Document("dashboards", own), "folder_id"))
			in := canon.Text(canon.Member(r.sim.Document("folders", place), "parent_id"))
			if home := canon.Text(canon.Member(r.sim.Document("users", heir), "personal_folder_id")); in != home {
				t.Errorf("the content lies in folders/%s of folders/%s, want it in folders/%s", place, in, home)
			}
		})
	}
}
