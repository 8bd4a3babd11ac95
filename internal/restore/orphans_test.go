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

// What runs with the rights of its owner never comes to the user of the API key, who is an
// administrator, because nobody was named: neither alone, nor beside content of the same owner,
// which does.
func TestSchedulesOfNobodyDoNotRunAsAdministrator(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	const departed = "4"
	dashboard := r.add("/dashboards", `{"title":"Theirs","folder_id":"1","user_id":"`+departed+`"}`)
	r.add("/dashboard_elements", `{"dashboard_id":"`+dashboard+`","type":"vis","title":"Count","query_id":"`+r.add("/queries", `{"model":"thelook","view":"orders","fields":["orders.count"]}`)+`"}`)
	tile := canon.Text(canon.Member(mustRows(t, canon.Member(r.sim.Document("dashboards", dashboard), "dashboard_elements"))[0], "id"))
	others := first(t, r, "dashboards").ID // whose schedule is theirs all the same
	schedule := record.Ref{Kind: "scheduled_plans", ID: r.add("/scheduled_plans", `{"name":"Monday","user_id":"`+departed+`","dashboard_id":"`+others+`","crontab":"0 6 * * 1","enabled":true,"scheduled_plan_destination":[{"type":"email","address":"a@example.com","format":"wysiwyg_pdf"}]}`)}
	alert := record.Ref{Kind: "alerts", ID: r.add("/alerts", `{"owner_id":"`+departed+`","dashboard_element_id":"`+tile+`","comparison_type":"GREATER_THAN","threshold":7,"cron":"0 5 * * *","field":{"title":"Count","name":"orders.count"},"destinations":[{"destination_type":"EMAIL","email_address":"a@example.com"}]}`)}
	r.backup()
	r.do("DELETE", "/users/"+departed, "")
	plan := r.plan(restore.Request{Lost: true, Owners: []string{departed}})
	if a := onlyAction(t, plan, record.Ref{Kind: "dashboards", ID: dashboard}); a.Deed != record.DeedUndelete {
		t.Errorf("the dashboard: %s %s", a.Deed, a.Reason)
	}
	if a := onlyAction(t, plan, schedule); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "--owners") {
		t.Errorf("the schedule: %s %s", a.Deed, a.Reason)
	}
	done := r.apply(plan)
	for item := range r.sim.Items("scheduled_plans") {
		if canon.Text(canon.Member(item.Body, "name")) == "Monday" {
			t.Errorf("somebody's schedule runs: %s", item.Body)
		}
	}
	if owner := canon.Text(canon.Member(r.sim.Document("alerts", alert.ID), "owner_id")); owner != departed {
		t.Errorf("the alert is %s's", owner)
	}
	if slices.ContainsFunc(done.Actions, func(a record.Action) bool { return a.Ref == alert && a.State == record.ActionDone }) {
		t.Error("the alert was written")
	}
	named := r.plan(restore.Request{Lost: true, Owners: []string{departed}, NewOwners: map[string]string{departed: "5"}})
	if a := onlyAction(t, named, schedule); a.Deed != record.DeedCreate {
		t.Errorf("with a new owner: %s %s", a.Deed, a.Reason)
	}
}

// A user whom nobody can make anew, and who is asked for all the same, owns nothing that comes
// back: the plan says so, instead of Looker in the middle of it.
func TestWhoCannotComeBackOwnsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 2})
	var embedded record.Ref
	for item := range r.sim.Items("users") {
		if len(mustRows(t, canon.Member(item.Body, "credentials_embed"))) > 0 {
			embedded = record.Ref{Kind: "users", ID: item.ID}
		}
	}
	if embedded.ID == "" {
		t.Fatal("nobody is a user of embedding")
	}
	look := record.Ref{Kind: "looks", ID: r.add("/looks", `{"title":"Theirs","folder_id":"1","user_id":"`+embedded.ID+`","query_id":"`+r.add("/queries", `{"model":"thelook","view":"orders","fields":["orders.count"]}`)+`"}`)}
	others := first(t, r, "dashboards").ID
	schedule := record.Ref{Kind: "scheduled_plans", ID: r.add("/scheduled_plans", `{"name":"Monday","user_id":"`+embedded.ID+`","dashboard_id":"`+others+`","crontab":"0 6 * * 1","enabled":true,"scheduled_plan_destination":[{"type":"email","address":"a@example.com","format":"wysiwyg_pdf"}]}`)}
	r.backup()
	r.do("DELETE", "/users/"+embedded.ID, "")
	for heir, want := range map[string]struct {
		owner string
		deed  record.Deed
	}{"": {r.caller.ID, record.DeedImpossible}, "5": {"5", record.DeedCreate}} {
		plan := r.plan(restore.Request{Lost: true, OrphansTo: heir})
		if a := onlyAction(t, plan, embedded); a.Deed != record.DeedImpossible {
			t.Errorf("the user: %s %s", a.Deed, a.Reason)
		}
		if a := onlyAction(t, plan, schedule); a.Deed != want.deed {
			t.Errorf("to %q: the schedule: %s %s", heir, a.Deed, a.Reason)
		}
		changes := onlyAction(t, plan, look).Changes
		if !slices.ContainsFunc(changes, func(c record.Change) bool {
			return c.Path == "user_id" && strings.Contains(string(c.After), want.owner)
		}) {
			t.Errorf("to %q: the look: %v", heir, changes)
		}
	}
}

