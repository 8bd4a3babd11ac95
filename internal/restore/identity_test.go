package restore_test

import (
	"errors"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Another Looker that answers at the address is known by when its documents were made, by one
// call, or two where nothing of a kind is there, and before anything is written. That of the backup is not taken for another
// one, whatever was edited or thrown away.
func TestAnotherLookerIsRefused(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	other := newRig(t, lookersim.Options{Seed: 2})
	bare := newRig(t, lookersim.Options{Seed: 1})
	for _, kind := range []string{"dashboards", "looks"} {
		for _, id := range r.sim.IDs(kind) {
			bare.do("DELETE", "/"+kind+"/"+id, "")
		}
	}
	r.do("PATCH", "/dashboards/2", `{"title":"Edited since"}`)
	r.do("PATCH", "/dashboards/3", `{"deleted":true}`)
	r.do("DELETE", "/dashboards/5", "")
	for name, item := range map[string]string{"an edited one": "2", "one in the trash": "3", "one that is gone": "5"} {
		plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: item}}, Run: run})
		for which, rig := range map[string]*rig{"another one": other, "an empty one": bare, "its own": r} {
			before := rig.client.Stats().Calls
			_, err := restore.Identify(t.Context(), rig.client, r.file.Reader(), plan)
			calls := rig.client.Stats().Calls - before
			_, refused := errors.AsType[*restore.AnotherError](err)
			missing := rig == bare && item != "5" // its action says that it is gone
			most := 1
			if rig == bare {
				most = 12 // looks, once no dashboard is there, each also in the trash, and each again after a list with rows
			}
			if want := rig != r && !missing; refused != want || err != nil && !refused || calls < 1 || int(calls) > most {
				t.Errorf("%s on %s: %v, %d calls", name, which, err, calls)
			}
		}
	}
}

// Where all documents of a kind are gone for good, others tell that it is their Looker: that is
// when they are needed most. One that has nothing of the backup is another one.
func TestALookerThatLostAKindIsNoOther(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	for _, id := range r.sim.IDs("dashboards") {
		r.do("DELETE", "/dashboards/"+id, "")
	}
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "5"}}, Run: run})
	if _, err := restore.Identify(t.Context(), r.client, r.file.Reader(), plan); err != nil {
		t.Errorf("without its dashboards: %v", err)
	}
	for _, id := range r.sim.IDs("looks") {
		r.do("DELETE", "/looks/"+id, "")
	}
	_, err := restore.Identify(t.Context(), r.client, r.file.Reader(), plan)
	if _, refused := errors.AsType[*restore.AnotherError](err); !refused {
		t.Errorf("without its dashboards and looks: %v", err)
	}
}

// What a plan changes first is read once: what tells the Looker from others is the read before
// the write as well.
func TestIdentifyingReadsNothingTwice(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	r.do("PATCH", "/dashboards/2", `{"title":"Edited since"}`)
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "2"}}, Run: run})
	first, err := restore.Identify(t.Context(), r.client, r.file.Reader(), plan)
	if err != nil {
		t.Fatal(err)
	}
	r.first = first
	before := r.client.Stats().Calls
	done := r.apply(plan)
	complete(t, done)
	if calls := r.client.Stats().Calls - before; calls != 2 { // the write, the check
		t.Errorf("%d calls after it was identified, want 2", calls)
	}
	if got := done.Actions[0].Calls; got != 2 { // the read and the write
		t.Errorf("the action counts %d calls, want 2", got)
	}
}

