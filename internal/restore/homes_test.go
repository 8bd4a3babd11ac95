package restore_test

import (
	"context"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// What lay in the personal folder of somebody who is made anew comes into the new personal
// folder, and is theirs: also when the restore was cut off behind the user, when the user came
// back by an earlier restore, and when somebody has made the user by hand.
func TestContentComesIntoTheFolderOfItsUser(t *testing.T) {
	for _, way := range []string{"at once", "cut off", "in two restores", "made by hand"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			user, folder := r.someoneWithAFolder(t)
			content := record.Ref{Kind: "dashboards", ID: r.add("/dashboards", `{"title":"Mine","folder_id":"`+folder+`","user_id":"`+user.ID+`"}`)}
			r.backup()
			r.do("DELETE", "/users/"+user.ID, "")
			r.do("DELETE", "/dashboards/"+content.ID, "")
			items := []record.Ref{user, content}
			switch way {
			case "in two restores":
				complete(t, r.apply(r.plan(restore.Request{Items: items[:1]})))
				items = items[1:]
			case "made by hand":
				made := r.add("/users", `{"first_name":"By","last_name":"Hand"}`)
				r.do("POST", "/users/"+made+"/credentials_email", `{"email":"someone@example.com"}`)
				r.backup()
			}
			plan := r.plan(restore.Request{Items: items})
			var cutCtx context.Context
			if way == "cut off" {
				cutCtx, r.cut = context.WithCancel(t.Context())
				r.cutAfter = len(plan.Actions) + 1
				_, _ = r.tryApply(cutCtx, plan)
			}
			done := r.apply(plan)
			complete(t, done)
			body := r.sim.Document("dashboards", targetOf(done, content))
			owner := canon.Text(canon.Member(body, "user_id"))
			home := canon.Text(canon.Member(r.sim.Document("users", owner), "personal_folder_id"))
			if is := canon.Text(canon.Member(body, "folder_id")); is != home || home == "" || owner == user.ID || owner == r.caller.ID {
				t.Errorf("the dashboard is of users/%s (before %s) in folders/%s (before %s), whose own is folders/%s", owner, user, is, folder, home)
			}
			if again := onlyAction(t, r.plan(restore.Request{Items: items}), content); again.State == record.ActionPlanned {
				t.Errorf("a second plan: %s %s", again.Deed, again.Changes)
			}
		})
	}
}

// someoneWithAFolder makes a user, who has a folder of their own.
func (r *rig) someoneWithAFolder(t *testing.T) (user record.Ref, folder string) {
	t.Helper()
	id := r.add("/users", `{"first_name":"Some","last_name":"One"}`)
	r.do("POST", "/users/"+id+"/credentials_email", `{"email":"someone@example.com"}`)
	folder = canon.Text(canon.Member(r.sim.Document("users", id), "personal_folder_id"))
	if folder == "" {
		t.Fatal("the user has no folder")
	}
	return record.Ref{Kind: "users", ID: id}, folder
}

// What lay in the personal folder of somebody who left, also what others had put there, comes
// into a folder of its own in that of who takes over: the owners of the others stay.
func TestHandOverOfAPersonalFolder(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	user, folder := r.someoneWithAFolder(t)
	heir := r.add("/users", `{"first_name":"Her","last_name":"Heir"}`)
	home := canon.Text(canon.Member(r.sim.Document("users", heir), "personal_folder_id"))
	inner := r.add("/folders", `{"name":"Inner","parent_id":"`+folder+`"}`)
	own := record.Ref{Kind: "dashboards", ID: r.add("/dashboards", `{"title":"Own","folder_id":"`+folder+`","user_id":"`+user.ID+`"}`)}
	others := record.Ref{Kind: "dashboards", ID: r.add("/dashboards", `{"title":"Of others","folder_id":"`+inner+`","user_id":"2"}`)}
	r.backup()
	r.do("DELETE", "/users/"+user.ID, "")
	request := restore.Request{Lost: true, Owners: []string{user.ID}, NewOwners: map[string]string{user.ID: heir}}
	done := r.apply(r.plan(request))
	complete(t, done)
	member := func(ref record.Ref, name string) string {
		return canon.Text(canon.Member(r.sim.Document(string(ref.Kind), ref.ID), name))
	}
	from := record.Ref{Kind: "folders", ID: member(own, "folder_id")}
	if member(from, "name") != "From Some One" || member(from, "parent_id") != home {
		t.Errorf("the dashboard lies in %q in folders/%s, want one in folders/%s", member(from, "name"), member(from, "parent_id"), home)
	}
	in := record.Ref{Kind: "folders", ID: member(others, "folder_id")}
	if member(in, "name") != "Inner" || member(in, "parent_id") != from.ID {
		t.Errorf("what others had put there lies in %q in folders/%s", member(in, "name"), member(in, "parent_id"))
	}
	if member(own, "user_id") != heir || member(others, "user_id") != "2" || member(own, "deleted") != "false" || member(others, "deleted") != "false" {
		t.Errorf("owners %s and %s, want %s and 2", member(own, "user_id"), member(others, "user_id"), heir)
	}
	for _, conflict := range []restore.Policy{restore.Skip, restore.Update} {
		request.Conflict = conflict
		for _, a := range r.plan(request).Actions {
			if a.State == record.ActionPlanned {
				t.Errorf("a second plan with --conflict %s wants to %s %s: %s", conflict, a.Deed, a.Ref, a.Changes)
			}
		}
	}
	complete(t, r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true})))
	if member(own, "deleted") != "true" || r.sim.Document("folders", from.ID) != nil {
		t.Errorf("the undo left the dashboard deleted=%s, the folder %s", member(own, "deleted"), r.sim.Document("folders", from.ID))
	}
}