// An alert that was handed over cannot go back to somebody who was gone before. The undo leaves it,
// and says so: it would run for ever with the rights of somebody who never asked for it.
func TestAnUndoTellsOfAlertsThatStayWithTheirHeir(t *testing.T) {
	for _, edited := range []bool{false, true} {
		t.Run(fmt.Sprintf("edited %v", edited), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			departed := r.make("users", `{"first_name":"Ann","last_name":"Test"}`)
			alert := first(t, r, "alerts")
			r.do("PATCH", "/alerts/"+alert.ID, `{"owner_id":"`+departed+`","threshold":7}`)
			request := restore.Request{Owners: []string{departed}, NewOwners: map[string]string{departed: "5"}, Lost: !edited}
			run := r.backup()
			if edited {
				r.do("PATCH", "/alerts/"+alert.ID, `{"threshold":8}`)
				request.Items, request.Run = []record.Ref{alert}, run
			}
			r.do("DELETE", "/users/"+departed, "")
			done := r.apply(r.plan(request))
			complete(t, done)
			plan := r.plan(restore.Request{Undo: done.ID})
			planned, err := restore.RequestOf(plan)
			if err != nil {
				t.Fatal(err)
			}
			a := onlyAction(t, plan, alert)
			if said := a.Reason + strings.Join(plan.Notes, "\n"); !planned.Leaves(a) || !strings.Contains(said, "keeps its owner_id: users/"+departed+" was not there before either") {
				t.Errorf("%s %q, notes %q", a.Deed, a.Reason, plan.Notes)
			}
			undone := r.apply(plan)
			if undone.State != record.RestorePartial {
				t.Errorf("the undo is %s", undone.State)
			}
			body := r.sim.Document("alerts", alert.ID)
			if want := map[bool]string{true: "8", false: "7"}[edited]; canon.Text(canon.Member(body, "threshold")) != want || canon.Text(canon.Member(body, "owner_id")) != "5" {
				t.Errorf("threshold is to be %s: %s", want, body)
			}
		})
	}
}

// A user of embedding who is there is written as everybody else: only making one is Looker's own.
func TestUsersOfEmbeddingComeIntoTheirGroups(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 2})
	var user record.Ref
	for item := range r.sim.Items("users") {
		if len(mustRows(t, canon.Member(r.sim.Document("users", item.ID), "credentials_embed"))) > 0 {
			user = record.Ref{Kind: "users", ID: item.ID}
		}
	}
	if user.ID == "" {
		t.Fatal("nobody is a user of embedding")
	}
	group := record.Ref{Kind: "groups", ID: r.make("groups", `{"name":"Embedded"}`)}
	r.add("/groups/"+group.ID+"/users", `{"user_id":"`+user.ID+`"}`)
	run := r.backup()
	r.do("DELETE", "/groups/"+group.ID, "")
	r.do("PATCH", "/users/"+user.ID, `{"first_name":"Broken"}`)
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{group, user}, Run: run}))
	complete(t, done)
	body := r.sim.Document("users", user.ID)
	if ids := string(canon.Member(body, "group_ids")); !strings.Contains(ids, `"`+targetOf(done, group)+`"`) {
		t.Errorf("the user is in the groups %s, not in %s", ids, targetOf(done, group))
	}
	if strings.Contains(string(body), "Broken") {
		t.Error("the user is still called Broken")
	}
	r.do("DELETE", "/users/"+user.ID, "")
	plan := r.plan(restore.Request{Items: []record.Ref{user}, Run: run})
	if a := onlyAction(t, plan, user); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "first logs in") {
		t.Errorf("%s: %s", a.Deed, a.Reason)
	}
}
