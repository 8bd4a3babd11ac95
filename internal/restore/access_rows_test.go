package restore_test

import (
	"context"
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

// getter answers whatever it is asked for.
type getter func() (*looker.Response, error)

func (g getter) Get(context.Context, looker.Request) (*looker.Response, error) { return g() }

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
		asks restore.Getter
		want string
	}{
		{getter(func() (*looker.Response, error) {
			return &looker.Response{Body: []byte(`[{"permission":"access_data"}]`)}, nil
		}), "access_data"},
		{getter(func() (*looker.Response, error) { return nil, &looker.StatusError{Status: 403} }), "access_data see_looks"},
	} {
		r.asks = test.asks
		done := r.apply(r.plan(request))
		complete(t, done)
		if got := strings.Join(canon.Named(r.sim.Document("permission_sets", targetOf(done, ref)), permissionsOf), " "); got != test.want {
			t.Errorf("the set has %s, want %s: %q", got, test.want, done.Notes)
		}
	}
}
