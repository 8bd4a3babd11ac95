package restore_test

import (
	"fmt"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// inPrice applies a plan and reports where it takes more calls than the plan says, the check included: a
// budget of that many would end it on the way.
func (r *rig) inPrice(t *testing.T, name string, request restore.Request) record.Restore {
	t.Helper()
	plan := r.plan(request)
	price := 0
	for _, a := range plan.Actions {
		price += a.PlannedCalls
	}
	before := r.client.Stats().Calls
	var err error
	if r.first, err = restore.Identify(t.Context(), r.client, r.file.Reader(), plan); err != nil {
		t.Fatal(err)
	}
	done := r.apply(plan)
	if calls := int(r.client.Stats().Calls - before); calls > price {
		t.Errorf("%s: %d calls, the price is %d", name, calls, price)
		for _, a := range done.Actions {
			t.Logf("%s %s: planned %d, made %d", a.Deed, a.Ref, a.PlannedCalls, a.Calls)
		}
	}
	return done
}

// Applying a plan and its check take no more calls than the plan says.
func TestAPriceSuffices(t *testing.T) {
	t.Parallel()
	present := func([]byte) bool { return true }
	for _, spec := range catalogue.All() {
		if spec.Write == nil || spec.Owned() || spec.Immutable || spec.Write.Delete.IsZero() || spec.Name == "color_collections" {
			continue
		}
		t.Run(string(spec.Name), func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			done := r.inPrice(t, "made anew", restore.Request{Items: []record.Ref{r.loseOne(spec)}})
			r.inPrice(t, "taken back", restore.Request{Undo: done.ID, ExactMembers: true, Hard: true})
		})
	}
	for name, test := range map[string]struct {
		lose    func(r *rig)
		request func(r *rig, run int64) restore.Request
	}{
		"all dashboards in the trash": {lose: func(r *rig) {
			for _, ref := range r.refsOf("dashboards", "present", present) {
				r.do("PATCH", "/dashboards/"+ref.ID, `{"deleted":true}`)
			}
		}},
		"all dashboards gone": {lose: func(r *rig) {
			for _, ref := range r.refsOf("dashboards", "present", present) {
				r.do("DELETE", "/dashboards/"+ref.ID, "")
			}
		}},
		"all folders gone": {lose: func(r *rig) {
			for _, ref := range r.refsOf("folders", "present", present) {
				r.sim.Do("DELETE", "/folders/"+ref.ID, nil)
			}
		}},
		"a user gone": {lose: func(r *rig) { r.do("DELETE", "/users/4", "") }},
		"handed over": {lose: func(r *rig) { r.do("DELETE", "/users/4", "") }, request: func(*rig, int64) restore.Request {
			return restore.Request{Lost: true, Owners: []string{"4"}, NewOwners: map[string]string{"4": "5"}}
		}},
		"copied": {request: func(_ *rig, run int64) restore.Request {
			return restore.Request{Run: run, Folders: []string{"1"}, Into: "3"}
		}},
		"broken": {request: func(r *rig, run int64) restore.Request { return restore.Request{Items: r.breakThings(), Run: run} }},
		"an alert moved": {request: func(r *rig, _ int64) restore.Request {
			alert, _, _, _ := r.elsewhere()
			return restore.Request{Items: []record.Ref{alert}}
		}},
		"places and tiles": {request: func(r *rig, _ int64) restore.Request {
			dashboard := first(t, r, "dashboards")
			for range 9 {
				r.make("dashboard_elements", `{"dashboard_id":%q,"type":"text","title_text":"Text"}`, dashboard.ID)
			}
			run := r.backup()
			for i, place := range canon.Named(r.sim.Document("dashboards", dashboard.ID), &catalogue.Relation{Path: "dashboard_layouts.dashboard_layout_components.id"}) {
				r.do("PATCH", "/dashboard_layout_components/"+place, fmt.Sprintf(`{"row":%d,"width":3}`, 70+i))
			}
			for _, tile := range canon.Named(r.sim.Document("dashboards", dashboard.ID), &catalogue.Relation{Path: "dashboard_elements.id"})[:2] {
				r.do("DELETE", "/dashboard_elements/"+tile, "")
			}
			return restore.Request{Items: []record.Ref{dashboard}, Run: run}
		}},
		"a tile with an alert": {request: func(r *rig, _ int64) restore.Request {
			_, tile, dashboard := r.tileWithAlert()
			r.do("DELETE", "/dashboard_elements/"+tile, "")
			return restore.Request{Items: []record.Ref{dashboard}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, run := newBackedUpRig(t)
			if test.lose != nil {
				test.lose(r)
			}
			request := restore.Request{Lost: true}
			if test.request != nil {
				request = test.request(r, run)
			}
			done := r.inPrice(t, "restored", request)
			for _, hard := range []bool{false, true} {
				done = r.inPrice(t, fmt.Sprintf("undone, hard: %v", hard), restore.Request{Undo: done.ID, ExactMembers: true, Hard: hard})
			}
		})
	}
}