// No plan is made of another Looker, whatever it is for: a document of another Looker under the same
// id is no edited one, and where none of those that the plan is for has a date of creation, others
// tell. A second time nothing that was seen of the other one is taken for the backup's.
func TestPlansOfAnotherLookerAreRefused(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	other := newRig(t, lookersim.Options{Seed: 2})
	own := r.client
	stored := r.plan(restore.Request{Items: []record.Ref{{Kind: "groups"}, {Kind: "users"}}, Run: run, Conflict: restore.Update})
	for _, test := range []struct {
		name    string
		request restore.Request
		calls   int64 // besides those of the look, on the Looker of the backup
	}{
		{"a dashboard", restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "2"}}, Run: run}, 0},
		{"a group", restore.Request{Items: []record.Ref{{Kind: "groups", ID: "3"}}}, 1},
		{"a user", restore.Request{Items: []record.Ref{{Kind: "users", ID: "3"}}}, 1},
		{"a role", restore.Request{Items: []record.Ref{{Kind: "roles", ID: "3"}}}, 1},
		{"a theme", restore.Request{Items: []record.Ref{{Kind: "themes", ID: "1"}}}, 1},
		{"the settings", restore.Request{Items: []record.Ref{{Kind: "settings", ID: "setting"}}}, 1},
		{"everybody", restore.Request{Items: []record.Ref{{Kind: "users"}, {Kind: "groups"}, {Kind: "roles"}}, Conflict: restore.Update}, 1},
		{"what is lost", restore.Request{Lost: true}, 0},
	} {
		for range 2 {
			r.client = other.client
			_, err := r.tryPlan(test.request)
			if _, refused := errors.AsType[*restore.AnotherError](err); !refused {
				t.Errorf("%s of another Looker: %v", test.name, err)
			}
		}
		r.client = own
		asked := r.asked(func() { r.plan(test.request) })
		if asked != test.calls {
			t.Errorf("%s of the Looker that was backed up: %d calls to tell it from others, want %d", test.name, asked, test.calls)
		}
	}
	if _, err := restore.Identify(t.Context(), other.client, r.file.Reader(), stored); err == nil {
		t.Error("a plan for people would be applied to another Looker")
	}
	if writes := other.sim.Writes(); len(writes) > 0 {
		t.Errorf("written to the other one: %v", writes)
	}
}

// asked is how many calls fn makes that are not those of looks.
func (r *rig) asked(fn func()) (n int64) {
	r.t.Helper()
	calls, looked := r.client.Stats().Calls, r.looked
	fn()
	return r.client.Stats().Calls - calls - (r.looked - looked)
}

// What restores have made since the last backup tells the Looker as well, when nothing else is left.
func TestWhatARestoreMadeTellsTheLooker(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	r.client.ExpectRows(looker.Request{Route: "GET /roles", Path: "/roles"}) // as after the question who calls
	r.do("DELETE", "/dashboards/5", "")
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "5"}}, Run: run, Only: true})))
	made := r.sim.IDs("dashboards")
	for _, id := range made[:len(made)-1] {
		r.do("DELETE", "/dashboards/"+id, "")
	}
	for _, id := range r.sim.IDs("looks") {
		r.do("DELETE", "/looks/"+id, "")
	}
	r.plan(restore.Request{Items: []record.Ref{{Kind: "groups", ID: "3"}}})
	r.do("DELETE", "/dashboards/"+made[len(made)-1], "")
	if _, err := r.tryPlan(restore.Request{Items: []record.Ref{{Kind: "groups", ID: "3"}}}); err == nil {
		t.Error("without any dashboard or look it is taken for the one that was backed up")
	}
}

// An instance of which everything lies in the trash is still the one that was backed up: a folder was
// deleted with all that was in it.
func TestAllOfItInTheTrashIsTheSameLooker(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	for _, kind := range []record.Kind{"dashboards", "looks"} {
		for _, ref := range r.refsOf(kind, "present", all) {
			r.do("PATCH", itself(ref), `{"deleted":true}`)
		}
	}
	group := r.refsOf("groups", "present", func(body []byte) bool { return canon.Guarded(catalogueRow("groups"), body) == nil })[0]
	r.do("PATCH", itself(group), `{"name":"Changed"}`)
	plan, err := r.tryPlan(restore.Request{Items: []record.Ref{group}, Run: run}) // which sees no dashboard
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	if _, err := restore.Identify(t.Context(), r.client, r.file.Reader(), plan); err != nil {
		t.Errorf("before it is applied: %v", err)
	}
}
