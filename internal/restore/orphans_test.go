package restore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// What runs with the rights of its owner never comes to the user of the API key, who is an
// administrator, because nobody was named: neither alone, nor beside content of the same owner,
// which does.
func TestSchedulesOfNobodyDoNotRunAsAdministrator(t *testing.T) {
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
