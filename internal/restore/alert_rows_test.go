package restore_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// An alert stays on its tile, whatever is asked of Looker. The plan knows that before anything is
// written.
func TestAnAlertDoesNotMove(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	alert, _, dashboard := r.tileWithAlert()
	query := r.make("queries", `{"model":"thelook","view":"users","fields":["users.id"]}`)
	other := r.make("dashboard_elements", `{"dashboard_id":%q,"type":"vis","query_id":%q,"title":"Since"}`, dashboard.ID, query)
	r.set("alerts", alert.ID, "dashboard_element_id", `"`+other+`"`)
	request := restore.Request{Items: []record.Ref{alert}}
	plan := r.plan(request)
	if a := onlyAction(t, plan, alert); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "dashboard_element_id") {
		t.Errorf("%s: %s", a.Deed, a.Reason)
	}
	r.apply(plan)
	if writes := r.sim.Writes(); len(writes) > 0 {
		t.Errorf("writes: %v", writes)
	}
	r.do("DELETE", "/alerts/"+alert.ID, "")
	complete(t, r.apply(r.plan(request)))
}
