package restore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

const planFlags = `"require_results":false,"require_no_results":false,"require_change":false,"send_all_results":true,"run_as_recipient":false,"include_links":false`

// The configuration of a model is of no use without its LookML, so that nobody makes it because
// something needs it: what shows the model is impossible, and the plan says how much of it. Who
// names the model as well gets both.
func TestAModelIsNotMadeBecauseItIsNeeded(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	const model = "thelook"
	query := r.make("queries", `{"model":%q,"view":"users","fields":["users.id"]}`, model)
	dashboard := r.make("dashboards", `{"title":"Shows the model","folder_id":"3"}`)
	r.make("dashboard_filters", `{"dashboard_id":%q,"name":"F","title":"F","type":"field_filter","model":%q,"explore":"users","dimension":"users.id"}`, dashboard, model)
	r.make("dashboard_elements", `{"dashboard_id":%q,"type":"vis","query_id":%q,"title":"A"}`, dashboard, query)
	r.make("dashboard_elements", `{"dashboard_id":%q,"type":"text","title_text":"B"}`, dashboard)
	look := r.make("looks", `{"title":"Shows the model","folder_id":"3","query_id":%q}`, query)
	above := r.make("dashboards", `{"title":"Shows the look","folder_id":"3"}`)
	r.make("dashboard_elements", `{"dashboard_id":%q,"type":"look","look_id":%q,"title":"A"}`, above, look)
	r.make("dashboard_elements", `{"dashboard_id":%q,"type":"text","title_text":"B"}`, above)
	schedule := r.make("scheduled_plans", `{"name":"S","look_id":%q,"crontab":"0 6 * * *","enabled":true,`+planFlags+`,
		"scheduled_plan_destination":[{"type":"email","address":"ann@example.com","format":"csv"}]}`, look)
	r.backup()
	refs := []record.Ref{
		{Kind: "dashboards", ID: dashboard}, {Kind: "dashboards", ID: above}, {Kind: "looks", ID: look}, {Kind: "scheduled_plans", ID: schedule},
	}
	for _, ref := range refs[:3] {
		r.do("DELETE", fmt.Sprintf("/%s/%s", ref.Kind, ref.ID), "")
	}
	r.do("DELETE", "/lookml_models/"+model, "")

	request := restore.Request{Items: refs}
	plan := r.plan(request)
	for _, ref := range refs {
		if a := onlyAction(t, plan, ref); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "lookml_models/"+model) {
			t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
		}
	}
	for _, ref := range refs[:2] {
		if a := onlyAction(t, plan, ref); !strings.Contains(a.Reason, "1 of 2 tiles") {
			t.Errorf("%s: %s", a.Ref, a.Reason)
		}
	}

	request.Partial = true
	plan = r.plan(request)
	for i, deed := range []record.Deed{record.DeedCreate, record.DeedCreate, record.DeedImpossible, record.DeedImpossible} {
		if a := onlyAction(t, plan, refs[i]); a.Deed != deed || deed == record.DeedCreate && !strings.Contains(a.Reason, "with only 1 of 2 tiles") {
			t.Errorf("with --partial: %s %s: %s", a.Deed, a.Ref, a.Reason)
		}
	}
	for _, a := range plan.Actions {
		if a.Kind == "lookml_models" {
			t.Errorf("the plan would %s %s", a.Deed, a.Ref)
		}
	}

	request.Partial = false
	request.Items = append(request.Items, record.Ref{Kind: "lookml_models", ID: model})
	complete(t, r.apply(r.plan(request)))
}
