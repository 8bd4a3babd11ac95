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

// onlyAction is the one action of a restore about a document.
func onlyAction(t *testing.T, of record.Restore, ref record.Ref) record.Action {
	t.Helper()
	i := slices.IndexFunc(of.Actions, func(a record.Action) bool { return a.Ref == ref })
	if i < 0 {
		t.Fatalf("no action about %s: %v", ref, deeds(of))
	}
	return of.Actions[i]
}

// With --conflict rename what the backup has is made beside the document that is there
// and differs, which nothing changes: not that restore, and no later one.
func TestBesideWhatDiffers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		ref    record.Ref
		change string
	}{
		{record.Ref{Kind: "dashboards", ID: "1"}, `{"description":"changed since"}`},
		{record.Ref{Kind: "looks", ID: "3"}, `{"description":"changed since"}`},
		{record.Ref{Kind: "boards", ID: "1"}, `{"description":"changed since"}`},
		{record.Ref{Kind: "scheduled_plans", ID: "1"}, `{"crontab":"7 7 * * 7"}`},
		{record.Ref{Kind: "groups", ID: "3"}, `{"can_add_to_content_metadata":false}`},
	} {
		t.Run(string(test.ref.Kind), func(t *testing.T) {
			t.Parallel()
			r, run := newBackedUpRig(t)
			name := nameOf(r.sim.Document(string(test.ref.Kind), test.ref.ID), test.ref.Kind)
			r.do("PATCH", fmt.Sprintf("/%s/%s", test.ref.Kind, test.ref.ID), test.change)
			changed, counts := r.normal(test.ref), r.counts()
			request := restore.Request{Items: []record.Ref{test.ref}, Run: run, Conflict: restore.Rename}
			plan := r.plan(request)
			if a := onlyAction(t, plan, test.ref); a.Deed != record.DeedCreate || a.Before != 0 || a.Target != "" {
				t.Fatalf("%s %s: %s", a.Deed, a.Ref, a.Reason)
			}
			r.blind = 1 // it is cut off before it is read back
			if _, err := r.tryApply(t.Context(), plan); err == nil {
				t.Fatal("it was not cut off")
			}
			done := r.apply(plan)
			complete(t, done)
			twin := record.Ref{Kind: test.ref.Kind, ID: targetOf(done, test.ref)}
			if got := nameOf(r.sim.Document(string(twin.Kind), twin.ID), twin.Kind); !strings.HasPrefix(got, name+" (restored ") {
				t.Errorf("it is called %q", got)
			}
			r.sim.ForgetWrites()
			again := r.plan(request)
			if a := onlyAction(t, again, test.ref); a.Deed != record.DeedReuse {
				t.Errorf("a second plan: %s %s: %v", a.Deed, a.Ref, a.Changes)
			}
			if is := r.normal(test.ref); is != changed {
				t.Errorf("the document (-before +after):\n%s", cmp.Diff(changed, is))
			}
			// What stayed is still the document, not what was made beside it.
			request.Conflict = restore.Update
			if a := onlyAction(t, r.plan(request), test.ref); a.Deed != record.DeedUpdate || a.Target != test.ref.ID {
				t.Errorf("an update would %s %s", a.Deed, a.Target)
			}
			complete(t, r.apply(r.plan(restore.Request{Undo: done.ID, Hard: true})))
			if diff := cmp.Diff(counts, r.counts()); diff != "" {
				t.Errorf("after the undo (-want +got):\n%s", diff)
			}
			if is := r.normal(test.ref); is != changed {
				t.Errorf("after the undo (-before +after):\n%s", cmp.Diff(changed, is))
			}
		})
	}
}

func nameOf(body []byte, kind record.Kind) string {
	spec, _ := catalogue.Find(kind)
	return canon.Text(canon.Member(body, spec.Fields.Name))
}

// What has no name of its own, or is known by more than that, is not changed instead.
func TestNothingBesideWhatHasNoName(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	r.do("PATCH", "/users/5", `{"first_name":"Changed"}`)
	r.do("PUT", "/roles/8/users", `[]`)
	for _, ref := range []record.Ref{{Kind: "users", ID: "5"}, {Kind: "role_users", ID: "8"}} {
		plan := r.plan(restore.Request{Items: []record.Ref{ref}, Run: run, Conflict: restore.Rename})
		if a := onlyAction(t, plan, ref); a.Deed != record.DeedImpossible || a.Reason == "" {
			t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
		}
	}
}

