package restore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// What is undone has lists of groups and users, who come back or are gone: whoever is there is in the
// lists, and whoever is missing is named.
func TestAnUndoOfListsWithWhoIsNotThere(t *testing.T) {
	t.Parallel()
	namesOf := func(t *testing.T, r *rig, kind record.Kind, id, member string) (names []string) {
		for _, row := range mustRows(t, r.sim.Document(string(kind), id)) {
			names = append(names, canon.Text(canon.Member(row, member)))
		}
		slices.Sort(names)
		return names
	}
	t.Run("groups that are made anew", func(t *testing.T) {
		t.Parallel()
		r, _ := newBackedUpRig(t)
		role := r.refsOf("roles", "present", func(body []byte) bool { return canon.Text(canon.Member(body, "name")) == "User" })[0]
		group := record.Ref{Kind: "groups", ID: r.make("groups", `{"name":"Of a test"}`)}
		other := record.Ref{Kind: "groups", ID: r.make("groups", `{"name":"Another of a test"}`)}
		r.do("PUT", "/roles/"+role.ID+"/groups", `["`+group.ID+`","`+other.ID+`"]`)
		r.do("POST", "/user_attributes/15/group_values", `[{"group_id":"`+group.ID+`","value":"a"},{"group_id":"`+other.ID+`","value":"b"}]`)
		r.backup()
		for _, ref := range []record.Ref{group, other} {
			r.do("DELETE", "/groups/"+ref.ID, "")
		}
		done := r.apply(r.plan(restore.Request{Items: []record.Ref{group, other}}))
		complete(t, done)
		undo := r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true}))
		complete(t, undo)
		again := r.apply(r.plan(restore.Request{Undo: undo.ID, ExactMembers: true}))
		complete(t, again)
		var back []string
		for _, ref := range []record.Ref{group, other} {
			back = append(back, targetOf(again, record.Ref{Kind: "groups", ID: targetOf(done, ref)}))
		}
		slices.Sort(back)
		if got := namesOf(t, r, "role_groups", role.ID, "id"); !slices.Equal(got, back) {
			t.Errorf("the role is that of groups %v, not of %v", got, back)
		}
		if got := namesOf(t, r, "user_attribute_group_values", "15", "group_id"); !slices.Equal(got, back) {
			t.Errorf("groups %v have a value, not %v", got, back)
		}
	})
	t.Run("a user who is gone", func(t *testing.T) {
		t.Parallel()
		r, _ := newBackedUpRig(t)
		role := record.Ref{Kind: "roles", ID: r.add("/roles", `{"name":"Of a test","permission_set_id":"2","model_set_id":"1"}`)}
		r.do("PUT", "/roles/"+role.ID+"/users", `["2","3"]`)
		r.backup()
		r.do("DELETE", "/roles/"+role.ID, "")
		done := r.apply(r.plan(restore.Request{Items: []record.Ref{role}}))
		complete(t, done)
		undo := r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true}))
		complete(t, undo)
		r.do("DELETE", "/users/2", "")
		again := r.apply(r.plan(restore.Request{Undo: undo.ID, ExactMembers: true}))
		complete(t, again)
		back := targetOf(again, record.Ref{Kind: "roles", ID: targetOf(done, role)})
		if note := strings.Join(again.Notes, "\n"); !strings.Contains(note, "users/2") {
			t.Errorf("nothing is said of who is missing: %s", note)
		}
		if got := namesOf(t, r, "role_users", back, "id"); !slices.Equal(got, []string{"3"}) {
			t.Errorf("the role is that of users %v", got)
		}
	})
}
