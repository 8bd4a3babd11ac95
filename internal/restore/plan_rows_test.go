package restore_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Looker refuses a schedule whose flags are null, and knows its filters by one name: the other one, which
// is deprecated, is never sent.
func TestWhatSchedulesAreMadeOf(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	ref := record.Ref{Kind: "scheduled_plans", ID: r.make("scheduled_plans", `{"name":"S","look_id":"3","crontab":"0 6 * * *",`+planFlags+`,"scheduled_plan_destination":[{"type":"email","address":"ann@example.com","format":"csv"}]}`)}
	for _, flag := range []string{"require_change", "require_results", "run_once", "pdf_landscape", "long_tables"} {
		r.set("scheduled_plans", ref.ID, flag, "null")
	}
	r.set("scheduled_plans", ref.ID, "filters_string", `"?Look=3"`)
	r.set("scheduled_plans", ref.ID, "dashboard_filters", `"?Look=4"`)
	r.backup()
	r.do("DELETE", "/scheduled_plans/"+ref.ID, "")
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{ref}})))
	body := r.sim.Writes()[0].Body
	for name, want := range map[string]string{
		"require_change": "false", "require_results": "false", "run_once": "false", "pdf_landscape": "false", "long_tables": "false",
		"filters_string": "?Look=3", "dashboard_filters": "",
	} {
		if got := canon.Text(canon.Member(body, name)); got != want {
			t.Errorf("%s is %q, want %q: %s", name, got, want, body)
		}
	}
}

// Who has access is added before anybody is taken out, and nobody is mailed.
func TestAccessIsAddedFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	metadata := canon.Text(canon.Member(r.sim.Document("folders", r.leafFolder().ID), "content_metadata_id"))
	r.do("PATCH", "/content_metadata/"+metadata, `{"inherits":false}`)
	entry := r.make("content_metadata_access", `{"content_metadata_id":%q,"permission_type":"view","group_id":"2"}`, metadata)
	run := r.backup()
	r.do("DELETE", "/content_metadata_access/"+entry, "")
	r.make("content_metadata_access", `{"content_metadata_id":%q,"permission_type":"edit","group_id":"3"}`, metadata)
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{{Kind: "content_access", ID: metadata}}, Run: run})))
	var order []string
	for _, w := range r.sim.Writes() {
		order = append(order, w.Method)
		if strings.Contains(w.Query+string(w.Body), "notification") {
			t.Errorf("%s %s?%s %s", w.Method, w.Path, w.Query, w.Body)
		}
	}
	if got := strings.Join(order, " "); got != "POST DELETE" {
		t.Errorf("access was written by %s, want POST DELETE", got)
	}
}