// A list that is short for once makes nothing that is there anew.
func TestAListThatIsShortDoublesNothing(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	all := r.normals()
	for _, kind := range []record.Kind{"folders", "scheduled_plans", "groups", "roles", "boards", "users", "dashboards"} {
		spec, _ := catalogue.Find(kind)
		for _, fault := range []lookersim.Fault{lookersim.FaultNone, lookersim.FaultShort} {
			var items []record.Ref
			for ref := range all {
				if ref.Kind == kind && ref.ID != r.caller.ID {
					items = append(items, ref)
				}
			}
			if err := r.sim.SetRules(lookersim.Rule{Route: spec.Listing.Route.String(), Do: fault}); err != nil {
				t.Fatal(err)
			}
			plan, err := r.tryPlan(restore.Request{Items: items})
			if err := r.sim.SetRules(); err != nil {
				t.Fatal(err)
			}
			if err != nil {
				continue // it says that it could not look
			}
			for _, a := range plan.Actions {
				if a.Deed == record.DeedCreate {
					t.Errorf("%s list of %s: %s would be made", fault, kind, a.Ref)
				}
			}
		}
	}
}

// A schedule that cannot be woken is not done, and can be tried again.
func TestWhatCannotBeWokenIsNotDone(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	plans := r.refsOf("scheduled_plans", "present", awake)
	r.do("DELETE", "/scheduled_plans/"+plans[0].ID, "")
	plan := r.plan(restore.Request{Items: plans[:1]})
	if err := r.sim.SetRules(lookersim.Rule{Route: "PATCH /scheduled_plans/{id}", Do: lookersim.FaultStatus, Status: 422}); err != nil {
		t.Fatal(err)
	}
	done := r.apply(plan)
	if a := done.Actions[0]; done.State != record.RestorePartial || a.State != record.ActionFailed || !strings.Contains(a.Message, "asleep") {
		t.Errorf("the restore is %s, its action %s: %s", done.State, a.State, a.Message)
	}
	if err := r.sim.SetRules(); err != nil {
		t.Fatal(err)
	}
	made := r.counts()["scheduled_plans"]
	done = r.retry(done)
	complete(t, done)
	if enabled := canon.Text(canon.Member(r.sim.Document("scheduled_plans", done.Actions[0].Target), "enabled")); enabled != "true" {
		t.Errorf("enabled: %s", enabled)
	}
	if now := r.counts()["scheduled_plans"]; now != made {
		t.Errorf("%d schedules, want %d", now, made)
	}
}

// retry applies what failed of a restore once more.
func (r *rig) retry(of record.Restore) record.Restore {
	r.t.Helper()
	var again []record.Action
	for _, a := range of.Actions {
		if a, ok := restore.Again(a); ok {
			again = append(again, a)
		}
	}
	journal, err := r.file.Apply(r.t.Context(), of.ID, r.meter.Drain)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := journal.Settle(r.t.Context(), nil, again, nil); err != nil {
		r.t.Fatal(err)
	}
	done, err := r.carryOut(r.t.Context(), journal)
	if err != nil {
		r.t.Fatal(err)
	}
	return done
}

// What was refused half way, or cut off, goes on with what it has done when it is tried again: nobody else has
// changed that.
func TestARetryKnowsItsOwnHalf(t *testing.T) {
	t.Parallel()
	for _, cut := range []bool{false, true} {
		r, _ := newBackedUpRig(t)
		r.inner = 1
		dashboard := record.Ref{Kind: "dashboards", ID: r.make("dashboards", `{"title":"Of a test","folder_id":"1"}`)}
		var tiles []string
		for _, text := range []string{"a", "b"} {
			tiles = append(tiles, r.add("/dashboard_elements", fmt.Sprintf(`{"dashboard_id":%q,"type":"text","body_text":%q}`, dashboard.ID, text)))
		}
		run := r.backup()
		for _, tile := range tiles {
			r.do("PATCH", "/dashboard_elements/"+tile, `{"body_text":"Changed"}`)
		}
		plan := r.plan(restore.Request{Items: []record.Ref{dashboard}, Run: run})
		var done record.Restore
		if cut {
			if _, err := r.applyCutOff(plan, 2); err == nil {
				t.Fatal("it was not cut off")
			}
			var err error
			if done, err = r.file.Reader().Restore(t.Context(), plan.ID); err != nil {
				t.Fatal(err)
			}
		} else {
			if err := r.sim.SetRules(lookersim.Rule{Route: "PATCH /dashboard_elements/{id}", Do: lookersim.FaultStatus, Status: 422, Nth: 2}); err != nil {
				t.Fatal(err)
			}
			done = r.apply(plan)
			if a := onlyAction(t, done, dashboard); a.State != record.ActionFailed {
				t.Fatalf("it is %s: %s", a.State, a.Message)
			}
		}
		complete(t, r.retry(done))
		for i, text := range []string{"a", "b"} {
			if is := r.rowsOf("dashboards", dashboard.ID, "dashboard_elements", "body_text"); !slices.Contains(is, text) {
				t.Errorf("cut off: %t: tile %d says none of %v", cut, i, is)
			}
		}
	}
}
