package restore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// edits are requests that somebody makes by hand, and the documents that they change.
var edits = []struct {
	kind         record.Kind
	id           string
	method, path string
	body         string
}{
	{"dashboards", "2", "PATCH", "/dashboards/2", `{"title":"Broken","description":"x","refresh_interval":"5 minutes"}`},
	{"looks", "3", "PATCH", "/looks/3", `{"title":"Broken look"}`},
	{"folders", "7", "PATCH", "/folders/7", `{"name":"Renamed"}`},
	{"boards", "1", "PATCH", "/boards/1", `{"title":"Broken board"}`},
	{"scheduled_plans", "2", "PATCH", "/scheduled_plans/2", `{"name":"Broken plan"}`},
	{"alerts", "1", "PATCH", "/alerts/1", `{"threshold":4711}`},
	{"groups", "3", "PATCH", "/groups/3", `{"name":"Broken group"}`},
	{"model_sets", "3", "PATCH", "/model_sets/3", `{"name":"Broken set","models":[]}`},
	{"roles", "7", "PATCH", "/roles/7", `{"name":"Broken role"}`},
	{"users", "5", "PATCH", "/users/5", `{"first_name":"Nobody"}`},
	{"user_attributes", "7", "PATCH", "/user_attributes/7", `{"label":"Broken"}`},
	{"role_users", "8", "PUT", "/roles/8/users", `[]`},
	{"role_groups", "8", "PUT", "/roles/8/groups", `[]`},
}

// What somebody changed goes back to what it was, and nothing else is written; a second
// plan has nothing to do.
func TestEditsGoBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3})
	before := r.backup()
	held := make(map[record.Ref]string)
	for _, k := range catalogue.All() {
		for id := range r.sim.Items(string(k.Name)) {
			if ref := (record.Ref{Kind: k.Name, ID: id.ID}); k.Write != nil && !k.Immutable && len(k.Variants) == 0 {
				held[ref] = r.normal(ref)
			}
		}
	}
	var changed []record.Ref
	for _, e := range edits {
		was := held[record.Ref{Kind: e.kind, ID: e.id}]
		r.do(e.method, e.path, e.body)
		if ref := (record.Ref{Kind: e.kind, ID: e.id}); r.normal(ref) == was {
			t.Errorf("%s %s changed nothing", e.method, e.path)
		} else {
			changed = append(changed, ref)
		}
	}
	after := r.backup()
	plan := r.plan(restore.Request{Changed: &restore.Span{From: before, To: after}})
	var planned []record.Ref
	for _, a := range plan.Actions {
		if a.Deed == record.DeedUpdate {
			planned = append(planned, a.Ref)
		} else {
			t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
		}
	}
	byName := func(a, b record.Ref) int { return strings.Compare(a.String(), b.String()) }
	slices.SortFunc(planned, byName)
	slices.SortFunc(changed, byName)
	if diff := cmp.Diff(changed, planned); diff != "" {
		t.Errorf("planned (-want +got):\n%s", diff)
	}
	complete(t, r.apply(plan))
	for ref, was := range held {
		if is := r.normal(ref); is != was {
			t.Errorf("%s (-before +after):\n%s", ref, cmp.Diff(was, is))
		}
	}
	if again := r.plan(restore.Request{Changed: &restore.Span{From: before, To: after}}); len(again.Actions) > 0 {
		t.Errorf("a second plan has %v", deeds(again))
	}
}
