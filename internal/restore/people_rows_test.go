package restore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Members of groups are merged; who wants exactly the backup's says so. Then a group of others is taken out; one
// that the user of the API key belongs to, as group 6, stays: that nobody is locked out counts more.
func TestGroupsOfGroups(t *testing.T) {
	t.Parallel()
	for exact, want := range map[bool]string{false: `{"id":["3","5","6","7"]}`, true: `{"id":["3","5","6"]}`} {
		r := newRig(t, lookersim.Options{Seed: 1})
		r.do("POST", "/groups/6/users", fmt.Sprintf(`{"user_id":%q}`, r.caller.ID))
		others := r.make("groups", `{"name":"Of others"}`)
		group := r.make("groups", `{"name":"Of groups"}`)
		for _, id := range []string{"3", "5"} {
			r.do("POST", "/groups/"+group+"/groups", `{"group_id":"`+id+`"}`)
		}
		run := r.backup()
		r.do("DELETE", "/groups/"+group+"/groups/5", "")
		r.do("POST", "/groups/"+group+"/groups", fmt.Sprintf(`{"group_id":%q}`, others))
		r.do("POST", "/groups/"+group+"/groups", `{"group_id":"6"}`)
		ref := record.Ref{Kind: "group_groups", ID: group}
		complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Run: run, ExactMembers: exact})))
		if got := r.normal(ref); got != want {
			t.Errorf("exact %t: the group has %s, want %s", exact, got, want)
		}
	}
}

// Another user is taken out of a group that the user of the API key belongs to as well.
func TestAnotherUserLeavesAGroupOfTheCaller(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	user := record.Ref{Kind: "users", ID: r.make("users", `{"first_name":"Ann"}`)}
	group := r.make("groups", `{"name":"Of the caller"}`)
	r.do("POST", "/groups/"+group+"/users", fmt.Sprintf(`{"user_id":%q}`, r.caller.ID))
	run := r.backup()
	r.do("POST", "/groups/"+group+"/users", fmt.Sprintf(`{"user_id":%q}`, user.ID))
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{user}, Run: run, ExactMembers: true})))
	if body := string(r.sim.Document("users", user.ID)); strings.Contains(body, `"`+group+`"`) {
		t.Errorf("the user is still in group %s: %.600s", group, body)
	}
}

// Somebody who was disabled is disabled last, when all of theirs is back.
func TestUsersAreDisabledLast(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	user := record.Ref{Kind: "users", ID: r.make("users", `{"first_name":"Ann","is_disabled":true}`)}
	r.do("POST", "/users/"+user.ID+"/credentials_email", `{"email":"ann.test@example.com"}`)
	r.do("POST", "/groups/3/users", `{"user_id":"`+user.ID+`"}`)
	r.backup()
	r.do("DELETE", "/users/"+user.ID, "")
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{user}, Only: true})))
	writes := r.sim.Writes()
	for i, w := range writes {
		if disables := strings.Contains(string(w.Body), `"is_disabled":true`); disables != (i == len(writes)-1) {
			t.Errorf("write %d of %d: %s %s %s", i+1, len(writes), w.Method, w.Path, w.Body)
		}
	}
}

// The orders of a board are sent when all that they name is there, and that it was the homepage is told.
func TestOrdersOfBoardsAreSentLast(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	board := r.refsOf("boards", "present", func(body []byte) bool { return len(r.dashboardsOn(body)) > 1 })[0]
	r.do("DELETE", "/boards/"+board.ID, "")
	plan := r.plan(restore.Request{Items: []record.Ref{board}, Only: true})
	if said := strings.Join(plan.Notes, "\n"); !strings.Contains(said, "homepage") {
		t.Errorf("nothing is said of the homepage: %q", said)
	}
	complete(t, r.apply(plan))
	ordered := false
	for _, w := range r.sim.Writes() {
		orders := w.Method == "PATCH" && strings.Contains(string(w.Body), "_order")
		if ordered && w.Method == "POST" {
			t.Errorf("%s %s comes after an order", w.Method, w.Path)
		}
		ordered = ordered || orders
	}
}

// What Looker refuses of a document that was made is tried again by a retry, also where it says that
// somebody has it already: the document is there, and waits for it. An undo takes that away again.
func TestARefusedPartOfWhatWasMadeIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind  record.Kind
		route string
		retry bool
	}{
		{"users", "POST /users/{id}/credentials_email", true}, {"dashboards", "POST /dashboard_filters", true},
		{"users", "POST /users/{id}/credentials_email", false}, {"dashboards", "POST /dashboard_filters", false},
	} {
		t.Run(fmt.Sprintf("%s retry %v", test.kind, test.retry), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			ref := record.Ref{Kind: "users", ID: r.make("users", `{"first_name":"Ann","last_name":"Test"}`)}
			r.do("POST", "/users/"+ref.ID+"/credentials_email", `{"email":"ann.test@example.com"}`)
			if test.kind == "dashboards" {
				ref = record.Ref{Kind: "dashboards", ID: r.add("/dashboards", `{"title":"Filtered","folder_id":"1"}`)}
				r.add("/dashboard_filters", `{"dashboard_id":"`+ref.ID+`","name":"Day","title":"Day","type":"date_filter"}`)
			}
			r.backup()
			r.do("DELETE", "/"+string(ref.Kind)+"/"+ref.ID, "")
			counts := r.counts()
			if err := r.sim.AddRules(lookersim.Rule{Route: test.route, Do: lookersim.FaultStatus, Status: 409, Times: 1}); err != nil {
				t.Fatal(err)
			}
			done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}}))
			if a := onlyAction(t, done, ref); a.State != record.ActionFailed || a.Target == "" || a.Status != 409 {
				t.Fatalf("%s, made as %q: %s", a.State, a.Target, a.Message)
			}
			if test.retry {
				again := r.retry(done)
				complete(t, again)
				if a := onlyAction(t, again, ref); a.Target != targetOf(done, ref) {
					t.Errorf("it was made as %s, and once more as %s", targetOf(done, ref), a.Target)
				}
			}
			complete(t, r.apply(r.plan(restore.Request{Undo: done.ID, Hard: true})))
			if diff := cmp.Diff(counts, r.counts()); diff != "" {
				t.Errorf("documents (-want +got):\n%s", diff)
			}
		})
	}
}

// A mail address that was changed is changed back: the user keeps the password, and an undo changes it again.
func TestAMailAddressIsChangedBack(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	user := record.Ref{Kind: "users", ID: r.make("users", `{"first_name":"A"}`)}
	r.add("/users/"+user.ID+"/credentials_email", `{"email":"a@test.example"}`)
	run := r.backup()
	r.do("PATCH", "/users/"+user.ID+"/credentials_email", `{"email":"b@test.example"}`)
	address := func() string { return canon.Text(canon.Member(r.sim.Document("users", user.ID), "email")) }
	r.sim.ForgetWrites()
	done := r.inPrice(t, "a mail address", restore.Request{Items: []record.Ref{user}, Run: run})
	complete(t, done)
	if writes := r.sim.Writes(); address() != "a@test.example" || len(writes) != 1 || writes[0].Method != "PATCH" {
		t.Errorf("the address is %s, after %v", address(), writes)
	}
	complete(t, r.apply(r.plan(restore.Request{Undo: done.ID})))
	if address() != "b@test.example" {
		t.Errorf("after the undo the address is %s", address())
	}
}
