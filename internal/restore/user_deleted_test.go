package restore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Somebody was deleted for good, and with them the personal folder, what lay in it, schedules,
// and what they shared of it. They come back, with all of that: the folder that Looker makes them
// has the access rules of the one that went.
func TestAUserWhoWasDeletedComesBackWithAllThatWasTheirs(t *testing.T) {
	for _, cutAfter := range []int{0, 2, 5} {
		t.Run(fmt.Sprintf("cut off %d", cutAfter), func(t *testing.T) {
			t.Parallel()
			bringUserBack(t, cutAfter)
		})
	}
}

func bringUserBack(t *testing.T, cutAfter int) {
	r := newRig(t, lookersim.Options{Seed: 1})
	user, folder := r.someoneWithAFolder(t)
	group := r.add("/groups", `{"name":"Friends"}`)
	r.do("POST", "/groups/"+group+"/users", `{"user_id":"`+user.ID+`"}`)
	metadata := canon.Text(canon.Member(r.sim.Document("folders", folder), "content_metadata_id"))
	r.do("PATCH", "/content_metadata/"+metadata, `{"inherits":false}`)
	r.add("/content_metadata_access", `{"content_metadata_id":"`+metadata+`","permission_type":"view","group_id":"`+group+`"}`)
	dashboard := r.add("/dashboards", `{"title":"Mine","folder_id":"`+folder+`","user_id":"`+user.ID+`"}`)
	r.add("/dashboard_elements", `{"dashboard_id":"`+dashboard+`","type":"vis","title":"Count","query_id":"`+r.add("/queries", `{"model":"thelook","view":"orders","fields":["orders.count"]}`)+`"}`)
	plan := record.Ref{Kind: "scheduled_plans", ID: r.add("/scheduled_plans", `{"name":"Monday","user_id":"`+user.ID+`","dashboard_id":"`+dashboard+`","crontab":"0 6 * * 1","enabled":true,"scheduled_plan_destination":[{"type":"email","address":"a@example.com","format":"wysiwyg_pdf"}]}`)}
	run := r.backup()
	r.do("DELETE", "/users/"+user.ID, "")
	request := restore.Request{Lost: true, Items: []record.Ref{{Kind: "users"}, {Kind: "dashboards"}, {Kind: "scheduled_plans"}, {Kind: "content_metadata"}, {Kind: "content_access"}}, Run: run, Wake: restore.WakeAsWas}
	planned := r.plan(request)
	if cutAfter > 0 {
		var cutCtx context.Context
		cutCtx, r.cut = context.WithCancel(t.Context())
		r.cutAfter = cutAfter
		_, _ = r.tryApply(cutCtx, planned)
		r.cutAfter = 0
	}
	done := r.apply(planned)
	complete(t, done)
	back := targetOf(done, user)
	home := canon.Text(canon.Member(r.sim.Document("users", back), "personal_folder_id"))
	is := canon.Text(canon.Member(r.sim.Document("folders", home), "content_metadata_id"))
	if body := r.sim.Document("content_metadata", is); canon.Text(canon.Member(body, "inherits")) != "false" || is == metadata {
		t.Errorf("the new folder inherits its access: %s", body)
	}
	if access := string(r.sim.Document("content_access", is)); !strings.Contains(access, `"group_id":"`+group+`"`) {
		t.Errorf("the friends have no access to the new folder: %s", access)
	}
	body := r.sim.Document("dashboards", dashboard)
	if canon.Text(canon.Member(body, "folder_id")) != home || canon.Text(canon.Member(body, "user_id")) != back || canon.Text(canon.Member(body, "deleted")) != "false" {
		t.Errorf("the dashboard: %s", body)
	}
	monday := r.sim.Document("scheduled_plans", targetOf(done, plan))
	if canon.Text(canon.Member(monday, "enabled")) != "true" || canon.Text(canon.Member(monday, "user_id")) != back {
		t.Errorf("the schedule: %s", monday)
	}
	for _, a := range r.plan(request).Actions {
		if a.State == record.ActionPlanned || a.State == record.ActionImpossible {
			t.Errorf("a second plan wants to %s %s: %s %s", a.Deed, a.Ref, a.Reason, a.Changes)
		}
	}
	undone := r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true}))
	complete(t, undone)
	if r.sim.Document("scheduled_plans", targetOf(done, plan)) != nil {
		t.Error("the undo left the schedule")
	}
}
