package restore_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Members of groups are merged; who wants exactly the backup's says so.
func TestGroupsOfGroups(t *testing.T) {
	for exact, want := range map[bool]string{false: `{"id":["3","5","6"]}`, true: `{"id":["3","5"]}`} {
		r := newRig(t, lookersim.Options{Seed: 1})
		group := r.make("groups", `{"name":"Of groups"}`)
		for _, id := range []string{"3", "5"} {
			r.do("POST", "/groups/"+group+"/groups", `{"group_id":"`+id+`"}`)
		}
		run := r.backup()
		r.do("DELETE", "/groups/"+group+"/groups/5", "")
		r.do("POST", "/groups/"+group+"/groups", `{"group_id":"6"}`)
		ref := record.Ref{Kind: "group_groups", ID: group}
		complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Run: run, ExactMembers: exact})))
		if got := r.normal(ref); got != want {
			t.Errorf("exact %t: the group has %s, want %s", exact, got, want)
		}
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
